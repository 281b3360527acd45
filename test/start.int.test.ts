import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { bareEnvironment } from './support/bare-environment.ts';
import { variables } from '../src/platform/config.ts';
import { createDatabase } from './support/database.ts';
import { nodeOver, startNode } from './support/node-process.ts';
import { folder, runToEnd } from './support/start.ts';
import { agreement, bearer, newConsent, tokenFor, type Json } from './support/world.ts';
import { recordToken, evidenceLog } from './support/evidence.ts';

const run = promisify(execFile);
/** Starts `sandbox/main.ts` and waits for its welcome. */
async function start(env: Record<string, string | undefined>) {
  const child = spawn(process.execPath, ['sandbox/main.ts'], {
    env: { ...bareEnvironment(), LOG_FILE: evidenceLog(), ...env },
    stdio: 'pipe',
  });
  let welcome = '';
  await new Promise<void>((resolve, reject) => {
    const read = (chunk: Buffer) => {
      welcome += chunk.toString();
      if (welcome.includes('Stop with Ctrl-C.')) resolve();
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    child.once('exit', (code) => reject(new Error(`ended with ${code}: ${welcome}`)));
  });
  return {
    welcome,
    pid: child.pid ?? 0,
    end: async (signal: NodeJS.Signals): Promise<number | null> => {
      const ended = once(child, 'exit');
      child.kill(signal);
      return ((await ended) as [number | null])[0];
    },
  };
}

const postgresOn = async (dataDir: string): Promise<string> =>
  (await run('ps', ['-eo', 'args'])).stdout
    .split('\n')
    .filter((line) => line.includes(dataDir) && line.includes('postgres'))
    .join('\n');

test('R1, R5: from nothing to debt with the printed calls, copied as they are; stopped; started again; killed; and started again', async () => {
  const dataDir = folder();
  const env = { DATA_DIR: dataDir, PORT: '0' };
  for (const [round, signal] of (['SIGTERM', 'SIGKILL', 'SIGINT'] as const).entries()) {
    const begun = performance.now();
    const sandbox = await start(env);
    assert.ok(performance.now() - begun < 60_000);
    const calls = sandbox.welcome.slice(
      sandbox.welcome.indexOf('token() {'),
      sandbox.welcome.indexOf('What a creditor does'),
    );
    const { stdout } = await run('bash', ['-c', calls], { env: { PATH: process.env['PATH'] } });
    const [consent, debt, status, revoked, feed] = stdout.trim().split('\n');
    assert.ok(JSON.parse(consent ?? '').consent.id);
    const { loans, numberOfCreditorsAnswered } = JSON.parse(debt ?? '');
    assert.ok(numberOfCreditorsAnswered >= 5);
    assert.ok(loans.length >= 5);
    assert.equal(JSON.parse(status ?? '').active, true);
    assert.equal(revoked, 'revoked, HTTP 204');
    // What the earlier rounds did is still there.
    assert.equal(JSON.parse(feed ?? '').result.length, 2 * (round + 1));
    const code = await sandbox.end(signal);
    if (signal !== 'SIGKILL') {
      assert.equal(code, 0);
      assert.equal(await postgresOn(dataDir), '', 'no PostgreSQL is left behind');
    }
  }
});

test('R3: two copies with other ports and folders run side by side, and a second one in the same folder is told so', async () => {
  const [first, second] = [folder(), folder()];
  const [one, other] = await Promise.all([
    start({ DATA_DIR: first, PORT: '0' }),
    start({ DATA_DIR: second, PORT: '0' }),
  ]);
  const refused = await runToEnd([], { DATA_DIR: first, PORT: '0' });
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /^samtykke: .*\n$/m);
  assert.ok(refused.stderr.includes(first) && /DATA_DIR/.test(refused.stderr), refused.stderr);
  assert.deepEqual(await Promise.all([one.end('SIGTERM'), other.end('SIGTERM')]), [0, 0]);
});

