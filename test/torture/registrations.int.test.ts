import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { generatePersons } from '../../sandbox/people-generator.ts';
import { lastSequenceNr, readEvents } from '../../src/consent/event-log.ts';
import { registerConsent } from '../../src/consent/register.ts';
import { switchPermission } from '../../src/consent/switch-permission.ts';
import { DomainError } from '../../src/errors/domain-error.ts';
import type { Platform } from '../../src/platform/platform.ts';
import { openBarePlatform, syntheticNin, type BarePlatform } from '../support/bare-platform.ts';
import { createDatabase, withClient, type TestDatabase } from '../support/database.ts';
import { clientOf } from '../support/world.ts';

const CLIENTS = [clientOf(1).id, clientOf(2).id] as const;
const IDS = 400;
/** Each id is registered by so many at once, some of them with other data. */
const TIMES = 3;

let database: TestDatabase;
let nodes: readonly BarePlatform[];
before(async () => {
  database = await createDatabase();
  nodes = [await openBarePlatform(database), await openBarePlatform(database)];
});
after(async () => {
  for (const node of nodes) await node.close();
  await database.drop();
});

/** Far fewer than registrations: the same new person is met many times at once. */
const nins = Array.from(generatePersons({ count: 60, seed: 9 }), ({ nin }) => syntheticNin(nin));

interface Told {
  readonly clientId: string;
  readonly externalId: string;
  /** Undefined: it was refused as a conflict. */
  readonly consentId: string | undefined;
}

const seen = { unavailable: 0, notPermitted: 0 };

/** Registers until it is answered with a consent or a conflict, as a client does. */
async function insist(platform: Platform, what: { clientId: string; n: number; days: number }): Promise<Told> {
  const { clientId, n, days } = what;
  const externalId = `id-${n}`;
  const nin = nins[n % nins.length];
  assert.ok(nin !== undefined);
  for (let tries = 0; tries < 2_000; tries += 1) {
    try {
      const { id } = await registerConsent(platform, {
        clientId,
        nin,
        purpose: n % 2 === 0 ? 'processing' : 'presentation',
        duration: { kind: 'days', days },
        externalId,
        actor: 'client',
        traceId: 'torture',
      });
      return { clientId, externalId, consentId: id };
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
      if (error.code === 'consent_conflict') return { clientId, externalId, consentId: undefined };
      if (error.code === 'unavailable') seen.unavailable += 1;
      else if (error.code === 'purpose_not_permitted') seen.notPermitted += 1;
      else throw error;
      await sleep(randomInt(5, 30));
    }
  }
  throw new Error(`${externalId} was never registered`);
}

test('G3, C6, C9: of registrations that share commits each acknowledged one is there once, with one event and one log row, whatever is cut or switched off midway', async (t) => {
  const asked = Array.from({ length: IDS * TIMES }, (_, place) => {
    const n = Math.floor(place / TIMES);
    // Some ask for other data than the others with the same id.
    return CLIENTS.map((clientId) => ({ clientId, n, days: place % TIMES === 2 && n % 4 === 0 ? 7 : 8 }));
  }).flat();
  let next = 0;
  const told: Told[] = [];
  const workers = Array.from({ length: 100 }, async (_, worker) => {
    for (;;) {
      const what = asked[next];
      next += 1;
      const node = nodes[worker % nodes.length];
      if (what === undefined || node === undefined) return;
      told.push(await insist(node.platform, what));
    }
  });
  const ended = Promise.all(workers).then(() => undefined);
  ended.catch(() => undefined); // told where it is waited for
  const [first] = nodes;
  assert.ok(first !== undefined);
  await withClient(database.superuserUrl, async (admin) => {
    const cut = () =>
      admin.query(
        `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`,
      );
    const reached = async (part: number) => {
      while (told.length < asked.length * part) await Promise.race([sleep(2), ended]);
    };
    const off = { kind: 'client_purpose', purpose: 'presentation', clientId: CLIENTS[1] } as const;
    await reached(0.2);
    await cut();
    await reached(0.3);
    await switchPermission(first.platform, off, false);
    const { rows } = await admin.query(
      'select from consent where client_id = $1 and purpose = $2 and archived_at is null',
      [off.clientId, off.purpose],
    );
    assert.equal(rows.length, 0, 'nothing is active, and nothing becomes active, once it is switched off');
    await sleep(30);
    const later = await admin.query(
      'select from consent where client_id = $1 and purpose = $2 and archived_at is null',
      [off.clientId, off.purpose],
    );
    assert.equal(later.rows.length, 0, 'and a moment later too');
    await switchPermission(first.platform, off, true);
    await reached(0.6);
    await cut();
    await reached(0.8);
    await cut();
    await ended;

    const kept = await admin.query<{ id: string; client_id: string; external_id: string; writer: string }>(
      'select id, client_id, external_id, xmin::text as writer from consent',
    );
    const keyOf = (client: string, externalId: string) => `${client} ${externalId}`;
    const byKey = new Map(kept.rows.map((row) => [keyOf(row.client_id, row.external_id), row.id]));
    assert.equal(kept.rows.length, CLIENTS.length * IDS);
    assert.equal(byKey.size, kept.rows.length);
    for (const { clientId, externalId, consentId } of told) {
      if (consentId !== undefined) assert.equal(consentId, byKey.get(keyOf(clientId, externalId)));
    }
    const acknowledged = new Set(told.flatMap(({ consentId }) => consentId ?? []));
    assert.deepEqual(acknowledged, new Set(kept.rows.map(({ id }) => id)));
    const logged = await admin.query<{ consent_id: string }>(
      "select consent_id from audit_log where kind = 'consent_registered'",
    );
    assert.deepEqual(logged.rows.map((row) => row.consent_id).toSorted(), [...acknowledged].toSorted());
    const persons = await admin.query('select from person');
    assert.equal(persons.rows.length, nins.length);

    const conflicts = told.filter(({ consentId }) => consentId === undefined).length;
    const commits = new Set(kept.rows.map(({ writer }) => writer)).size;
    t.diagnostic(
      `${kept.rows.length} consents by at least ${commits} commits; ${conflicts} conflicts, ${seen.unavailable} times unavailable, ` +
        `${seen.notPermitted} times not permitted`,
    );
    assert.ok(commits < kept.rows.length * 0.75, `${commits} commits were not shared`);
    assert.ok(conflicts > 0);
  });
  const events = [];
  for (const clientId of CLIENTS) {
    const { platform } = first;
    const now = platform.clock.now();
    const readableSince = new Date(now.getTime() - 86_400_000);
    const last = await lastSequenceNr(platform.db, clientId, now);
    events.push(...(await readEvents(platform.db, { clientId, from: 1, limit: last, now, readableSince })));
  }
  const created = events.filter(({ type }) => type === 'created').map(({ consentId }) => consentId);
  assert.deepEqual(created.toSorted(), [...new Set(told.flatMap(({ consentId }) => consentId ?? []))].toSorted());
});
