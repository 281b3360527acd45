import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RegisteredCreditor } from './creditor.ts';
import { planRegistration, type RegistrationInput, type RegistrationPlan } from './registration.ts';

const open = { open: true };
const whole: RegistrationInput = {
  number: '310472654',
  name: 'Bekkelauv Sparekreditt',
  provider: '9908:318465711',
  baseUrl: 'https://data.tunet.example/bekkelauv/',
  contactEmail: 'gjeld@bekkelauv.example',
  contactPhone: '+47 00 00 00 09',
};
const existing: RegisteredCreditor = {
  id: '310472654',
  name: 'Bekkelauv Sparekreditt',
  contact: { email: 'gjeld@bekkelauv.example', phone: '+47 00 00 00 09' },
  enabled: true,
  providers: [
    {
      providerId: '9908:318465711',
      baseUrl: 'https://data.tunet.example/bekkelauv',
      organisations: ['318465711'],
      clientCertificate: null,
      enabled: true,
      deliveredAt: null,
    },
  ],
};

function planned(input: RegistrationInput, before?: RegisteredCreditor): RegistrationPlan {
  const plan = planRegistration(input, before, open);
  assert.ok('creditor' in plan, JSON.stringify(plan));
  return plan;
}

function problems(input: RegistrationInput, before?: RegisteredCreditor): readonly string[] {
  const plan = planRegistration(input, before, open);
  assert.ok(!('creditor' in plan));
  return plan.map(({ field, what }) => `${field} ${what}`);
}

test('D3: a new creditor is registered with its provider, whose certificates may deliver unless others are named', () => {
  const { creditor, changes, nameToLookUp } = planned(whole);
  assert.deepEqual(creditor, existing);
  assert.equal(nameToLookUp, 'data.tunet.example');
  assert.deepEqual(
    changes.map(({ field, before }) => [field, before]),
    [
      ['name', null],
      ['contactEmail', null],
      ['contactPhone', null],
      ['baseUrl', null],
      ['organisations', null],
    ],
  );
  const named = planned({ ...whole, organisations: ['319290834', ' 310472654 ', '319290834'] });
  assert.deepEqual(named.creditor.providers[0].organisations, ['310472654', '319290834']);
  assert.deepEqual(planned({ ...whole, organisations: [''] }).creditor.providers[0].organisations, []);
});

test('D3: both prefixes of the Norwegian register name the same provider', () => {
  assert.equal(planned({ ...whole, provider: '0192:318465711' }).creditor.providers[0].providerId, '9908:318465711');
  assert.deepEqual(planned({ ...whole, provider: '0192:318465711' }, existing).changes, []);
  const [provider] = existing.providers;
  assert.ok(provider !== undefined);
  const byHand = { ...existing, providers: [{ ...provider, providerId: '0192:318465711' }] };
  const again = planned(whole, byHand);
  assert.deepEqual([again.changes, again.creditor.providers[0].providerId], [[], '0192:318465711']);
});

test('D3: a creditor that is registered again keeps what nothing was said of, and is told what changed', () => {
  assert.deepEqual(planned({ number: '310472654' }, existing).changes, []);
  assert.equal(planned({ number: '310472654' }, existing).nameToLookUp, undefined);
  const { creditor, changes } = planned({ number: '310472654', name: 'Bekkelauv Bank', contactPhone: '' }, existing);
  assert.deepEqual(changes, [
    { field: 'name', before: 'Bekkelauv Sparekreditt', after: 'Bekkelauv Bank' },
    { field: 'contactPhone', before: '+47 00 00 00 09', after: null },
  ]);
  assert.deepEqual(creditor.contact, { email: 'gjeld@bekkelauv.example', phone: null });
  const off = planned({ number: '310472654', name: 'Bekkelauv Bank' }, { ...existing, enabled: false });
  assert.equal(off.creditor.enabled, false);
});

