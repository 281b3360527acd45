import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { openBarePlatform, syntheticNin, type BarePlatform } from '../../test/support/bare-platform.ts';
import { jsonOfCommand, samtykkeHere } from '../../test/support/command-here.ts';
import { createDatabase, withClient, type TestDatabase } from '../../test/support/database.ts';
import { nodeOver } from '../../test/support/node-process.ts';
import type { Json } from '../../test/support/world.ts';
import { findClient } from '../clients/client-registry.ts';
import { secretsGoodAt } from '../clients/client.ts';
import { registerConsent } from '../consent/register.ts';
import { sha256 } from '../platform/crypto.ts';

const folder = mkdtempSync(join(tmpdir(), 'samtykke-client-'));
let database: TestDatabase;
let bare: BarePlatform;
before(async () => {
  database = await createDatabase();
  bare = await openBarePlatform(database);
});
after(async () => {
  await bare.close();
  await database.drop();
  rmSync(folder, { recursive: true, force: true });
});

const client = (...args: readonly string[]) => samtykkeHere(nodeOver(database), ['client', ...args]);
const answer = (...args: readonly string[]): Promise<Json> => jsonOfCommand(nodeOver(database), ['client', ...args]);
const inspect = async (text: string, values: readonly unknown[] = []): Promise<Json[]> => {
  let rows: Json[] = [];
  await withClient(database.superuserUrl, async (superuser) => {
    rows = (await superuser.query(text, [...values])).rows;
  });
  return rows;
};

const NEW = ['add', '--name', 'Bekkelauv Sparekreditt', '--organisation', '310472654', '--purpose', 'processing'];
/** Whether a secret is good for a client at this moment. */
async function isGood(id: string, secret: string): Promise<boolean> {
  const found = await findClient(bare.platform.db, id);
  assert.ok(found);
  return secretsGoodAt(found, new Date()).some((hash) => hash.equals(sha256(secret)));
}

test('A2: a client is added with a secret that is shown once, listed, shown and changed, each change in the log with who made it', async () => {
  const added = await answer(...NEW, '--agreements', '--events', '--redirect-uri', 'https://bekkelauv.example/cb');
  const { id } = added.client;
  assert.deepEqual(
    [added.outcome, added.client.purposes, added.client.mayReadEvents, added.client.authentication],
    ['added', ['processing'], true, 'client_secret_basic'],
  );
  assert.ok(await isGood(id, added.secret));
  const shown = await answer('show', id);
  assert.deepEqual(shown, added.client);
  assert.ok(!JSON.stringify([shown, await answer('list')]).includes(added.secret));

  const changed = await client('change', id, '--name', 'Bekkelauv Bank', '--no-events', '--pkce', '--redirect-uri', '');
  assert.deepEqual([changed.code, changed.stderr], [0, '']);
  assert.match(changed.stdout, /^changed \S+ Bekkelauv Bank\nwhat /);
  assert.match(changed.stdout, /^name +Bekkelauv Sparekreditt +Bekkelauv Bank$/m);
  assert.match(changed.stdout, /^people come back to +https:\/\/bekkelauv\.example\/cb +–$/m);
  assert.match(changed.stdout, /^must have PKCE +no +yes$/m);
  assert.equal((await answer('change', id, '--name', 'Bekkelauv Bank')).outcome, 'unchanged');

  const page = await client('show', id);
  assert.match(page.stdout, /^\S+ Bekkelauv Bank\n/);
  assert.match(page.stdout, /^may +agreements$/m);
  assert.match(page.stdout, /^must have +PKCE$/m);
  const list = await client('list');
  assert.match(list.stdout, /^id +name +organisation +is +asks for +may +proves itself with\n/);
  assert.match(list.stdout, new RegExp(`^${id}  Bekkelauv Bank +310472654 +on +processing +agreements +secret$`, 'm'));

  const log = await inspect('select kind, reason, actor, done_by from audit_log where client_id = $1 order by id', [
    id,
  ]);
  const by = {
    kind: 'client_changed',
    actor: 'operator',
    done_by: `${userInfo().username}@${hostname()}`.slice(0, 43),
  };
  assert.deepEqual(log, [
    { ...by, reason: 'added' },
    { ...by, reason: 'changed' },
  ]);
});