test('R3: --help names every variable, --version the version, a misspelt flag is an error', async () => {
  const help = await runToEnd(['--help'], {});
  assert.equal(help.code, 0);
  for (const { name } of variables) assert.ok(help.stdout.includes(name), name);
  const version = await runToEnd(['--version'], {});
  assert.match(version.stdout, /^\d+\.\d+\.\d+\n$/);
  const misspelt = await runToEnd(['--prot', '4000'], {});
  assert.deepEqual([misspelt.code, misspelt.stdout], [1, '']);
  assert.match(misspelt.stderr, /^samtykke: '--prot' is not a flag: see --help\n$/);
});

test('R3: a taken port, a malformed variable and a database that cannot be used are one line each, with what to do', async () => {
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, 'localhost', resolve));
  const { port } = taken.address() as { port: number };
  const database = await createDatabase();
  const wrongPassword = Object.assign(new URL(database.servingUrl), { password: 'hunter2' }).href;
  const halfWritten = join(folder(), 'keys.json');
  writeFileSync(halfWritten, '{"signing": [');
  const noSuch = Object.assign(new URL(database.servingUrl), { pathname: '/no_such' }).href;
  try {
    for (const [env, says] of [
      [{ ...nodeOver(database), PORT: String(port) }, new RegExp(`^samtykke: port ${port} is taken: .*--port`)],
      [{ PORT: 'http' }, /^samtykke: PORT is 'http': write a whole number/],
      [{ ...nodeOver(database), HOST: 'no-such-host.invalid', PORT: '0' }, /^samtykke: HOST is/],
      [
        { DATABASE_URL: 'postgresql://u:hunter2@127.0.0.1:1/x', PORT: '0' },
        /^samtykke: the database of DATABASE_URL cannot be reached/,
      ],
      [{ DATABASE_URL: wrongPassword, PORT: '0' }, /^samtykke: the database of DATABASE_URL refuses the login/],
      [{ DATABASE_URL: noSuch, PORT: '0' }, /^samtykke: the database that DATABASE_URL names does not exist/],
      [{ ...nodeOver(database), KEYS_FILE: halfWritten, PORT: '0' }, /^samtykke: KEYS_FILE .*: it is not JSON$/],
      [{ DATABASE_URL: 'hunter2', PORT: '0' }, /^samtykke: DATABASE_URL is malformed/],
    ] as const) {
      const { code, stderr, stdout } = await runToEnd([], env);
      assert.equal(code, 1, stderr);
      const lines = stderr.split('\n').filter((line) => line !== '' && !line.startsWith('oidc-provider WARNING'));
      assert.equal(lines.length, 1, stderr);
      assert.match(lines[0] ?? '', says);
      assert.ok(!stderr.includes('hunter2'), 'no password');
      assert.equal(stdout, '');
    }
  } finally {
    await new Promise((resolve) => taken.close(resolve));
    await database.drop();
  }
});

test('R3: a data folder that cannot be used is one line, with what to do', async () => {
  const file = join(folder(), 'file');
  writeFileSync(file, '');
  for (const dataDir of [file, join(file, 'below'), `/tmp/${'x'.repeat(300)}`]) {
    const { code, stderr } = await runToEnd([], { DATA_DIR: dataDir, PORT: '0' });
    assert.equal(code, 1);
    assert.match(
      stderr,
      /^samtykke: DATA_DIR .* cannot be used \(E[A-Z]+\): name a folder that this user can write to\n$/,
    );
  }
});

test('R5: SIGTERM while it is still starting lets it start and stop, and ends with 0', async () => {
  const dataDir = folder();
  const child = spawn(process.execPath, ['sandbox/main.ts'], {
    env: { ...bareEnvironment(), DATA_DIR: dataDir, PORT: '0' },
  });
  // The folder is taken: it is starting its database now, and listens for signals since before that.
  while (!existsSync(join(dataDir, 'owner.json'))) await new Promise((resolve) => setTimeout(resolve, 20));
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  assert.equal((await ended)[0], 0);
  assert.equal(await postgresOn(dataDir), '');
});

