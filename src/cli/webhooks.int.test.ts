import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openBarePlatform, type BarePlatform } from '../../test/support/bare-platform.ts';
import { samtykkeHere } from '../../test/support/command-here.ts';
import type { Ended } from '../../test/support/command.ts';
import { createDatabase, withClient, type TestDatabase } from '../../test/support/database.ts';
import { nodeOver } from '../../test/support/node-process.ts';
import { clientOf, type Json } from '../../test/support/world.ts';
import { changeSubscription } from '../webhooks/change-subscription.ts';
import { subscribe } from '../webhooks/subscribe.ts';
import { eventTypes } from '../webhooks/subscription.ts';

let database: TestDatabase;
let bare: BarePlatform;
let ids: string[];
const asker = { clientId: clientOf(1).id, traceId: 'test' };
const secrets: string[] = [];
before(async () => {
  database = await createDatabase();
  bare = await openBarePlatform(database);
  ids = [];
  for (const client of [1, 1, 2] as const) {
    const url = `https://192.168.7.${ids.length}/hooks?token=of-the-client`;
    const who = { ...asker, clientId: clientOf(client).id };
    const { subscription, secret } = await subscribe(bare.platform, who, { url, eventTypes });
    ids.push(subscription.id);
    secrets.push(secret);
  }
});
after(async () => {
  await bare.close();
  await database.drop();
});

const webhook = (...args: readonly string[]): Promise<Ended> => samtykkeHere(nodeOver(database), ['webhook', ...args]);
async function answer(...args: readonly string[]): Promise<Json> {
  const { code, stdout, stderr } = await webhook(...args, '--json');
  assert.deepEqual([code, stderr], [0, '']);
  for (const secret of [...secrets, 'of-the-client']) assert.ok(!stdout.includes(secret));
  return JSON.parse(stdout);
}

test('C7: operators see all webhooks, or those of one client, and how they are, without their secrets', async () => {
  const all = await answer('list');
  assert.deepEqual(all.map((it: Json) => it.id).toSorted(), ids.toSorted());
  assert.equal((await answer('list', '--client', clientOf(2).id)).length, 1);
  const { code, stdout } = await webhook('list');
  assert.equal(code, 0);
  assert.match(stdout, /^id +client +sent to +is +behind +last taken \(UTC\)\n/);
  assert.match(stdout, /Sparekompis AS +https:\/\/192\.168\.7\.0\/hooks\?… +on +0 +–/);
  const one = await webhook('show', ids[0] ?? '');
  assert.match(one.stdout, /^sent to +https:\/\/192\.168\.7\.0\/hooks\?…$/m);
  assert.match(one.stdout, /^has come to +1; there is nothing more$/m);
  assert.equal((await answer('show', ids[0] ?? '')).enabled, true);
});

test('C9: an operator disables a webhook, which its client cannot undo, and enables it again; with rows in the log', async () => {
  const [id = ''] = ids;
  const off = await answer('disable', id);
  assert.deepEqual([off.outcome, off.webhook.disabledReason], ['changed', 'operator']);
  assert.equal((await answer('disable', id)).outcome, 'unchanged');
  await assert.rejects(changeSubscription(bare.platform, asker, id, { enabled: true }), { code: 'webhook_conflict' });
  const { stdout } = await webhook('show', id);
  assert.match(stdout, /^is +off: by the operator, since /m);
  assert.match(stdout, /^its client reads +Disabled by the operator/m);
  const on = await webhook('enable', id);
  assert.deepEqual([on.code, on.stdout, on.stderr], [0, `${id} of Sparekompis AS is now on\n`, '']);
  let rows: Json[] = [];
  await withClient(database.superuserUrl, async (client) => {
    ({ rows } = await client.query(
      "select actor, change -> 'differences' -> 0 as what from audit_log where kind = 'webhook_changed' and actor = 'operator' order by id",
    ));
  });
  assert.deepEqual(rows, [
    { actor: 'operator', what: { field: 'enabled', before: true, after: false } },
    { actor: 'operator', what: { field: 'enabled', before: false, after: true } },
  ]);
});

test('C9: a webhook of a client that is switched off can be enabled, and the command says that nothing is sent yet', async () => {
  const id = ids[2] ?? '';
  await withClient(database.superuserUrl, (client) =>
    client.query('update client set enabled = false where id = $1', [clientOf(2).id]),
  );
  const { code, stderr } = await webhook('enable', id);
  assert.deepEqual([code, stderr], [0, 'samtykke: its client is switched off, so nothing is sent yet\n']);
});

test('R3: what is no webhook is told in one line that says what to do', async () => {
  const unknown = '01890000-0000-7000-8000-000000000000';
  for (const [args, code, line] of [
    [['show', unknown], 1, `there is no webhook ${unknown}: see samtykke webhook list`],
    [['disable', unknown], 1, `there is no webhook ${unknown}`],
    [['show', 'mine'], 64, "'mine' is no id of a webhook: see samtykke webhook list"],
    [['list', '--client', unknown], 1, `there is no client '${unknown}': see samtykke client list`],
    [['list', '--clients', unknown], 64, "unknown option '--clients'\n(Did you mean --client?)"],
  ] as const) {
    const ended = await webhook(...args);
    assert.deepEqual([ended.code, ended.stdout, ended.stderr], [code, '', `samtykke: ${line}\n`]);
  }
});
