import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { samtykke } from '../../test/support/command.ts';
import { samtykkeHere } from '../../test/support/command-here.ts';
import { createDatabase, withClient, type TestDatabase } from '../../test/support/database.ts';
import { nodeOver } from '../../test/support/node-process.ts';
import { sql } from '../platform/db-statement.ts';
import { generateKeysFile } from '../platform/keys.ts';
import { SERVING_ROLE, migrate } from '../platform/migrate.ts';
import { announceDatabase } from '../platform/running-database.ts';
import { connect } from './connect.ts';

const folder = mkdtempSync(join(tmpdir(), 'samtykke-command-'));
const databases: TestDatabase[] = [];
let database: TestDatabase;
before(async () => {
  database = await newDatabase();
});
after(async () => {
  for (const made of databases) await made.drop();
  rmSync(folder, { recursive: true, force: true });
});

async function newDatabase(options: { empty?: boolean } = {}): Promise<TestDatabase> {
  const made = await createDatabase(options);
  databases.push(made);
  return made;
}

test('R3: a misspelt command or flag is an error that names the right one; nothing is on standard output', async () => {
  const cases = [
    [['creditr', 'list'], /unknown command 'creditr'\n\(Did you mean creditor\?\)/],
    [['creditor', 'lst'], /unknown command 'lst'\n\(Did you mean list\?\)/],
    [['creditor', 'list', '--jsn'], /unknown option '--jsn'\n\(Did you mean --json\?\)/],
    [['creditor', 'add', '310472654', '--base-uri', 'https://a.example'], /Did you mean --base-url\?/],
    [['--versoin'], /Did you mean --version\?/],
    [['creditor', 'list', 'more'], /too many arguments/],
    [['creditor', 'show'], /missing required argument 'number'/],
    [['creditor', 'add', '310472654', '--name'], /argument missing/],
    [['creditor'], /^Usage: samtykke creditor/],
    [['keys', 'rotat'], /Did you mean rotate\?/],
    [['doctor', '--jsno'], /Did you mean --json\?/],
    [['docter'], /Did you mean doctor\?/],
    [[], /^Usage: samtykke/],
  ] as const;
  for (const [args, message] of cases) {
    const { code, stdout, stderr } = await samtykkeHere({}, args);
    assert.deepEqual([code, stdout], [64, ''], args.join(' '));
    assert.match(stderr, message, args.join(' '));
  }
});

test('R3: as a process of its own the command says the same, on the same streams, with the same exit code', async () => {
  const wrong = await samtykke({}, 'creditor', 'lst');
  assert.deepEqual([wrong.code, wrong.stdout], [64, '']);
  assert.match(wrong.stderr, /Did you mean list\?/);
  const version = await samtykke({ DATABASE_URL: 'nonsense' }, '--version');
  assert.match(version.stdout, /^\d+\.\d+\.\d+\n$/);
  assert.deepEqual([version.code, version.stderr], [0, '']);
  const noDatabase = await samtykke({ DATA_DIR: folder }, 'client', 'list');
  assert.deepEqual([noDatabase.code, noDatabase.stdout], [1, '']);
  assert.match(noDatabase.stderr, /^samtykke: there is no database: [^\n]+\n$/);
});

test('R3: help and version are answers: on standard output, with exit code 0, without a database', async () => {
  for (const args of [
    ['--help'],
    ['help'],
    ['creditor', '--help'],
    ['help', 'creditor'],
    ['creditor', 'add', '--help'],
    ['--version'],
  ]) {
    const { code, stdout, stderr } = await samtykkeHere({ DATABASE_URL: 'nonsense' }, args);
    assert.deepEqual([code, stderr], [0, ''], args.join(' '));
    assert.match(stdout, args.includes('--version') ? /^\d+\.\d+\.\d+\n$/ : /^Usage: samtykke/);
  }
});

test('E1: a national identity number is no argument of anything, and is not repeated', async () => {
  for (const args of [
    ['creditor', 'show', '14842249091'],
    ['creditor', 'add', '310472654', '--name=Per 148422 49091'],
    ['14842249091'],
    ['--14842249091'],
    ['creditor', 'list', '14842249091', '--jsn'],
  ]) {
    const { code, stdout, stderr } = await samtykkeHere(nodeOver(database), args);
    assert.deepEqual([code, stdout], [64, '']);
    assert.match(stderr, /looks like a national identity number/);
    assert.ok(!stderr.includes('49091'));
  }
});

