/**
 * What it costs to ask whether a consent is active (`GET /v1/debt/{id}/status`), with the check of the token; beside it a bare `node:http`
 * that runs the same statement over the same kind of connection, and answers the same bytes.
 */
import type { OpenBareStatus } from './support/bare-status-server.ts';
import { addCrowd } from './support/crowd.ts';
import { bearerOf, headersOf, openNodeWorld } from './support/node-world.ts';
import { startServer } from './support/server-process.ts';
import { askedSide, cpuOf, ratios, report, throughputFigure, versus } from './support/versus.ts';
import { withClient } from '../test/support/database.ts';
import { clientOf } from '../test/support/world.ts';
import { READS_OVER } from './support/connection-kind.ts';

const CLIENTS = 32;
const PERSONS = 5_000;
const ASKED = 2_000;
/** Whose consents of the crowd are active. */
const CLIENT = 2;

const world = await openNodeWorld();
await addCrowd(world.database, PERSONS);
const ids: string[] = [];
await withClient(world.database.superuserUrl, async (client) => {
  const { rows } = await client.query<{ id: string }>(
    'select id from consent where client_id = $1 and archived_at is null and expires_at > now() order by id limit $2',
    [clientOf(CLIENT).id, ASKED],
  );
  ids.push(...rows.map((row) => row.id));
});
const bearer = await bearerOf(world.node.ready, 'debt', CLIENT);
const paths = ids.map((id) => ({ path: `/v1/debt/${id}/status` }));
const headers = await headersOf(world.node.ready, paths[0]?.path ?? '', { headers: bearer });
const bare = await startServer<OpenBareStatus>('bare-status-server.ts', {
  databaseUrl: world.database.servingUrl,
  connection: READS_OVER,
  headers,
});

const plan = {
  clients: CLIENTS,
  method: 'GET',
  headers: bearer,
  requests: paths,
  expect: { status: 200, pattern: String.raw`^\{"active":true,"expires_at":\d{10}\}$` },
} as const;
const ours = await askedSide(world.node, plan);
const baseline = await askedSide(bare, plan);
const seen = await versus('status', world.database.superuserUrl, { ours, baseline });

const about = { measurement: 'status by id', baseline: 'bare `node:http`, the same statement' };
const figure = throughputFigure({ ...about, least: 0.85 }, seen);
const cpu = { ...about, what: 'CPU ×', most: 1.2, rounds: ratios(seen, cpuOf), others: figure.others };
report(
  'Status by id, with token check',
  seen,
  [figure, cpu],
  [
    `${CLIENTS} clients ask for ${ids.length} consents of ${PERSONS * 3}.`,
    `Baseline: node:http, the same statement by the driver (${READS_OVER}), the same headers and bytes.`,
  ],
);

for (const side of [ours, baseline]) await side.close();
await bare.end();
await world.close();
