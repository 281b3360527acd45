import assert from 'node:assert/strict';
import { test } from 'node:test';
import { syntheticNinAt, withControlDigits } from '../../sandbox/synthetic-nin.ts';
import {
  brokenLoans,
  card,
  customerText,
  doubledLoans,
  facility,
  incompleteLoans,
  objectText,
  pageText,
  repayment,
} from '../../test/support/broken-deliveries.ts';
import { type DeliveryRule, type Expected, customerFrom, deliveryRuleSentence } from './delivery-rules.ts';
import { DeliveryError, pageSplitter } from './page-splitter.ts';

const CREDITOR = '315739268';
const expected: Expected = {
  creditorId: CREDITOR,
  population: 'synthetic',
  from2032: false,
  kind: 'batch',
  fetchedAt: '2026-11-23T05:00:00.000Z',
};
const kinds = ['batch', 'push'] as const;
const soundLoans = [facility, repayment, card].map((loan) => objectText(loan));
const CUSTOMERS = 9;
const soundCustomers = Array.from({ length: CUSTOMERS }, (_, index) =>
  customerText(syntheticNinAt(index, 1), CREDITOR, soundLoans),
);
/** The first, a middle and the last record. */
const places = [0, 4, CUSTOMERS - 1] as const;

interface Refusal {
  readonly rule: DeliveryRule;
  readonly record?: number | undefined;
  readonly loan?: number | undefined;
}

/** Reads a page as it would be collected or pushed, in batches of about two customers: how many warnings, or what is refused. */
function readPage(page: string, kind: Expected['kind']): number | Refusal {
  const splitter = pageSplitter({ batchBytes: 1_200 });
  let record = 0;
  let warnings = 0;
  try {
    const batches = [...splitter.push(Buffer.from(page)), splitter.end().rest];
    for (const entry of batches.flat()) {
      const customer = customerFrom(entry, { ...expected, kind });
      if ('rule' in customer) return { ...customer, record };
      warnings += customer.warnings;
      record += 1;
    }
    return warnings;
  } catch (error) {
    assert.ok(error instanceof DeliveryError);
    return { rule: error.rule, record: error.record };
  }
}

const withCustomer = (place: number, text: string): string =>
  pageText('9908:315739268', soundCustomers.toSpliced(place, 1, text));

const customerAt = (place: number, loans: readonly string[], changes: Record<string, string | undefined> = {}) =>
  customerText(syntheticNinAt(place, 1), CREDITOR, loans, changes);

test('D3: a sound page is taken, as a batch and as a push', () => {
  for (const kind of kinds) assert.equal(readPage(pageText('9908:315739268', soundCustomers), kind), 0);
  const customer = customerFrom(JSON.parse(customerAt(0, [])), expected);
  assert.deepEqual(customer, { nin: syntheticNinAt(0, 1), creditorId: CREDITOR, loans: [], warnings: 0 });
});

test('D3: a loan that breaks a rule refuses the whole, at the first, a middle and the last record, in a batch and a push', () => {
  for (const { rule, text } of brokenLoans) {
    for (const kind of kinds) {
      for (const record of places) {
        for (const loan of [0, 1, 3]) {
          const page = withCustomer(record, customerAt(record, soundLoans.toSpliced(loan, 0, text)));
          assert.deepEqual(readPage(page, kind), { rule, record, loan }, `${kind} ${text}`);
        }
      }
    }
  }
});

test('D3: the second loan with an account refuses the whole, and is named', () => {
  const loans = [...soundLoans, objectText(card, { accountID: '"a-2"' })];
  for (const kind of kinds) {
    for (const record of places) {
      const refusal = readPage(withCustomer(record, customerAt(record, loans)), kind);
      assert.deepEqual(refusal, { rule: 'duplicate_account', record, loan: 3 });
    }
  }
});

test('D3: terms and charges that are missing are counted in a batch, and refuse a push', () => {
  for (const { rule, text } of incompleteLoans) {
    for (const record of places) {
      const page = withCustomer(record, customerAt(record, [...soundLoans, text]));
      assert.equal(readPage(page, 'batch'), 1);
      assert.deepEqual(readPage(page, 'push'), { rule, record, loan: 3 });
    }
  }
});

