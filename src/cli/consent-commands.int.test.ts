import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openBarePlatform, syntheticNin, type BarePlatform } from '../../test/support/bare-platform.ts';
import { jsonOfCommand, samtykkeHere } from '../../test/support/command-here.ts';
import { createDatabase, withClient, type TestDatabase } from '../../test/support/database.ts';
import { nodeOver } from '../../test/support/node-process.ts';
import { clientOf, type Json } from '../../test/support/world.ts';
import type { Purpose } from '../consent/consent.ts';
import { readConsent } from '../consent/find.ts';
import { registerConsent } from '../consent/register.ts';
import { useConsent } from '../consent/use.ts';

const PERSON = '14842249091';
const OTHER = '07857193886';
let database: TestDatabase;
let bare: BarePlatform;
before(async () => {
  database = await createDatabase();
  bare = await openBarePlatform(database);
});
after(async () => {
  await bare.close();
  await database.drop();
});

const run = (args: readonly string[], stdin?: string) =>
  samtykkeHere(nodeOver(database), args, stdin === undefined ? {} : { stdin });
const answer = (args: readonly string[], stdin?: string): Promise<Json> =>
  jsonOfCommand(nodeOver(database), args, stdin === undefined ? {} : { stdin });
const inspect = async (text: string, values: readonly unknown[] = []): Promise<Json[]> => {
  let rows: Json[] = [];
  await withClient(database.superuserUrl, async (superuser) => {
    rows = (await superuser.query(text, [...values])).rows;
  });
  return rows;
};

let made = 0;
async function register(how: { client?: 1 | 2; nin?: string; purpose?: Purpose; once?: true } = {}): Promise<string> {
  const consent = await registerConsent(bare.platform, {
    clientId: clientOf(how.client ?? 1).id,
    nin: syntheticNin(how.nin ?? PERSON),
    purpose: how.purpose ?? 'processing',
    duration: how.once ? { kind: 'single_use' } : { kind: 'days', days: 10 },
    externalId: how.once ? null : `own-${++made}`,
    actor: how.once ? 'person' : 'client',
    traceId: `trace-${made}`,
  });
  return consent.id;
}
const idsOf = (consents: Json[]): readonly string[] => consents.map(({ id }) => id);

test('C3: consents are listed the newest first: of a client, in a state, of a person whose number comes by standard input', async () => {
  const [mine, theirs, another, used] = [
    await register(),
    await register({ client: 2 }),
    await register({ nin: OTHER }),
    await register({ once: true }),
  ];
  const consent = await readConsent(bare.platform.db, used);
  assert.ok(consent);
  await useConsent(bare.platform, {
    consent,
    asking: { clientId: consent.clientId, purposes: ['processing'] },
    creditorsAsked: 2,
    creditorsAnswered: 2,
    traceId: 'used',
  });
  const all = await answer(['consent', 'list', '--state', 'all']);
  assert.deepEqual(idsOf(all), [used, another, theirs, mine]);
  assert.deepEqual([all[0].active, all[0].reason, all[0].uses], [false, 'used', 1]);
  assert.deepEqual(idsOf(await answer(['consent', 'list', '--state', 'used'])), [used]);
  assert.deepEqual(idsOf(await answer(['consent', 'list', '--client', clientOf(2).id])), [theirs]);
  assert.deepEqual(idsOf(await answer(['consent', 'list', '--person'], `${OTHER}\n`)), [another]);
  assert.deepEqual(await answer(['consent', 'list', '--person'], '19828891203'), []);
  const two = await run(['consent', 'list', '--state', 'all', '--limit', '2']);
  assert.deepEqual([two.code, two.stdout.trimEnd().split('\n').length], [0, 3]);
  assert.match(two.stdout, /^id +client +purpose +given \(UTC\) +until +is +uses\n/);
  assert.equal(two.stderr, 'samtykke: there are more than these: --limit takes up to 10000\n');
  for (const text of [JSON.stringify(all), two.stdout]) assert.ok(!text.includes(PERSON) && !text.includes(OTHER));
});

test('E1: a number by standard input that is none, of another population or too long is refused, and never repeated', async () => {
  for (const [stdin, message] of [
    ['', /must be 11 digits/],
    ['148422 49091', /must be 11 digits/],
    ['14842249092', /check digits/],
    ['9'.repeat(2_000_000), /too long/],
  ] as const) {
    const { code, stdout, stderr } = await run(['consent', 'list', '--person'], stdin);
    assert.deepEqual([code, stdout], [64, '']);
    assert.match(stderr, message);
    assert.ok(stdin === '' || !stderr.includes(stdin));
  }
  const { code, stderr } = await run(['consent', 'list', '--person', PERSON]);
  assert.deepEqual([code, /looks like a national identity number/.test(stderr)], [64, true]);
});

test('C6, C7: the operator revokes a consent: it ends with one event, and the log says who did it', async () => {
  const id = await register();
  const revoked = await run(['consent', 'revoke', id]);
  assert.deepEqual(revoked, { code: 0, stdout: `${id} is revoked\n`, stderr: '' });
  const again = await answer(['consent', 'revoke', id]);
  assert.deepEqual(
    [again.outcome, again.consent.active, again.consent.reason],
    ['unchanged', false, 'revoked_by_operator'],
  );
  const [{ events }] = await inspect(
    'select count(*)::int as events from feed_pending where consent_id = $1 and type = $2',
    [id, 'archived'],
  );
  assert.equal(events, 1);
  const shown = await answer(['consent', 'show', id]);
  assert.deepEqual(
    shown.log.map((entry: Json) => [entry.kind, entry.actor, entry.reason]),
    [
      ['consent_archived', 'operator', 'revoked_by_operator'],
      ['consent_registered', 'client', null],
    ],
  );
  assert.match(shown.log[0].doneBy, /^[\w.-]+@[\w.-]+$/);
  assert.equal(shown.shown, null);
  const page = await run(['consent', 'show', id]);
  assert.match(page.stdout, new RegExp(`^${id}\\nclient +Sparekompis AS \\(${clientOf(1).id}\\)\\n`));
  assert.match(page.stdout, /^is +revoked by operator, 20\d\d-/m);
  assert.match(page.stdout, /consent_archived: revoked_by_operator +operator \(\S+@\S+\)/);
});

