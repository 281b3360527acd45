import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Outcome } from '../delivery/delivery-run.ts';
import { remarkOn, resultOf } from './describe-run.ts';

const told = (outcome: Outcome): string =>
  remarkOn(resultOf({ runId: 'r', creditorId: '210437185', providerId: '9908:210437185', seconds: 1, outcome }));

const applied = {
  kind: 'applied',
  customers: 3,
  loans: 4,
  warnings: 0,
  droppedOverHalf: false,
  duplicatedAccounts: 0,
} as const;

test('a delivery in order needs no remark; what is odd about it is told', () => {
  assert.equal(told(applied), '');
  assert.equal(
    told({ ...applied, warnings: 1, droppedOverHalf: true, duplicatedAccounts: 2 }),
    'less than half of the one before; accounts that another provider delivers too: 2; members missing that should be there: 1',
  );
});

test('a refused delivery is told with page, record, loan and rule, as far as they are known', () => {
  const rejected = (place: object): string => told({ kind: 'rejected', rule: 'co_borrower_invalid', place });
  assert.equal(
    rejected({ page: 3, record: 17, loan: 0 }),
    'loan 0 of record 17 of page 3 has a coBorrower other than 0, 1 and 2 (co_borrower_invalid; counted from 0)',
  );
  assert.match(rejected({ page: 3 }), /^page 3 has a coBorrower/);
  assert.match(rejected({}), /^the delivery has a coBorrower .* \(co_borrower_invalid\)$/);
});

test('a delivery that did not come is told with why, and with the status that was answered', () => {
  assert.equal(told({ kind: 'failed', failure: 'timeout' }), 'nothing came for too long');
  assert.equal(
    told({ kind: 'failed', failure: 'server_error', status: 503 }),
    'the server cannot answer now (status 503)',
  );
});

test('what a newer version wrote down is told as it is', () => {
  const run = { ...resultOf({ runId: 'r', creditorId: '', providerId: '', seconds: 1, outcome: applied }) };
  assert.equal(remarkOn({ ...run, outcome: 'failed', failure: 'moon_phase' }), 'moon_phase');
  assert.equal(
    remarkOn({ ...run, outcome: 'rejected', rule: 'moon_phase' }),
    'the delivery breaks a rule (moon_phase)',
  );
  assert.equal(remarkOn({ ...run, outcome: null }), 'under way, or cut off');
});
