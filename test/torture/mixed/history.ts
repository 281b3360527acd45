import { globSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/**
 * What clients did and were told, as lines of JSON: one when a call begins, one when it ends. A call without an end is one of which
 * its client never heard: it may have happened or not. Files of one folder belong to one run.
 */

/** Milliseconds since 1970, by a clock that all processes of a machine share and that nobody sets: it can say what came first. */
export type Clock = () => number;
export const ANCHOR = (): number => Date.now() - Number(process.hrtime.bigint()) / 1e6;
export const clockFrom =
  (anchor: number): Clock =>
  () =>
    anchor + Number(process.hrtime.bigint()) / 1e6;

export type Operation =
  /** A regular consent, by the client's own id. */
  | 'register'
  /** The same id with other data. */
  | 'register_other'
  /** A person says yes on the consent screen, and the client gets its token. */
  | 'give'
  | 'status'
  | 'look_up'
  | 'revoke'
  /** A person, on the portal. */
  | 'withdraw'
  | 'poll'
  | 'last_number'
  /** A message that came by webhook. */
  | 'pushed'
  | 'subscribe'
  | 'token'
  /** A page or redirect, as a browser gets it. */
  | 'page'
  | 'bad_input';

/** An event as the feed tells it. `at`: milliseconds since 1970. */
export interface ToldEvent {
  readonly number: number;
  readonly event: string;
  readonly consent: string;
  readonly type: 'created' | 'archived';
  readonly at: number;
  readonly externalId?: string;
  readonly reason?: string;
}

export interface Asked {
  readonly consent?: string;
  readonly externalId?: string;
  /** What was asked for besides, so that it can be told whether two requests are the same. */
  readonly data?: string;
  readonly singleUse?: boolean;
  readonly from?: number;
  readonly limit?: number;
}

export interface Told {
  readonly consent?: string;
  readonly expiresAt?: number;
  readonly active?: boolean;
  readonly creditorsAnswered?: number;
  readonly creditorsMissing?: number;
  /** Why a consent of one's own is refused, and since when. */
  readonly refused?: { readonly why: 'expired' | 'used' | 'revoked'; readonly at: string };
  readonly error?: string;
  readonly events?: readonly ToldEvent[];
  readonly start?: number;
  readonly end?: number;
  readonly last?: number;
}

/** `call` is the trace id that was sent with it, another one for each. */
export interface Begun {
  readonly call: string;
  readonly begin: number;
  readonly who: string;
  /** The client's id; '' where none is meant. */
  readonly organisation: string;
  readonly op: Operation;
  readonly asked: Asked;
}

export interface Ended {
  readonly call: string;
  readonly end: number;
  /** Null: no answer came, and what became of the call is unknown. */
  readonly status: number | null;
  readonly told: Told;
}

export type Call = Begun & Ended;

/** What was done to the installation. `kind` is in words for people. `end`: when what was broken had been put right by whoever broke it. */
export interface Fault {
  readonly fault: string;
  readonly begin: number;
  readonly end: number;
}

/** Business time was moved to so many seconds after real time; from `end` on every node had confirmed that. */
export interface ClockMove {
  readonly clockOffset: number;
  readonly begin: number;
  readonly end: number;
}

type Line = Begun | Ended | Fault | ClockMove;

/** Appends to a file of the history; each line is with the operating system before it goes on, and so outlives a kill. */
export function openHistory(folder: string, name: string): (line: Line) => void {
  const file = openSync(join(folder, `${name}.jsonl`), 'a');
  return (line) => void writeSync(file, `${JSON.stringify(line)}\n`);
}

export interface History {
  /** By their beginning. */
  readonly calls: readonly Call[];
  readonly faults: readonly Fault[];
  readonly clock: readonly ClockMove[];
}

/** Reads all files of a folder. The last line of a file may be cut off: its writer was killed. */
export function readHistory(folder: string): History {
  const begun: Begun[] = [];
  const ended = new Map<string, Ended>();
  const faults: Fault[] = [];
  const clock: ClockMove[] = [];
  for (const name of globSync('*.jsonl', { cwd: folder }).sort()) {
    const lines = readFileSync(join(folder, name), 'utf8').split('\n');
    lines.pop();
    for (const [n, text] of lines.entries()) {
      const line = parse(text, `${name}:${n + 1}`);
      if ('fault' in line) faults.push(line);
      else if ('clockOffset' in line) clock.push(line);
      else if ('op' in line) begun.push(line);
      else ended.set(line.call, line);
    }
  }
  return historyOf(begun, ended, faults, clock);
}

function parse(text: string, place: string): Line {
  try {
    return JSON.parse(text) as Line;
  } catch (cause) {
    throw new Error(`${place} is no line of a history`, { cause });
  }
}

function historyOf(
  begun: readonly Begun[],
  ended: ReadonlyMap<string, Ended>,
  faults: readonly Fault[],
  clock: readonly ClockMove[],
): History {
  const unheard = { end: Number.POSITIVE_INFINITY, status: null, told: {} };
  const calls = begun.map((begin) => ({ ...begin, ...(ended.get(begin.call) ?? unheard) }));
  return {
    calls: calls.toSorted((one, other) => one.begin - other.begin),
    faults: faults.toSorted((one, other) => one.begin - other.begin),
    clock: clock.toSorted((one, other) => one.begin - other.begin),
  };
}

/** What an operation is answered when it has been done. */
const success: Readonly<Record<Operation, number>> = {
  register: 200,
  register_other: 200,
  give: 200,
  status: 200,
  look_up: 200,
  revoke: 204,
  withdraw: 303,
  poll: 200,
  last_number: 200,
  pushed: 200,
  subscribe: 201,
  token: 200,
  page: 200,
  bad_input: 400,
};

/** Whether its client was told that it had been done. */
export const isDone = (call: Call): boolean => call.status === success[call.op];

/** Whether its client was told that nothing was done. Neither done nor refused: it may have been done or not, then or later. */
export const isRefused = (call: Call): boolean => call.status !== null && call.status >= 400 && call.status < 500;

export const isUnknown = (call: Call): boolean => !isDone(call) && !isRefused(call);
