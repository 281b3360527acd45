import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { creditorIds } from '../../sandbox/creditor-list.ts';
import { samtykke, type Ended } from '../../test/support/command.ts';
import { withClient } from '../../test/support/database.ts';
import { evidenceLog } from '../../test/support/evidence.ts';
import { nodeOver } from '../../test/support/node-process.ts';
import { startWorld, type Json, type World } from '../../test/support/world.ts';
import type { Env } from '../platform/config.ts';

let world: World;
before(async () => {
  world = await startWorld();
});
after(() => world.close());

const creditor = (args: readonly string[], env: Env = {}): Promise<Ended> =>
  samtykke({ ...nodeOver(world.database), LOG_FILE: evidenceLog(), ...env }, 'creditor', ...args);

const json = async (args: readonly string[], env: Env = {}): Promise<Json> =>
  JSON.parse((await creditor([...args, '--json'], env)).stdout);

const runs = (number: string): Promise<Json[]> =>
  world.inspect('select outcome, started_at from delivery_run where creditor_id = $1 order by started_at', [number]);

test('D3: an operator collects from a creditor at once, is told what came, and finds it in the list and among its deliveries', async () => {
  const number = creditorIds.lyngtind;
  const table = await creditor(['collect', number]);
  assert.deepEqual([table.code, table.stderr], [0, '']);
  assert.match(table.stdout, /^provider +outcome +customers +loans +took\n9908:210437185 +applied +3 +4 +\d/);

  // What would be logged to standard output is kept out of the answer.
  const again = await creditor(['collect', number, '--json'], { LOG_FILE: '-', LOG_LEVEL: 'debug' });
  assert.deepEqual([again.code, again.stderr], [0, '']);
  const told = JSON.parse(again.stdout);
  assert.deepEqual([told.number, told.busy, told.deliveries.length], [number, 0, 1]);
  const { provider, outcome, customers, loans, rule, failure } = told.deliveries[0];
  assert.deepEqual(
    [provider, outcome, customers, loans, rule, failure],
    [`9908:${number}`, 'applied', 3, 4, null, null],
  );

  const shown = await json(['show', number]);
  assert.deepEqual(
    shown.deliveries.map((run: Json) => [run.kind, run.outcome, run.customers]),
    [
      ['collect', 'applied', 3],
      ['collect', 'applied', 3],
    ],
  );
  assert.equal(shown.deliveries[0].id, told.deliveries[0].id);
  assert.equal(shown.providers[0].collectedAt, shown.deliveries[0].startedAt);
  const listed = (await json(['list'])).find((it: Json) => it.number === number);
  assert.equal(listed.providers[0].lastCollection.id, told.deliveries[0].id);
  const page = await creditor(['show', number]);
  assert.match(page.stdout, /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d +collect +9908:210437185 +\d.* s +applied +3 +4/m);
});

test('D3: a delivery that breaks a rule, or does not come, is a failure; page, record and rule are told, and no person', async () => {
  const number = creditorIds.tindelys;
  world.servers.setBehaviour(number, 'nonsense');
  const rejected: string[] = [];
  for (let spoilt = 0; spoilt < 4; spoilt++) {
    const { code, stdout, stderr } = await creditor(['collect', number]);
    assert.equal(code, 1, stdout);
    assert.match(stderr, /^samtykke: what was delivered before stays as it was\n$/);
    assert.ok(!/\d{11}/.test(stdout + stderr));
    rejected.push(stdout);
  }
  assert.ok(
    rejected.some((it) => /^9908:213509624: .*\bpage 0 .* \([a-z_]+; counted from 0\)$/m.test(it)),
    rejected.join(''),
  );
  world.servers.setBehaviour(number, 'failing');
  const failed = await creditor(['collect', number]);
  assert.equal(failed.code, 1);
  assert.match(failed.stdout, /^9908:213509624: the server cannot answer now \(status 500\)$/m);
  world.servers.setBehaviour(number, 'normal');
  assert.equal((await creditor(['collect', number])).code, 0);
  const page = await creditor(['show', number]);
  assert.match(page.stdout, /failed .*the server cannot answer now \(status 500\)$/m);
});

test('D3: what somebody else is collecting is left to them', async () => {
  const number = creditorIds.havsule;
  await withClient(world.database.superuserUrl, async (client) => {
    await client.query("select pg_advisory_lock(hashtextextended('samtykke collects ' || $1 || ' from ' || $2, 0))", [
      number,
      `9908:${number}`,
    ]);
    const { code, stderr } = await creditor(['collect', number]);
    assert.equal(code, 1);
    assert.match(stderr, /^samtykke: somebody else is collecting from 1 of its providers at this moment: /);
  });
  assert.deepEqual(await runs(number), []);
});

test('R4: without keys, or without our certificate, nothing is begun, and it is told what is missing', async () => {
  const number = creditorIds.havsule;
  const cases = [
    [{ KEYS_FILE: '/nowhere/keys.json' }, /^samtykke: KEYS_FILE \/nowhere\/keys\.json cannot be read \(ENOENT\)\n$/],
    [
      { CREDITOR_CERT_FILE: join(import.meta.dirname, 'main.ts') },
      /^samtykke: CREDITOR_CERT_FILE .* holds no certificate/,
    ],
  ] as const;
  for (const [env, message] of cases) {
    const { code, stdout, stderr } = await creditor(['collect', number], env);
    assert.deepEqual([code, stdout], [1, '']);
    assert.match(stderr, message);
  }
  assert.deepEqual(await runs(number), []);
});

test('X4: in a sandbox whose clock has been moved a command lives in the same time', async () => {
  const number = creditorIds.nordvake;
  await world.inspect('update installation set clock_offset_seconds = clock_offset_seconds + 86400');
  assert.equal((await creditor(['collect', number])).code, 0);
  const [run] = await runs(number);
  assert.ok(run.started_at.getTime() > world.clock.realNow().getTime() + 80_000_000);
});
