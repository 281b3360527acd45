import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  agreement,
  bearer,
  clientOf,
  newConsent,
  putAgreement,
  startWorld,
  tokenFor,
  type World,
} from '../../test/support/world.ts';
import { countCovered, switchPermission } from './switch-permission.ts';

let world: World;
let token: string;
before(async () => {
  world = await startWorld();
  token = await tokenFor(world, 'agreement');
});
after(() => world.close());

const stateOf = async (id: string) =>
  (await world.inspect('select archived_reason from consent where id = $1', [id]))[0].archived_reason;
const eventsOf = (id: string) =>
  world.inspect(
    'select type, reason from (select * from (select consent_id, type, reason, 0 as n, id from feed_pending) p union all select consent_id, type, reason, 1, seq from feed_event) e where consent_id = $1 order by n desc, id',
    [id],
  );

test('C9: a dry run counts what a switch would end, and ends nothing', async () => {
  const [mine, theirs] = [
    await newConsent(world, { token }),
    await newConsent(world, { client: 2, scope_of_consent: 'debt.unsecured.presentation' }),
  ];
  const count = (what: Parameters<typeof countCovered>[1]) => countCovered(world.platform, what);
  assert.equal(await count({ kind: 'consent' }), 2);
  assert.equal(await count({ kind: 'purpose', purpose: 'processing' }), 1);
  assert.equal(await count({ kind: 'client', clientId: clientOf(2).id }), 1);
  assert.equal(await count({ kind: 'client', clientId: clientOf(3).id }), 0);
  assert.deepEqual([await stateOf(mine), await stateOf(theirs)], [null, null]);
});

test('C9: switching a purpose off ends its consents with an event each, stops new ones, and leaves the others', async () => {
  const ended = await Promise.all(Array.from({ length: 12 }, () => newConsent(world, { token })));
  const other = await newConsent(world, { token, scope_of_consent: 'debt.unsecured.presentation' });
  const body = agreement({ client_consent_id: 'before the switch' });
  const before = await putAgreement(world, token, body);
  assert.equal(await switchPermission(world.platform, { kind: 'purpose', purpose: 'processing' }, false), 14);
  for (const id of ended) {
    assert.equal(await stateOf(id), 'revoked_by_operator');
    assert.deepEqual(await eventsOf(id), [
      { type: 'created', reason: null },
      { type: 'archived', reason: 'revoked_by_operator' },
    ]);
  }
  assert.equal(await stateOf(other), null);
  const refused = await putAgreement(world, token, agreement({ client_consent_id: 'after the switch' }));
  assert.equal(refused.status, 403);
  assert.deepEqual(
    (await putAgreement(world, token, body)).json,
    before.json,
    'G3: what was registered before is still answered',
  );
  const lookUp = await world.call({
    method: 'GET',
    url: `/v1/debt/${ended[0]}`,
    headers: bearer(await tokenFor(world, 'debt')),
  });
  assert.match(lookUp.json.error_description, /^Consent was revoked at/);
  assert.equal(
    await switchPermission(world.platform, { kind: 'purpose', purpose: 'processing' }, false),
    0,
    'again: nothing more to end',
  );

  await switchPermission(world.platform, { kind: 'purpose', purpose: 'processing' }, true);
  assert.equal((await putAgreement(world, token, agreement({ client_consent_id: 'after the switch' }))).status, 200);
  assert.equal(await stateOf(ended[0] ?? ''), 'revoked_by_operator', 'what has ended stays so');
  const log = await world.inspect(
    `select reason, purpose from audit_log where kind = 'permission_changed' order by id`,
  );
  assert.deepEqual(
    log.map((row) => [row.reason, row.purpose]),
    [
      ['switched_off', 'processing'],
      ['switched_off', 'processing'],
      ['switched_on', 'processing'],
    ],
  );
});

test('C9: switching off a client or consent as such does the same for what they cover; two switches do not undo each other', async () => {
  const clientId = clientOf(2).id;
  const theirs = await newConsent(world, { client: 2 });
  const mine = await newConsent(world, { token });
  await switchPermission(world.platform, { kind: 'client', clientId }, false);
  assert.deepEqual([await stateOf(theirs), await stateOf(mine)], ['revoked_by_operator', null]);
  await Promise.all([
    switchPermission(world.platform, { kind: 'consent' }, false),
    switchPermission(world.platform, { kind: 'client', clientId }, true),
    switchPermission(world.platform, { kind: 'purpose', purpose: 'presentation' }, false),
  ]);
  assert.equal(await stateOf(mine), 'revoked_by_operator');
  assert.deepEqual(await world.inspect('select distinct open from client_purpose'), [{ open: false }]);
  await switchPermission(world.platform, { kind: 'consent' }, true);
  assert.deepEqual(await world.inspect('select distinct purpose, open from client_purpose order by purpose'), [
    { purpose: 'presentation', open: false },
    { purpose: 'processing', open: true },
  ]);
  await switchPermission(world.platform, { kind: 'purpose', purpose: 'presentation' }, true);
  await assert.rejects(
    switchPermission(world.platform, { kind: 'client', clientId: '00000000-0000-4000-8000-000000000000' }, false),
    /not_found/,
  );
});

test('C9: registrations that race a switch are either ended by it or refused: none is left active', async () => {
  for (let round = 0; round < 15; round++) {
    const racing = Array.from({ length: 12 }, (_, at) =>
      putAgreement(world, token, agreement({ client_consent_id: `race ${round} ${at}` })),
    );
    const switched = switchPermission(world.platform, { kind: 'purpose', purpose: 'processing' }, false);
    const answers = await Promise.all(racing);
    await switched;
    assert.ok(answers.every((answer) => [200, 403].includes(answer.status)));
    const [{ left }] = await world.inspect(
      `select count(*) as left from consent where archived_at is null and purpose = 'processing'`,
    );
    assert.equal(left, 0, `round ${round}`);
    await switchPermission(world.platform, { kind: 'purpose', purpose: 'processing' }, true);
  }
});

test('C9: a switch waits for a registration that found it on and is not committed yet, and then ends it', async () => {
  await world.inspect(
    'create function test_slow() returns trigger language plpgsql as $$ begin perform pg_sleep(0.6); return new; end $$',
  );
  await world.inspect('create trigger test_slow before insert on consent for each row execute function test_slow()');
  try {
    const registering = putAgreement(world, token, agreement({ client_consent_id: 'slowly' }));
    await new Promise((resolve) => setTimeout(resolve, 250));
    const ended = await switchPermission(world.platform, { kind: 'purpose', purpose: 'processing' }, false);
    const answer = await registering;
    assert.equal(answer.status, 200);
    assert.equal(ended, 1);
    assert.equal(await stateOf(answer.json.consent.id), 'revoked_by_operator');
  } finally {
    await world.inspect('drop trigger test_slow on consent');
    await switchPermission(world.platform, { kind: 'purpose', purpose: 'processing' }, true);
  }
});