test('C1: what has ended in another way cannot be revoked; what is not there is told', async () => {
  const id = await register();
  await inspect(
    "update consent set created_at = created_at - interval '20 days', expires_at = expires_at - interval '20 days' where id = $1",
    [id],
  );
  const expired = await run(['consent', 'revoke', id]);
  assert.deepEqual([expired.code, expired.stdout], [1, '']);
  assert.match(expired.stderr, /^samtykke: Consent expired at/);
  assert.ok(idsOf(await answer(['consent', 'list', '--state', 'expired'])).includes(id));
  assert.ok(!idsOf(await answer(['consent', 'list'])).includes(id));
  for (const word of ['show', 'revoke']) {
    for (const unknown of ['nonsense', '019ab01e-2f3c-7d40-9c1a-5b7e2f0a4c11']) {
      const { code, stderr } = await run(['consent', word, unknown]);
      assert.deepEqual([code, stderr], [1, `samtykke: there is no consent '${unknown}'\n`]);
    }
  }
  const client = await run(['consent', 'list', '--client', 'nobody']);
  assert.deepEqual([client.code, client.stdout], [1, '']);
});

test('R3: a misspelt state, limit or flag of these commands is told with what is right', async () => {
  for (const [args, message] of [
    [['consent', 'list', '--state', 'expird'], /Allowed choices are all, active, ended, used, expired/],
    [['consent', 'list', '--limit', '0'], /--limit is '0': write a whole number from 1 to 10000/],
    [['consent', 'list', '--limit', 'x'], /--limit is 'x'/],
    [['consent', 'list', '--persons'], /Did you mean --person\?/],
    [['consent', 'revok', 'x'], /Did you mean revoke\?/],
    [['purpose', 'of', 'processing'], /Did you mean one of off, on\?/],
    [['purpose', 'off', 'procesing'], /Allowed choices are presentation, processing, consent/],
    [['purpose', 'off'], /missing required argument 'purpose'/],
    [['purpose', 'off', 'processing', '--dryrun'], /Did you mean --dry-run\?/],
    [['purpose', 'off', 'consent', '--client', clientOf(1).id], /'consent' is for all/],
  ] as const) {
    const { code, stdout, stderr } = await run(args);
    assert.deepEqual([code, stdout], [64, ''], args.join(' '));
    assert.match(stderr, message);
  }
});

test('C9: a purpose of one client, of all, and consent as such are switched off and on; a dry run ends nothing', async () => {
  const [first, second] = [clientOf(1).id, clientOf(2).id];
  await answer(['purpose', 'off', 'consent']);
  await answer(['purpose', 'on', 'consent']);
  const [mine, theirs] = [await register(), await register({ client: 2, purpose: 'presentation' })];
  await register({ client: 2 });
  const state = async (id: string) => (await answer(['consent', 'show', id])).active;

  assert.equal((await answer(['purpose', 'off', 'processing', '--client', first, '--dry-run'])).wouldEnd, 1);
  assert.equal((await answer(['purpose', 'off', 'processing', '--dry-run'])).wouldEnd, 2);
  const dry = await run(['purpose', 'off', 'consent', '--dry-run']);
  assert.equal(dry.stdout, 'consent as such for all would be off: 3 consents would end\n');
  assert.deepEqual([await state(mine), await state(theirs)], [true, true]);

  const off = await run(['purpose', 'off', 'processing', '--client', first]);
  assert.deepEqual(off, { code: 0, stdout: `processing for ${first} is off: 1 consent ended\n`, stderr: '' });
  assert.deepEqual([await state(mine), await state(theirs)], [false, true]);
  const { all, clients } = await answer(['purpose', 'list']);
  assert.deepEqual(all, [
    { name: 'consent', on: true, active: 2 },
    { name: 'presentation', on: true, active: 1 },
    { name: 'processing', on: true, active: 1 },
  ]);
  const [of] = clients.filter((it: Json) => it.clientId === first && it.purpose === 'processing');
  assert.deepEqual([of.registered, of.open, of.active], [false, false, 0]);
  assert.equal((await answer(['purpose', 'off', 'processing'])).ended, 1);

  const on = await run(['purpose', 'on', 'processing', '--client', first]);
  assert.deepEqual([on.code, on.stdout], [0, `processing for ${first} is on\n`]);
  assert.match(on.stderr, /it cannot ask for it yet/);
  await run(['purpose', 'on', 'processing']);
  const list = await run(['purpose', 'list', '--client', second]);
  assert.match(
    list.stdout,
    /^for all +is +active consents\nconsent as such +on +1\npresentation +on +1\nprocessing +on +0\n\nclient /,
  );
  assert.match(list.stdout, new RegExp(`^${second} +Fjordbanken ASA +presentation +yes +1$`, 'm'));
  assert.equal(await state(await register()), true, 'and consents can be registered again');
});