test('A2: a secret is replaced, and the one before stays good for the overlap; without one it ends at once', async () => {
  const { client: added, secret } = await answer(...NEW);
  const rotated = await answer('rotate-secret', added.id, '--overlap', '2h');
  assert.deepEqual([await isGood(added.id, secret), await isGood(added.id, rotated.secret)], [true, true]);
  const hours = (Date.parse(rotated.formerGoodUntil) - Date.now()) / 3_600_000;
  assert.ok(hours > 1.9 && hours <= 2, String(hours));

  const { code, stdout, stderr } = await client('rotate-secret', added.id, '--overlap', '0');
  assert.deepEqual([code, stderr], [0, 'samtykke: the secret is shown this once: only its hash is kept\n']);
  const [, newest = ''] = /^secret {2}(\S+)\nbefore {2}ended$/m.exec(stdout) ?? [];
  assert.deepEqual([await isGood(added.id, rotated.secret), await isGood(added.id, newest)], [false, true]);
  for (const overlap of ['2', '2 h', '-1d', '31d', 'long']) {
    assert.notEqual((await client('rotate-secret', added.id, '--overlap', overlap)).code, 0, overlap);
  }
  assert.equal(await isGood(added.id, newest), true);
});

test('A2: a client that proves itself with keys gets them from a file or by standard input, and has no secret', async () => {
  const jwk = (kid: string) => ({
    ...generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' }),
    kid,
    alg: 'ES256',
  });
  const file = join(folder, 'keys.json');
  writeFileSync(file, JSON.stringify({ keys: [jwk('one')] }));
  const added = await answer(...NEW, '--jwks', file);
  assert.deepEqual(
    [added.client.authentication, added.secret, added.client.jwks.keys[0].kid],
    ['private_key_jwt', undefined, 'one'],
  );
  const { id } = added.client;
  const stdin = JSON.stringify({ keys: [jwk('one'), jwk('two')] });
  const changed = await samtykkeHere(nodeOver(database), ['client', 'change', id, '--jwks', '-'], { stdin });
  assert.deepEqual([changed.code, changed.stderr], [0, '']);
  assert.match(changed.stdout, /^keys +one ES256 \S+ +one ES256 \S+, two ES256 \S+$/m);
  assert.match((await client('show', id)).stdout, /^proves itself with +its keys\nkey +one ES256/m);

  const refused = await client('rotate-secret', id);
  assert.deepEqual(
    [refused.code, refused.stderr],
    [1, 'samtykke: this client proves itself with its keys, and has no secret\n'],
  );
  const without = await client('change', id, '--no-jwks');
  assert.equal(without.code, 64);
  assert.match(without.stderr, /^samtykke: the keys \(--jwks\) are missing/);
  const back = await answer('change', id, '--authentication', 'client_secret_basic', '--no-jwks');
  assert.ok(await isGood(id, back.secret));

  const secret = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' });
  for (const [text, message] of [
    [JSON.stringify(secret), /is private: send us the public part only/],
    [`${String(secret.d)} is no JSON`, /--jwks holds no JSON/],
    ['', /--jwks holds no JSON/],
  ] as const) {
    const bad = await samtykkeHere(nodeOver(database), ['client', 'change', id, '--jwks', '-'], { stdin: text });
    assert.deepEqual([bad.code, bad.stdout], [64, '']);
    assert.match(bad.stderr, message);
    assert.ok(!bad.stderr.includes(String(secret.d)));
  }
  const missing = await client('change', id, '--jwks', join(folder, 'nowhere.json'));
  assert.deepEqual([missing.code, /cannot be read \(ENOENT\)/.test(missing.stderr)], [1, true]);
});

