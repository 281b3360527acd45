import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { samtykke, type Ended } from '../../test/support/command.ts';
import { samtykkeHere } from '../../test/support/command-here.ts';
import { createDatabase, withClient, type TestDatabase } from '../../test/support/database.ts';
import { generateKeysFile, parseKeys, publicPart } from '../platform/keys.ts';
import { keyKinds } from '../platform/keys-kinds.ts';
import { idsOf } from '../platform/keys-order.ts';
import type { Env } from '../platform/config.ts';

let database: TestDatabase;
const folder = mkdtempSync(join(tmpdir(), 'samtykke-keys-command-'));
const file = join(folder, 'keys.json');
writeFileSync(file, generateKeysFile({ sandbox: true }), { mode: 0o600 });
let env: Env;
before(async () => {
  database = await createDatabase();
  env = { DATABASE_URL: database.servingUrl, DATABASE_OWNER_URL: database.ownerUrl, KEYS_FILE: file };
});
after(async () => {
  await database.drop();
  rmSync(folder, { recursive: true, force: true });
});

const known = () => idsOf(parseKeys(readFileSync(file, 'utf8')));
/** Every secret that has been in the file since the test began. */
const secrets = new Set<string>();
function remember(path = file): void {
  const { ninEncryption, ninIndex, cookies, signing, login, seals } = JSON.parse(readFileSync(path, 'utf8')) as Record<
    string,
    { key?: string; d?: string; p?: string }[]
  >;
  for (const entry of [ninEncryption, ninIndex, signing, login, seals, cookies].flatMap((list) => list ?? [])) {
    for (const secret of typeof entry === 'string' ? [entry] : [entry.key, entry.d, entry.p]) {
      if (secret !== undefined) secrets.add(secret);
    }
  }
}
remember();

/** Runs `samtykke keys …`. Whatever it prints, no secret is in it. */
async function keys(...args: readonly string[]): Promise<Ended> {
  const ended = await samtykkeHere(env, ['keys', ...args]);
  remember();
  for (const secret of secrets)
    assert.ok(!`${ended.stdout}${ended.stderr}`.includes(secret), `a secret: ${args.join(' ')}`);
  return ended;
}
const ok = ({ code, stdout, stderr }: Ended): string => {
  assert.equal(code, 0, stderr);
  return stdout;
};

test('R7: keys new makes a file for production, for its owner only and never over another, and prints the public login key', async () => {
  const path = join(folder, 'production.json');
  const made = await samtykke({}, 'keys', 'new', path);
  assert.equal(made.code, 0, made.stderr);
  assert.equal(statSync(path).mode & 0o777, 0o600);
  const text = readFileSync(path, 'utf8');
  const read = parseKeys(text);
  assert.equal(read.sandbox, false);
  assert.deepEqual(JSON.parse(made.stdout), { keys: read.login.map(publicPart) });
  assert.match(made.stderr, /back it up, apart from the database/);
  remember(path);
  for (const secret of secrets) assert.ok(!`${made.stdout}${made.stderr}`.includes(secret));
  const again = await samtykkeHere({ KEYS_FILE: path }, ['keys', 'new']);
  assert.deepEqual([again.code, again.stdout], [1, '']);
  assert.match(again.stderr, /production\.json is there already, and is not overwritten/);
  assert.equal(readFileSync(path, 'utf8'), text);
  const { code, stdout } = await samtykkeHere({ KEYS_FILE: path }, ['keys', 'public']);
  assert.deepEqual([code, stdout], [0, made.stdout]);
  const unnamed = await samtykkeHere({ SAMTYKKE_MODE: 'production' }, ['keys', 'new']);
  assert.deepEqual([unnamed.code, unnamed.stdout], [64, '']);
  assert.match(unnamed.stderr, /^samtykke: name the file: as an argument, or in KEYS_FILE\n$/);
  const { code: json, stdout: told } = await samtykkeHere({}, ['keys', 'new', join(folder, 'other.json'), '--json']);
  assert.equal(json, 0);
  assert.deepEqual(Object.keys(JSON.parse(told) as object), ['file', 'keys', 'login']);
});

test('R7: what is wrong is told with what to do: no database, an unknown kind, an option of another kind, a file that is none', async () => {
  const cases: readonly (readonly [env: Env, args: readonly string[], code: number, stderr: RegExp])[] = [
    [{ DATA_DIR: join(folder, 'nothing') }, ['list'], 1, /there is no database: no sandbox runs in /],
    [env, ['rotate', 'passwords'], 64, /Allowed choices are nin-encryption, nin-index, signing, cookies, login, seals/],
    [env, ['rotate'], 64, /missing required argument 'kind'/],
    [env, ['rotate', 'cookies', '--registered'], 64, /--registered is of login keys only/],
    [env, ['rotate', 'cookies', '--at-once'], 64, /--at-once is of signing keys only/],
    [env, ['rotate', 'cookies', '--wait', 'long'], 64, /--wait is 'long': write a length of time/],
    [{ ...env, KEYS_FILE: join(folder, 'none.json') }, ['list'], 1, /none\.json cannot be read \(ENOENT\)/],
    [env, ['retire', 'cookies', 'nobody'], 64, /there is no cookies key 'nobody': see samtykke keys list/],
  ];
  for (const [given, args, code, stderr] of cases) {
    const ended = await samtykkeHere(given, ['keys', ...args]);
    assert.deepEqual([ended.code, ended.stdout], [code, ''], args.join(' '));
    assert.match(ended.stderr, stderr);
  }
});

