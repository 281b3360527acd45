/**
 * What it costs to issue a token by client credentials (`POST /oauth2/token`), which is kept in the database before it is answered; beside
 * it the same library in the same mount with its adapter in memory.
 */
import { apiPaths, apiScopes } from '../src/clients/audience.ts';
import { withClient } from '../test/support/database.ts';
import { API, clientOf } from '../test/support/world.ts';
import type { OpenBareToken } from './support/bare-token-server.ts';
import { openNodeWorld } from './support/node-world.ts';
import { startServer } from './support/server-process.ts';
import { askedSide, report, throughputFigure, versus } from './support/versus.ts';

const CLIENTS = 16;

const { id: clientId, secret, basic } = clientOf(1);
const audience = `${API}${apiPaths.debt}`;
const scope = apiScopes.debt.join(' ');
const world = await openNodeWorld();
const bare = await startServer<OpenBareToken>('bare-token-server.ts', {
  issuer: API,
  clientId,
  secret,
  audience,
  scope,
});

const plan = {
  clients: CLIENTS,
  method: 'POST',
  headers: { authorization: basic, 'content-type': 'application/x-www-form-urlencoded' },
  requests: [
    {
      path: '/oauth2/token',
      body: new URLSearchParams({ grant_type: 'client_credentials', audience, scope }).toString(),
    },
  ],
  expect: {
    status: 200,
    pattern: String.raw`^\{"access_token":"[\w-]{43}","expires_in":3600,"scope":"${scope.replaceAll('.', String.raw`\.`)}","token_type":"Bearer"\}$`,
  },
} as const;
const ours = await askedSide(world.node, plan);
let issued = 0;
const counted = {
  ...ours,
  run: async (milliseconds: number) => {
    const asked = await ours.run(milliseconds);
    issued += asked.operations;
    return asked;
  },
};
const checkIssued = (): Promise<void> =>
  withClient(world.database.superuserUrl, async (client) => {
    const { rows } = await client.query<{ count: string }>('select count(*) from oauth_artefact');
    if (Number(rows[0]?.count) !== issued)
      throw new Error(`${issued} tokens were issued, but ${rows[0]?.count} are there`);
  });
const measurement = 'token by client credentials';
const said = `${CLIENTS} clients of one organisation, each token a commit. Whatever was issued was there afterwards.`;

const inMemory = await world.startNode({}, { keepsTokensInMemory: true });
const mounted = await askedSide(inMemory, plan);
const besideMount = await versus('token', world.database.superuserUrl, { ours: counted, baseline: mounted });
await checkIssued();
report(
  'Token by client credentials',
  besideMount,
  [
    throughputFigure(
      { measurement, baseline: 'the same mount, clients and tokens in memory', least: 0.7 },
      besideMount,
    ),
  ],
  [said, 'Baseline: the same node, with limits and log, which reads its client once and keeps tokens in a map.'],
);
await mounted.close();

const baseline = await askedSide(bare, plan);
const besideLibrary = await versus('token, library', world.database.superuserUrl, { ours: counted, baseline });
await checkIssued();
report(
  'Token by client credentials, beside the library alone',
  besideLibrary,
  [throughputFigure({ measurement, baseline: 'the library alone, in memory' }, besideLibrary)],
  [said, 'Baseline: oidc-provider in Fastify, its clients and tokens in memory; no limits, no log.'],
);

for (const side of [ours, baseline]) await side.close();
await bare.end();
await world.close();