test('D3: while a portfolio moves a creditor has two providers, and then it must be said which one is meant', () => {
  assert.deepEqual(problems({ number: '310472654', provider: '9908:319290834' }, existing), [
    'baseUrl is missing: 9908:319290834 is new here, and needs one',
  ]);
  const moving = planned(
    { number: '310472654', provider: '9908:319290834', baseUrl: 'https://dataloftet.example' },
    existing,
  );
  assert.deepEqual(
    moving.changes.map(({ field, provider }) => [field, provider]),
    [
      ['baseUrl', '9908:319290834'],
      ['organisations', '9908:319290834'],
    ],
  );
  const both = { ...existing, providers: [...existing.providers, ...moving.creditor.providers] };
  assert.deepEqual(problems({ number: '310472654', baseUrl: 'https://elsewhere.example' }, both), [
    'provider is missing: this creditor has more than one, so say which',
  ]);
});

test('D3: all that is wrong with a registration is told at once, a line for each', () => {
  assert.deepEqual(problems({ number: '310472655' }), [
    'number is no Norwegian organisation number: 9 digits, of which the last one fits the others',
    'name is missing: a new creditor needs it',
    'provider is missing: a new creditor needs it',
    'baseUrl is missing: a new creditor needs it',
  ]);
  const wrong = problems({
    number: '999888777',
    name: '\u001B[31mred',
    provider: '9908:999888777',
    baseUrl: 'http://10.0.0.1',
    contactEmail: 'nobody',
    contactPhone: 'ring us',
    organisations: ['310472654', '123'],
  });
  assert.deepEqual(
    wrong.map((line) => line.split(' ', 1)[0]),
    ['number', 'name', 'provider', 'baseUrl', 'contactEmail', 'contactPhone', 'organisations'],
  );
});

test('D3: each field is held to its form', () => {
  const refused: readonly (readonly [keyof RegistrationInput, string])[] = [
    ['name', ' '],
    ['name', 'x'.repeat(201)],
    ['name', 'two\nlines'],
    ['provider', '318465711'],
    ['provider', '9909:318465711'],
    ['provider', '9908:318465712'],
    ['provider', '9908:318465711 '.repeat(2)],
    ['contactEmail', 'a@b'],
    ['contactEmail', 'a b@bank.example'],
    ['contactEmail', `${'a'.repeat(250)}@bank.example`],
    ['contactPhone', '22'],
    ['contactPhone', '+'.repeat(9)],
    ['contactPhone', '+47 22 00 00 00 ext. 3'],
    ['clientCertificate', '../samtykke'],
    ['clientCertificate', 'Second'],
    ['clientCertificate', 'a.b'],
    ['clientCertificate', 'a\nb'],
    ['clientCertificate', 'x'.repeat(41)],
  ];
  for (const [field, text] of refused) {
    const [line = '', ...more] = problems({ ...whole, [field]: text });
    assert.deepEqual(more, [], `${field} ${text}`);
    assert.ok(line.startsWith(`${field} is`) || line.startsWith(`${field} has`), line);
  }
  for (const phone of ['02800', '+47 22 00 00 00', '(0047) 22-00-00-00']) {
    assert.equal(planned({ ...whole, contactPhone: phone }).creditor.contact.phone, phone);
  }
});

test('D3: a creditor is called with the usual certificate, or with one that is named, until that is taken back', () => {
  const one = planned({ number: '310472654', clientCertificate: 'second-2027' }, existing);
  assert.equal(one.certificateToRead, 'second-2027');
  assert.deepEqual(one.changes, [
    { field: 'clientCertificate', provider: '9908:318465711', before: null, after: 'second-2027' },
  ]);
  const { creditor } = one;
  const kept = planned({ number: '310472654', name: 'Bekkelauv Bank' }, creditor);
  assert.deepEqual([kept.creditor.providers[0].clientCertificate, kept.certificateToRead], ['second-2027', undefined]);
  for (const word of ['', ' ', 'default']) {
    const back = planned({ number: '310472654', clientCertificate: word }, creditor);
    assert.deepEqual([back.creditor.providers[0].clientCertificate, back.certificateToRead], [null, undefined]);
    assert.deepEqual(
      back.changes.map(({ field, before, after }) => [field, before, after]),
      [['clientCertificate', 'second-2027', null]],
    );
    assert.deepEqual(planned({ ...whole, clientCertificate: word }).creditor, existing);
  }
  const moved = planned(
    { number: '310472654', provider: '9908:319290834', baseUrl: 'https://dataloftet.example' },
    creditor,
  );
  assert.equal(moved.creditor.providers[0].clientCertificate, null, 'another provider knows us by the usual one');
});
