import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { InjectOptions } from 'fastify';
import { openEventStream, type EventStream } from '../support/event-stream.ts';
import type { NodeProcess } from '../support/node-process.ts';
import { agreement, bearer, type Answer, type Json } from '../support/world.ts';

/** The nodes that clients speak to, one or the other. */
export const nodes: NodeProcess[] = [];

/** What clients were told. */
export const told = { writing: true, going: true, answers: 0, unavailable: 0, cut: 0, wrong: [] as string[] };

/** Sends a request to one node or the other until it is answered with one of these, as a client does. */
export async function insist(request: InjectOptions, ...wanted: readonly number[]): Promise<Answer> {
  const begun = performance.now();
  while (told.wrong.length === 0 && performance.now() - begun < 60_000) {
    const answer = await nodes[randomInt(nodes.length)]?.call(request).catch(() => undefined);
    if (answer !== undefined && wanted.includes(answer.status)) {
      told.answers += 1;
      return answer;
    }
    if (answer === undefined) told.cut += 1;
    else if (answer.status === 503 && /^[1-9]\d*$/.test(String(answer.headers['retry-after']))) told.unavailable += 1;
    else told.wrong.push(`${request.method} ${String(request.url)} ${answer.status} ${answer.text}`);
    await sleep(randomInt(20, 60));
  }
  throw new Error(`a client was not served as it should be: ${told.wrong.join('; ')}`);
}

/** Waits until clients are served, and tells how many milliseconds that took. */
export async function untilServed(): Promise<number> {
  const begun = performance.now();
  const wanted = told.answers + 40;
  while (told.answers < wanted) {
    assert.deepEqual(told.wrong, []);
    assert.ok(performance.now() - begun < 60_000, 'clients are served again');
    await sleep(10);
  }
  return Math.round(performance.now() - begun);
}

/** A consent as its client was told of it. */
export interface Told {
  readonly id: string;
  revoked: boolean;
}

/** Registers consents, and revokes two of three. */
export async function write(
  tokens: { agreement: string; debt: string },
  writer: number,
  consents: Told[],
): Promise<void> {
  for (let n = 0; told.writing; n += 1) {
    const payload = agreement({ client_consent_id: `failover-${writer}-${n}` });
    const headers = bearer(tokens.agreement);
    const { json } = await insist({ method: 'PUT', url: '/v1/consent/agreement', headers, payload }, 200);
    const consent: Told = { id: json.consent.id, revoked: false };
    consents.push(consent);
    if (randomInt(3) > 0) {
      await insist({ method: 'DELETE', url: `/v1/debt/${consent.id}`, headers: bearer(tokens.debt) }, 204);
      consent.revoked = true;
      // Acknowledged as revoked: nobody is told otherwise, whoever is asked.
      const url = `/v1/debt/${consent.id}/status`;
      const status = await insist({ method: 'GET', url, headers: bearer(tokens.debt) }, 200, 403);
      if (status.status === 200 && status.json.active !== false) told.wrong.push(`revoked, and told ${status.text}`);
    }
    await sleep(randomInt(0, 10));
  }
}

/** An event as a client saw it. */
export interface Followed {
  readonly sequenceNr: number;
  readonly eventType: string;
  readonly consentId: string;
}

/** A page of the feed. */
export const page = async (token: string, from: number, waitSeconds = 0): Promise<Json> => {
  const url = `/feed/v1/consent?fromSequenceNr=${from}&limit=1000&waitSeconds=${waitSeconds}`;
  return (await insist({ method: 'GET', url, headers: bearer(token) }, 200)).json;
};

/** Follows by long polls, until there is nothing more. */
export async function followByPolls(token: string): Promise<readonly Followed[]> {
  const events: Followed[] = [];
  for (let from = 2; ;) {
    const isLast = !told.going;
    const { result, endSequenceNr } = await page(token, from, isLast ? 0 : 1);
    events.push(...result);
    from = endSequenceNr + 1;
    if (isLast && result.length === 0) return events;
  }
}

/** A stream from behind a number. */
export const openStream = (node: NodeProcess, token: string, last: number): Promise<EventStream> =>
  openEventStream(`http://localhost:${node.port}`, '/feed/v1/consent/stream', {
    ...bearer(token),
    'last-event-id': String(last),
  });

/** Follows by streams, each begun where the one before ended, until it has the last event. */
export async function followByStreams(
  token: string,
  isWhole: (events: readonly Followed[]) => boolean,
): Promise<readonly Followed[]> {
  const events: Followed[] = [];
  while (!isWhole(events) && told.wrong.length === 0) {
    const stream = await openStream(nodes[1] as NodeProcess, token, events.at(-1)?.sequenceNr ?? 1).catch(
      () => undefined,
    );
    if (stream?.status !== 200) await sleep(50);
    const over = setInterval(() => isWhole(events) && stream?.cut(), 50);
    for (let sent = await stream?.next(); sent !== undefined; sent = await stream?.next()) {
      if (sent.name === 'gap') told.wrong.push('a gap was told that is none');
      if (sent.id !== undefined) events.push(sent.data);
    }
    clearInterval(over);
  }
  return events;
}

/** The last number never goes down. */
export async function watchLast(token: string): Promise<void> {
  for (let highest = 0; told.going;) {
    const request = { method: 'GET', url: '/feed/v1/consent/lastSequenceNr', headers: bearer(token) } as const;
    const { json } = await insist(request, 200);
    if (json.lastSequenceNr < highest)
      told.wrong.push(`the last number fell from ${highest} to ${json.lastSequenceNr}`);
    highest = json.lastSequenceNr;
    await sleep(10);
  }
}

/** Looks each single-use consent up over both nodes at once, until it is answered or used; counts the answers with debt of each. */
export async function useAll(token: string, ids: readonly string[], disclosed: Map<string, number>): Promise<void> {
  for (const id of ids) {
    const look = async (): Promise<void> => {
      const url = `/v1/debt/${id}`;
      const { status } = await insist({ method: 'GET', url, headers: bearer(token) }, 200, 403);
      if (status === 200) disclosed.set(id, (disclosed.get(id) ?? 0) + 1);
    };
    await Promise.all([look(), look()]);
  }
}
