/**
 * What a page of the portal costs, server side: the pages of somebody who is signed in, over real HTTP, each beside a bare page of
 * the same size and the same headers, which a Fastify in another process sends ready-made.
 */
import { seed } from '../sandbox/seed.ts';
import { openBarePlatform } from '../test/support/bare-platform.ts';
import { createDatabase } from '../test/support/database.ts';
import { freePort } from '../test/support/node-process.ts';
import { API } from '../test/support/world.ts';
import type { OpenBare, PreparedPage } from './support/bare-server.ts';
import { compare, type Comparison } from './support/compare.ts';
import type { OpenCreditors } from './support/creditors-server.ts';
import { addCrowd } from './support/crowd.ts';
import { keepFigure } from './support/figures.ts';
import { isLong } from './support/length.ts';
import { makeHistory, signIn, visitorAt } from './support/portal-person.ts';
import { report } from './support/report.ts';
import type { OpenSamtykke } from './support/samtykke-server.ts';
import { sandboxEnv } from './support/sandbox-env.ts';
import { startServer } from './support/server-process.ts';

/** Owes six creditors, all of whom answer. */
const NIN = '14842249091';
const CONSENTS = 30;
const ACCESSES = 200;
const CROWD = 10_000;

const database = await createDatabase();
const world = await openBarePlatform(database);
const { platform } = world;
const creditors = await startServer<OpenCreditors>('creditors-server.ts', {});
await seed(platform, creditors.ready, { count: 0, seed: 1 });
const samtykke = await startServer<OpenSamtykke>('samtykke-server.ts', {
  servingUrl: database.servingUrl,
  env: {
    ...sandboxEnv(),
    HOST: '127.0.0.1',
    PORT: String(await freePort()),
    PUSH_PORT: '0',
    PUBLIC_URL: API,
  },
});

const visitor = visitorAt(samtykke.ready);
const consent = await makeHistory(platform, visitor, { nin: NIN, consents: CONSENTS, accesses: ACCESSES });
await addCrowd(database, CROWD);
const headers = { cookie: await signIn(visitor, NIN), accept: 'text/html', 'accept-language': 'nb' };

// The debt page comes last: each time that it is looked at is an access more.
const paths = isLong ? ['/consents', `/consents/${consent}`, '/accesses', '/'] : ['/consents', '/'];
const prepared: PreparedPage[] = [];
for (const path of paths) {
  const page = await fetch(`${samtykke.ready}${path}`, { headers, redirect: 'error' });
  if (!page.ok) throw new Error(`${path} was answered ${page.status}`);
  // These are made for each answer, or belong to its connection.
  const without = new Set(['connection', 'content-length', 'date', 'keep-alive', 'set-cookie', 'transfer-encoding']);
  const sent = Object.fromEntries([...page.headers].filter(([name]) => !without.has(name)));
  prepared.push({ path, headers: sent, body: await page.text() });
}
const bare = await startServer<OpenBare>('bare-server.ts', prepared);

const comparisons: Comparison[] = [];
for (const { path, body } of prepared) {
  const asked = { path, headers, bytes: Buffer.byteLength(body) };
  const pair = { target: { ...asked, server: samtykke }, baseline: { ...asked, server: bare } };
  for (const clients of isLong ? [1, 8] : [8]) {
    const name = path.replace(consent, ':id');
    comparisons.push(await compare({ ...pair, name }, clients));
    process.stderr.write(`measured ${name} with ${clients}\n`);
  }
}

for (const { name, clients, ratios, others } of comparisons) {
  keepFigure({
    measurement: `portal ${name}, ${clients} client${clients === 1 ? '' : 's'}`,
    baseline: 'the same page, ready-made',
    what: 'CPU of Node ×',
    rounds: ratios.cpu,
    others,
  });
}
process.stdout.write(
  report('Pages of the portal, signed in', comparisons, [
    `A person with ${CONSENTS} consents, ${ACCESSES} accesses and six creditors who answer at once, among ${CROWD} others.`,
    'p50 to p99 at the client, over loopback; inside: in the server; CPU: of the serving process, for each request;',
    '×: how many times the bare page, the median of what each round says.',
  ]),
);

for (const server of [bare, samtykke, creditors]) await server.end();
await world.close();
await database.drop();
