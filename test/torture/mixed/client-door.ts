import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent } from 'undici';
import type { Draws } from '../../../sandbox/random.ts';
import {
  isUnknown,
  type Asked,
  type Begun,
  type Call,
  type Clock,
  type Ended,
  type Operation,
  type Told,
} from './history.ts';

/** A request as it is sent. */
export interface Sent {
  readonly method: 'GET' | 'PUT' | 'POST' | 'DELETE';
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
  /** Milliseconds after which its client goes away; else it waits long. */
  readonly patience?: number;
}

/** An answer as it came. Whatever shape its JSON has: what is not as expected is told as an error. */
export interface Heard {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly text: string;
  readonly json: any; // eslint-disable-line typescript/no-explicit-any -- see above
}

/** What a client calls by: any of the nodes, as a balancer in front of them would choose. Each call is in the history. */
export interface Door {
  readonly clock: Clock;
  readonly draws: Draws;
  /** Set when it is time to finish. */
  readonly over: AbortSignal;
  /** The address of one of the nodes; another one than `not`, where there are several. */
  anyNode(not?: string): string;
  /** One attempt. `read`: what the answer told. */
  send(
    what: { op: Operation; organisation: string; asked: Asked },
    sent: Sent,
    read: (heard: Heard) => Told,
    node?: string,
  ): Promise<Call>;
  /** Keeps whatever else is a call in the history: `act` answers its status and what was told, and throws when that is unknown. */
  record(
    what: { op: Operation; organisation: string; asked: Asked },
    act: (call: string) => Promise<{ status: number | null; told: Told }>,
  ): Promise<Call>;
  /** As long as the outcome is unknown, or the service away, sends again a little later, to any node; for a minute at most. */
  insist(attempt: (node: string) => Promise<Call>, first?: string): Promise<Call>;
  close(): Promise<void>;
}

export interface DoorOptions {
  readonly who: string;
  readonly nodes: readonly string[];
  readonly clock: Clock;
  readonly draws: Draws;
  readonly write: (line: Begun | Ended) => void;
  readonly over: AbortSignal;
}

export function openDoor({ who, nodes, clock, draws, write, over }: DoorOptions): Door {
  const agent = new Agent({ connections: 64, headersTimeout: 40_000, bodyTimeout: 40_000, connectTimeout: 5_000 });

  const anyNode: Door['anyNode'] = (not) => {
    const others = nodes.filter((node) => node !== not);
    const of = others.length > 0 ? others : nodes;
    return of[draws.whole(0, of.length - 1)] ?? '';
  };

  const record: Door['record'] = async (what, act) => {
    const begun: Begun = { call: randomUUID(), begin: clock(), who, ...what };
    write(begun);
    const outcome = await act(begun.call).catch(() => ({ status: null, told: {} }));
    const ended: Ended = { call: begun.call, end: clock(), ...outcome };
    write(ended);
    return { ...begun, ...ended };
  };

  const send: Door['send'] = (what, sent, read, node = anyNode()) =>
    record(what, async (call) => {
      const { statusCode, headers, body } = await agent.request({
        origin: node,
        path: sent.path,
        method: sent.method,
        headers: { 'x-trace-id': call, ...sent.headers },
        body: sent.body ?? null,
        signal: AbortSignal.timeout(sent.patience ?? 40_000),
      });
      const text = await body.text();
      const heard = { status: statusCode, headers, text, json: jsonOf(text) };
      return { status: statusCode, told: statusCode === 503 ? awayTold(heard) : read(heard) };
    });

  return {
    clock,
    draws,
    over,
    anyNode,
    send,
    record,
    insist: async (attempt, first = anyNode()) => {
      const begun = clock();
      for (let node = first; ; node = anyNode()) {
        const call = await attempt(node);
        if (!isUnknown(call) || clock() - begun > 60_000) return call;
        // Sooner than Retry-After says: the more of them come while something is broken, the more is tried out.
        await sleep(draws.whole(20, 120));
      }
    },
    close: () => agent.destroy(),
  };
}

/** E3: whoever is told that the service is away is told when to come again. */
const awayTold = ({ headers, text }: Heard): Told =>
  /^[1-9]\d*$/.test(String(headers['retry-after']))
    ? {}
    : { error: `retry-after: ${String(headers['retry-after'])}; ${JSON.stringify(headers)} ${text.slice(0, 300)}` };

export function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
