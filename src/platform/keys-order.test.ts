import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keyKinds } from './keys-kinds.ts';
import { firstOnes, idsOf, inOrderOfUse } from './keys-order.ts';
import { withNewKeys, withoutKeys } from './keys-file.ts';
import { generateKeysFile, loginKeys, parseKeys, sealKeys } from './keys.ts';

const before = generateKeysFile({ sandbox: false });

test('R7: every kind has ids that differ, and that are no secrets', () => {
  const ids = idsOf(parseKeys(before));
  assert.deepEqual(
    keyKinds.map((kind) => ids[kind].length),
    [1, 1, 2, 1, 1, 1],
  );
  const all = keyKinds.flatMap((kind) => ids[kind]);
  assert.equal(new Set(all).size, all.length);
  const [cookie] = parseKeys(before).cookies;
  assert.ok(cookie !== undefined && !cookie.includes(ids.cookies[0] ?? ''));
});

for (const kind of keyKinds) {
  test(`R7: a new key of ${kind} is behind the others until it is said to be in use`, () => {
    const { text, ids } = withNewKeys(before, kind);
    const keys = parseKeys(text);
    const old = idsOf(parseKeys(before))[kind];
    assert.deepEqual(idsOf(keys)[kind], [...old, ...ids]);
    assert.equal(ids.length, kind === 'signing' ? 2 : 1);
    assert.deepEqual(firstOnes(keys, kind), old, 'a version that knows nothing of this uses the old one');
    assert.deepEqual(idsOf(inOrderOfUse(keys, {}))[kind], [...old, ...ids]);
    assert.deepEqual(idsOf(inOrderOfUse(keys, { [kind]: ids }))[kind], [...ids, ...old]);
    assert.deepEqual(idsOf(parseKeys(withoutKeys(text, kind, old)))[kind], ids);
    assert.equal(withoutKeys(text, kind, ids), before, 'and everything else stays as it is');
  });
}

test('R7: a file from before there were keys of a kind proves itself with others until the new one is in use', () => {
  const { login, seals, ...older } = JSON.parse(before) as Record<string, unknown>;
  assert.ok(login !== undefined && seals !== undefined);
  const added = withNewKeys(JSON.stringify(older), 'login');
  const sealed = withNewKeys(added.text, 'seals');
  const keys = parseKeys(sealed.text);
  const [signing] = idsOf(keys).signing;
  const waiting = inOrderOfUse(keys, { login: [], seals: [] });
  assert.deepEqual([loginKeys(waiting)[0]?.kid, sealKeys(waiting)[0]?.kid], [signing, signing]);
  const used = inOrderOfUse(keys, { login: added.ids, seals: sealed.ids });
  assert.deepEqual([loginKeys(used)[0]?.kid, sealKeys(used)[0]?.kid], [added.ids[0], sealed.ids[0]]);
});

test('R7: what another version has put into a file is still there after a change', () => {
  const file = { ...(JSON.parse(before) as object), ofTomorrow: [{ id: 'x' }] };
  const { text } = withNewKeys(JSON.stringify(file), 'cookies');
  assert.deepEqual((JSON.parse(text) as Record<string, unknown>)['ofTomorrow'], [{ id: 'x' }]);
});
