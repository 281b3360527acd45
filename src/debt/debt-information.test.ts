import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Loan } from '../creditors/loan.ts';
import { assembleDebt, debtByCreditor, type CreditorAnswer } from './debt-information.ts';

const contact = { email: null, phone: null };
const creditor = (name: string) => ({
  id: name,
  name,
  providerId: 'p',
  baseUrl: 'http://x',
  clientCertificate: null,
  contact,
});
const loan = (accountId: string): Loan => ({
  type: 'chargeCard',
  accountId,
  timestamp: '2026-11-23T00:00:00.000Z',
  coBorrower: 0,
  interestBearingBalance: 1,
  nonInterestBearingBalance: 1,
});

test('D3: live overrides delivered, also when it is empty; missing falls back; with nothing delivered there is one null', () => {
  const answers: CreditorAnswer[] = [
    { creditor: creditor('live'), live: [loan('new')], delivered: [loan('old')] },
    { creditor: creditor('settled'), live: [], delivered: [loan('old')] },
    { creditor: creditor('silent'), live: null, delivered: [loan('old 1'), loan('old 2')] },
    { creditor: creditor('unheard of'), live: null, delivered: [] },
  ];
  const debt = assembleDebt(answers);
  assert.deepEqual(
    debt.entries.map((entry) => [entry.creditorName, entry.loan?.accountId ?? null]),
    [
      ['live', 'new'],
      ['silent', 'old 1'],
      ['silent', 'old 2'],
      ['unheard of', null],
    ],
  );
  assert.deepEqual([debt.creditorsAnswered, debt.creditorsMissing], [2, 2]);
});

test('D3: answered and missing are always the creditors asked, and a null stands only for a missing one', () => {
  const loans = fc.array(fc.string().map(loan), { maxLength: 3 });
  const answer = fc.record({
    creditor: fc.string().map(creditor),
    live: fc.option(loans, { nil: null }),
    delivered: loans,
  });
  fc.assert(
    fc.property(fc.array(answer), (answers) => {
      const debt = assembleDebt(answers);
      const asked = Object.values(Object.groupBy(answers, (answer) => answer.creditor.id)).map((parts = []) => parts);
      assert.equal(debt.creditorsAnswered + debt.creditorsMissing, asked.length);
      const nulls = debt.entries.filter((entry) => entry.loan === null).length;
      const unknown = asked.filter(
        (parts) =>
          parts.some(({ live }) => live === null) &&
          parts.every(({ live, delivered }) => (live ?? delivered).length === 0),
      );
      assert.equal(nulls, unknown.length);
    }),
  );
});

test('D3: a creditor with two providers is one creditor: it has answered when both have, and of an account in both the later counts', () => {
  const at = (provider: string, parts: Pick<CreditorAnswer, 'live' | 'delivered'>): CreditorAnswer => ({
    creditor: { ...creditor('moving'), providerId: provider },
    ...parts,
  });
  const dated = (accountId: string, day: number): Loan => ({
    ...loan(accountId),
    timestamp: `2026-11-${day}T00:00:00.000Z`,
  });
  const shown = (...answers: CreditorAnswer[]) =>
    debtByCreditor(answers).map(({ answered, loans }) => [
      answered,
      loans?.map(({ accountId, timestamp }) => `${accountId} ${timestamp.slice(8, 10)}`).toSorted() ?? null,
    ]);
  const old = { live: null, delivered: [dated('moved', 20), dated('stays', 20)] };
  assert.deepEqual(shown(at('old', old), at('new', { live: [dated('moved', 23)], delivered: [] })), [
    [false, ['moved 23', 'stays 20']],
  ]);
  assert.deepEqual(
    shown(
      at('old', { live: [], delivered: [dated('moved', 20)] }),
      at('new', { live: [dated('moved', 23)], delivered: [] }),
    ),
    [[true, ['moved 23']]],
  );
  assert.deepEqual(shown(at('old', { live: [], delivered: [] }), at('new', { live: null, delivered: [] })), [
    [false, null],
  ]);
});

test('D3, B1: of each creditor it is told whether it answered, what is shown of it, and how old the newest of that is', () => {
  const dated = (accountId: string, timestamp: string): Loan => ({ ...loan(accountId), timestamp });
  const old = [dated('old', '2026-11-20T03:00:00.000Z'), dated('newer', '2026-11-21T04:00:00+01:00')];
  const debts = debtByCreditor([
    { creditor: creditor('live'), live: [loan('new')], delivered: old },
    { creditor: creditor('settled'), live: [], delivered: old },
    { creditor: creditor('silent'), live: null, delivered: old },
    { creditor: creditor('unheard of'), live: null, delivered: [] },
  ]);
  assert.deepEqual(
    debts.map((debt) => [debt.creditor.name, debt.answered, debt.loans?.length ?? null, debt.drawnAt]),
    [
      ['live', true, 1, '2026-11-23T00:00:00.000Z'],
      ['settled', true, 0, null],
      ['silent', false, 2, '2026-11-21T04:00:00+01:00'],
      ['unheard of', false, null, null],
    ],
  );
});
