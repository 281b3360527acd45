import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { sandboxCertificates } from '../../sandbox/authority.ts';
import { creditorIds } from '../../sandbox/creditor-list.ts';
import { soundLoans } from '../../test/support/bad-answers.ts';
import { customerText, pageText } from '../../test/support/broken-deliveries.ts';
import { samtykke, type Ended } from '../../test/support/command.ts';
import { evidenceLog } from '../../test/support/evidence.ts';
import { nodeOver } from '../../test/support/node-process.ts';
import { hours, testAuthority } from '../../test/support/test-authority.ts';
import { startToldServer, type ToldServer } from '../../test/support/told-server.ts';
import { bearer, newConsent, startWorld, tokenFor, type Json, type World } from '../../test/support/world.ts';
import { openCollector } from '../delivery/collector.ts';

const NIN = '14842249091';
const NUMBER = creditorIds.lyngtind;
const PROVIDER = `9908:${NUMBER}`;

const folder = mkdtempSync(join(tmpdir(), 'samtykke-certificates-'));
let world: World;
/** Its own authority is the only one that it believes: whoever shows the usual certificate is not let in. */
let server: ToldServer;
let token: string;
let consent: string;
before(async () => {
  const theirs = await testAuthority('En annen utsteder');
  const [second, old] = await Promise.all([
    theirs.issue('319290834', { purposes: ['client'], hosts: [] }),
    theirs.issue('319290834', { validity: hours(-30, -20) }),
  ]);
  const files = { 'second.pem': second.cert, 'second.key': second.key, 'old.pem': old.cert, 'old.key': old.key };
  for (const [name, text] of Object.entries({ ...files, 'mixed.pem': second.cert, 'mixed.key': old.key }))
    writeFileSync(join(folder, name), text);
  world = await startWorld({ env: { CREDITOR_CERTS_DIR: folder, LOOKUP_DEADLINE_MS: '2000' } });
  const { config, clock } = world.platform;
  const certificates = await sandboxCertificates(join(config.dataDir, 'certificates'), clock.realNow());
  server = await startToldServer({
    ...certificates.creditorServer(NUMBER),
    ca: theirs.own.cert,
    requestCert: true,
    rejectUnauthorized: true,
  });
  server.tell((response, { url = '' }) => {
    const customer = customerText(NIN, NUMBER, soundLoans);
    const body = url.endsWith('/customer') ? customer : pageText(PROVIDER, url.endsWith('page=0') ? [customer] : []);
    response.writeHead(200, { 'content-type': 'application/json' }).end(body);
  });
  token = await tokenFor(world, 'debt');
  consent = await newConsent(world, { nin: NIN });
});
after(async () => {
  await world.close();
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

const creditor = (...args: readonly string[]): Promise<Ended> =>
  samtykke({ ...nodeOver(world.database), LOG_FILE: evidenceLog(), CREDITOR_CERTS_DIR: folder }, 'creditor', ...args);
const add = (...args: readonly string[]): Promise<Ended> => creditor('add', NUMBER, ...args);
const told = async (...args: readonly string[]): Promise<Json> =>
  JSON.parse((await creditor(...args, '--json')).stdout);

/** How many creditors have answered, how many are missing, and why that one was (empty: it has answered). */
async function lookUp(): Promise<readonly [answered: number, missing: number, reason: string]> {
  world.creditors.forgetFailures(NUMBER);
  const traceId = `certificate-${performance.now()}`;
  const headers = { ...bearer(token), 'x-trace-id': traceId };
  const { json } = await world.call({ method: 'GET', url: `/v1/debt/${consent}`, headers });
  return [json.numberOfCreditorsAnswered, json.numberOfcreditorsMissing, reasonOf(traceId)];
}

function logLines(): readonly Json[] {
  world.platform.log.flush();
  const lines = readFileSync(world.platform.config.logFile, 'utf8').trimEnd().split('\n');
  return lines.map((line) => JSON.parse(line));
}
const reasonOf = (traceId: string): string =>
  logLines()
    .filter((line) => line.traceId === traceId && line.creditorId !== undefined)
    .map(({ reason }) => reason)
    .join();

test('D3: a creditor that takes only another certificate of ours is missing, live and collected, until it is named', async () => {
  assert.equal((await add('--base-url', server.url)).code, 0);
  const [answered, missing, reason] = await lookUp();
  assert.deepEqual([answered, missing], [5, 1]);
  assert.match(reason, /^the connection failed: /);
  const collected = await creditor('collect', NUMBER);
  assert.deepEqual([collected.code, server.asked.length], [1, 0]);

  const added = await add('--client-certificate', 'second');
  assert.deepEqual([added.code, added.stderr], [0, '']);
  assert.match(added.stdout, /^knows us by \(9908:210437185\) +default +second$/m);
  assert.deepEqual(await lookUp(), [6, 0, ''], 'the others still know us by the usual one');
  assert.equal(server.asked.length, 1);
});

test('D3: it is collected from with that certificate, and others with the usual one', async () => {
  const mine = await told('collect', NUMBER);
  assert.deepEqual(
    mine.deliveries.map(({ outcome, customers, loans }: Json) => [outcome, customers, loans]),
    [['applied', 1, 3]],
  );
  const other = await told('collect', creditorIds.havsule);
  assert.deepEqual(
    other.deliveries.map(({ outcome }: Json) => outcome),
    ['applied'],
  );
});

test('D3, C7: the certificate is in the registry: shown, listed, and each change of it in the log', async () => {
  assert.equal((await told('show', NUMBER)).providers[0].clientCertificate, 'second');
  const listed: Json[] = await told('list');
  const named = listed.map(({ number, providers }) => [number, providers[0].clientCertificate] as const);
  assert.deepEqual(new Map(named.filter(([, certificate]) => certificate !== null)), new Map([[NUMBER, 'second']]));
  assert.match((await creditor('list')).stdout, /^210437185 .* 9908:210437185 +second +on /m);
  assert.match((await creditor('show', NUMBER)).stdout, /^provider .* knows us by .*\n9908:210437185 .* second /m);
  assert.match((await creditor('show', creditorIds.havsule)).stdout, /^9908:211872543 .* default /m);
  const [{ change }] = await world.inspect(
    'select change from audit_log where creditor_id = $1 order by id desc limit 1',
    [NUMBER],
  );
  assert.deepEqual(change, [{ field: 'clientCertificate', provider: PROVIDER, before: null, after: 'second' }]);
});

test('D3: a certificate that is not there, does not fit its key, has ended, or is no name is not registered, and it is told why', async () => {
  const at = (name: string) => `CREDITOR_CERTS_DIR ${join(folder, name)}`;
  const cases = {
    gone: [`cannot be used: ${at('gone.pem')} cannot be read (ENOENT)`, `${at('gone.key')} cannot be read (ENOENT)`],
    mixed: [`${at('mixed.key')} is not the key of the first certificate of ${at('mixed.pem')}`],
    old: ['cannot be used: it ended on 20'],
    '../second': ["is '../second': write the name of its files"],
    'Second.pem': ["is 'Second.pem': write the name of its files"],
  };
  for (const [name, says] of Object.entries(cases)) {
    const { code, stdout, stderr } = await add('--client-certificate', name, '--name', 'Changed');
    assert.deepEqual([code, stdout], [64, ''], name);
    const lines = stderr.trimEnd().split('\n');
    assert.equal(lines.length, says.length, stderr);
    for (const [index, line] of lines.entries()) {
      assert.ok(line.startsWith(`samtykke: --client-certificate is '${name}'`), line);
      assert.ok(line.includes(says[index] ?? '?'), line);
    }
  }
  const nowhere = await samtykke(nodeOver(world.database), 'creditor', 'add', NUMBER, '--client-certificate', 'second');
  assert.equal(nowhere.code, 64);
  assert.match(nowhere.stderr, /^samtykke: --client-certificate is 'second', .*: CREDITOR_CERTS_DIR is missing: .*\n$/);
  const { name, providers } = await told('show', NUMBER);
  assert.deepEqual([name, providers[0].clientCertificate], ['Lyngtind Kredittbank ASA', 'second']);
});

test('D3: where the files of a certificate are gone, that creditor is missing with the reason, and all others go on', async () => {
  await world.inspect("update creditor_provider set client_certificate = 'lost' where creditor_id = $1", [NUMBER]);
  const [answered, missing, reason] = await lookUp();
  assert.deepEqual([answered, missing], [5, 1]);
  const problem = `CREDITOR_CERTS_DIR ${join(folder, 'lost.pem')} cannot be read (ENOENT)`;
  assert.ok(reason.startsWith(problem), reason);

  const before = await world.inspect('select id from delivery_run');
  const collected = await creditor('collect', NUMBER);
  assert.deepEqual([collected.code, collected.stdout], [1, '']);
  assert.ok(collected.stderr.startsWith(`samtykke: ${problem}`), collected.stderr);
  assert.deepEqual(await world.inspect('select id from delivery_run'), before, 'nothing is begun');

  const collector = openCollector(world.platform, { waitSeconds: 60 });
  await world.inspect('delete from delivery_run');
  await collector.collectDue();
  await collector.close();
  const runs = await world.inspect('select creditor_id, outcome, detail, retry_at from delivery_run');
  assert.equal(runs.length, Object.keys(creditorIds).length);
  for (const { creditor_id, outcome, detail, retry_at } of runs) {
    if (creditor_id !== NUMBER) assert.equal(outcome, 'applied', creditor_id);
    else assert.deepEqual([outcome, detail, retry_at instanceof Date], ['failed', 'internal', true]);
  }
  const said = logLines().find((line) => line.creditorId === NUMBER && line.error !== undefined);
  assert.equal(said.msg, 'a collection failed, and not by the creditor');
  assert.ok(said.error.message.startsWith(problem));
});

test('R3: the job that watches our certificates tells of those that end soon, and of those that are gone', async () => {
  await world.jobs.runDue();
  const lost = logLines().findLast(({ certificate }) => certificate === 'lost');
  assert.deepEqual([lost.level, lost.problems.length], ['error', 2]);
  await world.inspect("update creditor_provider set client_certificate = 'second' where creditor_id = $1", [NUMBER]);
  await world.jobs.runDue();
  const soon = logLines().findLast(({ certificate }) => certificate === 'second');
  assert.deepEqual([soon.level, soon.variable, soon.days], ['warn', 'CREDITOR_CERTS_DIR', 0]);
});

test('D3: `default` puts the usual certificate back', async () => {
  assert.deepEqual(await lookUp(), [6, 0, '']);
  const back = await add('--client-certificate', 'default');
  assert.match(back.stdout, /^knows us by \(9908:210437185\) +second +default$/m);
  assert.deepEqual((await lookUp()).slice(0, 2), [5, 1]);
  assert.equal((await told('show', NUMBER)).providers[0].clientCertificate, null);
});
