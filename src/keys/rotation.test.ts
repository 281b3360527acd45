import assert from 'node:assert/strict';
import { test } from 'node:test';
import { forEachKind, type KeyKind } from '../platform/keys-kinds.ts';
import {
  hindrancesOf,
  idsInUse,
  isLive,
  lackingIn,
  listIds,
  neededForSeconds,
  nextStep,
  stateOf,
  type RegisteredKey,
  type SeenNode,
} from './rotation.ts';

const T = new Date('2026-11-23T10:00:00Z');
const later = (seconds: number): Date => new Date(T.getTime() + seconds * 1_000);

const key = (id: string, more: Partial<RegisteredKey> = {}): RegisteredKey => ({
  kind: 'nin-encryption',
  id,
  knownSince: T,
  orderedAt: null,
  publishedAt: null,
  inUseSince: null,
  replacedAt: null,
  retiredAt: null,
  ...more,
});
const old = key('old', { inUseSince: T, publishedAt: T });

const node = (name: string, knows: readonly string[], more: Partial<SeenNode> = {}): SeenNode => ({
  id: name,
  name,
  version: '1',
  startedAt: T,
  seenAt: T,
  silentSeconds: 1,
  knows: { 'nin-encryption': knows, signing: knows, login: knows },
  uses: { 'nin-encryption': ['old'] },
  ...more,
});

test('R7: a key waits, is in use, is replaced, and is retired, in that order', () => {
  assert.deepEqual(
    [
      key('a'),
      key('a', { orderedAt: T }),
      key('a', { inUseSince: T }),
      key('a', { inUseSince: T, replacedAt: T }),
      key('a', { replacedAt: T }), // from a file of before
      key('a', { inUseSince: T, replacedAt: T, retiredAt: T }),
      key('a', { retiredAt: T }), // given up
    ].map(stateOf),
    ['waiting', 'waiting', 'in use', 'replaced', 'replaced', 'retired', 'retired'],
  );
});

test('R7: a new key comes into use when every live node knows it, and not before it is wanted', () => {
  const waiting = key('new', { orderedAt: T });
  const both = node('a', ['old', 'new']);
  const step = (nodes: readonly SeenNode[], it = waiting) => nextStep('nin-encryption', [old, it], nodes, T);
  assert.deepEqual(step([both, node('b', ['old'])]), { kind: 'wait_for_nodes', ids: ['new'], nodes: ['b'] });
  assert.deepEqual(step([both]), { kind: 'note_published', ids: ['new'], published: true });
  const published = key('new', { orderedAt: T, publishedAt: T });
  assert.deepEqual(step([both], published), { kind: 'use', ids: ['new'] });
  assert.deepEqual(step([], published), { kind: 'use', ids: ['new'] }, 'nobody runs who could lack it');
  assert.deepEqual(step([both], key('new', { publishedAt: T })), { kind: 'wait_for_order', ids: ['new'] });
  assert.equal(nextStep('nin-encryption', [old], [both], T), undefined);
  assert.equal(nextStep('cookies', [old, waiting], [both], T), undefined, 'each kind by itself');
  // A node that began with another file meanwhile.
  assert.deepEqual(step([both, node('c', ['old'])], published), {
    kind: 'note_published',
    ids: ['new'],
    published: false,
  });
});

test('R7: a node that has been silent for half a minute is waited for no longer', () => {
  assert.equal(isLive({ silentSeconds: 30 }), true);
  assert.equal(isLive({ silentSeconds: 30.1 }), false);
  const published = key('new', { orderedAt: T, publishedAt: T });
  const silent = node('b', ['old'], { silentSeconds: 31 });
  assert.equal(nextStep('nin-encryption', [old, published], [silent], T)?.kind, 'use');
});

