import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CreditFacility } from '../src/creditors/loan.ts';
import { Nin } from '../src/person/nin.ts';
import { sandboxCreditors } from './creditor-list.ts';
import { testPersons } from './people.ts';
import { generatePersons, holdingsOf, largestPopulation } from './people-generator.ts';

const COUNT = 20_000;
const persons = Array.from(generatePersons({ count: COUNT, seed: 1 }));
const loans = persons.flatMap((person) => person.holdings.flatMap((holding) => holding.loans));
const facilities = loans.filter((loan) => loan.type === 'creditFacility');
const repayments = loans.filter((loan) => loan.type === 'repaymentLoan');

function sumOf<T>(items: readonly T[], value: (item: T) => number): number {
  return items.reduce((sum, item) => sum + value(item), 0);
}

function medianOf(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

function assertNear(actual: number, expected: number, tolerance: number, what: string): void {
  assert.ok(Math.abs(actual - expected) <= tolerance, `${what} is ${actual}, expected ${expected} ± ${tolerance}`);
}

type Facility = Omit<CreditFacility, 'timestamp'>;
const usedOf = (loan: Facility): number => loan.interestBearingBalance + loan.nonInterestBearingBalance;

test('X2: generated persons have valid numbers with month + 80, all different, and none of a test person', () => {
  const seen = new Set(testPersons.map((person) => person.nin));
  for (const { nin } of persons) {
    assert.ok(Nin.parse(nin, 'synthetic') instanceof Nin, 'every number is valid');
    assert.ok(Number(nin.slice(2, 4)) > 80);
    assert.ok(!seen.has(nin), 'every number is new');
    seen.add(nin);
  }
});

test('X2: the same seed draws the same persons, and another seed draws others', () => {
  const first = Array.from(generatePersons({ count: 500, seed: 1 }));
  assert.deepEqual(first, persons.slice(0, 500));
  assert.notDeepEqual(Array.from(generatePersons({ count: 500, seed: 2 })), first);
});

test('X2: a population can be walked through twice', () => {
  const population = generatePersons({ count: 10, seed: 3 });
  assert.deepEqual(Array.from(population), Array.from(population));
});

test('X2: generated loans have the types that Norway has', () => {
  assertNear(facilities.length / loans.length, 0.878, 0.006, 'share of facilities');
  assertNear(repayments.length / loans.length, 0.112, 0.006, 'share of repayment loans');
  const chargeCards = loans.length - facilities.length - repayments.length;
  assertNear(chargeCards / loans.length, 0.01, 0.002, 'share of charge cards');
});

test('X2: generated persons have 2.2 loans on average, at least one each, and some have many', () => {
  assertNear(loans.length / COUNT, 2.2, 0.05, 'loans a person');
  const perPerson = persons.map((person) => sumOf(person.holdings, (holding) => holding.loans.length));
  assert.equal(Math.min(...perPerson), 1);
  assert.ok(Math.max(...perPerson) >= 10);
});

test('X2: generated facilities have the limits, use and rates that Norway has', () => {
  const limits = sumOf(facilities, (loan) => loan.creditLimit);
  const used = sumOf(facilities, usedOf);
  assertNear(limits / facilities.length, 35_300_00, 700_00, 'mean limit in øre');
  assertNear(used / limits, 0.31, 0.01, 'used share');
  assertNear(sumOf(facilities, (loan) => loan.interestBearingBalance) / used, 0.61, 0.015, 'interest-bearing share');
  assertNear(medianOf(facilities.map((loan) => loan.nominalInterestRate)), 2050, 15, 'median rate');
});

test('X2: generated repayment loans have the balance and rate that Norway has', () => {
  assertNear(
    sumOf(repayments, (loan) => loan.balance) / repayments.length,
    109_400_00,
    6_500_00,
    'mean balance in øre',
  );
  assertNear(medianOf(repayments.map((loan) => loan.nominalInterestRate)), 1300, 20, 'median rate');
});

test('X2: generated amounts are skewed: half are well below the mean, and a few far above it', () => {
  const skewed = (amounts: readonly number[]): void => {
    const mean = sumOf(amounts, (amount) => amount) / amounts.length;
    assert.ok(medianOf(amounts) < 0.8 * mean);
    assert.ok(Math.max(...amounts) > 5 * mean);
  };
  skewed(facilities.map((loan) => loan.creditLimit));
  skewed(repayments.map((loan) => loan.balance));
});

test('X2: generated amounts are whole, not negative, and fit together', () => {
  for (const loan of loans) {
    for (const value of Object.values(loan)) {
      if (typeof value === 'number') assert.ok(Number.isSafeInteger(value) && value >= 0);
    }
    if (loan.type === 'creditFacility') assert.ok(usedOf(loan) <= loan.creditLimit);
    if (loan.type === 'repaymentLoan') assert.ok(loan.balance <= loan.originalBalance && loan.balance > 0);
  }
});

test('X2: a few creditors hold most generated loans, and every creditor holds some', () => {
  const held = new Map(sandboxCreditors.map((creditor) => [creditor.id, 0]));
  for (const { holdings } of persons) {
    for (const { creditorId, loans } of holdings) {
      const before = held.get(creditorId);
      assert.ok(before !== undefined, 'every holding is at a creditor of the sandbox');
      held.set(creditorId, before + loans.length);
    }
  }
  const shares = Array.from(held.values(), (count) => count / loans.length).toSorted((a, b) => b - a);
  assert.ok(sumOf(shares.slice(0, 4), (share) => share) > 0.5);
  assert.ok(Math.min(...shares) > 0);
});

test('X2: a generated person has a creditor once, and an account number belongs to one loan', () => {
  for (const { holdings } of persons) {
    assert.equal(new Set(holdings.map((holding) => holding.creditorId)).size, holdings.length);
  }
  assert.equal(new Set(loans.map((loan) => loan.accountId)).size, loans.length);
  for (const loan of loans) assert.doesNotMatch(loan.accountId, /\d{11}/);
});

test('X2: what a generated person owes follows from the number alone', () => {
  const population = { count: COUNT, seed: 1 };
  for (const { nin, holdings } of persons.slice(0, 2000)) assert.deepEqual(holdingsOf(nin, population), holdings);
});

test('X2: test persons owe what is written down, and a number that was not generated owes nothing', () => {
  for (const { nin, holdings } of testPersons) {
    assert.deepEqual(holdingsOf(nin), holdings);
    assert.deepEqual(holdingsOf(nin, { count: COUNT, seed: 1 }), holdings);
  }
  const [first, second] = persons;
  assert.ok(first !== undefined && second !== undefined);
  assert.deepEqual(holdingsOf(first.nin), []);
  assert.deepEqual(holdingsOf(second.nin, { count: 1, seed: 1 }), []);
});

test('X2: the generator is lazy, and refuses more persons than it has numbers for', () => {
  const [first] = generatePersons({ count: largestPopulation, seed: 1 });
  assert.deepEqual(first, persons[0]);
  for (const count of [-1, 1.5, Number.NaN, largestPopulation + 1]) {
    assert.throws(() => generatePersons({ count, seed: 1 }), RangeError);
  }
});
