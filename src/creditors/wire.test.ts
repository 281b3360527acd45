import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  brokenLoans,
  card,
  customerText,
  doubledLoans,
  facility,
  incompleteLoans,
  objectText,
  repayment,
} from '../../test/support/broken-deliveries.ts';
import { loansFromAnswer } from './wire.ts';

const asked = { customerId: '14842249091', creditorId: '315739268', fetchedAt: '2026-11-23T05:00:00.000Z' };
const [soundFacility, soundRepayment, soundCard] = [facility, repayment, card].map((loan) => objectText(loan));
const sound = [String(soundFacility), String(soundRepayment), String(soundCard)];
const answer = (loans: readonly string[], changes: Readonly<Record<string, string | undefined>> = {}): string =>
  customerText(asked.customerId, asked.creditorId, loans, changes);
const readText = (text: string) => loansFromAnswer(Buffer.from(text), asked);
const read = (...loans: readonly string[]) => readText(answer(loans));

test('D3: a right answer is read whole; what may be missing becomes null or the time of the call', () => {
  const without = { timestamp: undefined, installmentCharges: undefined, installmentChargePeriod: 'null' };
  const loans = read(objectText(facility, without), ...sound.slice(1));
  assert.ok(Array.isArray(loans));
  assert.deepEqual(loans, [
    {
      type: 'creditFacility',
      accountId: 'a-1',
      timestamp: asked.fetchedAt,
      coBorrower: 0,
      creditLimit: 5_000_000,
      interestBearingBalance: 100,
      nonInterestBearingBalance: 0,
      nominalInterestRate: 2_050,
      installmentCharges: null,
      installmentChargePeriod: null,
    },
    {
      type: 'repaymentLoan',
      accountId: 'a-2',
      timestamp: '2026-11-22T03:00:00.000Z',
      coBorrower: 2,
      originalBalance: 100,
      balance: 50,
      terms: 12,
      nominalInterestRate: 1_300,
      installmentCharges: 0,
      installmentChargePeriod: null,
    },
    {
      type: 'chargeCard',
      accountId: 'a-3',
      timestamp: '2026-11-22T03:00:00.000Z',
      coBorrower: 1,
      interestBearingBalance: 1,
      nonInterestBearingBalance: 2,
    },
  ]);
  assert.deepEqual(read(), []);
  for (const { text } of incompleteLoans) assert.ok(Array.isArray(read(text)), text);
});

test('D3: members that we do not know are left alone, whatever they are', () => {
  const more = {
    more: '{"a":[1.0,2e3,{"loans":7}]}',
    rate: '20.5',
    æøå: '"€ 💰 \\" \\\\ \\u00e6"',
    ['__proto__']: '{"x":1}',
  };
  const loans = readText(answer([objectText(facility, more)], more));
  assert.deepEqual(loans, read(sound[0] ?? ''));
});

test('D3: one broken rule, on whichever loan, rejects the whole answer and is told with its place', () => {
  for (const { rule, text } of brokenLoans) {
    for (const place of [0, 1, 3]) {
      assert.deepEqual(read(...sound.toSpliced(place, 0, text)), { rule, loan: place }, text);
    }
  }
  assert.deepEqual(read(...sound, objectText(card, { accountID: '"a-1"' })), { rule: 'duplicate_account', loan: 3 });
});

test('D3: of twenty loans and of two, the one whose account came before is found', () => {
  for (const count of [2, 16, 17, 20]) {
    const loans = Array.from({ length: count }, (_, index) => objectText(card, { accountID: `"n-${index}"` }));
    assert.ok(Array.isArray(read(...loans)));
    for (const earlier of [0, count - 2]) {
      const again = objectText(card, { accountID: `"n-${earlier}"` });
      assert.deepEqual(read(...loans.slice(0, -1), again), { rule: 'duplicate_account', loan: count - 1 });
    }
  }
});

test('D3: a key that comes twice in an object rejects the answer, however it is spelt and wherever it is', () => {
  for (const text of doubledLoans) assert.deepEqual(read(...sound, text), { rule: 'duplicate_key' }, text);
  const twice = answer(sound).replace(/\}$/, `,"customerID":"${asked.customerId}"}`);
  assert.deepEqual(readText(twice), { rule: 'duplicate_key' });
});

test('D3: an answer for another customer or institution, or without a list, is rejected', () => {
  for (const [changes, rule] of [
    [{ customerID: '"29868099311"' }, 'another_customer'],
    [{ customerID: asked.customerId }, 'another_customer'],
    [{ customerID: '"14842249091 "' }, 'another_customer'],
    [{ customerID: undefined }, 'another_customer'],
    [{ financialInstitutionID: '"999999999"' }, 'another_institution'],
    [{ financialInstitutionID: '315739268' }, 'another_institution'],
    [{ loans: '{}' }, 'loans_missing'],
    [{ loans: 'null' }, 'loans_missing'],
    [{ loans: undefined }, 'loans_missing'],
  ] as const) {
    assert.deepEqual(readText(answer(sound, changes)), { rule }, rule);
  }
  for (const text of ['null', '[]', '"x"', '7']) assert.deepEqual(readText(text), { rule: 'not_an_object' });
});

test('D3: an answer that is no JSON, or nested without end is rejected, and nothing is thrown', () => {
  const whole = answer(sound);
  for (let length = 0; length < whole.length; length++) {
    assert.deepEqual(readText(whole.slice(0, length)), { rule: 'broken_json' });
  }
  for (const text of [`${whole}x`, `${whole}${whole}`, `\uFEFF${whole}`, `]${whole}`, whole.replace('}]', '}}')]) {
    assert.deepEqual(readText(text), { rule: 'broken_json' });
  }
  for (const [open, close] of [
    ['[', ']'],
    ['{"a":', '}'],
  ] as const) {
    const deep = `${open.repeat(100_000)}1${close.repeat(100_000)}`;
    assert.deepEqual(readText(answer(sound, { x: deep })), { rule: 'too_deep' });
  }
});

test('D3: an answer with a byte that is no UTF-8 is rejected, wherever that is; the sign that stands for such bytes is none', () => {
  const named = (name: string) => answer([objectText(facility, { accountID: `"${name}"` })]);
  const latin = Buffer.from(named('å'), 'latin1');
  assert.deepEqual(loansFromAnswer(latin, asked), { rule: 'not_utf8' });
  const whole = Buffer.from(named('a'));
  for (const bytes of [[0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xe2, 0x82]]) {
    for (let at = 0; at <= whole.length; at++) {
      const spoilt = Buffer.concat([whole.subarray(0, at), Buffer.from(bytes), whole.subarray(at)]);
      assert.deepEqual(loansFromAnswer(spoilt, asked), { rule: 'not_utf8' });
    }
  }
  assert.ok(Array.isArray(readText(named('\uFFFD'))));
});