test('R7: a key for ID tokens is published for as long as others may keep the list, before anything is signed with it', () => {
  const signing = (more: Partial<RegisteredKey>) => key('new', { kind: 'signing', orderedAt: T, ...more });
  const nodes = [node('a', ['new'])];
  const published = signing({ publishedAt: T });
  assert.deepEqual(nextStep('signing', [published], nodes, later(599)), {
    kind: 'wait_until',
    ids: ['new'],
    until: later(600),
  });
  assert.equal(nextStep('signing', [published], nodes, later(600))?.kind, 'use');
  assert.equal(nextStep('signing', [published], nodes, later(1), true)?.kind, 'use', 'at once');
  // Of two algorithms both wait for the later one.
  const other = signing({ id: 'other', publishedAt: later(100) });
  const both = [node('a', ['new', 'other'])];
  const step = nextStep('signing', [published, other], both, later(650));
  assert.deepEqual(step, { kind: 'wait_until', ids: ['new', 'other'], until: later(700) });
});

const free = { nodes: [], rows: [], now: later(100_000), atOnce: false };
const replaced = key('old', { inUseSince: T, replacedAt: T });

test('R7: a key is retired when no node uses it, no row needs it, and what was signed with it is over', () => {
  assert.deepEqual(hindrancesOf(replaced, free), []);
  assert.deepEqual(hindrancesOf(old, free), [{ why: 'in_use' }]);
  assert.deepEqual(hindrancesOf(replaced, { ...free, nodes: [node('a', ['old'])] }), [{ why: 'nodes', nodes: ['a'] }]);
  assert.deepEqual(hindrancesOf(replaced, { ...free, nodes: [node('a', ['old'], { silentSeconds: 31 })] }), []);
  const rows = [
    { what: 'persons', rows: 3 },
    { what: 'sessions', rows: 0 },
  ];
  assert.deepEqual(hindrancesOf(replaced, { ...free, rows }), [{ why: 'rows', rows: [{ what: 'persons', rows: 3 }] }]);
  assert.equal(hindrancesOf(replaced, { ...free, rows, atOnce: true }).length, 1, 'rows are never given up');
  for (const kind of ['signing', 'cookies', 'login'] as const satisfies readonly KeyKind[]) {
    const seconds = neededForSeconds[kind];
    const it = { ...replaced, kind };
    const at = (now: Date, atOnce = false) => hindrancesOf(it, { ...free, now, atOnce });
    assert.deepEqual(at(later(seconds - 1)), [{ why: 'time', until: later(seconds) }], kind);
    assert.deepEqual(at(later(seconds)), [], kind);
    assert.deepEqual(at(later(1), true), [], kind);
  }
});

test('R7: a key that waits can be given up, and one that has been retired already harms nobody', () => {
  assert.deepEqual(hindrancesOf(key('new', { kind: 'cookies', orderedAt: T }), { ...free, now: T }), []);
  assert.deepEqual(hindrancesOf(key('gone', { retiredAt: T }), free), []);
});

test('R7: what a file lacks is told by kind: keys in use, and keys that rows need', () => {
  const known = forEachKind((kind) => (kind === 'nin-encryption' ? ['new'] : []));
  const cookie = key('c', { kind: 'cookies', inUseSince: T });
  const retired = key('gone', { inUseSince: T, replacedAt: T, retiredAt: T });
  const needed = [
    { kind: 'nin-encryption', id: 'old' },
    { kind: 'nin-encryption', id: 'gone' },
    { kind: 'nin-index', id: 'i' },
    { kind: 'nin-encryption', id: 'new' },
  ] as const;
  const registered = [replaced, key('new', { inUseSince: T }), cookie, retired];
  assert.equal(listIds(lackingIn(known, registered, needed)), 'nin-encryption old; nin-index i; cookies c');
  assert.equal(
    listIds(lackingIn(known, registered.slice(0, 2), [])),
    '',
    'one that was replaced, and that no row needs',
  );
});

test('R7: of a kind of which nothing is known nothing is said about its use', () => {
  assert.deepEqual(idsInUse([replaced, key('new', { inUseSince: T }), key('x', { kind: 'login' })]), {
    'nin-encryption': ['new'],
    login: [],
  });
});
