import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import { hours, subjectOf, testAuthority } from '../../test/support/test-authority.ts';
import { certificatesIn, comesFrom, factsOf } from './x509.ts';

const now = new Date();
const authority = await testAuthority();
const read = (pem: string): X509Certificate => new X509Certificate(pem);
const factsFor = async (but: Parameters<typeof authority.issue>[1]) =>
  factsOf(read((await authority.issue('318465711', but)).cert));

test('D3: of a certificate is read what it says, and nothing that it does not', async () => {
  const validity = hours(-1, 24);
  const { validFrom, validTo, ...facts } = await factsFor({ validity, purposes: ['client'] });
  assert.deepEqual(facts, {
    organizationIdentifier: 'NTRNO-318465711',
    isAuthority: false,
    maySign: true,
    purposes: ['1.3.6.1.5.5.7.3.2'],
  });
  const inSeconds = (date: Date): number => Math.floor(date.getTime() / 1000);
  assert.deepEqual([validFrom, validTo].map(inSeconds), [validity.from, validity.to].map(inSeconds));
  const bare = await factsFor({ subject: [{ CN: ['x'] }], purposes: [], keyUsage: null, hosts: [] });
  assert.deepEqual(
    [bare.organizationIdentifier, bare.maySign, bare.purposes, bare.isAuthority],
    [undefined, false, undefined, false],
  );
  assert.equal((await factsFor({ keyUsage: 'keyAgreement' })).maySign, false);
  const own = factsOf(read(authority.own.cert));
  assert.deepEqual([own.isAuthority, own.maySign], [true, false]);
});

test('D3: an attribute that is there more than once is a list, however it is written', async () => {
  const twice = { subject: subjectOf(['NTRNO-318465711', 'NTRNO-318465711']) };
  const oneSet = { subject: [{ '2.5.4.97': ['NTRNO-318465711', 'NTRNO-211872543'] }] };
  for (const but of [twice, oneSet]) assert.ok(Array.isArray((await factsFor(but)).organizationIdentifier));
});

test('D3: a certificate comes from an authority whose key signed it, while that is valid, and from no other of its name', async () => {
  const certificate = read((await authority.issue('318465711')).cert);
  const own = read(authority.own.cert);
  const sameName = read((await testAuthority()).own.cert);
  assert.equal(comesFrom(certificate, [sameName, own], now), true);
  assert.equal(comesFrom(certificate, [sameName], now), false);
  assert.equal(comesFrom(certificate, [], now), false);
  assert.equal(comesFrom(certificate, [own], hours(49, 50).from), false);
  assert.equal(comesFrom(certificate, [own], hours(-49, 50).from), false);
  assert.equal(comesFrom(certificate, [certificate], now), false, 'a certificate is no authority by being listed');
  const other = read((await authority.issue('318465711')).cert);
  assert.equal(comesFrom(certificate, [other], now), false);
});

test('D3: a chain is followed over what lies between, and ends at an authority that vouches for itself', async () => {
  const between = await authority.issueAuthority('Mellomledd');
  const certificate = read((await between.issue('318465711')).cert);
  const [root, middle] = [read(authority.own.cert), read(between.own.cert)];
  assert.equal(comesFrom(certificate, [middle, root], now), true);
  assert.equal(comesFrom(certificate, [root], now), false);
  assert.equal(comesFrom(certificate, [middle], now), false);
});

test('R3: certificates are read from PEM with whatever stands around them', async () => {
  const { cert, key } = await authority.issue('318465711');
  assert.equal(certificatesIn(`# ours\n${key}${cert}\n\ntext\n${authority.own.cert}`).length, 2);
  assert.deepEqual(certificatesIn(key), []);
  assert.throws(() => certificatesIn(cert.replace('MII', 'MIJ')));
});