test('C9: a client is switched off and on: a dry run tells how many consents end, and then they do', async () => {
  const { client: added } = await answer(...NEW);
  for (const externalId of ['one', 'two']) {
    await registerConsent(bare.platform, {
      clientId: added.id,
      nin: syntheticNin('14842249091'),
      purpose: 'processing',
      duration: { kind: 'days', days: 3 },
      externalId,
      actor: 'client',
      traceId: 'test',
    });
  }
  const active = async () =>
    (await inspect('select count(*)::int from consent where client_id = $1 and archived_at is null', [added.id]))[0]
      .count;
  const dry = await client('disable', added.id, '--dry-run');
  assert.deepEqual(dry, {
    code: 0,
    stdout: `${added.id} Bekkelauv Sparekreditt would be off: 2 consents would end\n`,
    stderr: '',
  });
  assert.equal((await answer('disable', added.id, '--dry-run')).wouldEnd, 2);
  assert.equal(await active(), 2);
  const off = await client('disable', added.id);
  assert.equal(off.stdout, `${added.id} Bekkelauv Sparekreditt is now off: 2 consents ended\n`);
  assert.equal(await active(), 0);
  assert.match((await client('show', added.id)).stdout, /\(switched off\)\n/);
  assert.deepEqual(
    (await client('disable', added.id)).stdout,
    `${added.id} Bekkelauv Sparekreditt is already off: 0 consents ended\n`,
  );
  const on = await answer('enable', added.id);
  assert.deepEqual([on.outcome, on.client.enabled, on.ended], ['changed', true, 0]);
  const ends = await inspect(
    "select actor, done_by is not null as named from audit_log where client_id = $1 and kind = 'consent_archived'",
    [added.id],
  );
  assert.deepEqual(ends, [
    { actor: 'operator', named: true },
    { actor: 'operator', named: true },
  ]);
});

test('R3: what is wrong with a registration is told all at once, and nothing is registered', async () => {
  const before = await inspect('select count(*) from client');
  const { code, stdout, stderr } = await client(
    'add',
    '--name=',
    '--organisation=310472655',
    '--purpose=marketing',
    '--openid',
  );
  assert.deepEqual([code, stdout], [64, '']);
  for (const begin of [
    'the name (--name) is empty',
    'the organisation number (--organisation) is no ',
    '--openid is for clients',
  ]) {
    assert.ok(stderr.includes(`samtykke: ${begin}`), stderr);
  }
  for (const [args, message] of [
    [['add', '--name', 'X'], /required option '--organisation <number>' not specified/],
    [['add', ...NEW.slice(1), '--authentication', 'none'], /Allowed choices are client_secret_basic, private_key_jwt/],
    [['add', ...NEW.slice(1), '--agreement'], /unknown option '--agreement'\n\(Did you mean --agreements\?\)/],
    [['rotate'], /unknown command 'rotate'/],
    [['change'], /missing required argument 'id'/],
    [['show', 'x', 'y'], /too many arguments/],
  ] as const) {
    const wrong = await client(...args);
    assert.deepEqual([wrong.code, wrong.stdout], [64, ''], args.join(' '));
    assert.match(wrong.stderr, message);
  }
  for (const args of [
    ['show', 'x'],
    ['show', '019ab01e-2f3c-7d40-9c1a-5b7e2f0a4c11'],
    ['enable', 'x'],
    ['disable', 'x', '--dry-run'],
    ['change', 'x', '--pkce'],
    ['rotate-secret', 'x'],
  ]) {
    const unknown = await client(...args);
    assert.deepEqual([unknown.code, unknown.stdout], [1, ''], args.join(' '));
    assert.match(unknown.stderr, /^samtykke: there is no client /);
  }
  assert.deepEqual(await inspect('select count(*) from client'), before);
});
