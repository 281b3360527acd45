import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isOrganisationNumber } from '../src/person/organisation-number.ts';
import { Nin } from '../src/person/nin.ts';
import { sandboxCreditors } from './creditor-list.ts';
import { dated, type Holding, lastNight, type UndatedLoan } from './holding.ts';
import { testPersons } from './people.ts';

const personOf = (nin: string) => {
  const person = testPersons.find((person) => person.nin === nin);
  assert.ok(person !== undefined);
  return person;
};
const loansOf = (holdings: readonly Holding[]): UndatedLoan[] => holdings.flatMap((holding) => holding.loans);
const known = new Set(sandboxCreditors.map((creditor) => creditor.id));

test('X3: there are at least 14 creditors, each with a synthetic organisation number and a name of its own', () => {
  assert.ok(sandboxCreditors.length >= 14);
  assert.equal(known.size, sandboxCreditors.length);
  assert.equal(new Set(sandboxCreditors.map((creditor) => creditor.name)).size, sandboxCreditors.length);
  for (const { id, providerId } of sandboxCreditors) {
    assert.ok(isOrganisationNumber(id), `${id} is an organisation number`);
    assert.match(id, /^[23]/);
    const [prefix, provider = ''] = providerId.split(':');
    assert.equal(prefix, '9908');
    assert.ok(isOrganisationNumber(provider), `${provider} is an organisation number`);
    assert.match(provider, /^[23]/);
  }
});

test('X3: some creditors share a provider, and most deliver for themselves', () => {
  const shared = sandboxCreditors.filter(({ id, providerId }) => providerId !== `9908:${id}`);
  assert.equal(shared.length, 5);
  assert.equal(new Set(shared.map((creditor) => creditor.providerId)).size, 2);
});

test('X2: every test person has a valid synthetic number with month + 80, of their own, and a name and a line of their own', () => {
  for (const { nin } of testPersons) {
    assert.ok(Nin.parse(nin, 'synthetic') instanceof Nin, `${nin} is valid`);
    assert.ok(Number(nin.slice(2, 4)) > 80);
  }
  for (const member of ['nin', 'name', 'shows'] as const) {
    assert.equal(new Set(testPersons.map((person) => person[member])).size, testPersons.length);
  }
});

test('X2: test persons hold loans at known creditors, each at most once, in whole amounts that fit together', () => {
  for (const { holdings } of testPersons) {
    assert.equal(new Set(holdings.map((holding) => holding.creditorId)).size, holdings.length);
    for (const { creditorId, loans } of holdings) {
      assert.ok(known.has(creditorId));
      assert.ok(loans.length > 0);
      assert.equal(new Set(loans.map((loan) => loan.accountId)).size, loans.length);
    }
    for (const loan of loansOf(holdings)) {
      for (const value of Object.values(loan)) {
        if (typeof value === 'number') assert.ok(Number.isSafeInteger(value) && value >= 0);
      }
      if (loan.type === 'creditFacility') {
        assert.ok(loan.interestBearingBalance + loan.nonInterestBearingBalance <= loan.creditLimit * 1.1);
      }
      if (loan.type === 'repaymentLoan') assert.ok(loan.balance <= loan.originalBalance);
    }
  }
});

test('X2: 14842249091 owes six creditors, all three types of loan, and all of them answer', () => {
  const { holdings } = personOf('14842249091');
  assert.equal(holdings.length, 6);
  assert.ok(holdings.every((holding) => holding.live && holding.delivered));
  const loans = loansOf(holdings);
  assert.deepEqual(new Set(loans.map((loan) => loan.type)), new Set(['creditFacility', 'repaymentLoan', 'chargeCard']));
  assert.ok(loans.some((loan) => loan.type === 'repaymentLoan' && loan.terms !== null));
  assert.ok(
    loans.some(
      (loan) =>
        loan.type === 'creditFacility' &&
        loan.creditLimit > 0 &&
        loan.interestBearingBalance + loan.nonInterestBearingBalance === 0,
    ),
    'one facility is not in use',
  );
});

test('X2: 29868099311 owes six creditors; of two that never answer, one has delivered', () => {
  const { holdings } = personOf('29868099311');
  assert.equal(holdings.length, 6);
  const silent = holdings.filter((holding) => !holding.live);
  assert.equal(silent.length, 2);
  assert.equal(silent.filter((holding) => holding.delivered).length, 1);
  assert.ok(holdings.every((holding) => holding.delivered || !holding.live));
});

test('X2: nobody but 29868099311 has a creditor that never answers', () => {
  for (const { nin, holdings } of testPersons) {
    if (nin !== '29868099311') assert.ok(holdings.every((holding) => holding.live && holding.delivered));
  }
});

test('X2: there are a person without debt, one with twelve creditors and one with a D-number', () => {
  assert.ok(testPersons.some((person) => person.holdings.length === 0));
  assert.ok(testPersons.some((person) => person.holdings.length === 12));
  assert.ok(testPersons.some((person) => /^[4-7]/.test(person.nin)));
});

test('X2: two co-borrowers have the same account at the same creditor, in full for each', () => {
  const joint = testPersons.flatMap(({ nin, holdings }) =>
    holdings.flatMap(({ creditorId, loans }) =>
      loans.filter((loan) => loan.coBorrower !== 0).map((loan) => ({ nin, creditorId, loan })),
    ),
  );
  assert.equal(joint.length, 2);
  const [one, other] = joint;
  assert.ok(one !== undefined && other !== undefined);
  assert.notEqual(one.nin, other.nin);
  assert.equal(one.creditorId, other.creditorId);
  assert.deepEqual(new Set([one.loan.coBorrower, other.loan.coBorrower]), new Set([1, 2]));
  assert.deepEqual({ ...one.loan, coBorrower: 0 }, { ...other.loan, coBorrower: 0 });
});

test('X2: a dated loan is the loan with the instant at which it was drawn', () => {
  const loans = loansOf(personOf('14842249091').holdings);
  const at = new Date('2026-03-04T05:06:07.890Z');
  const withDates = dated(loans, at);
  assert.equal(withDates.length, loans.length);
  for (const [place, loan] of withDates.entries()) {
    assert.deepEqual(loan, { ...loans[place], timestamp: '2026-03-04T05:06:07.890Z' });
  }
});

test('X2: what was delivered was drawn at the latest 03:00 UTC, also in the first days of a month and just before 03:00', () => {
  const cases = [
    ['2026-03-04T05:06:07.890Z', '2026-03-04T03:00:00.000Z'],
    ['2026-03-04T03:00:00.000Z', '2026-03-04T03:00:00.000Z'],
    ['2026-03-01T02:59:59.999Z', '2026-02-28T03:00:00.000Z'],
    ['2027-01-01T00:00:00.000Z', '2026-12-31T03:00:00.000Z'],
  ] as const;
  for (const [now, night] of cases) assert.equal(lastNight(new Date(now)).toISOString(), night);
});
