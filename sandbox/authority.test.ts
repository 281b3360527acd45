import assert from 'node:assert/strict';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { isOrganisationNumber } from '../src/person/organisation-number.ts';
import { toConfig } from '../src/platform/config.ts';
import { readClientTls, readServerTls } from '../src/platform/tls.ts';
import { comesFrom, factsOf } from '../src/platform/x509.ts';
import { deliverers, operatorOrganisation, sandboxCertificates } from './authority.ts';
import { creditorIds, sandboxCreditors } from './creditor-list.ts';

const parent = mkdtempSync(join(tmpdir(), 'samtykke-authority-'));
after(() => rmSync(parent, { recursive: true }));
const NOW = new Date('2026-03-04T05:06:07.890Z');
const yearsLater = (years: number): Date => new Date(NOW.getTime() + years * 365 * 86_400_000);

const filesIn = (folder: string): ReadonlyMap<string, string> =>
  new Map(
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .map((path) => [path, readFileSync(path, 'utf8')]),
  );

test('X3: the certificates are made once, for their owner only, and each has its own key', async () => {
  const folder = join(parent, 'once');
  await sandboxCertificates(folder, NOW);
  const made = filesIn(folder);
  assert.equal(made.size, 2 * (3 + sandboxCreditors.length + deliverers.length));
  for (const path of made.keys()) assert.equal(statSync(path).mode & 0o777, 0o600, path);
  assert.equal(statSync(folder).mode & 0o777, 0o700);
  const keys = [...made].filter(([path]) => path.endsWith('.key'));
  assert.equal(new Set(keys.map(([, text]) => text)).size, keys.length);
  for (const [path, key] of keys) {
    const certificate = new X509Certificate(made.get(path.replace(/key$/, 'pem')) ?? '');
    assert.ok(certificate.checkPrivateKey(createPrivateKey(key)), path);
  }
  await sandboxCertificates(folder, yearsLater(9));
  assert.deepEqual(filesIn(folder), made);
  assert.deepEqual(readdirSync(parent), ['once']);
});

test('X3: they are made anew before they end, when one is gone, or when one cannot be read', async () => {
  const folder = join(parent, 'anew');
  await sandboxCertificates(folder, NOW);
  const first = filesIn(folder);
  await sandboxCertificates(folder, yearsLater(9.95));
  const second = filesIn(folder);
  assert.notDeepEqual(second, first);
  rmSync(join(folder, `creditors/${creditorIds.lyngtind}.key`));
  await sandboxCertificates(folder, yearsLater(10));
  const third = filesIn(folder);
  assert.equal(third.size, first.size);
  writeFileSync(join(folder, 'push.pem'), 'x');
  await sandboxCertificates(folder, yearsLater(10));
  assert.notEqual(filesIn(folder).get(join(folder, 'push.pem')), 'x');
});

test('X3: of several that make them at once, all have the same in the end', async () => {
  const folder = join(parent, 'at-once');
  const all = await Promise.all(Array.from({ length: 3 }, () => sandboxCertificates(folder, NOW)));
  assert.equal(new Set(all.map((it) => it.authority.cert)).size, 1);
  const { authority, operator } = await sandboxCertificates(folder, NOW);
  assert.ok(comesFrom(new X509Certificate(operator.cert), [new X509Certificate(authority.cert)], NOW));
});

test('X3: each certificate names its organisation, says what it is for, and comes from the authority', async () => {
  const certificates = await sandboxCertificates(join(parent, 'once'), NOW);
  const authority = new X509Certificate(certificates.authority.cert);
  const check = (pem: string, organisation: string, purpose: string): void => {
    const certificate = new X509Certificate(pem);
    const facts = factsOf(certificate);
    assert.ok(isOrganisationNumber(organisation));
    assert.deepEqual(
      [facts.organizationIdentifier, facts.purposes, facts.maySign, facts.isAuthority],
      [`NTRNO-${organisation}`, [purpose], true, false],
    );
    assert.equal(certificate.publicKey.asymmetricKeyDetails?.namedCurve, 'prime256v1');
    assert.ok(comesFrom(certificate, [authority], NOW));
  };
  const [server, client] = ['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2'];
  check(certificates.operator.cert, operatorOrganisation, client);
  for (const { id, providerId } of sandboxCreditors) {
    check(certificates.creditorServer(id).cert, providerId.replace('9908:', ''), server);
  }
  for (const organisation of deliverers) check(certificates.deliverer(organisation).cert, organisation, client);
});

test('X3, R3: they are where the configuration of a sandbox looks for them', async () => {
  const dataDir = join(parent, 'data');
  await sandboxCertificates(join(dataDir, 'certificates'), NOW);
  const config = toConfig({ DATA_DIR: dataDir });
  assert.ok(readClientTls(config, null).ca !== undefined);
  assert.equal(readServerTls(config).authorities.length, 1);
});
