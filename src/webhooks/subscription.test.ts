import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  eventTypes,
  loggedUrl,
  noticeOf,
  placeBefore,
  planChange,
  type Changer,
  type DisabledReason,
  type Subscription,
  type SubscriptionChange,
} from './subscription.ts';

const now = new Date('2026-11-23T12:00:00Z');
const earlier = new Date('2026-11-20T12:00:00Z');
const active: Subscription = {
  id: '01890000-0000-7000-8000-000000000001',
  clientId: 'a0000000-0000-4000-8000-000000000001',
  url: 'https://bank.example/hooks',
  eventTypes,
  createdAt: earlier,
  place: 17,
  disabled: null,
  failing: null,
  lastAttempt: null,
  lastDeliveredAt: null,
  gap: null,
  formerSecretUntil: null,
};
const failing = { since: earlier, attempts: 7, nextAttemptAt: now };
const disabledBy = (reason: DisabledReason): Subscription => ({ ...active, disabled: { at: earlier, reason } });

function changed(before: Subscription, change: SubscriptionChange, by: Changer = 'client') {
  const plan = planChange(before, change, by, now);
  assert.ok('after' in plan);
  return { ...plan, fields: plan.differences.map(({ field }) => field) };
}

test('F1: what is not said stays, and saying what is so already changes nothing', () => {
  for (const change of [{}, { url: active.url }, { enabled: true }, { eventTypes: eventTypes.toReversed() }]) {
    assert.deepEqual(changed(active, change), { after: active, differences: [], fields: [] });
  }
  assert.deepEqual(changed(disabledBy('gone'), { enabled: false }).fields, []);
});

test('F1: another address begins with a clean slate, and goes on from the same place', () => {
  const { after, fields } = changed({ ...active, failing }, { url: 'https://bank.example/new' });
  assert.deepEqual([after.url, after.failing, after.place, fields], ['https://bank.example/new', null, 17, ['url']]);
  assert.deepEqual(changed({ ...active, failing }, { eventTypes: ['consent.archived'] }).after.failing, failing);
});

test('F1: whoever enables a webhook again goes on from where it was, whatever it was disabled for', () => {
  for (const reason of ['failing', 'gone', 'client'] as const) {
    const { after, differences } = changed(disabledBy(reason), { enabled: true });
    assert.deepEqual([after.disabled, after.failing, after.place], [null, null, 17]);
    assert.deepEqual(differences, [{ field: 'enabled', before: false, after: true }]);
  }
});

test('F1: what the operator has disabled a client cannot enable; and the operator’s word stands above the others’', () => {
  assert.deepEqual(planChange(disabledBy('operator'), { enabled: true }, 'client', now), {
    refused: 'disabled_by_operator',
  });
  assert.deepEqual(changed(disabledBy('operator'), { enabled: false }).after.disabled?.reason, 'operator');
  assert.deepEqual(changed(disabledBy('client'), { enabled: false }, 'operator').after.disabled, {
    at: now,
    reason: 'operator',
  });
  assert.deepEqual(changed(disabledBy('client'), { enabled: false }, 'operator').fields, ['enabled']);
  assert.equal(changed(disabledBy('operator'), { enabled: true }, 'operator').after.disabled, null);
});

test('F1, F3: from a number on means that this number is told; no event is numbered below 2', () => {
  const gap = { from: 3, to: 9, foundAt: earlier, toldAt: null };
  const { after, differences } = changed({ ...active, gap }, { fromSequenceNr: 5 });
  assert.deepEqual([after.place, after.gap], [4, null]);
  assert.deepEqual(differences, [{ field: 'fromSequenceNr', before: 18, after: 5 }]);
  assert.deepEqual([0, 1, 2, 3].map(placeBefore), [1, 1, 1, 2]);
});

test('E1: the log gets an address without what follows its question mark, and still says when that has changed', () => {
  const { differences } = changed(active, { url: 'https://bank.example/hooks?token=one' });
  assert.deepEqual(differences, [
    { field: 'url', before: 'https://bank.example/hooks', after: 'https://bank.example/hooks?…' },
  ]);
  const secretly = { ...active, url: 'https://bank.example/hooks?token=one' };
  assert.equal(changed(secretly, { url: 'https://bank.example/hooks?token=two' }).differences.length, 1);
  assert.equal(loggedUrl('https://bank.example/a?b?c'), 'https://bank.example/a?…');
});

test('F1: the status says what was wrong and what to do; of one that is well it says nothing', () => {
  assert.equal(noticeOf(active), null);
  assert.match(noticeOf(disabledBy('failing')) ?? '', /no message for three days.*enabled to true.*from 18/);
  assert.match(noticeOf(disabledBy('gone')) ?? '', /410.*enabled to true.*from 18/);
  assert.match(noticeOf(disabledBy('client')) ?? '', /by you.*from 18/);
  assert.match(noticeOf(disabledBy('operator')) ?? '', /only the operator can enable it/);
  assert.match(noticeOf({ ...active, failing }) ?? '', /does not take messages: see lastAttempt/);
  const gap = { from: 18, to: 29, foundAt: now, toldAt: null };
  assert.match(noticeOf({ ...active, gap }) ?? '', /from 18 to 29 became too old.*snapshot.*from 30/);
  assert.equal(noticeOf({ ...active, gap: { ...gap, toldAt: now } }), null);
});
