/**
 * What it costs to register a consent (`PUT /v1/consent/agreement`): beside it a bare `node:http` that runs the same single statement, and
 * commits each; and, where many register at once, pgbench with the same statement, which speaks no HTTP at all.
 */
import { openBarePlatform } from '../test/support/bare-platform.ts';
import { createDatabase, withClient, type TestDatabase } from '../test/support/database.ts';
import { agreement, clientOf } from '../test/support/world.ts';
import type { OpenBareRegister } from './support/bare-register-server.ts';
import type { OpenBareWriters } from './support/bare-writers-server.ts';
import { bearerOf, headersOf, openNodeWorld } from './support/node-world.ts';
import { PGBENCH_CLIENTS, makePgbenchPersons, pgbenchSide, pgbenchVersion } from './support/pgbench.ts';
import type { Asked, Plan } from './support/raw-connections.ts';
import { DAYS, PERSONS, PURPOSE, syntheticNins } from './support/register-values.ts';
import { startServer } from './support/server-process.ts';
import { askedSide, report, throughputFigure, versus, type Side } from './support/versus.ts';

const MANY = 64;
const nins = syntheticNins();
const { id: clientId } = clientOf(1);

/** A database in which the sandbox's clients are registered. Each side has its own. */
async function otherDatabase(): Promise<TestDatabase> {
  const database = await createDatabase();
  await (await openBarePlatform(database)).close();
  return database;
}

const world = await openNodeWorld();
const bearer = { ...(await bearerOf(world.node.ready, 'agreement')), 'content-type': 'application/json' };
const bodyWith = (nin: string, externalId: string): string =>
  JSON.stringify(
    agreement({
      nin,
      client_consent_id: externalId,
      consent_duration_days: DAYS,
      scope_of_consent: `debt.unsecured.${PURPOSE}`,
    }),
  );
const PATH = '/v1/consent/agreement';
const headers = await headersOf(world.node.ready, PATH, {
  method: 'PUT',
  headers: bearer,
  body: bodyWith(nins[0] ?? '', 'first'),
});
const bareDatabase = await otherDatabase();
const bare = await startServer<OpenBareRegister>('bare-register-server.ts', {
  databaseUrl: bareDatabase.servingUrl,
  connection: 'pool',
  headers,
  clientId,
});

const uuid = '[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}';
/** `mark` tells the consents of one plan from those of the others. */
const planOf = (mark: string, clients: number): Omit<Plan, 'port'> => ({
  clients,
  method: 'PUT',
  headers: bearer,
  requests: nins.map((nin) => ({ path: PATH, body: bodyWith(nin, `${mark}-{n}`) })),
  expect: {
    status: 200,
    pattern: String.raw`^\{"client_consent_id":"${mark}-\d{12}","consent":\{"id":"${uuid}","expires_at":"[^"]{24}","scope_of_consent":"debt\.unsecured\.${PURPOSE}"\}\}$`,
  },
});

/** The same, counting how many it was told were done. */
function counted(side: Side): { side: Side; done: () => number } {
  let done = 0;
  const run = async (milliseconds: number): Promise<Asked> => {
    const asked = await side.run(milliseconds);
    done += asked.operations;
    return asked;
  };
  return { side: { ...side, run }, done: () => done };
}

/** Whatever was acknowledged is there, with its event and its row of the log; and nothing else is. */
async function check(database: TestDatabase, acknowledged: number): Promise<void> {
  await withClient(database.superuserUrl, async (client) => {
    const { rows } = await client.query<Record<string, string>>(
      `select (select count(*) from consent) as consents, (select count(*) from audit_log where kind = 'consent_registered') as logged,
         (select count(*) from feed_pending) + (select count(*) from feed_event) as told`,
    );
    const wrong = Object.entries(rows[0] ?? {}).filter(([, count]) => Number(count) !== acknowledged);
    if (wrong.length > 0) throw new Error(`${acknowledged} were acknowledged, but there are ${JSON.stringify(wrong)}`);
  });
}

let registered = 1;
let registeredBare = 0;
for (const clients of [16, 1]) {
  const ours = counted(await askedSide(world.node, planOf(`ours-${clients}`, clients)));
  const baseline = counted(await askedSide(bare, planOf(`bare-${clients}`, clients)));
  const sides = { ours: ours.side, baseline: baseline.side };
  const seen = await versus(`register ${clients}`, world.database.superuserUrl, sides);
  for (const { side } of [ours, baseline]) await side.close();
  registered += ours.done();
  registeredBare += baseline.done();
  await check(world.database, registered);
  await check(bareDatabase, registeredBare);
  const name = clients === 1 ? 'register, one client' : `register, ${clients} clients`;
  const about = { measurement: name, baseline: 'bare `node:http`, the same statement' };
  report(
    name,
    seen,
    [throughputFigure(clients === 1 ? about : { ...about, least: 0.85 }, seen)],
    [
      `Consents of ${PERSONS} persons who are there already, of one organisation. Whatever was acknowledged was there afterwards.`,
      'Baseline: node:http, the same statement over a pool of 10; token and number are not checked, nothing is encrypted.',
    ],
  );
}
await bare.end();

const writersDatabase = await otherDatabase();
const version = await pgbenchVersion();
const writers =
  version === undefined
    ? await startServer<OpenBareWriters>('bare-writers-server.ts', {
        databaseUrl: writersDatabase.servingUrl,
        clientId,
      })
    : undefined;
if (version !== undefined) await makePgbenchPersons(writersDatabase);
const used = version ?? `${PGBENCH_CLIENTS} bare connections of the driver (there is no pgbench here)`;
const baseline = counted(
  writers === undefined
    ? pgbenchSide(writersDatabase.servingUrl, clientId)
    : {
        run: async (milliseconds) => (await writers.act(milliseconds)) as Asked,
        cpu: async () => (await writers.work()).cpu,
        close: () => writers.end(),
      },
);
const ours = counted(await askedSide(world.node, planOf('many', MANY)));
// pgbench counts in whole seconds.
const seen = await versus(
  'register many',
  world.database.superuserUrl,
  { ours: ours.side, baseline: baseline.side },
  { roundMs: 2_000, rounds: 5 },
);
for (const { side } of [ours, baseline]) await side.close();
await check(world.database, registered + ours.done());
await check(writersDatabase, baseline.done());
const name = `register, ${MANY} clients at once`;
const about = {
  measurement: name,
  baseline: `${version === undefined ? 'bare connections' : 'pgbench'}, the same statement`,
};
report(
  name,
  seen,
  [throughputFigure({ ...about, least: 0.75 }, seen)],
  [
    `Baseline: ${used}, ${PGBENCH_CLIENTS} clients, the same statement, prepared. Neither HTTP nor tokens, and no encryption. Of it, what stands below Node is its own CPU.`,
    'Each caller is answered when its own consent is committed. Whatever was acknowledged was there afterwards.',
  ],
);

await world.close();
for (const database of [bareDatabase, writersDatabase]) await database.drop();