test('R7: a whole rotation by command: what would be done, begun, in use, too early to retire, retired', async () => {
  const [old = ''] = known().cookies;
  assert.match(ok(await keys('rotate', 'cookies', '--dry-run')), /^a new cookies key would be made in .*keys\.json\n$/);
  assert.deepEqual(known().cookies, [old]);
  const rotated = await keys('rotate', 'cookies');
  const [, anew = ''] = known().cookies;
  assert.equal(ok(rotated), `cookies ${anew} is in use\n`);
  assert.match(rotated.stderr, /^samtykke: a new key is in .*keys\.json: cookies /);

  const list = await keys('list');
  const lines = ok(list).split('\n');
  assert.equal(lines.length, 10, 'a line for each, a title, and the end');
  assert.match(lines[0] ?? '', /^kind +id +state +since \(UTC\) +known since +nodes +needed by$/);
  assert.ok(lines.some((line) => line.includes(old) && line.includes('replaced')));
  assert.ok(lines.some((line) => line.includes(anew) && line.includes('in use')));
  assert.match(list.stderr, new RegExp(`cookies ${old} can be retired from 20.* UTC on`));
  const told = JSON.parse(ok(await keys('list', '--json'))) as { keys: { id: string; kind: string; state: string }[] };
  assert.deepEqual([...new Set(told.keys.map(({ kind }) => kind))], keyKinds);
  assert.deepEqual(
    told.keys
      .filter(({ kind }) => kind === 'cookies')
      .map(({ id, state }) => [id, state])
      .sort(),
    [
      [old, 'replaced'],
      [anew, 'in use'],
    ].sort(),
  );

  const again = await keys('rotate', 'cookies');
  assert.equal(ok(again), `cookies ${anew} is in use\n`, 'and no further one is made');
  assert.match(again.stderr, /the last rotation has not ended/);
  const early = await keys('retire', 'cookies');
  assert.equal(early.code, 1);
  assert.match(
    early.stderr,
    new RegExp(`^samtykke: cookies ${old}: what was signed with it is good until .* UTC; --at-once gives that up\n$`),
  );
  const inUse = await keys('retire', 'cookies', anew);
  assert.deepEqual([inUse.code, known().cookies.length], [1, 2]);
  assert.match(inUse.stderr, /is in use: samtykke keys rotate cookies puts another in its place first/);
  assert.equal(ok(await keys('retire', 'cookies', '--at-once', '--dry-run')), `cookies ${old} could be retired\n`);
  const retired = await keys('retire', 'cookies', '--at-once', '--json');
  assert.deepEqual(JSON.parse(ok(retired)), {
    kind: 'cookies',
    outcome: 'done',
    retired: [old],
    removedFromFile: [old],
    refused: [],
  });
  assert.deepEqual(known().cookies, [anew]);
  assert.match(retired.stderr, /Give this file to all machines that have a copy/);
  assert.equal(ok(await keys('retire', 'cookies')), 'there is no cookies key to retire\n');
});

test('R7: a node that lacks the new key is named, and waited for; a file of its own is written for whoever distributes it', async () => {
  const hear = (knows: object) =>
    withClient(database.superuserUrl, (client) =>
      client.query("select node_seen('00000000-0000-4000-8000-000000000001', 'far-away:4000', '1', $1, $1)", [
        JSON.stringify(knows),
      ]),
    );
  await hear(known());
  const out = join(folder, 'out.json');
  const waiting = await keys('rotate', 'nin-encryption', '--wait', '1s', '--out', out);
  assert.deepEqual([waiting.code, known()['nin-encryption'].length], [1, 1]);
  assert.match(waiting.stderr, /waits for far-away:4000: give the keys file to the machines of these nodes/);
  remember(out);
  const lacking = await keys('rotate', 'nin-encryption');
  assert.equal(lacking.code, 1);
  assert.match(
    lacking.stderr,
    /a rotation is under way with a key that the keys file .*keys\.json lacks: nin-encryption /,
  );
  writeFileSync(file, readFileSync(out));
  await hear(known());
  const [old = '', anew = ''] = known()['nin-encryption'];
  const done = await keys('rotate', 'nin-encryption', '--json');
  assert.deepEqual(JSON.parse(ok(done)), { kind: 'nin-encryption', outcome: 'in use', keys: [anew] });
  // That node has not said yet that it uses the new one.
  const early = await keys('retire', 'nin-encryption');
  assert.deepEqual([early.code, early.stdout], [1, '']);
  assert.match(
    early.stderr,
    new RegExp(`nin-encryption ${old} is still with far-away:4000: try again in some seconds`),
  );
  assert.equal(ok(await keys('rewrite')), 'written anew: 0 persons, 0 sessions, 0 webhooks\n');
  await withClient(database.superuserUrl, (client) => client.query('delete from node'));
});

test('R7: a login key is printed for the login provider, and used when it is said to be registered there; signing keys take their time', async () => {
  const login = await keys('rotate', 'login');
  const [, anew = ''] = known().login;
  assert.equal(ok(login), `login ${anew} is waiting\n`);
  assert.match(login.stderr, /then samtykke keys rotate login --registered/);
  const jwks = JSON.parse(ok(await keys('public'))) as { keys: { kid: string; d?: string }[] };
  assert.deepEqual(
    jwks.keys.map(({ kid }) => kid),
    known().login,
  );
  assert.ok(jwks.keys.every(({ d }) => d === undefined));
  assert.equal(ok(await keys('rotate', 'login', '--registered')), `login ${anew} is in use\n`);

  const signing = await keys('rotate', 'signing');
  assert.match(ok(signing), /^signing \w+, \w+ is waiting\n$/);
  assert.match(signing.stderr, /is published, and signs from 20.* UTC on, by itself/);
  assert.match(ok(await keys('rotate', 'signing', '--at-once')), /^signing \w+, \w+ is in use\n$/);
});
