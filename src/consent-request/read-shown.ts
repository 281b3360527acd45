import type { Queryable } from '../platform/db.ts';
import { READ_SHOWN } from './store.ts';

/** The proof of what a person agreed to (C10). */
export interface Shown {
  /** The text as it was stored; `parseConsentText` reads it. */
  readonly text: unknown;
  readonly version: string;
  readonly language: string;
  readonly shownAt: Date;
  /** Level of login (`acr`). */
  readonly level: string;
}

/** What was shown when this consent was given here; undefined when it was registered by the organisation. */
export async function readShown(db: Queryable, consentId: string): Promise<Shown | undefined> {
  const [row] = await db.query(READ_SHOWN, [consentId]);
  return row === undefined
    ? undefined
    : {
        text: row.shown,
        version: row.text_version,
        language: row.shown_language,
        shownAt: row.shown_at,
        level: row.login_level,
      };
}
