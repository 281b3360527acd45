import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent } from 'undici';
import { debtScopeOf } from '../../src/clients/audience.ts';
import { lastSequenceNr, readEvents, sealEvents, type ConsentEvent } from '../../src/consent/event-log.ts';
import { announceExpired } from '../../src/consent/expire.ts';
import { newId } from '../../src/platform/ids.ts';
import { openBarePlatform, standingAt, type BarePlatform } from '../support/bare-platform.ts';
import { withClient } from '../support/database.ts';
import { bearer, clientOf, startWorld, tokenFor, type Json, type World } from '../support/world.ts';
import { designs } from './feed-designs.ts';
import { sized } from '../support/thorough.ts';

const WRITERS = 6;
const SECONDS = sized(3, 6);
const { id: clientId } = clientOf(1);
const changes = designs['seal after commit'];

let world: World;
let elsewhere: BarePlatform;
before(async () => {
  world = await startWorld();
  await world.app.listen({ port: 0, host: '127.0.0.1' });
  elsewhere = await openBarePlatform(world.database);
  await withClient(world.database.ownerUrl, (owner) => changes.setUp(owner));
  // So many that a snapshot is more than one portion from the first.
  await world.inspect(
    `with made as (
       insert into consent (id, client_id, person_id, purpose, single_use, duration_days, external_id, created_at, expires_at)
       select id, $1, (select id from person limit 1), 'processing', false, 1, id, now(), now() + interval '1 day'
       from (select gen_random_uuid() as id from generate_series(1, 2500)) as new returning *
     )
     insert into feed_pending (client_id, event_id, consent_id, type, occurred_at, purpose, external_id)
     select client_id, gen_random_uuid(), id, 'created', created_at, purpose, external_id from made`,
    [clientId],
  );
});
after(async () => {
  await elsewhere.close();
  await world.close();
});

const run = { writing: true, written: 0 };
const active: string[] = [];

/** Creates and revokes consents, also both in one transaction; pauses before it commits, so that others overtake it, or rolls back. */
async function write(): Promise<void> {
  await withClient(world.database.servingUrl, async (writer) => {
    while (run.writing) {
      const old = randomInt(2) === 0 ? active.splice(randomInt(active.length + 1), 1)[0] : undefined;
      const consentId = old ?? newId();
      const isShort = randomInt(8) === 0;
      await writer.query('begin');
      const change = () => ({ clientId, consentId, eventId: newId() });
      if (old === undefined) await changes.created(writer, change());
      // Those that have expired meanwhile are not revoked any more.
      if (old !== undefined || isShort)
        await changes
          .archived(writer, change())
          .catch((error: Error) => assert.match(error.message, /^no consent was/));
      if (randomInt(4) === 0) await sleep(randomInt(0, 60));
      const isKept = randomInt(10) > 0;
      await writer.query(isKept ? 'commit' : 'rollback');
      if (isKept) run.written += 1;
      const isActive = old === undefined ? isKept && !isShort : !isKept;
      if (isActive) active.push(consentId);
    }
  });
}

/** Others give numbers all the time, and once half of what there is expires: a thousand events of one transaction. */
async function workInBackground(): Promise<void> {
  const { platform } = elsewhere;
  let rounds = 0;
  while (run.writing) {
    await sealEvents(platform.db, randomInt(2) === 0 ? clientId : null, new Date());
    await sleep(randomInt(0, 80));
    rounds += 1;
    if (rounds !== 20) continue;
    active.splice(0);
    await announceExpired(standingAt(platform, new Date(Date.now() + 2 * 86_400_000)));
  }
}

interface Snapshot {
  readonly asOf: number;
  readonly consents: readonly Json[];
}

