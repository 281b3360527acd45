import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { Nin } from '../person/nin.ts';
import { derivedSecret, ninVault } from './crypto.ts';
import { generateKeysFile, loginKeys, parseKeys, publicPart } from './keys.ts';

const key = (id: string) => ({ id, secret: randomBytes(32) });
const nin = Nin.fromStored('14842249091');
const other = Nin.fromStored('29868099311');

test('a number is read back only with its key, its owner, and every byte as it was', () => {
  const keys = { encryption: [key('a')], index: [key('i')] };
  const vault = ninVault(keys);
  const sealed = vault.seal(nin, 'person-1');
  assert.ok(vault.open(sealed, 'person-1').equals(nin));
  assert.throws(() => vault.open(sealed, 'person-2'), 'bound to its row');
  for (let at = 0; at < sealed.cipher.length; at++) {
    const changed = Buffer.from(sealed.cipher);
    changed[at] = (changed[at] ?? 0) ^ 1;
    assert.throws(() => vault.open({ ...sealed, cipher: changed }, 'person-1'), `byte ${at}`);
  }
  assert.throws(() => ninVault({ ...keys, encryption: [key('b')] }).open(sealed, 'person-1'), /'a' is not among/);
  assert.notDeepEqual(vault.seal(nin, 'person-1').cipher, sealed.cipher, 'a new nonce each time');
  assert.ok(!sealed.cipher.includes('14842249091'));
});

test('a number is found again by its keyed hash, under one key, and another number is not', () => {
  const [a, b] = [key('a'), key('b')];
  const vault = ninVault({ encryption: [key('e')], index: [a] });
  assert.deepEqual(vault.index(nin), vault.index(Nin.fromStored('14842249091')));
  assert.notDeepEqual(vault.index(nin).hash, vault.index(other).hash);
  assert.notDeepEqual(ninVault({ encryption: [key('e')], index: [b] }).index(nin).hash, vault.index(nin).hash);
});

test('while keys are rotated, new rows get the first key and old rows can still be read and found', () => {
  const [oldKey, newKey, oldIndex, newIndex] = [key('old'), key('new'), key('old'), key('new')];
  const before = ninVault({ encryption: [oldKey], index: [oldIndex] });
  const during = ninVault({ encryption: [newKey, oldKey], index: [newIndex, oldIndex] });
  const sealed = before.seal(nin, 'p');
  assert.ok(during.open(sealed, 'p').equals(nin));
  assert.equal(during.seal(nin, 'p').keyId, 'new');
  assert.deepEqual(
    during.indexes(nin).map((index) => index.keyId),
    ['new', 'old'],
  );
  assert.deepEqual(during.indexes(nin)[1], before.index(nin));
});

test('a text that holds a number is kept like a number, and neither can be opened as the other', () => {
  const vault = ninVault({ encryption: [key('a')], index: [key('i')] });
  const text = 'æ 14842249091 \u{1F600}';
  const sealed = vault.sealText(text, 'session-1');
  assert.equal(vault.openText(sealed, 'session-1'), text);
  assert.ok(!sealed.cipher.includes('14842249091'));
  assert.throws(() => vault.openText(sealed, 'session-2'));
  assert.throws(() => vault.open(vault.sealText('14842249091', 'x'), 'x'));
  assert.throws(() => vault.openText(vault.seal(nin, 'x'), 'x'));
});

test('secrets that follow from one differ by purpose and by what they follow from', () => {
  const made = [
    derivedSecret('secret', 'csrf'),
    derivedSecret('secret', 'nonce'),
    derivedSecret('secret2', 'csrf'),
    derivedSecret('secret', 'csrf '),
  ];
  assert.equal(new Set(made).size, made.length);
  assert.equal(derivedSecret('secret', 'csrf'), made[0]);
  for (const one of made) assert.match(one, /^[\w-]{43}$/);
});

test('R4: a keys file is read whole or refused with the member that is wrong, and no key is repeated', () => {
  const text = generateKeysFile({ sandbox: true });
  assert.equal(parseKeys(text).sandbox, true);
  assert.equal(parseKeys(generateKeysFile({ sandbox: false })).sandbox, false);
  const whole = JSON.parse(text) as Record<string, unknown>;
  for (const member of ['ninEncryption', 'ninIndex', 'signing', 'cookies']) {
    for (const bad of [undefined, [], 'x', [null], [{ id: 'a', key: 'c2hvcnQ=' }], ['short']]) {
      assert.throws(
        () => parseKeys(JSON.stringify({ ...whole, [member]: bad })),
        (error: Error) => error.message.includes(`'${member}'`) && !error.message.includes('c2hvcnQ'),
      );
    }
  }
  assert.throws(
    () => parseKeys('{"ninEncryption": [{"id":"a","key":"c2hvcnQ'),
    (error: Error) => !error.message.includes('c2hvcnQ'),
  );
});

test('R4: a keys file has keys that sign, RS256 first, and keys for the login provider; an older file lends those that sign', () => {
  const text = generateKeysFile({ sandbox: false });
  const keys = parseKeys(text);
  assert.deepEqual(
    keys.signing.map(({ alg }) => alg),
    ['RS256', 'ES256'],
  );
  assert.deepEqual(
    loginKeys(keys).map(({ alg }) => alg),
    ['RS256'],
  );
  const kids = [...keys.signing, ...keys.login].map(({ kid }) => kid);
  assert.equal(new Set(kids).size, 3);
  const { login, ...older } = JSON.parse(text) as Record<string, unknown>;
  assert.ok(login !== undefined);
  const lent = parseKeys(JSON.stringify(older));
  assert.deepEqual(lent.login, []);
  assert.equal(loginKeys(lent)[0]?.kid, keys.signing[0]?.kid);
  assert.throws(() => parseKeys(JSON.stringify({ ...older, login: [] })), /'login'/);
  assert.throws(() => parseKeys(JSON.stringify({ ...older, login: [{ kty: 'RSA' }] })), /'login'/);
});

test('what is published of a key does not sign', () => {
  const { signing } = parseKeys(generateKeysFile({ sandbox: false }));
  assert.deepEqual(
    signing.map((jwk) => Object.keys(publicPart(jwk)).sort()),
    [
      ['alg', 'e', 'kid', 'kty', 'n', 'use'],
      ['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y'],
    ],
  );
});
