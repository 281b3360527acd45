import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Exchange } from '../../../src/docs/examples.ts';
import { openWebhooks } from '../../../src/webhooks/deliverer.ts';
import { openEventStream } from '../event-stream.ts';
import { startReceiver } from '../webhook-receiver.ts';
import { bearer, newConsent, tokenFor, type World } from '../world.ts';
import type { Show } from './recorder.ts';

/** The calls of the feed, and of webhooks. */

const FEED = '/feed/v1/consent';

export async function feed(world: World, show: Show, exchanges: Exchange[]): Promise<void> {
  const token = await tokenFor(world, 'events', { client: 2 });
  const register = await tokenFor(world, 'agreement', { client: 2 });
  const id = await newConsent(world, { token: register, client_consent_id: 'loan-application-7' });
  await sleep(5); // ids begin with the millisecond, and the snapshot is in their order
  await newConsent(world, { token: register, client_consent_id: 'loan-application-8' });
  await world.call({
    method: 'DELETE',
    url: `/v1/debt/${id}`,
    headers: bearer(await tokenFor(world, 'debt', { client: 2 })),
  });
  const last = (await world.call({ method: 'GET', url: `${FEED}/lastSequenceNr`, headers: bearer(token) })).json
    .lastSequenceNr as number;
  const from = last - 2;
  const read = (name: string, summary: string, query: Record<string, string | number>) =>
    show('readFeed', name, summary, { path: FEED, query, token });
  await read('events', 'One that began, another, and the end of the first', { fromSequenceNr: from, limit: 100 });
  await read('nothing', 'Nothing yet: wait for a second', { fromSequenceNr: last + 1, limit: 100, waitSeconds: 1 });
  await read('no-limit', 'Without a limit', { fromSequenceNr: from });
  await show('readFeed', 'no-token', 'Without a token', { path: FEED, query: { fromSequenceNr: from, limit: 100 } });
  await show('readFeed', 'other-api', 'A token for another API', {
    path: FEED,
    query: { fromSequenceNr: from, limit: 100 },
    token: register,
  });
  await show('firstSequenceNr', 'oldest', 'The oldest number', { path: `${FEED}/firstSequenceNr`, token });
  await show('lastSequenceNr', 'newest', 'The newest number', { path: `${FEED}/lastSequenceNr`, token });
  await show('snapshot', 'consents', 'Three consents, of which one has ended', { path: `${FEED}/snapshot`, token });
  await show('streamFeed', 'no-number', 'Without a number to begin from', { path: `${FEED}/stream`, token });

  await world.app.listen({ port: 0, host: '127.0.0.1' });
  const origin = `http://127.0.0.1:${(world.app.server.address() as AddressInfo).port}`;
  const stream = await openEventStream(origin, `${FEED}/stream?fromSequenceNr=${from}`, bearer(token));
  for (let events = 0; events < 3; events += 1) await stream.next();
  const text = stream.text();
  stream.cut();
  while ((await stream.next()) !== undefined);
  exchanges.push({
    operationId: 'streamFeed',
    name: 'events',
    summary: 'One that began, another, and the end of the first',
    request: { parameters: { fromSequenceNr: from } },
    answer: { status: stream.status, body: text.slice(0, text.lastIndexOf('\n\n') + 2) },
  });
}

export async function webhooks(world: World, show: Show, exchanges: Exchange[]): Promise<void> {
  const token = await tokenFor(world, 'events', { client: 2 });
  const path = `${FEED}/webhooks`;
  const json = { url: 'https://bank.example/webhooks/samtykke' };
  const { json: added } = await show('addWebhook', 'all', 'All events, from now on', {
    method: 'POST',
    path,
    json,
    token,
  });
  const one = { path: `${path}/{id}`, id: added.id as string, token } as const;
  await show('addWebhook', 'no-address', 'Not an address', { method: 'POST', path, json: { url: 'bank' }, token });
  await show('listWebhooks', 'one', 'One webhook', { path, token });
  await show('webhook', 'new', 'A new one', one);
  await show('webhook', 'unknown', 'One that you do not have', { ...one, id: '0193a2f4-6b1e-7c3d-9a10-5b2e8d41c7f0' });
  await show('changeWebhook', 'off', 'Off for a while', { ...one, method: 'PATCH', json: { enabled: false } });
  await show('changeWebhook', 'wrong', 'Neither on nor off', { ...one, method: 'PATCH', json: { enabled: 'no' } });
  await show('rotateWebhookSecret', 'day', 'The former one is good for another day', {
    ...one,
    method: 'POST',
    path: `${path}/{id}/rotate-secret`,
    json: { overlapSeconds: 86_400 },
  });
  await show('testWebhook', 'not-reached', 'An address that nobody answers at', {
    ...one,
    method: 'POST',
    path: `${path}/{id}/test`,
  });
  await show('removeWebhook', 'one', 'One of yours', { ...one, method: 'DELETE' });
  await messages(world, show, exchanges);
}

/** What a webhook is sent: the events of the client, and a test. */
async function messages(world: World, show: Show, exchanges: Exchange[]): Promise<void> {
  const token = await tokenFor(world, 'events', { client: 2 });
  const path = `${FEED}/webhooks`;
  const receiver = await startReceiver();
  const deliverer = openWebhooks(world.platform, { byItself: false });
  try {
    const payload = { url: receiver.url, fromSequenceNr: 3 };
    const added = await world.call({ method: 'POST', url: path, headers: bearer(token), payload });
    await world.jobs.runDue();
    await deliverer.deliverDue();
    await show('testWebhook', 'delivered', 'An address that takes it', {
      method: 'POST',
      path: `${path}/{id}/test`,
      id: added.json.id,
      token,
    });
    const summaries: Readonly<Record<string, string>> = {
      'consent.created': 'A consent that was registered',
      'consent.archived': 'The client has revoked it',
      'webhook.test': 'A test',
    };
    for (const [type, summary] of Object.entries(summaries)) {
      const message = receiver.received.find((it) => it.type === type);
      if (message === undefined) throw new Error(`no message ${type} came`);
      const names = ['webhook-id', 'webhook-timestamp', 'webhook-signature'];
      const parameters = Object.fromEntries(names.map((name) => [name, String(message.headers[name])]));
      const body: unknown = JSON.parse(message.text);
      exchanges.push({
        operationId: type,
        name: 'sandbox',
        summary,
        request: { parameters, body },
        answer: { status: 204 },
      });
    }
  } finally {
    await deliverer.close({ seconds: 1 });
    await receiver.down();
  }
}