/** Takes one snapshot after another, and reads some of them slowly. */
async function takeSnapshots(token: string): Promise<readonly Snapshot[]> {
  const origin = `http://127.0.0.1:${(world.app.server.address() as AddressInfo).port}`;
  const agent = new Agent({ connections: 1 });
  const taken: Snapshot[] = [];
  // The last one when everything has been written.
  for (let isLast = false; !isLast;) {
    isLast = !run.writing;
    const path = '/feed/v1/consent/snapshot';
    const { statusCode, body } = await agent.request({ origin, path, method: 'GET', headers: bearer(token) });
    const pause = randomInt(3) === 0 ? 20 : 0;
    let text = '';
    for await (const piece of body.setEncoding('utf8')) {
      text += String(piece);
      if (pause > 0) await sleep(pause);
    }
    assert.equal(statusCode, 200, text);
    const [begin, ...consents] = text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    assert.deepEqual(consents.pop(), { complete: true, count: consents.length });
    taken.push({ asOf: begin.asOfSequenceNr, consents });
    await sleep(randomInt(0, 100));
  }
  await agent.destroy();
  return taken;
}

/** What a client knows that has been told these events and no others. */
class Replay {
  readonly consents = new Map<string, Json>();
  #at = 0;

  upTo(number: number, events: readonly ConsentEvent[]): this {
    for (; (events[this.#at]?.sequenceNr ?? Infinity) <= number; this.#at += 1) {
      const event = events[this.#at];
      if (event !== undefined) this.#apply(event);
    }
    return this;
  }

  #apply(event: ConsentEvent): void {
    const { consentId } = event;
    if (event.type === 'created') {
      assert.ok(!this.consents.has(consentId), 'created once');
      this.consents.set(consentId, {
        consentId,
        externalConsentId: event.externalId,
        scope: debtScopeOf(event.purpose),
        active: true,
        createdAt: event.occurredAt.toISOString(),
        archivedAt: null,
        reason: null,
      });
      return;
    }
    const consent = this.consents.get(consentId);
    assert.ok(consent?.active, 'archived once, after it was created');
    const archivedAt = event.occurredAt.toISOString();
    this.consents.set(consentId, { ...consent, active: false, archivedAt, reason: event.reason });
  }
}

/** One line for each consent, in an order of its own; the expiry, which no event tells, left out. */
const linesOf = (consents: Iterable<Json>): readonly string[] =>
  [...consents]
    .map((it) =>
      [it.consentId, it.externalConsentId, it.scope, it.active, it.createdAt, it.archivedAt, it.reason].join(' '),
    )
    .sort();

test('F2: each snapshot is what all events up to its number say and no later one, while consents are made, ended, overtaken and numbered; with the events after it, it is what is true at last', async (t) => {
  const token = await tokenFor(world, 'events');
  const working = Promise.all([...Array.from({ length: WRITERS }, write), workInBackground()]);
  const taking = [takeSnapshots(token), takeSnapshots(token)];
  for (const task of [working, ...taking]) task.catch(() => (run.writing = false));
  for (let tenths = 0; run.writing && tenths < SECONDS * 10; tenths += 1) await sleep(100);
  run.writing = false;
  await working;
  const snapshots = (await Promise.all(taking)).flat().toSorted((a, b) => a.asOf - b.asOf);

  const { db } = elsewhere.platform;
  const now = new Date();
  const last = await lastSequenceNr(db, clientId, now);
  const asked = { clientId, from: 2, limit: 10_000_000, now, readableSince: new Date(now.getTime() - 86_400_000) };
  const events = await readEvents(db, asked);
  const replay = new Replay();
  for (const { asOf, consents } of snapshots) {
    assert.deepEqual(linesOf(consents), linesOf(replay.upTo(asOf, events).consents.values()), `as of ${asOf}`);
  }
  // What was true at last: also what the last snapshot says.
  replay.upTo(last, events);
  const rows = await world.inspect('select id, archived_reason from consent where client_id = $1', [clientId]);
  assert.deepEqual(
    new Map(rows.map((row) => [row.id, row.archived_reason])),
    new Map([...replay.consents.values()].map((consent) => [consent.consentId, consent.reason])),
  );
  assert.equal(snapshots.at(-1)?.asOf, last);

  const numbers = new Set(snapshots.map(({ asOf }) => asOf));
  t.diagnostic(
    `${snapshots.length} snapshots as of ${numbers.size} numbers, ${run.written} changes, ${rows.length} consents`,
  );
  assert.ok(numbers.size >= 4, `snapshots as of ${numbers.size} numbers`);
  assert.ok(run.written >= 100, `${run.written} changes`);
});
