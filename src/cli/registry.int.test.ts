import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createDatabase, withClient, type TestDatabase } from '../../test/support/database.ts';
import type { Ended } from '../../test/support/command.ts';
import { samtykkeHere } from '../../test/support/command-here.ts';
import { nodeOver } from '../../test/support/node-process.ts';
import type { Json } from '../../test/support/world.ts';

let database: TestDatabase;
before(async () => {
  database = await createDatabase();
});
after(() => database.drop());

const creditor = (...args: readonly string[]): Promise<Ended> =>
  samtykkeHere(nodeOver(database), ['creditor', ...args]);

/** Of a command that must have gone well, and had nothing to say beside its answer. */
async function answer(...args: readonly string[]): Promise<Json> {
  const { code, stdout, stderr } = await creditor(...args, '--json');
  assert.deepEqual([code, stderr], [0, '']);
  return JSON.parse(stdout);
}

async function rows(text: string): Promise<Json[]> {
  let found: Json[] = [];
  await withClient(database.superuserUrl, async (client) => {
    found = (await client.query(text)).rows;
  });
  return found;
}
const logged = (number: string): Promise<Json[]> =>
  rows(`select kind, actor, reason, change from audit_log where creditor_id = '${number}' order by id`);

const whole = [
  '--name',
  'Bekkelauv Sparekreditt',
  '--provider',
  '0192:318465711',
  '--base-url',
  'https://a.example/x/',
];

test('D3, C7: a creditor is added, changed and left alone by the same command, and each change is in the log', async () => {
  const added = await answer('add', '310472654', ...whole, '--contact-email', 'gjeld@bekkelauv.example');
  const provider = { provider: '9908:318465711', baseUrl: 'https://a.example/x', deliverers: ['318465711'] };
  const registered = {
    number: '310472654',
    name: 'Bekkelauv Sparekreditt',
    enabled: true,
    contactEmail: 'gjeld@bekkelauv.example',
    contactPhone: null,
    providers: [{ ...provider, clientCertificate: null, enabled: true, collectedAt: null }],
  };
  assert.deepEqual([added.outcome, added.creditor], ['added', registered]);
  assert.deepEqual(await answer('show', '310472654'), { ...registered, deliveries: [] });

  const again = await answer('add', '310472654', ...whole);
  assert.deepEqual([again.outcome, again.changes, again.creditor], ['unchanged', [], registered]);

  const deliverers = ['--deliverer', '319290834', '--deliverer', '310472654'];
  const changed = await creditor('add', '310472654', '--name', 'Bekkelauv Bank', '--contact-email', '', ...deliverers);
  assert.deepEqual([changed.code, changed.stderr], [0, '']);
  assert.match(changed.stdout, /^changed 310472654 Bekkelauv Bank\nwhat /);
  assert.match(changed.stdout, /^name +Bekkelauv Sparekreditt +Bekkelauv Bank$/m);
  assert.match(changed.stdout, /^contact e-mail +gjeld@bekkelauv\.example +–$/m);
  assert.match(changed.stdout, /^may push \(9908:318465711\) +318465711 +310472654 319290834$/m);

  const log = await logged('310472654');
  assert.deepEqual(
    log.map(({ kind, actor, reason }) => [kind, actor, reason]),
    [
      ['creditor_changed', 'operator', 'added'],
      ['creditor_changed', 'operator', 'changed'],
    ],
  );
  assert.deepEqual(log[1].change[0], { field: 'name', before: 'Bekkelauv Sparekreditt', after: 'Bekkelauv Bank' });
});

test('D3: while a portfolio moves a creditor has two providers, of which one can be switched off', async () => {
  await answer(
    'add',
    '312984164',
    '--name',
    'Granbar',
    '--provider',
    '9908:318465711',
    '--base-url',
    'https://a.example',
  );
  const moved = await answer('add', '312984164', '--provider', '9908:319290834', '--base-url', 'https://b.example');
  assert.deepEqual(
    moved.creditor.providers.map((it: Json) => [it.provider, it.baseUrl]),
    [
      ['9908:318465711', 'https://a.example'],
      ['9908:319290834', 'https://b.example'],
    ],
  );
  const off = await answer('disable', '312984164', '--provider', '0192:318465711');
  assert.deepEqual([off.outcome, off.creditor.enabled], ['changed', true]);
  assert.deepEqual(
    off.creditor.providers.map((it: Json) => it.enabled),
    [false, true],
  );
  assert.equal((await answer('disable', '312984164', '--provider', '9908:318465711')).outcome, 'unchanged');
  assert.deepEqual((await logged('312984164')).at(-1).change, [
    { field: 'enabled', provider: '9908:318465711', before: true, after: false },
  ]);
  const unclear = await creditor('add', '312984164', '--base-url', 'https://c.example');
  assert.deepEqual(
    [unclear.code, unclear.stderr],
    [64, 'samtykke: --provider is missing: this creditor has more than one, so say which\n'],
  );
});

