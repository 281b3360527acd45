import { isUuid } from '../platform/ids.ts';
import type { Platform } from '../platform/platform.ts';
import { archiveReasons, stateAt, type Consent, type ConsentState } from './consent.ts';
import { FIND_ANY, LIST_ALL, consentOf, type OverviewRow } from './store.ts';

/** Which consents are meant, by what is true of them now: all, active, ended, or ended for one reason. */
export const overviewStates = ['all', 'active', 'ended', ...archiveReasons] as const;
export type OverviewState = (typeof overviewStates)[number];

/** A consent as operators see it. */
export interface ConsentOverview {
  readonly consent: Consent;
  readonly clientName: string;
  readonly state: ConsentState;
  /** How often debt was disclosed with it, and when last, as far back as the log goes. */
  readonly uses: number;
  readonly lastUsedAt: Date | null;
}

/** Consents of all clients or of one, of all persons or of one (`personIdsOf`), the newest first. */
export async function overviewOfConsents(
  platform: Pick<Platform, 'clock' | 'db'>,
  ask: {
    clientId?: string | undefined;
    persons?: readonly string[] | undefined;
    state: OverviewState;
    atMost: number;
  },
): Promise<readonly ConsentOverview[]> {
  const now = platform.clock.now();
  const { clientId = null, persons = null, state, atMost } = ask;
  const rows = await platform.db.query(LIST_ALL, [clientId, persons, state, now, atMost]);
  return rows.map((row) => overviewOf(row, now));
}

/** The consent of this id, whosever it is; undefined when there is none, also when the text is no id. */
export async function overviewOfConsent(
  platform: Pick<Platform, 'clock' | 'db'>,
  id: string,
): Promise<ConsentOverview | undefined> {
  if (!isUuid(id)) return undefined;
  const now = platform.clock.now();
  const [row] = await platform.db.query(FIND_ANY, [id]);
  return row === undefined ? undefined : overviewOf(row, now);
}

function overviewOf(row: OverviewRow, now: Date): ConsentOverview {
  const consent = consentOf(row);
  return {
    consent,
    clientName: row.client_name,
    state: stateAt(consent, now),
    uses: row.uses,
    lastUsedAt: row.last_used_at,
  };
}
