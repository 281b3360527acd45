import { connect } from 'node:net';
import type { Draws } from '../../../sandbox/random.ts';
import type { Door, Heard, Sent } from './client-door.ts';
import type { Told } from './history.ts';

const json = { 'content-type': 'application/json' };
const nobody = '01890000-0000-7000-8000-000000000000';

/** Requests that nobody may get anything by. */
const bad: readonly ((draws: Draws) => Sent)[] = [
  () => ({ method: 'PUT', path: '/v1/consent/agreement', headers: json, body: '{"nin":' }),
  () => ({ method: 'PUT', path: '/v1/consent/agreement', headers: json, body: `{"a":"${'x'.repeat(70_000)}"}` }),
  () => ({
    method: 'PUT',
    path: '/v1/consent/agreement',
    headers: { ...json, authorization: 'Bearer %00' },
    body: '{"__proto__":{"a":1}}',
  }),
  () => ({
    method: 'PUT',
    path: '/v1/consent/agreement',
    headers: { 'content-type': 'text/plain', authorization: 'Bearer x' },
    body: 'nothing',
  }),
  (draws) => ({
    method: 'GET',
    path: `/v1/debt/${nobody}`,
    headers: { authorization: `Bearer ${draws.whole(1, 1e9)}` },
  }),
  () => ({
    method: 'GET',
    path: `/v1/debt/${encodeURIComponent("' or 1=1 --")}`,
    headers: { authorization: 'Bearer x' },
  }),
  () => ({ method: 'DELETE', path: `/v1/debt/${nobody}`, headers: {} }),
  () => ({
    method: 'GET',
    path: '/feed/v1/consent?fromSequenceNr=-1&limit=1e9',
    headers: { authorization: 'Bearer x' },
  }),
  () => ({ method: 'GET', path: `/feed/v1/consent?${'a=1&'.repeat(1_000)}`, headers: {} }),
  () => ({
    method: 'POST',
    path: '/oauth2/token',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: `grant_type=${'%ff'.repeat(500)}`,
  }),
  () => ({ method: 'POST', path: '/oauth2/token', headers: { ...json, authorization: 'Basic Og==' }, body: '[]' }),
  () => ({ method: 'GET', path: `/${'%2e%2e/'.repeat(50)}etc/passwd`, headers: {} }),
  (draws) => ({ method: 'GET', path: `/nothing/${draws.whole(1, 1e9)}`, headers: { cookie: 'a=b; '.repeat(500) } }),
];

/** What is not even a request. */
const broken: readonly string[] = [
  'GET / HTTP/9.9\r\n\r\n',
  '\0\0\0\0\r\n\r\n',
  'POST /oauth2/token HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
  `GET / HTTP/1.1\r\nHost: a\r\nX: ${'y'.repeat(100_000)}\r\n\r\n`,
  'PUT /v1/consent/agreement HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nhalf',
];

/** Sends so many of them, twenty at a time. Any answer of 4xx is as it should be, and so is a connection that is closed. */
export async function flood(door: Door, nodes: readonly string[], count: number): Promise<void> {
  let left = count;
  const sender = async (): Promise<void> => {
    for (; left > 0 && !door.over.aborted; left -= 1) {
      const of = bad[door.draws.whole(0, bad.length - 1)];
      if (of === undefined || door.draws.whole(1, 6) === 1) await sendBroken(door, nodes);
      else
        await door.send(
          { op: 'bad_input', organisation: '', asked: {} },
          { ...of(door.draws), patience: 15_000 },
          errorTold,
        );
    }
  };
  await Promise.all(Array.from({ length: 20 }, sender));
}

const errorTold = ({ status, text }: Heard): Told =>
  status >= 400 && status < 500 ? {} : { error: text.slice(0, 300) };

async function sendBroken(door: Door, nodes: readonly string[]): Promise<void> {
  const text = broken[door.draws.whole(0, broken.length - 1)] ?? '';
  const node = nodes[door.draws.whole(0, nodes.length - 1)] ?? '';
  await door.record({ op: 'bad_input', organisation: '', asked: { data: 'broken' } }, async () => {
    const answer = await spoken(Number(new URL(node).port), text);
    const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1] ?? 0);
    return { status: status === 0 ? null : status, told: {} };
  });
}

/** Says something over a bare connection, and tells what comes until it is closed, or for a second. */
function spoken(port: number, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let heard = '';
    const socket = connect(port, 'localhost', () => socket.write(text));
    socket.setTimeout(1_000, () => socket.destroy());
    socket.on('data', (chunk: Buffer) => (heard += chunk.toString()));
    socket.once('error', reject);
    socket.once('close', () => resolve(heard));
  });
}
