import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { eventIds, openWebhookHouse, until, type WebhookHouse } from '../../test/support/webhook-house.ts';
import { isSignedWith } from '../../test/support/webhook-receiver.ts';
import { clientOf } from '../../test/support/world.ts';
import { refusedAddress } from '../platform/address-ranges.ts';
import { ninVault } from '../platform/crypto.ts';
import { httpClient } from '../platform/http-client.ts';
import { changeSubscription, switchWebhook } from './change-subscription.ts';
import { findSubscription } from './find.ts';
import { rotateWebhookSecret } from './rotate-secret.ts';
import { resealWebhookSecrets } from './secrets.ts';
import { unsubscribe } from './subscribe.ts';
import { sweepWebhooks } from './sweep.ts';

let house: WebhookHouse;
before(async () => {
  house = await openWebhookHouse();
});
afterEach(() => house.tidy());
after(() => house.close());

const DAY_SECONDS = 86_400;

test('F1: a secret is rotated in the midst of it all: nothing is lost, and a receiver that knows the new one only believes all that comes after', async () => {
  const to = await house.receiver();
  const { id, secret } = await house.subscribed(to);
  house.node({ byItself: true });
  to.secrets = [secret];
  to.answer = (_message, response) => setTimeout(() => response.writeHead(204).end(), 2);
  const ids = await house.happen(300);
  await house.seal();
  await until(() => to.received.length > 50);
  for (let rotation = 0; rotation < 3; rotation++) {
    const rotated = await rotateWebhookSecret(house.bare.platform, house.askerOf(), id, 3_600);
    to.secrets = [rotated.secret];
    const before = to.received.length;
    // A message that was signed before may be on its way, and is then refused, and comes again.
    await until(() => to.received.length > before + 20 || to.received.length >= ids.length);
    house.advance(3);
  }
  await until(async () => {
    house.advance(5);
    return (await house.state(id)).place === (await house.state(id)).last;
  });
  const taken = [...new Set(eventIds(to))];
  assert.deepEqual(taken, ids);
  assert.ok(to.received.filter((message) => !isSignedWith(to.secrets[0] ?? '', message)).length < ids.length);
});

test('F1: from the moment a webhook is removed or disabled nothing more is begun, though it was being sent for', async () => {
  for (const end of [
    (id: string) => unsubscribe(house.bare.platform, house.askerOf(), id),
    (id: string) => switchWebhook(house.bare.platform, id, false),
    (id: string) => changeSubscription(house.bare.platform, house.askerOf(), id, { enabled: false }),
  ]) {
    const to = await house.receiver();
    const { id } = await house.subscribed(to);
    const deliverer = house.node();
    to.answer = (_message, response) => setTimeout(() => response.writeHead(204).end(), 5);
    await house.happen(1_000);
    await house.seal();
    const delivering = deliverer.deliverDue();
    await until(() => to.received.length > 20);
    await end(id);
    await delivering;
    const count = to.received.length;
    assert.ok(count < 300, `${count} messages, of which some were on their way`);
    await deliverer.deliverDue();
    assert.equal(to.received.length, count);
  }
});

test('F4: what has become too old to be read is told as a gap, in its place, and then it goes on with the oldest that can be read', async () => {
  const to = await house.receiver();
  const { id, place } = await house.subscribed(to);
  await changeSubscription(house.bare.platform, house.askerOf(), id, { enabled: false });
  await house.happen(4);
  await house.seal();
  house.advance(8 * DAY_SECONDS);
  const ids = await house.happen(3);
  await house.seal();
  await sweepWebhooks(house.bare.platform);
  const resting = await house.state(id);
  assert.deepEqual([resting.gap?.from, resting.gap?.to, resting.gap?.toldAt], [place + 1, place + 4, null]);
  await changeSubscription(house.bare.platform, house.askerOf(), id, { enabled: true });
  const deliverer = house.node();
  // Refused at first, it is told again before anything else.
  to.answer = (_message, response) => response.writeHead(500).end();
  await deliverer.deliverDue();
  to.answer = (_message, response) => response.writeHead(204).end();
  house.advance(60);
  await deliverer.deliverDue();
  const [refused, gap, ...events] = to.received;
  assert.deepEqual([gap?.type, gap?.id, gap?.text], ['feed.gap', refused?.id, refused?.text]);
  const { message, ...data } = gap?.data ?? {};
  assert.deepEqual(data, {
    fromSequenceNr: place + 1,
    toSequenceNr: place + 4,
    nextSequenceNr: place + 5,
    snapshot: '/feed/v1/consent/snapshot',
  });
  assert.match(message, /too old before they could be sent\. Take the snapshot/);
  assert.deepEqual(
    events.map((event) => event.data.eventId),
    ids,
  );
  const told = await house.state(id);
  assert.ok(told.gap?.toldAt instanceof Date);
  assert.equal(told.place, told.last);
  await deliverer.deliverDue();
  assert.equal(to.received.length, 5);
});

