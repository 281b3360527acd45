import { readFileSync } from 'node:fs';
import type { Config } from '../platform/config.ts';

/** A request that was sent to a sandbox, and what that answered. Ids, instants and tokens are others, and the same each time. */
export interface Exchange {
  readonly operationId: string;
  /** Of this exchange among those of its operation. */
  readonly name: string;
  /** What it shows, as a sentence begins. */
  readonly summary: string;
  readonly request: {
    /** In the path, the query and the headers, by their names. */
    readonly parameters?: Readonly<Record<string, string | number>>;
    /** JSON, or the fields of a form. */
    readonly body?: unknown;
  };
  readonly answer: {
    readonly status: number;
    /** The error, as its page is called. */
    readonly code?: string;
    readonly headers?: Readonly<Record<string, string>>;
    /** JSON, or text of another type; none of pages. */
    readonly body?: unknown;
  };
}

/** Where the sandbox was that answered. */
const SANDBOX = 'http://localhost:4000';

/** The exchanges of `examples.json`, with the addresses of this installation. `npm run examples` makes that file anew. */
export function readExamples({ apiUrl, accessUrl }: Pick<Config, 'apiUrl' | 'accessUrl'>): readonly Exchange[] {
  const text = readFileSync(new URL('examples.json', import.meta.url), 'utf8')
    .replaceAll(`"${SANDBOX}"`, `"${accessUrl}"`) // alone it is the issuer
    .replaceAll(new RegExp(`${SANDBOX}(?=/oauth2|/userinfo|/\\.well-known)`, 'g'), accessUrl)
    .replaceAll(SANDBOX, apiUrl);
  return JSON.parse(text) as readonly Exchange[];
}
