/**
 * What the log of requests costs: status by id, the cheapest request that there is, of a node that logs each request, beside a node that
 * logs warnings only. Both over the same database.
 */
import { clientOf } from '../test/support/world.ts';
import { bearerOf, openNodeWorld } from './support/node-world.ts';
import { syntheticNins } from './support/register-values.ts';
import { askedSide, ratios, report, throughputFigure, versus } from './support/versus.ts';
import { registerConsent } from '../src/consent/register.ts';
import { syntheticNin } from '../test/support/bare-platform.ts';

const CLIENTS = 32;

const world = await openNodeWorld();
const quiet = await world.startNode({ LOG_LEVEL: 'warn' });
const { id } = await registerConsent(world.platform, {
  clientId: clientOf(1).id,
  nin: syntheticNin(syntheticNins()[0] ?? ''),
  purpose: 'processing',
  duration: { kind: 'days', days: 28 },
  externalId: null,
  actor: 'client',
  traceId: 'bench',
});
const plan = {
  clients: CLIENTS,
  method: 'GET',
  headers: await bearerOf(world.node.ready, 'debt'),
  requests: [{ path: `/v1/debt/${id}/status` }],
  expect: { status: 200, pattern: String.raw`^\{"active":true,"expires_at":\d{10}\}$` },
} as const;
const ours = await askedSide(world.node, plan);
const baseline = await askedSide(quiet, plan);
const seen = await versus('logging', world.database.superuserUrl, { ours, baseline });

const about = { measurement: 'request logging on', baseline: 'request logging off' };
const throughput = throughputFigure(about, seen);
const cpu = {
  ...about,
  what: 'CPU of Node ×',
  most: 1.6,
  rounds: ratios(seen, ({ node }) => node),
  others: throughput.others,
};
report(
  'Request logging, on beside off',
  seen,
  [cpu, throughput],
  [`${CLIENTS} clients ask for the status of a consent; the baseline is a node with LOG_LEVEL=warn.`],
);

for (const side of [ours, baseline]) await side.close();
await world.close();
