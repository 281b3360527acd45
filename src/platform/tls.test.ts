import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { hours, testAuthority } from '../../test/support/test-authority.ts';
import { movableClock } from './clock.ts';
import { ConfigError, toConfig } from './config.ts';
import { readClientTls, warnOfCertificates } from './tls.ts';

const folder = mkdtempSync(join(tmpdir(), 'samtykke-certificates-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const file = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};

const authority = await testAuthority();
const [usual, second] = [await authority.issue('319009000'), await authority.issue('319290834')];
const lasting = await authority.issue('319290834', { validity: hours(-1, 24 * 365) });
for (const [name, { cert, key }] of Object.entries({ usual, second, lasting, other: { ...second, key: usual.key } })) {
  file(`${name}.pem`, cert);
  file(`${name}.key`, key);
}
file('broken.pem', second.key);
file('broken.key', second.cert);
file('alone.pem', second.cert);

const config = toConfig({
  CREDITOR_CA_FILE: file('authority.pem', authority.own.cert),
  CREDITOR_CERT_FILE: join(folder, 'usual.pem'),
  CREDITOR_KEY_FILE: join(folder, 'usual.key'),
  CREDITOR_CERTS_DIR: folder,
});

const problemsOf = (certificate: string | null, changes: Partial<typeof config> = {}): readonly string[] => {
  try {
    readClientTls({ ...config, ...changes }, certificate);
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    // The folder's name is made by chance, and may hold anything.
    assert.doesNotMatch(error.message.replaceAll(folder, ''), /BEGIN|MII|MHc|MIG/, 'nothing of a file is repeated');
    return error.problems;
  }
  return [];
};

test('D3: creditors are called with the usual certificate, or with the one of the name by which they know us', () => {
  assert.equal(readClientTls(config, null).cert, usual.cert);
  const { cert, key, ca } = readClientTls(config, 'second');
  assert.deepEqual([cert, key, ca], [second.cert, second.key, authority.own.cert]);
});

test('R3: a certificate that is named, and cannot be used, is told with its files, and nothing that they hold', () => {
  const at = (name: string) => `CREDITOR_CERTS_DIR ${join(folder, name)}`;
  assert.deepEqual(problemsOf('gone'), [
    `${at('gone.pem')} cannot be read (ENOENT)`,
    `${at('gone.key')} cannot be read (ENOENT)`,
  ]);
  assert.deepEqual(problemsOf('alone'), [`${at('alone.key')} cannot be read (ENOENT)`]);
  assert.deepEqual(problemsOf('other'), [
    `${at('other.key')} is not the key of the first certificate of ${at('other.pem')}`,
  ]);
  assert.deepEqual(
    problemsOf('broken').map((problem) => problem.split(':')[0]),
    [
      `${at('broken.pem')} holds no certificate that can be read`,
      `${at('broken.key')} holds no private key that can be read`,
    ],
  );
  assert.deepEqual(problemsOf('second', { creditorCertsDir: undefined }), [
    "CREDITOR_CERTS_DIR is missing: a creditor knows us by the certificate 'second'",
  ]);
  assert.deepEqual(problemsOf(null, { creditorCertFile: undefined }), [
    'CREDITOR_CERT_FILE is missing: production needs it to call creditors, who know us by a client certificate',
  ]);
});

test('R3: whoever looks after it is told of each certificate that ends soon, and of those that cannot be used, and the rest goes on', () => {
  const told: object[] = [];
  const tell = (level: string) => (fields: object) => void told.push({ level, ...fields });
  const log = {
    debug: tell('debug'),
    info: tell('info'),
    warn: tell('warn'),
    error: tell('error'),
    flush: () => undefined,
  };
  const node = { config: { ...config, pushPort: undefined }, clock: movableClock(), log };
  warnOfCertificates(node, ['gone', 'lasting', 'second']);
  const within = (fields: object): object => ({ ...fields, goodUntil: undefined });
  assert.deepEqual(told.map(within), [
    { level: 'warn', variable: 'CREDITOR_CERT_FILE', goodUntil: undefined, days: 0 },
    { level: 'error', certificate: 'gone', problems: problemsOf('gone'), goodUntil: undefined },
    { level: 'warn', variable: 'CREDITOR_CERTS_DIR', certificate: 'second', goodUntil: undefined, days: 0 },
  ]);
});