test('F4: a gap is told also when all that was missed has been dropped, and there is nothing else', async () => {
  const to = await house.receiver();
  const { id, place } = await house.subscribed(to);
  await house.happen(2);
  await house.seal();
  await house.inspect('delete from feed_event where client_id = $1 and seq > $2', [clientOf(1).id, place]);
  await house.node().deliverDue();
  assert.deepEqual(
    to.received.map(({ type, data }) => [type, data.fromSequenceNr, data.toSequenceNr]),
    [['feed.gap', place + 1, place + 2]],
  );
  assert.equal((await house.state(id)).place, place + 2);
});

test('C8: a webhook that nothing can be sent to is removed after a year, with a row in the log; the others stay', async () => {
  const to = await house.receiver();
  const [unused, used, ofDisabled] = [
    await house.subscribed(to),
    await house.subscribed(to),
    await house.subscribed(to, 2),
  ];
  await switchWebhook(house.bare.platform, unused.id, false);
  await house.inspect('update client set enabled = false where id = $1', [clientOf(2).id]);
  const find = (id: string) => findSubscription(house.bare.platform.db, id);
  house.advance(365 * DAY_SECONDS);
  await sweepWebhooks(house.bare.platform);
  assert.ok((await find(unused.id)) !== undefined && (await find(ofDisabled.id)) !== undefined);
  house.advance(2 * DAY_SECONDS);
  await sweepWebhooks(house.bare.platform);
  assert.deepEqual([await find(unused.id), await find(ofDisabled.id)], [undefined, undefined]);
  assert.ok((await find(used.id)) !== undefined);
  const rows = await house.inspect(
    "select actor from audit_log where reason = 'removed' and change ->> 'webhook' = any ($1)",
    [[unused.id, ofDisabled.id]],
  );
  assert.deepEqual(rows, [{ actor: 'clock' }, { actor: 'clock' }]);
  await house.inspect('update client set enabled = true where id = $1', [clientOf(2).id]);
});

test('R4: a redirect is not followed, whereto it leads', async () => {
  const [to, inside] = [await house.receiver(), await house.receiver()];
  const { id } = await house.subscribed(to);
  to.answer = (_message, response) => response.writeHead(308, { location: inside.url }).end();
  await house.happen(1);
  await house.seal();
  await house.node().deliverDue();
  const { lastAttempt, place } = await house.state(id);
  assert.deepEqual([lastAttempt?.outcome, lastAttempt?.status], ['refused', 308]);
  assert.equal(inside.received.length, 0);
  assert.equal(place, (await house.state(id)).last - 1);
});

test('R4: a name that has come to stand for an address of our own network is not connected to outside of a sandbox', async () => {
  const to = await house.receiver();
  const { id } = await house.subscribed(to);
  await house.inspect('update webhook_subscription set url = $2 where id = $1', [
    id,
    to.url.replace('http:', 'https:'),
  ]);
  let connections = 0;
  to.answer = () => (connections += 1);
  const http = httpClient({
    connections: 1,
    plainHttp: false,
    mutualTls: () => assert.fail('nobody is told who we are'),
    mayReach: (address) => refusedAddress(address) === undefined,
  });
  await house.happen(1);
  await house.seal();
  await house.node({ byItself: false }, { http }).deliverDue();
  assert.equal((await house.state(id)).lastAttempt?.outcome, 'not_allowed');
  assert.equal(connections, 0);
  await http.close();
});

test('E1: a secret is in no table as it is', async () => {
  const { id, secret } = await house.subscribed(await house.receiver());
  const [row] = await house.inspect('select w::text as text, secret_cipher from webhook_subscription w where id = $1', [
    id,
  ]);
  const bare = Buffer.from(secret.slice('whsec_'.length), 'base64');
  assert.ok(!row.text.includes(secret));
  assert.ok(!row.secret_cipher.includes(bare) && !row.secret_cipher.includes(Buffer.from(secret)));
});

test('E1: secrets are encrypted anew under the key in use, and messages are signed with them as before', async () => {
  const to = await house.receiver();
  const [one, two] = [await house.subscribed(to), await house.subscribed(to)];
  const rotated = await rotateWebhookSecret(house.bare.platform, house.askerOf(), two.id, 3_600);
  const { db, keys } = house.bare.platform;
  const added = { id: 'newer', secret: Buffer.alloc(32, 7) };
  const vault = ninVault({ encryption: [added, ...keys.ninEncryption], index: keys.ninIndex });
  const [before] = keys.ninEncryption;
  assert.equal(await resealWebhookSecrets({ db, vault }, before?.id ?? ''), 0, 'nothing is under another key');
  assert.equal(await resealWebhookSecrets({ db, vault }, 'newer'), 2);
  assert.equal(await resealWebhookSecrets({ db, vault }, 'newer'), 0);
  const under = await house.inspect(
    'select distinct unnest(array[secret_cipher_key, former_secret_cipher_key]) as key from webhook_subscription order by key',
  );
  assert.deepEqual(under, [{ key: 'newer' }, { key: null }]);
  await house.happen(1);
  await house.seal();
  await house.node({ byItself: false }, { vault }).deliverDue();
  assert.equal(to.received.length, 2);
  for (const secret of [one.secret, two.secret, rotated.secret]) {
    assert.ok(to.received.some((message) => isSignedWith(secret, message)));
  }
});