test('R5: SIGTERM during a lookup: it is answered, new connections are refused, and the process ends with 0', async () => {
  const database = await createDatabase();
  const node = await startNode({ ...nodeOver(database), LOOKUP_DEADLINE_MS: '1500' });
  const id = await newConsent(node, { nin: '29868099311' });
  const token = await tokenFor(node, 'debt');
  // Two creditors of this person never answer: it takes until the deadline.
  const lookUp = node.call({ method: 'GET', url: `/v1/debt/${id}`, headers: bearer(token) });
  await new Promise((resolve) => setTimeout(resolve, 400));
  const ended = node.end('SIGTERM');
  await new Promise((resolve) => setTimeout(resolve, 200));
  await assert.rejects(fetch(`http://localhost:${node.port}/health/live`));
  const answer = await lookUp;
  assert.equal(answer.status, 200);
  assert.equal(answer.json.numberOfcreditorsMissing, 2);
  assert.equal(await ended, 0);
  await database.drop();
});

test('G4, F3, X5: the published clients for agreements and for polling run with nothing changed but the addresses', async () => {
  const database = await createDatabase();
  const node = await startNode({ ...nodeOver(database), PUBLIC_URL: undefined });
  const base = `http://localhost:${node.port}`;
  const preproduction = 'https://api-preprod.norskgjeld.no';
  // As those clients do it: one connection for each call, JSON as content type also without a body, the days as a string.
  const authorize = async (audience: string, scope: string): Promise<string> => {
    const response = await fetch(`${base}/oauth2/token`, {
      method: 'POST',
      headers: {
        authorization: `Basic ${Buffer.from('a0000000-0000-4000-8000-000000000001:sandbox-secret-1').toString('base64')}`,
        'content-type': 'application/x-www-form-urlencoded',
        connection: 'close',
      },
      body: new URLSearchParams({ scope, grant_type: 'client_credentials', audience }).toString(),
    });
    const { access_token: token } = (await response.json()) as { access_token: string };
    recordToken(token);
    return token;
  };
  const json = async (method: string, path: string, token: string, body?: object): Promise<Json> => {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json', connection: 'close' };
    const response = await fetch(base + path, {
      method,
      headers,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    assert.equal(response.status, 200, path);
    return response.json();
  };
  try {
    const events = await authorize(`${preproduction}/feed/v1/consent`, 'client.access.consent.events');
    let local = 1;
    const poll = async (): Promise<Json[]> => {
      await json('GET', '/feed/v1/consent/firstSequenceNr', events);
      const { lastSequenceNr } = await json('GET', '/feed/v1/consent/lastSequenceNr', events);
      if (lastSequenceNr <= local) return [];
      const page = await json('GET', `/feed/v1/consent?fromSequenceNr=${local + 1}&limit=500`, events);
      local = page.endSequenceNr;
      return page.result;
    };
    assert.deepEqual(await poll(), []);

    const create = await authorize(`${preproduction}/v1/consent/agreement`, 'consent.create');
    const created = await json('PUT', '/v1/consent/agreement', create, {
      ...agreement(),
      scope_of_consent: 'debt.unsecured.presentation',
      consent_duration_days: '100',
      client_consent_id: 'b3b7f3a0-0f4c-4f3c-9a39-3a2a44f1d8aa',
    });
    const debtToken = await authorize(`${preproduction}/v1/debt`, 'debt.unsecured.presentation');
    const debt = await json('GET', `/v1/debt/${created.consent.id}`, debtToken);
    assert.equal(debt.ssn, '14842249091');
    assert.ok(debt.loans.length >= 5);
    const first = await poll();
    assert.deepEqual(
      first.map((event) => [event.sequenceNr, event.consentId]),
      [[2, created.consent.id]],
    );
    assert.deepEqual(await poll(), []);
  } finally {
    await node.end('SIGTERM');
    await database.drop();
  }
});

test('R3: the data folder is for its owner only, and holds no secret of a client', async () => {
  const dataDir = folder();
  const sandbox = await start({ DATA_DIR: dataDir, PORT: '0' });
  try {
    const { stdout } = await run('find', [
      dataDir,
      '-perm',
      '/077',
      '-not',
      '-path',
      '*/postgres/*',
      '-not',
      '-name',
      'postgres',
      '-not',
      '-type',
      'l',
    ]);
    assert.deepEqual(
      stdout.split('\n').filter((line) => line !== '' && line !== dataDir && !line.endsWith('.log')),
      [],
    );
    assert.ok(!readFileSync(join(dataDir, 'keys.json'), 'utf8').includes('sandbox-secret'));
  } finally {
    await sandbox.end('SIGTERM');
  }
});