test('D3: a customer that breaks a rule refuses the whole, at the first, a middle and the last record', () => {
  const bornIn1860 = withControlDigits('010160500');
  const nins = [
    '14842249092',
    '1484224909',
    '148422490911',
    '14842 249091',
    ' 14842249091',
    '１４８４２２４９０９１',
    '',
  ];
  const broken: readonly (readonly [DeliveryRule, Record<string, string | undefined>])[] = [
    ...nins.map((nin) => ['nin_invalid', { customerID: JSON.stringify(nin) }] as const),
    ['nin_invalid', { customerID: '14842249091' }],
    ['nin_invalid', { customerID: '1.4842249091e10' }],
    ['nin_invalid', { customerID: 'null' }],
    ['nin_invalid', { customerID: undefined }],
    ['nin_of_another_population', { customerID: JSON.stringify(bornIn1860) }],
    ['another_institution', { financialInstitutionID: '"318465711"' }],
    ['another_institution', { financialInstitutionID: '315739268' }],
    ['another_institution', { financialInstitutionID: '["315739268"]' }],
    ['another_institution', { financialInstitutionID: undefined }],
    ['loans_missing', { loans: 'null' }],
    ['loans_missing', { loans: '{}' }],
    ['loans_missing', { loans: '""' }],
    ['loans_missing', { loans: undefined }],
  ];
  for (const kind of kinds) {
    for (const record of places) {
      for (const [rule, changes] of broken) {
        const page = withCustomer(record, customerAt(record, soundLoans, changes));
        assert.deepEqual(readPage(page, kind), { rule, record }, `${rule} ${JSON.stringify(changes)}`);
      }
      for (const text of ['null', '7', '"x"', '[]', `[${customerAt(record, soundLoans)}]`]) {
        assert.deepEqual(readPage(withCustomer(record, text), kind), { rule: 'not_an_object', record }, text);
      }
    }
  }
});

test('D3: a key that comes twice refuses the whole, whichever object it is in', () => {
  for (const record of places) {
    for (const loan of doubledLoans) {
      const page = withCustomer(record, customerAt(record, [...soundLoans, loan]));
      assert.deepEqual(readPage(page, 'batch'), { rule: 'duplicate_key', record }, loan);
    }
    const nin = JSON.stringify(syntheticNinAt(record, 1));
    for (const members of [`"customerID":${nin}`, `"customer\\u0049D":${nin}`, '"loans":[]', '"x":{"a":1,"a":1}']) {
      const customer = customerAt(record, soundLoans).replace(/\}$/, `,${members}}`);
      assert.deepEqual(readPage(withCustomer(record, customer), 'push'), { rule: 'duplicate_key', record }, members);
    }
  }
});

test('D3: whoever delivers for several institutions may name each of them, and no other', () => {
  const creditorId = new Set([CREDITOR, '318465711']);
  for (const [id, taken] of [
    [CREDITOR, true],
    ['318465711', true],
    ['314159265', false],
    ['', false],
  ] as const) {
    const customer = customerFrom(JSON.parse(customerText(syntheticNinAt(0, 1), id, soundLoans)), {
      ...expected,
      creditorId,
    });
    assert.equal('nin' in customer && customer.creditorId === id, taken, id);
  }
});

test('G6: production takes no synthetic customers', () => {
  const customer: unknown = JSON.parse(customerAt(0, soundLoans));
  assert.deepEqual(customerFrom(customer, { ...expected, population: 'real' }), { rule: 'nin_of_another_population' });
});

test('E1: each rule has a sentence, and none is another one', () => {
  const rules: readonly DeliveryRule[] = ['not_utf8', 'another_customer', ...brokenLoans.map(({ rule }) => rule)];
  const sentences = [...new Set(rules)].map((rule) => deliveryRuleSentence(rule));
  assert.equal(new Set(sentences).size, sentences.length);
});