test('R3: a command says what is wrong with its configuration or its database, a line for each, and fails', async () => {
  const empty = await newDatabase({ empty: true });
  const { DATABASE_OWNER_URL: _owner, ...asServing } = nodeOver(database);
  const secret = 'very-secret-password';
  const cases = [
    [{ DATA_DIR: folder }, /there is no database: no sandbox runs in .*, and DATABASE_URL is not set/],
    [{ ...asServing, PORT: 'x', LOG_LEVEL: 'loud' }, /PORT is 'x'.*\n.*LOG_LEVEL is 'loud'/],
    [{ SAMTYKKE_MODE: 'production' }, /DATABASE_URL is missing/],
    [{ ...asServing, DATABASE_URL: `postgresql://x:${secret}@127.0.0.1:1/x` }, /cannot be reached \(ECONNREFUSED\)/],
    [{ ...nodeOver(empty) }, /is not of this version yet: start a node of this version/],
    [{ ...production(database) }, /belongs to a sandbox installation: set SAMTYKKE_MODE=sandbox/],
  ] as const;
  for (const [env, message] of cases) {
    const { code, stdout, stderr } = await samtykkeHere(env, ['creditor', 'list']);
    assert.deepEqual([code, stdout], [1, ''], stderr);
    assert.match(stderr, message);
    assert.ok(!stderr.includes(secret) && !/\n\s+at /.test(stderr), 'neither a password nor a stack');
    for (const line of stderr.trimEnd().split('\n')) assert.match(line, /^samtykke: /);
  }
});

test('R3: without DATABASE_URL a command speaks to the sandbox that runs in DATA_DIR, by a file that only its owner reads', async () => {
  const takeBack = await announceDatabase(folder, database.servingUrl);
  assert.equal(statSync(join(folder, 'serving.json')).mode & 0o777, 0o600);
  assert.deepEqual(await samtykkeHere({ DATA_DIR: folder }, ['creditor', 'list', '--json']), {
    code: 0,
    stdout: '[]\n',
    stderr: '',
  });
  await takeBack();
  assert.equal((await samtykkeHere({ DATA_DIR: folder }, ['creditor', 'list'])).code, 1);
  const killed = new URL(database.servingUrl);
  killed.port = '1';
  await announceDatabase(folder, killed.href);
  const { code, stderr } = await samtykkeHere({ DATA_DIR: folder }, ['creditor', 'list']);
  assert.equal(code, 1);
  assert.match(stderr, /it may have been stopped: npm start starts it/);
  writeFileSync(join(folder, 'serving.json'), '{"url": "post');
  assert.equal((await samtykkeHere({ DATA_DIR: folder }, ['creditor', 'list'])).code, 1);
  rmSync(join(folder, 'serving.json'));
});

test('R3: a command has the privileges of a node that serves, also by the login that owns the schema', async () => {
  for (const env of [
    nodeOver(database),
    { ...nodeOver(database), DATABASE_URL: database.superuserUrl, DATABASE_OWNER_URL: undefined },
  ]) {
    const { platform, close } = await connect(env);
    try {
      const [role] = await platform.db.query(
        sql<{ owns: boolean; serves: boolean }>(
          'test_role',
          `select pg_has_role(current_user, '${SERVING_ROLE}', 'usage') as serves,
                  has_table_privilege('audit_log', 'delete') as owns`,
        ),
      );
      assert.deepEqual(role, { owns: false, serves: true });
    } finally {
      await close();
    }
  }
});

/** A whole configuration of production over a database. */
function production(over: TestDatabase): Record<string, string> {
  const keysFile = join(folder, 'keys.json');
  writeFileSync(keysFile, generateKeysFile({ sandbox: false }));
  return {
    SAMTYKKE_MODE: 'production',
    PUBLIC_URL: 'https://samtykke.example',
    DATABASE_URL: over.servingUrl,
    DATABASE_OWNER_URL: over.ownerUrl,
    KEYS_FILE: keysFile,
    LOGIN_ISSUER: 'https://login.example',
    LOGIN_CLIENT_ID: 'samtykke',
    OPERATOR_NAME: 'Samtykke',
    OPERATOR_EMAIL: 'personvern@samtykke.example',
  };
}

test('D3: in production a creditor answers over https at addresses on the open internet, or is not registered', async () => {
  const real = await newDatabase({ empty: true });
  await migrate({ ownerUrl: real.ownerUrl, servingUrl: real.servingUrl, mode: 'production' });
  const bekkelauv = 'creditor add 310472654 --name Bekkelauv --provider 9908:318465711'.split(' ');
  const add = (url: string) => samtykkeHere(production(real), [...bekkelauv, '--base-url', url]);
  const cases = [
    ['http://8.8.8.8', /--base-url is plain http/],
    ['https://127.1', /--base-url is at 127\.0\.0\.1 \(loopback\)/],
    ['https://[::ffff:8.8.8.8]', /\(IPv4-mapped\)/],
    ['https://169.254.169.254/latest', /\(link-local\)/],
    ['https://localhost:8443', /--base-url is at localhost, which is (127\.0\.0\.1|::1) \(loopback\)/],
  ] as const;
  for (const [url, message] of cases) {
    const { code, stdout, stderr } = await add(url);
    assert.deepEqual([code, stdout], [64, ''], url);
    assert.match(stderr, message, url);
  }
  const nowhere = await add('https://data.bank.invalid');
  assert.notEqual(nowhere.code, 0);
  assert.match(nowhere.stderr, /data\.bank\.invalid.*(a name that nobody knows|cannot be looked up right now)/);
  await withClient(real.ownerUrl, async (client) => {
    assert.equal((await client.query('select from creditor')).rowCount, 0);
  });
  const { code, stdout } = await add('https://8.8.8.8/gjeld');
  assert.equal(code, 0);
  assert.match(stdout, /^added 310472654 Bekkelauv\n/);
});