test('D3, C7: a creditor is switched off and on again, which is in the log; nothing is done twice', async () => {
  await answer(
    'add',
    '314901398',
    '--name',
    'Tjeldvik',
    '--provider',
    '9908:318465711',
    '--base-url',
    'https://a.example',
  );
  const said = async (...args: readonly string[]) => (await creditor(...args)).stdout;
  assert.equal(await said('disable', '314901398'), '314901398 Tjeldvik is now off\n');
  assert.equal(await said('disable', '314901398'), '314901398 Tjeldvik is already off\n');
  const added = await creditor('add', '314901398', '--name', 'Tjeldvik Bank');
  assert.equal(added.code, 0);
  assert.match(added.stderr, /^samtykke: it is switched off: /);
  assert.match(await said('show', '314901398'), /^314901398 Tjeldvik Bank \(switched off\)\n/);
  const collected = await creditor('collect', '314901398');
  assert.deepEqual([collected.code, collected.stdout], [1, '']);
  assert.match(collected.stderr, /it is switched off/);
  assert.equal(await said('enable', '314901398'), '314901398 Tjeldvik Bank is now on\n');
  assert.deepEqual(
    (await logged('314901398')).map(({ reason }) => reason),
    ['added', 'switched_off', 'changed', 'switched_on'],
  );
});

test('R3: the list is a table for people and a list for programs, both on standard output', async () => {
  const table = await creditor('list');
  assert.deepEqual([table.code, table.stderr], [0, '']);
  const [title, ...lines] = table.stdout.trimEnd().split('\n');
  assert.match(title ?? '', /^number +name +provider +is +collected \(UTC\) +last try$/);
  assert.ok(
    lines.includes(lines.find((line) => /^312984164 +Granbar +9908:319290834 +on +never +–$/.test(line)) ?? ''),
  );
  assert.ok(!table.stdout.includes('\u001B'), 'no colours where nobody looks');
  const listed: Json[] = await answer('list');
  assert.deepEqual(
    listed.map((it) => it.name),
    listed.map((it) => it.name).toSorted((one, other) => one.localeCompare(other)),
  );
  assert.deepEqual(listed.find((it) => it.number === '312984164').providers[0].lastCollection, null);
});

test('D3: all that is wrong with a registration is told at once, and nothing of it is kept', async () => {
  const before = await rows('select count(*) from audit_log');
  const wrong = '--provider 9908:1 --base-url ftp://a.example --contact-email x --contact-phone y --deliverer 1';
  const refused = await creditor('add', '999888777', ...wrong.split(' '));
  assert.deepEqual([refused.code, refused.stdout], [64, '']);
  assert.deepEqual(
    refused.stderr
      .trimEnd()
      .split('\n')
      .map((line) => line.split(' ', 2)[1]),
    ["'999888777'", '--name', '--provider', '--base-url', '--contact-email', '--contact-phone', '--deliverer'],
  );
  assert.deepEqual(await rows('select count(*) from audit_log'), before);
  assert.deepEqual(await rows("select from creditor where id = '999888777'"), []);
});

test('D3: of two who add the same creditor at once one adds it, and the other one finds it there', async () => {
  const names = ['Kvitfjær', 'Kvitfjær Finansiering'];
  const answers = await Promise.all(
    names.map((name) =>
      answer('add', '223781918', '--name', name, '--provider', '9908:223781918', '--base-url', 'https://a.example'),
    ),
  );
  assert.deepEqual(
    answers.map(({ outcome }) => outcome).toSorted((one, other) => one.localeCompare(other)),
    ['added', 'changed'],
  );
  const last = answers.find(({ outcome }) => outcome === 'changed');
  assert.equal((await answer('show', '223781918')).name, last.creditor.name);
});

test('D3: who is not in the registry is told apart from what is no organisation number', async () => {
  for (const command of ['show', 'enable', 'disable', 'collect']) {
    const unknown = await creditor(command, '316882544');
    assert.deepEqual([unknown.code, unknown.stdout], [1, ''], command);
    assert.match(unknown.stderr, /^samtykke: there is no creditor 316882544 in the registry\n$/, command);
    const wrong = await creditor(command, '316882545');
    assert.deepEqual([wrong.code, wrong.stdout], [64, ''], command);
  }
  const stranger = await creditor('disable', '312984164', '--provider', '9908:316882544');
  assert.deepEqual([stranger.code, stranger.stdout], [1, '']);
});
