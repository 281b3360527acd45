import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  isDropOverHalf,
  isRetried,
  isSameProvider,
  lastDue,
  MOST_ATTEMPTS,
  nextTry,
  type Failure,
} from './delivery-run.ts';

const at = (text: string): Date => new Date(`2026-${text}Z`);

test('D3: collections fall due at 05:00 UTC, each day, also across the end of a month and a year', () => {
  assert.deepEqual(lastDue(at('11-23T05:00:00')), at('11-23T05:00:00'));
  assert.deepEqual(lastDue(at('11-23T04:59:59.999')), at('11-22T05:00:00'));
  assert.deepEqual(lastDue(at('11-23T23:30:00')), at('11-23T05:00:00'));
  assert.deepEqual(lastDue(at('12-01T01:00:00')), at('11-30T05:00:00'));
  assert.deepEqual(lastDue(at('01-01T04:00:00')), new Date('2025-12-31T05:00:00Z'));
});

test('D3: tries come after one minute, then two, four and so on up to an hour, or when the creditor asks for it; then not before the next day', () => {
  const now = at('11-23T05:00:00');
  const minutes = Array.from({ length: MOST_ATTEMPTS }, (_, n) => nextTry(now, n + 1)).map((retryAt) =>
    retryAt === null ? null : (retryAt.getTime() - now.getTime()) / 60_000,
  );
  assert.deepEqual(minutes, [1, 2, 4, 8, 16, 32, 60, null]);
  assert.deepEqual(nextTry(now, 1, 300), at('11-23T05:05:00'));
  assert.deepEqual(nextTry(now, 4, 30), at('11-23T05:08:00'));
  assert.deepEqual(nextTry(now, 1, 1_000_000), at('11-23T11:00:00'));
});

test('D3: only what another try may mend is tried again', () => {
  const failures: readonly Failure[] = ['refused', 'redirected', 'wrong_content_type', 'compressed', 'page_too_large'];
  for (const failure of failures) assert.equal(isRetried({ kind: 'failed', failure }), false, failure);
  const passing: readonly Failure[] = ['timeout', 'connection_cut', 'server_error', 'unreachable', 'interrupted'];
  for (const failure of passing) assert.equal(isRetried({ kind: 'failed', failure }), true, failure);
  assert.equal(isRetried({ kind: 'rejected', rule: 'broken_json', place: {} }), false);
});

test('D3: a drop of over half is one of customers or of loans, and half is not over half', () => {
  const before = { customers: 100, loans: 200 };
  assert.equal(isDropOverHalf(before, { customers: 50, loans: 100 }), false);
  assert.equal(isDropOverHalf(before, { customers: 49, loans: 200 }), true);
  assert.equal(isDropOverHalf(before, { customers: 100, loans: 99 }), true);
  assert.equal(isDropOverHalf(before, { customers: 0, loans: 0 }), true);
  assert.equal(isDropOverHalf({ customers: 0, loans: 0 }, { customers: 0, loans: 0 }), false);
});

test('D3: 0192 and 9908 both stand for Norwegian organisation numbers', () => {
  assert.equal(isSameProvider('9908:314901398', '0192:314901398'), true);
  assert.equal(isSameProvider('9908:314901398', '9908:319290834'), false);
  assert.equal(isSameProvider('9908:314901398', '0007:314901398'), false);
});
