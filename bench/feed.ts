/**
 * What it costs to read the feed (`GET /feed/v1/consent`): a poll when there is nothing new, beside a bare `node:http` that does one indexed
 * select; and a page of 500 events, beside the same rows by the driver and `JSON.stringify`. Both with the check of the token, which the
 * baselines do not have.
 */
import { registerConsent } from '../src/consent/register.ts';
import { revokeConsent } from '../src/consent/revoke.ts';
import { syntheticNin } from '../test/support/bare-platform.ts';
import { clientOf } from '../test/support/world.ts';
import type { OpenBarePage } from './support/bare-page-server.ts';
import type { OpenBarePoll } from './support/bare-poll-server.ts';
import { READS_OVER } from './support/connection-kind.ts';
import { isLong } from './support/length.ts';
import { bearerOf, headersOf, openNodeWorld } from './support/node-world.ts';
import { syntheticNins } from './support/register-values.ts';
import { startServer } from './support/server-process.ts';
import { askedSide, report, throughputFigure, versus } from './support/versus.ts';

const CONSENTS = 1_500;
const CLIENTS = 32;
const PAGE = 500;
const { id: clientId } = clientOf(1);

const world = await openNodeWorld();
const nins = syntheticNins();
/** A consent, and every third time its revocation. */
const makeEvents = async (place: number): Promise<void> => {
  const consent = await registerConsent(world.platform, {
    clientId,
    nin: syntheticNin(nins[place] ?? ''),
    purpose: 'processing',
    duration: { kind: 'days', days: 28 },
    externalId: `application-${place}`,
    actor: 'client',
    traceId: 'bench',
  });
  if (place % 3 === 0) await revokeConsent(world.platform, { consent, clientId, by: 'client', traceId: 'bench' });
};
for (let place = 0; place < CONSENTS; place += 10) {
  await Promise.all(Array.from({ length: 10 }, (_, more) => makeEvents(place + more)));
}
const bearer = await bearerOf(world.node.ready, 'events');
const readJson = async (path: string): Promise<{ text: string; json: Record<string, number> }> => {
  const text = await (await fetch(`${world.node.ready}${path}`, { headers: bearer })).text();
  return { text, json: JSON.parse(text) as Record<string, number> };
};
const last = (await readJson('/feed/v1/consent/lastSequenceNr')).json['lastSequenceNr'] ?? 0;
const poll = `/feed/v1/consent?fromSequenceNr=${last + 1}&limit=${PAGE}`;
const page = `/feed/v1/consent?fromSequenceNr=2&limit=${PAGE}`;
const told = {
  databaseUrl: world.database.servingUrl,
  connection: READS_OVER,
  headers: await headersOf(world.node.ready, poll, { headers: bearer }),
  clientId,
};
const barePage = await startServer<OpenBarePage>('bare-page-server.ts', told);

const asking = { method: 'GET', headers: bearer } as const;
const INSTANT = '"generatedAt":"[^"]{24}"';
const polling = {
  ...asking,
  clients: CLIENTS,
  requests: [{ path: poll }],
  expect: {
    status: 200,
    pattern: String.raw`^\{"startSequenceNr":${last},"endSequenceNr":${last},${INSTANT},"result":\[\]\}$`,
  },
};
for (const [select, what] of [
  ['events', 'one indexed select of the events'],
  ['head', 'one row by its primary key'],
] as const) {
  if (select === 'head' && !isLong) continue;
  const bare = await startServer<OpenBarePoll>('bare-poll-server.ts', { ...told, select });
  const ours = await askedSide(world.node, polling);
  const baseline = await askedSide(bare, polling);
  const seen = await versus(`feed poll ${select}`, world.database.superuserUrl, { ours, baseline });
  const about = { measurement: 'feed poll when caught up', baseline: `bare \`node:http\`, ${what}` };
  const figure = throughputFigure(select === 'events' ? { ...about, least: 0.8 } : about, seen);
  report(
    'Feed, polled when there is nothing new',
    seen,
    [figure],
    [
      `${CLIENTS} clients of one organisation.`,
      `Baseline: node:http, ${what} by the driver (${READS_OVER}), the same headers and bytes, no check of the token.`,
    ],
  );
  for (const side of [ours, baseline]) await side.close();
  await bare.end();
}

const { text, json } = await readJson(page);
if ((json['result'] as unknown as unknown[]).length !== PAGE) throw new Error('the page is not full');
for (const clients of isLong ? [1, 4] : [1]) {
  const paging = {
    ...asking,
    clients,
    requests: [{ path: page }],
    expect: {
      status: 200,
      pattern: String.raw`^\{"startSequenceNr":2,"endSequenceNr":${json['endSequenceNr']},${INSTANT},"result":\[`,
      tail: text.slice(text.indexOf('"result":')),
    },
  };
  const ours = await askedSide(world.node, paging);
  const baseline = await askedSide(barePage, paging);
  const seen = await versus(`feed page ${clients}`, world.database.superuserUrl, { ours, baseline });
  const name = `feed page of ${PAGE}, ${clients === 1 ? 'one client' : `${clients} clients`}`;
  const about = { measurement: name, baseline: 'the driver and `JSON.stringify`, one connection' };
  report(
    name,
    seen,
    [throughputFigure(clients === 1 ? { ...about, least: 2 } : about, seen)],
    [
      `${(text.length / 1000).toFixed(0)} kB; the same bytes of both, each page compared.`,
      'Baseline: node:http, the rows by the driver with its parsers over one connection, JSON.stringify, no check of the token.',
    ],
  );
  for (const side of [ours, baseline]) await side.close();
}

await barePage.end();
await world.close();
