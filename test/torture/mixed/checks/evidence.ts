import type { FinalFeed, FinalState, LogRow } from '../final-state.ts';
import { isDone, type Call, type ClockMove, type Fault, type History, type ToldEvent } from '../history.ts';

/** One rule that did not hold, and the calls that show it. `consents`: those that it is about. */
export interface Finding {
  readonly what: string;
  readonly consents: readonly string[];
  readonly calls: readonly Call[];
}

/** What a check made of the evidence. `looked`: how many things it held against its rule. */
export interface Checked {
  readonly rule: string;
  readonly looked: number;
  readonly findings: readonly Finding[];
}

export type Check = (evidence: Evidence) => Checked;

/** All that is known of one consent, from whatever source. */
export interface ConsentEvidence {
  readonly id: string;
  readonly organisation: string;
  /** Where it was said, by an answer to a registration or the consent screen. */
  readonly made: readonly Call[];
  readonly statuses: readonly Call[];
  readonly lookups: readonly Call[];
  readonly revocations: readonly Call[];
  readonly withdrawals: readonly Call[];
  readonly events: readonly ToldEvent[];
  readonly log: readonly LogRow[];
  readonly singleUse: boolean;
  /** Milliseconds since 1970, business time; undefined: no answer ever told. */
  readonly expiresAt: number | undefined;
  /** When it expired, in real time: not before, and at the latest. Nodes may differ in between. */
  readonly expiry: Window;
}

export interface Window {
  readonly earliest: number;
  readonly latest: number;
}

/** A history and the state at its end, put in order for the checks. */
export interface Evidence {
  readonly calls: readonly Call[];
  readonly faults: readonly Fault[];
  readonly consents: ReadonlyMap<string, ConsentEvidence>;
  readonly feeds: ReadonlyMap<string, FinalFeed>;
  readonly log: readonly LogRow[];
  readonly state: FinalState;
}

/** Puts together what is known. Takes for a consent whatever a client was told of, a feed tells of, or the log names. */
export function gather(history: History, state: FinalState, log: readonly LogRow[]): Evidence {
  const feeds = new Map(state.feeds.map((feed) => [feed.organisation, feed]));
  const made = history.calls.filter((call) => call.op === 'register' || call.op === 'give');
  const madeOf = Map.groupBy(
    made.filter((call) => isDone(call) && call.told.consent !== undefined),
    (call) => call.told.consent ?? '',
  );
  const askedOf = Map.groupBy(
    history.calls.filter((call) => call.asked.consent !== undefined),
    (call) => call.asked.consent ?? '',
  );
  const eventsOf = Map.groupBy(
    state.feeds.flatMap(({ organisation, events }) => events.map((event) => ({ organisation, event }))),
    ({ event }) => event.consent,
  );
  const logOf = Map.groupBy(
    log.filter((row) => row.consent_id !== null),
    (row) => row.consent_id ?? '',
  );
  const consents = new Map<string, ConsentEvidence>();
  for (const id of new Set([...madeOf.keys(), ...askedOf.keys(), ...eventsOf.keys(), ...logOf.keys()])) {
    const madeBy = madeOf.get(id) ?? [];
    const asked = askedOf.get(id) ?? [];
    const told = eventsOf.get(id) ?? [];
    const rows = logOf.get(id) ?? [];
    const of = (op: Call['op']): readonly Call[] => asked.filter((call) => call.op === op);
    // One whose client never heard of it, and that others of the organisation met in the feed, is what it turned out to be.
    const singleUse =
      madeBy.length > 0
        ? madeBy.some((call) => call.asked.singleUse === true)
        : told.some(({ event }) => event.reason === 'used');
    const born = told.find(({ event }) => event.type === 'created')?.event.at;
    const expired = told.find(({ event }) => event.reason === 'expired')?.event.at;
    const expiresAt = singleUse && born !== undefined ? born + SINGLE_USE_MS : (expiryTold(madeBy, asked) ?? expired);
    consents.set(id, {
      id,
      organisation:
        madeBy[0]?.organisation ?? told[0]?.organisation ?? rows[0]?.client_id ?? asked[0]?.organisation ?? '',
      made: madeBy,
      statuses: of('status'),
      lookups: of('look_up'),
      revocations: of('revoke'),
      withdrawals: of('withdraw'),
      events: told.map(({ event }) => event),
      log: rows,
      singleUse,
      expiresAt,
      expiry: expiresAt === undefined ? { earliest: Infinity, latest: Infinity } : windowOf(expiresAt, history.clock),
    });
  }
  const { calls, faults } = history;
  return { calls, faults, consents, feeds, log, state };
}

/** A7: a single use is good for ten minutes. */
const SINGLE_USE_MS = 600_000;

/** The registration tells it to the millisecond, others in whole seconds: then it may be up to a second later. */
function expiryTold(made: readonly Call[], asked: readonly Call[]): number | undefined {
  const exact = made.find((call) => call.told.expiresAt !== undefined)?.told.expiresAt;
  if (exact !== undefined) return exact;
  const seconds = asked.find((call) => call.told.expiresAt !== undefined)?.told.expiresAt;
  return seconds === undefined ? undefined : seconds + 999;
}

/** Business time is real time and what the clock was moved by: some node may know that from `begin` on, each does from `end` on. */
function windowOf(expiresAt: number, moves: readonly ClockMove[]): Window {
  const earliest = firstTimeAfter(
    expiresAt - 1_000,
    moves.map((move) => ({ at: move.begin, offset: move.clockOffset * 1000 })),
  );
  const latest = firstTimeAfter(
    expiresAt,
    moves.map((move) => ({ at: move.end, offset: move.clockOffset * 1000 })),
  );
  return { earliest, latest };
}

function firstTimeAfter(moment: number, steps: readonly { at: number; offset: number }[]): number {
  const sorted = [{ at: 0, offset: 0 }, ...steps.toSorted((one, other) => one.at - other.at)];
  for (const [n, { at, offset }] of sorted.entries()) {
    const from = Math.max(at, moment - offset);
    if (from < (sorted[n + 1]?.at ?? Infinity)) return from;
  }
  return Infinity;
}

export const finding = (what: string, calls: readonly Call[], ...consents: readonly string[]): Finding => ({
  what,
  calls,
  consents,
});
