import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ToldEvent } from './history.ts';

/** What everybody can read when a run is over: the feeds from the start and statuses over the API, and the export of the log. */
export interface FinalState {
  /** When it was read, in business time: what had expired by then has been written down. */
  readonly businessNow: number;
  readonly feeds: readonly FinalFeed[];
  readonly statuses: readonly FinalStatus[];
  /** What `samtykke log verify` found to be otherwise than it was sealed. */
  readonly evidence: readonly string[];
}

export interface FinalFeed {
  readonly organisation: string;
  readonly events: readonly ToldEvent[];
  readonly last: number;
  /** Whether it has a webhook that was to be told all of this by the end. */
  readonly pushed: boolean;
}

export interface FinalStatus {
  readonly consent: string;
  readonly active: boolean;
  /** Null: the consent was not known. */
  readonly expiresAt: number | null;
}

/** A row of `samtykke log export` that is about a consent. */
export interface LogRow {
  readonly id: number;
  readonly kind: string;
  readonly client_id: string | null;
  readonly consent_id: string | null;
  readonly creditors_asked: number | null;
  readonly creditors_answered: number | null;
  readonly reason: string | null;
  readonly trace_id: string | null;
}

const STATE = 'final.json';
const LOG = 'log.ndjson';

export function writeFinalState(folder: string, state: FinalState, logExport: string): void {
  writeFileSync(join(folder, STATE), JSON.stringify(state));
  writeFileSync(join(folder, LOG), logExport);
}

export function readFinalState(folder: string): { state: FinalState; log: readonly LogRow[] } {
  const state = JSON.parse(readFileSync(join(folder, STATE), 'utf8')) as FinalState;
  const lines = readFileSync(join(folder, LOG), 'utf8')
    .split('\n')
    .filter((line) => line !== '');
  const log = lines.flatMap((text) => {
    const line = JSON.parse(text) as { type: string; row: LogRow };
    return line.type === 'row' ? [line.row] : [];
  });
  return { state, log };
}
