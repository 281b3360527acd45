import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { card, facility, repayment } from '../../test/support/broken-deliveries.ts';
import { isClosed, loansFrom } from './loan-rules.ts';
import type { Loan } from './loan.ts';

const fetchedAt = '2026-11-23T05:00:00.000Z';

function only(entry: unknown): Loan {
  const read = loansFrom([entry], { fetchedAt, complete: false });
  assert.ok('loans' in read, JSON.stringify(read));
  const [loan] = read.loans;
  assert.ok(loan !== undefined);
  return loan;
}

/** The instant that a loan's timestamp is read as, or the rule that it breaks. */
function instant(timestamp: unknown): string {
  const read = loansFrom([{ ...card, timestamp }], { fetchedAt, complete: false });
  return 'rule' in read ? read.rule : (read.loans[0]?.timestamp ?? '');
}

test('D3: instants are read in every spelling of RFC 3339, and kept in UTC', () => {
  for (const [text, read] of [
    ['2026-11-22T03:00:00Z', '2026-11-22T03:00:00.000Z'],
    ['2026-11-22T03:00:00.1Z', '2026-11-22T03:00:00.100Z'],
    ['2026-11-22T03:00:00.123456789Z', '2026-11-22T03:00:00.123Z'],
    ['2026-11-22T01:00:00+02:00', '2026-11-21T23:00:00.000Z'],
    ['2024-02-29T23:59:59.999Z', '2024-02-29T23:59:59.999Z'],
    ['2000-02-29T00:00:00.000Z', '2000-02-29T00:00:00.000Z'],
    [undefined, fetchedAt],
    [null, fetchedAt],
  ]) {
    assert.equal(instant(text), read);
  }
  for (const text of ['1900-02-29T00:00:00.000Z', '2026-04-31T00:00:00.000Z', '2026-00-01T00:00:00.000Z', '']) {
    assert.equal(instant(text), 'timestamp_invalid', text);
  }
});

test('D3: of texts that look like instants, those are taken that the platform knows as such, unchanged', () => {
  const part = (most: number, width: number) => fc.nat(most).map((value) => String(value).padStart(width, '0'));
  const mark = fc.constantFrom('-', '-', '-', '-', '-', '-', ':', 'T', '.', 'Z', ' ', '0');
  fc.assert(
    fc.property(
      fc.tuple(fc.integer({ min: 990, max: 2100 }), part(13, 2), part(32, 2), part(25, 2), part(61, 2), part(61, 2)),
      part(999, 3),
      fc.option(fc.tuple(fc.nat(23), mark), { freq: 3 }),
      ([year, month, day, hour, minute, second], milliseconds, damage) => {
        const date = `${String(year).padStart(4, '0')}-${month}-${day}`;
        let text = `${date}T${hour}:${minute}:${second}.${milliseconds}Z`;
        if (damage) text = text.slice(0, damage[0]) + damage[1] + text.slice(damage[0] + 1);
        const time = Date.parse(text);
        const known = !Number.isNaN(time) && new Date(time).toISOString() === text && year >= 1000;
        if (known && !text.startsWith('0')) assert.equal(instant(text), text);
        else if (!text.includes('T24:00:00.000')) assert.equal(instant(text), 'timestamp_invalid', text);
      },
    ),
    { numRuns: 5_000 },
  );
});

test('D3: amounts are whole numbers from 0 to 2^53 - 1, rates and terms to 2^31 - 1', () => {
  for (const amount of [0, 1, 2 ** 31, Number.MAX_SAFE_INTEGER]) {
    assert.ok(only({ ...facility, creditLimit: amount, installmentCharges: amount }));
  }
  assert.ok(only({ ...repayment, terms: 2 ** 31 - 1, nominalInterestRate: 2 ** 31 - 1 }));
});

test('D3: what is missing is counted in a batch and refused in a push', () => {
  const bare = { ...repayment, terms: undefined, installmentCharges: null };
  const entries = [{ ...facility, installmentCharges: undefined }, card, bare];
  const read = loansFrom(entries, { fetchedAt, complete: false });
  assert.ok('warnings' in read);
  assert.equal(read.warnings, 3);
  const refused = loansFrom(entries.toReversed(), { fetchedAt, complete: true });
  assert.deepEqual(refused, { rule: 'terms_missing', loan: 0 });
});

test('D3: a loan is closed when all its amounts are 0, and open when one is not', () => {
  const zero = {
    creditFacility: {
      ...facility,
      creditLimit: 0,
      interestBearingBalance: 0,
      nonInterestBearingBalance: 0,
      installmentCharges: 0,
    },
    repaymentLoan: { ...repayment, originalBalance: 0, balance: 0, installmentCharges: 0 },
    chargeCard: { ...card, interestBearingBalance: 0, nonInterestBearingBalance: 0 },
  };
  const amounts = {
    creditFacility: ['creditLimit', 'interestBearingBalance', 'nonInterestBearingBalance', 'installmentCharges'],
    repaymentLoan: ['originalBalance', 'balance', 'installmentCharges'],
    chargeCard: ['interestBearingBalance', 'nonInterestBearingBalance'],
  };
  for (const type of ['creditFacility', 'repaymentLoan', 'chargeCard'] as const) {
    assert.equal(isClosed(only(zero[type])), true, type);
    for (const name of amounts[type]) assert.equal(isClosed(only({ ...zero[type], [name]: 1 })), false, name);
  }
  assert.equal(isClosed(only({ ...zero.repaymentLoan, terms: 7, installmentCharges: undefined })), true);
});
