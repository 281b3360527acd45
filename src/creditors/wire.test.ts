import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loansFromAnswer } from './wire.ts';

const asked = { customerId: '14842249091', creditorId: '315739268', fetchedAt: '2026-11-23T05:00:00.000Z' };
const facility = {
  type: 'creditFacility',
  accountID: 'a-1',
  timestamp: '2026-11-22T03:00:00Z',
  coBorrower: 0,
  creditLimit: 5_000_000,
  interestBearingBalance: 100,
  nonInterestBearingBalance: 0,
  nominalInterestRate: 2_050,
};
const repayment = {
  type: 'repaymentLoan',
  accountID: 'a-2',
  coBorrower: 2,
  originalBalance: 100,
  balance: 50,
  nominalInterestRate: 1_300,
  terms: 12,
  installmentCharges: 0,
  installmentChargePeriod: 'MONTHLY',
};
const card = {
  type: 'chargeCard',
  accountID: 'a-3',
  coBorrower: 1,
  interestBearingBalance: 1,
  nonInterestBearingBalance: 2,
};
const read = (...loans: unknown[]) =>
  loansFromAnswer({ customerID: asked.customerId, financialInstitutionID: asked.creditorId, loans }, asked);

test('D3: a right answer is read whole; what may be missing becomes null or the time of the call', () => {
  const loans = read(facility, repayment, card);
  assert.ok(Array.isArray(loans));
  assert.deepEqual(loans[0], {
    type: 'creditFacility',
    accountId: 'a-1',
    timestamp: '2026-11-22T03:00:00.000Z',
    coBorrower: 0,
    creditLimit: 5_000_000,
    interestBearingBalance: 100,
    nonInterestBearingBalance: 0,
    nominalInterestRate: 2_050,
    installmentCharges: null,
    installmentChargePeriod: null,
  });
  assert.equal(loans[1]?.timestamp, asked.fetchedAt);
  assert.deepEqual(read(), []);
});

test('D3: one broken rule, on whichever loan, rejects the whole answer', () => {
  const without = (loan: object, name: string) =>
    Object.fromEntries(Object.entries(loan).filter(([key]) => key !== name));
  for (const [loan, rule] of [
    [null, 'not_an_object'],
    [[], 'not_an_object'],
    [{ ...facility, type: 'mortgage' }, 'unknown_type'],
    [without(facility, 'type'), 'unknown_type'],
    [without(facility, 'accountID'), 'account_id_missing'],
    [{ ...facility, accountID: '' }, 'account_id_missing'],
    [{ ...facility, accountID: 7 }, 'account_id_missing'],
    [without(facility, 'coBorrower'), 'co_borrower_invalid'],
    [{ ...facility, coBorrower: 3 }, 'co_borrower_invalid'],
    [{ ...facility, coBorrower: '0' }, 'co_borrower_invalid'],
    [{ ...facility, creditLimit: -1 }, 'amount_invalid'],
    [{ ...facility, creditLimit: -0 }, 'amount_invalid'],
    [{ ...facility, creditLimit: 1.5 }, 'amount_invalid'],
    [{ ...facility, creditLimit: '100' }, 'amount_invalid'],
    [{ ...facility, creditLimit: 2 ** 53 }, 'amount_invalid'],
    [{ ...facility, nominalInterestRate: null }, 'amount_invalid'],
    [{ ...facility, installmentCharges: -1 }, 'amount_invalid'],
    [without(facility, 'interestBearingBalance'), 'amount_invalid'],
    [without(repayment, 'balance'), 'amount_invalid'],
    [{ ...repayment, terms: -1 }, 'amount_invalid'],
    [without(card, 'nonInterestBearingBalance'), 'amount_invalid'],
    [{ ...facility, timestamp: 'yesterday' }, 'timestamp_invalid'],
    [{ ...facility, timestamp: '2026-13-01T00:00:00Z' }, 'timestamp_invalid'],
    [{ ...facility, timestamp: '2026-02-30T00:00:00Z' }, 'timestamp_invalid'],
    [{ ...facility, timestamp: 1_700_000_000 }, 'timestamp_invalid'],
    [{ ...facility, installmentChargePeriod: 'DAILY' }, 'period_invalid'],
  ] as const) {
    const bad =
      loan !== null && !Array.isArray(loan) && 'accountID' in loan && loan.accountID === 'a-1'
        ? { ...loan, accountID: 'a-9' }
        : loan;
    for (const place of [
      [bad, facility, card],
      [facility, bad, card],
      [facility, card, bad],
    ]) {
      assert.equal(read(...place), rule, JSON.stringify(loan));
    }
  }
  assert.equal(read(facility, { ...card, accountID: 'a-1' }), 'duplicate_account');
});

test('D3: an answer for another customer or institution, or without a list, is rejected', () => {
  const body = { customerID: asked.customerId, financialInstitutionID: asked.creditorId, loans: [] };
  for (const [changed, rule] of [
    [{ customerID: '29868099311' }, 'another_customer'],
    [{ customerID: Number(asked.customerId) }, 'another_customer'],
    [{ financialInstitutionID: '999999999' }, 'another_institution'],
    [{ loans: {} }, 'loans_missing'],
    [{ loans: null }, 'loans_missing'],
  ] as const) {
    assert.equal(loansFromAnswer({ ...body, ...changed }, asked), rule);
  }
  for (const bad of [null, [], 'x', 7]) assert.equal(loansFromAnswer(bad, asked), 'not_an_object');
});
