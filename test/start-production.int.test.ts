import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { Agent } from 'undici';
import { bareEnvironment } from './support/bare-environment.ts';
import { sandboxCertificates } from '../sandbox/authority.ts';
import { generateKeysFile } from '../src/platform/keys.ts';
import { createDatabase, withClient } from './support/database.ts';
import { freePort } from './support/node-process.ts';
import { folder, runToEnd } from './support/start.ts';
import { evidenceLog } from './support/evidence.ts';

const sandboxFiles = join(dirname(process.env['SAMTYKKE_TEST_KEYS'] ?? ''), 'certificates');
/** The variables of all certificates, with those of the run's sandboxes; or with one path. */
const certificateFiles = (path?: string): Record<string, string> => ({
  CREDITOR_CA_FILE: path ?? join(sandboxFiles, 'authority.pem'),
  CREDITOR_CERT_FILE: path ?? join(sandboxFiles, 'samtykke.pem'),
  CREDITOR_KEY_FILE: path ?? join(sandboxFiles, 'samtykke.key'),
  PUSH_PORT: '0',
  PUSH_CA_FILE: path ?? join(sandboxFiles, 'authority.pem'),
  PUSH_CERT_FILE: path ?? join(sandboxFiles, 'push.pem'),
  PUSH_KEY_FILE: path ?? join(sandboxFiles, 'push.key'),
});

test('R4, X7: production refuses what is only good for a sandbox, names each of it, and has no /sandbox', async () => {
  await sandboxCertificates(sandboxFiles, new Date());
  const keys = join(folder(), 'keys.json');
  const sandboxKeys = join(folder(), 'keys.json');
  writeFileSync(keys, generateKeysFile({ sandbox: false }));
  writeFileSync(sandboxKeys, generateKeysFile({ sandbox: true }));
  const sandboxDatabase = await createDatabase();
  const database = await createDatabase({ empty: true });
  const production = {
    NODE_ENV: 'production',
    PUBLIC_URL: 'https://samtykke.example',
    LOGIN_ISSUER: 'https://login.example',
    LOGIN_CLIENT_ID: 'our-id-there',
    OPERATOR_NAME: 'Prøveregisteret AS',
    OPERATOR_EMAIL: 'personvern@register.example',
    PORT: '0',
  };
  const urls = { DATABASE_URL: database.servingUrl, DATABASE_OWNER_URL: database.ownerUrl };
  try {
    const nothing = await runToEnd([], {
      NODE_ENV: 'production',
      KEYS_FILE: sandboxKeys,
      PUBLIC_URL: 'http://samtykke.example',
    });
    assert.equal(nothing.code, 1);
    for (const named of [
      /PUBLIC_URL is plain http/,
      /DATABASE_URL is missing/,
      /LOGIN_ISSUER is missing/,
      /LOGIN_CLIENT_ID is missing/,
      /OPERATOR_NAME is missing/,
      /OPERATOR_EMAIL is missing/,
      /KEYS_FILE holds keys that a sandbox made/,
    ]) {
      assert.match(nothing.stderr, named);
    }
    const olderKeys = join(folder(), 'keys.json');
    writeFileSync(olderKeys, readFileSync(keys, 'utf8').replace('"login"', '"none"'));
    const unproved = await runToEnd([], { ...production, ...urls, KEYS_FILE: olderKeys, LOGIN_CLIENT_ID: '' });
    assert.match(unproved.stderr, /LOGIN_CLIENT_ID is missing/);
    assert.match(unproved.stderr, /LOGIN_CLIENT_SECRET is missing, and KEYS_FILE has no 'login' keys/);
    const ofSandbox = await runToEnd([], {
      ...production,
      KEYS_FILE: keys,
      DATABASE_URL: sandboxDatabase.servingUrl,
      DATABASE_OWNER_URL: sandboxDatabase.ownerUrl,
    });
    assert.match(ofSandbox.stderr, /this database belongs to a sandbox installation/);

    const port = await freePort();
    const pushPort = await freePort();
    const child = spawn(process.execPath, ['src/main.ts', '--port', String(port)], {
      env: {
        ...bareEnvironment(),
        ...production,
        ...urls,
        KEYS_FILE: keys,
        HOST: '127.0.0.1',
        LOG_FILE: evidenceLog(),
        ...certificateFiles(),
        PUSH_PORT: String(pushPort),
      },
    });
    const at = (path: string) => fetch(`http://127.0.0.1:${port}${path}`);
    for (let tries = 0; ; tries++) {
      try {
        assert.equal((await at('/health/ready')).status, 200);
        break;
      } catch (error) {
        if (tries > 600) throw error; // a minute, where the machine has much else to do
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    }
    for (const path of ['/sandbox', '/sandbox/creditors', '/sandbox/clock', '/sandbox/callback', '/testid/auth'])
      assert.equal((await at(path)).status, 404, path);
    assert.equal(
      ((await (await at('/.well-known/openid-configuration')).json()) as { issuer: string }).issuer,
      'https://samtykke.example',
    );
    // Nobody is told anything there without a certificate, and the other port knows nothing of deliveries.
    const unsure = new Agent({ connect: { rejectUnauthorized: false } });
    const nobody = await unsure.request({ origin: `https://127.0.0.1:${pushPort}`, path: '/loans', method: 'POST' });
    assert.equal(nobody.statusCode, 403);
    await unsure.destroy();
    assert.equal((await fetch(`http://127.0.0.1:${port}/loans`, { method: 'POST' })).status, 404);
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    assert.deepEqual((await ended)[0], 0);

    await withClient(database.superuserUrl, (client) =>
      client.query(
        `insert into client (id, name, organisation_number, secret_hashes, created_at) values ('a0000000-0000-4000-8000-000000000009', 'X', '314159268', array[sha256('sandbox-secret-1')], now())`,
      ),
    );
    await withClient(database.superuserUrl, async (client) => {
      await client.query(`insert into creditor (id, name) values ('314159268', 'X')`);
      await client.query(
        `insert into creditor_provider (creditor_id, provider_id, base_url, organisations)
         values ('314159268', '9908:314159268', 'https://creditor.example', '{314159268}')`,
      );
    });
    const weak = await runToEnd([], { ...production, ...urls, KEYS_FILE: keys });
    assert.equal(weak.code, 1);
    assert.match(weak.stderr, /client a0000000-0000-4000-8000-000000000009 has a sandbox secret/);
    assert.match(weak.stderr, /CREDITOR_CERT_FILE and CREDITOR_KEY_FILE are missing: .*\(registered: 1\)/);
    const gone = join(folder(), 'gone.pem');
    const unread = await runToEnd([], { ...production, ...urls, KEYS_FILE: keys, ...certificateFiles(gone) });
    assert.equal(unread.stderr.match(/_FILE .* cannot be read \(ENOENT\)/g)?.length, 6, unread.stderr);
  } finally {
    await database.drop();
    await sandboxDatabase.drop();
  }
});
