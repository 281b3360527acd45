import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Nin } from '../person/nin.ts';
import { bornText, identityFrom, type Identity } from './identity.ts';

const wanted = {
  levels: ['idporten-loa-substantial', 'idporten-loa-high'],
  ninClaim: 'pid',
  population: 'synthetic',
  from2032: false,
} as const;
const claims = { pid: '14842249091', acr: 'idporten-loa-high' };

function identity(more: Record<string, unknown>): Identity {
  const found = identityFrom({ ...claims, ...more }, wanted);
  assert.ok(typeof found !== 'string', String(found));
  return found;
}

test('A9: a level of login that is good enough is one of those named, and no other', () => {
  assert.equal(identity({}).level, 'idporten-loa-high');
  assert.equal(identity({ acr: 'idporten-loa-substantial' }).level, 'idporten-loa-substantial');
  for (const acr of [
    'idporten-loa-low',
    'IDPORTEN-LOA-HIGH',
    'idporten-loa-highest',
    '',
    undefined,
    null,
    4,
    ['idporten-loa-high'],
  ])
    assert.equal(identityFrom({ ...claims, acr }, wanted), 'level_too_low', String(acr));
  const any = identityFrom({ pid: claims.pid }, { ...wanted, levels: [] });
  assert.equal(typeof any === 'string' ? any : any.level, '');
});

test('A9, G6: the personal number must be there, valid, and of this installation’s population', () => {
  assert.ok(identity({}).nin.equals(Nin.fromStored('14842249091')));
  for (const pid of [undefined, null, '']) assert.equal(identityFrom({ ...claims, pid }, wanted), 'number_missing');
  for (const pid of ['14842249090', '1484224909', 14842249091, ['14842249091'], {}, 'abc'])
    assert.equal(identityFrom({ ...claims, pid }, wanted), 'number_refused', JSON.stringify(pid));
  assert.equal(identityFrom(claims, { ...wanted, population: 'real' }), 'number_refused');
  const elsewhere = identityFrom(
    { acr: claims.acr, 'https://x/nin': claims.pid },
    { ...wanted, ninClaim: 'https://x/nin' },
  );
  assert.notEqual(typeof elsewhere, 'string');
});

test('A9: name and date of birth are for show: they are taken as they should be, or left out', () => {
  const told = identity({ name: ' Nøktern\u0000 Multebær ', birthdate: '1984-11-02', sid: 's1' });
  assert.deepEqual([told.name, told.birthDate, told.issuerSession], ['Nøktern Multebær', '1984-11-02', 's1']);
  for (const name of ['', '  ', 4, 'x'.repeat(201), { given: 'x' }]) assert.equal(identity({ name }).name, null);
  for (const birthdate of ['1984', '0000-11-02', '1984-13-02', '1984-02-30', '1984-11-2', 'yesterday', 19841102])
    assert.equal(identity({ birthdate }).birthDate, null, String(birthdate));
});

test('A9: born is the date that was told, or what the number tells, which is no century', () => {
  const born = (digits: string, date: string | null = null) => bornText(Nin.fromStored(digits), date);
  assert.equal(born('14842249091', '1984-11-02'), '02.11.1984');
  assert.equal(born('14842249091'), '14.04.22');
  assert.equal(born('48918391250'), '08.11.83', 'a D-number');
  assert.equal(born('29868099311'), '29.06.80');
  // Tenor's other way: 40 added to the month; and the last days and months that there are.
  assert.equal(born('31525012345'), '31.12.50');
  assert.equal(born('71925012345'), '31.12.50');
});
