import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Loan } from '../creditors/loan.ts';
import type { CreditorDebt } from '../debt/debt-information.ts';
import { overviewOf, owedOn, unusedOn } from './debt-overview.ts';

const base = { accountId: 'a', timestamp: '2026-11-22T03:00:00.000Z', coBorrower: 0 as const };
const charges = { installmentCharges: null, installmentChargePeriod: null };
const facility = (creditLimit: number, interestBearingBalance: number, nonInterestBearingBalance: number): Loan => ({
  ...base,
  ...charges,
  type: 'creditFacility',
  creditLimit,
  interestBearingBalance,
  nonInterestBearingBalance,
  nominalInterestRate: 2190,
});
const repayment = (balance: number, coBorrower: 0 | 1 | 2 = 0): Loan => ({
  ...base,
  ...charges,
  coBorrower,
  type: 'repaymentLoan',
  originalBalance: 500_000_00,
  balance,
  terms: 12,
  nominalInterestRate: 1290,
});
const chargeCard = (interestBearingBalance: number, nonInterestBearingBalance: number): Loan => ({
  ...base,
  type: 'chargeCard',
  interestBearingBalance,
  nonInterestBearingBalance,
});

const says = (name: string, loans: readonly Loan[] | null, answered = loans !== null): CreditorDebt => ({
  creditor: {
    id: '314159268',
    name,
    providerId: 'p',
    baseUrl: 'http://x',
    clientCertificate: null,
    contact: { email: null, phone: null },
  },
  answered,
  loans,
  drawnAt: loans === null || loans.length === 0 ? null : base.timestamp,
});

test('B1: what is owed on a card is what bears interest and what does not; on a repayment loan it is the balance', () => {
  const cases: readonly [Loan, number][] = [
    [facility(50_000_00, 18_345_50, 4_120_00), 22_465_50],
    [facility(35_000_00, 0, 0), 0],
    [chargeCard(1_150_00, 9_870_00), 11_020_00],
    [chargeCard(0, 1), 1],
    [repayment(96_780_00), 96_780_00],
  ];
  for (const [loan, owed] of cases) assert.equal(owedOn(loan), owed, JSON.stringify(loan));
});

test('B1: unused credit is the limit less what is used, never less than nothing, and only of what has a limit', () => {
  const cases: readonly [Loan, number][] = [
    [facility(50_000_00, 18_345_50, 4_120_00), 27_534_50],
    [facility(35_000_00, 0, 0), 35_000_00],
    [facility(10_000_00, 10_000_00, 0), 0],
    [facility(10_000_00, 10_000_00, 1), 0],
    [facility(0, 5_000_00, 0), 0],
    [chargeCard(0, 0), 0],
    [repayment(1_00), 0],
  ];
  for (const [loan, unused] of cases) assert.equal(unusedOn(loan), unused, JSON.stringify(loan));
});

test('B1: rows are the largest first, then by name; creditors of which nothing is known come last', () => {
  const overview = overviewOf([
    says('Åsgård', [repayment(10_00), facility(100_00, 40_00, 0)]),
    says('Ukjent Finans', null),
    says('Ærlig', [chargeCard(0, 10_00)]),
    says('Bekk', [repayment(70_00)]),
  ]);
  assert.deepEqual(
    overview.rows.map((row) => [row.creditor.name, row.known?.owed ?? null]),
    [
      ['Bekk', 70_00],
      ['Åsgård', 40_00],
      ['Ærlig', 10_00],
      ['Åsgård', 10_00],
      ['Ukjent Finans', null],
    ],
  );
  assert.equal(overview.largest, 70_00);
});

test('B1: unknown is not 0: the sum is of what is known, and when nothing is known it is unknown too', () => {
  const cases: readonly [readonly CreditorDebt[], number | null][] = [
    [[], 0],
    [[says('a', [])], 0],
    [[says('a', null)], null],
    [[says('a', null), says('b', null)], null],
    [[says('a', null), says('b', [repayment(5_00)])], 5_00],
    [[says('a', null), says('b', [])], 0],
  ];
  for (const [debts, total] of cases) assert.equal(overviewOf(debts).total, total, JSON.stringify(debts));
});

test('B1: creditors that did not answer are told apart by whether something of them is shown; one that answered «nothing» is told', () => {
  const overview = overviewOf([
    says('answered', [repayment(1)]),
    says('nothing', []),
    says('outdated', [repayment(2)], false),
    says('unheard of', null),
  ]);
  assert.deepEqual(
    overview.outdated.map(({ creditor, drawnAt }) => [creditor.name, drawnAt]),
    [['outdated', base.timestamp]],
  );
  assert.deepEqual(
    overview.unknown.map((creditor) => creditor.name),
    ['unheard of'],
  );
  assert.deepEqual(
    overview.nothingOwed.map((creditor) => creditor.name),
    ['nothing'],
  );
  assert.equal(overview.creditors.length, 4);
});

test('B1: joint debt counts in full for whoever has it, whichever of the two that is', () => {
  for (const coBorrower of [1, 2] as const) {
    const overview = overviewOf([says('a', [repayment(187_420_00, coBorrower)])]);
    assert.deepEqual([overview.total, overview.joint], [187_420_00, true]);
  }
  assert.equal(overviewOf([says('a', [repayment(1)])]).joint, false);
});

const amount = fc.integer({ min: 0, max: 10_000_000_00 });
const anyLoan = fc.oneof(
  fc.tuple(amount, amount, amount).map((of) => facility(...of)),
  amount.map((balance) => repayment(balance)),
  fc.tuple(amount, amount).map((of) => chargeCard(...of)),
);
const anyDebts = fc.array(
  fc
    .tuple(fc.string(), fc.option(fc.array(anyLoan, { maxLength: 4 }), { nil: null }))
    .map(([name, loans]) => says(name, loans)),
  { maxLength: 15 },
);

test('B1: the sums shown are the sums of the data: every loan is one row, and rows, types and total agree', () => {
  fc.assert(
    fc.property(anyDebts, (debts) => {
      const overview = overviewOf(debts);
      const loans = debts.flatMap((debt) => debt.loans ?? []);
      const known = overview.rows.flatMap((row) => (row.known === null ? [] : [row.known]));
      assert.equal(known.length, loans.length);
      assert.equal(overview.rows.length, loans.length + debts.filter((debt) => debt.loans === null).length);
      const sum = (amounts: readonly number[]) => amounts.reduce((total, one) => total + one, 0);
      const total = sum(loans.map(owedOn));
      assert.equal(sum(known.map((row) => row.owed)), total);
      assert.equal(sum(Object.values(overview.byType)), total);
      assert.equal(overview.total ?? 0, total);
      assert.equal(overview.unused, sum(loans.map(unusedOn)));
      for (const [place, row] of known.entries()) {
        assert.ok(row.owed <= (known[place - 1]?.owed ?? overview.largest));
      }
    }),
  );
});
