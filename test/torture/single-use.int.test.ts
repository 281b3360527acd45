import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Asking, Consent } from '../../src/consent/consent.ts';
import { readConsent } from '../../src/consent/find.ts';
import { registerConsent } from '../../src/consent/register.ts';
import { useConsent } from '../../src/consent/use.ts';
import { DomainError } from '../../src/errors/domain-error.ts';
import type { Platform } from '../../src/platform/platform.ts';
import { openBarePlatform, syntheticNin, type BarePlatform } from '../support/bare-platform.ts';
import { createDatabase, withClient, type TestDatabase } from '../support/database.ts';
import { nodeOver, startNode, type NodeProcess } from '../support/node-process.ts';
import { bearer, clientOf, tokenFor } from '../support/world.ts';
import { sized } from '../support/thorough.ts';

const AT_ONCE = 50;
const { id: clientId } = clientOf(1);
const asking: Asking = { clientId, purposes: ['presentation', 'processing'] };

let database: TestDatabase;
let platforms: readonly [BarePlatform, BarePlatform];
before(async () => {
  database = await createDatabase();
  platforms = [await openBarePlatform(database, { poolSize: 25 }), await openBarePlatform(database, { poolSize: 25 })];
});
after(async () => {
  for (const platform of platforms) await platform.close();
  await database.drop();
});

/** A consent for one use: such ones come from the consent screen only, not from agreements. */
const singleUseConsent = (platform: Platform, nin: string): Promise<Consent> =>
  registerConsent(platform, {
    clientId,
    nin: syntheticNin(nin),
    purpose: 'presentation',
    duration: { kind: 'single_use' },
    externalId: null,
    actor: 'person',
    traceId: 'torture',
  });

interface Traces {
  readonly consent_id: string;
  readonly disclosed: number;
  readonly archived: number;
  readonly used: number;
  readonly active: number;
}

/** What the database knows of consents: log rows, events that end it, those that say it was used, and its state. */
async function tracesOf(consents: readonly string[]): Promise<readonly Traces[]> {
  let traces: readonly Traces[] = [];
  await withClient(database.ownerUrl, async (owner) => {
    const { rows } = await owner.query(
      `with event as (
         select consent_id, type, reason from feed_event union all select consent_id, type, reason from feed_pending
       )
       select id as consent_id,
         (select count(*)::int from audit_log a where a.consent_id = c.id and kind = 'debt_disclosed') as disclosed,
         (select count(*)::int from event e where e.consent_id = c.id and type = 'archived') as archived,
         (select count(*)::int from event e where e.consent_id = c.id and type = 'archived' and reason = 'used') as used,
         (select count(*)::int where archived_reason is null) as active
       from consent c where id = any ($1) order by created_at, id`,
      [consents],
    );
    traces = rows as Traces[];
  });
  return traces;
}

const usedOnce = (consents: readonly string[]) =>
  new Map(consents.map((consent_id) => [consent_id, { consent_id, disclosed: 1, archived: 1, used: 1, active: 0 }]));

async function assertUsedOnce(consents: readonly string[]): Promise<void> {
  const traces = await tracesOf(consents);
  assert.deepEqual(new Map(traces.map((trace) => [trace.consent_id, trace])), usedOnce(consents));
}

test('C4: of fifty simultaneous uses of a single-use consent on two nodes exactly one succeeds, round after round', async () => {
  const consents: string[] = [];
  for (let round = 0; round < sized(50, 200); round += 1) {
    const consent = await singleUseConsent(platforms[0].platform, '07857193886');
    consents.push(consent.id);
    const outcomes = await Promise.allSettled(
      Array.from({ length: AT_ONCE }, (_, n) =>
        useConsent((platforms[n % 2] ?? platforms[0]).platform, {
          consent,
          asking,
          creditorsAsked: 0,
          creditorsAnswered: 0,
          traceId: `torture-${round}-${n}`,
        }),
      ),
    );
    const refusals = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason as unknown] : []));
    assert.equal(refusals.length, AT_ONCE - 1, `round ${round}`);
    for (const refusal of refusals) {
      assert.ok(refusal instanceof DomainError, String(refusal));
      assert.equal(refusal.code, 'consent_used');
    }
  }
  await assertUsedOnce(consents);
});

test('C4: of fifty simultaneous lookups at two processes exactly one is answered with debt, all others that it was used', async () => {
  const nodes = [await startNode(nodeOver(database)), await startNode(nodeOver(database))] as const;
  try {
    const token = await tokenFor(nodes[0], 'debt');
    const consents: string[] = [];
    for (let round = 0; round < sized(8, 20); round += 1) {
      const { id } = await singleUseConsent(platforms[0].platform, '48918391250');
      consents.push(id);
      const answers = await Promise.all(
        Array.from({ length: AT_ONCE }, (_, n) => look(nodes[n % 2] ?? nodes[0], id, token)),
      );
      const [answered, ...others] = answers.toSorted((a, b) => a.status - b.status);
      assert.equal(answered?.status, 200);
      assert.equal(answered.json.ssn, '48918391250');
      assert.equal(answered.json.numberOfCreditorsAnswered, 2);
      for (const { status, json, text } of others) {
        assert.equal(status, 403, text);
        assert.equal(json.error, 'invalid consent');
        assert.match(json.error_description, /^Consent was used at /);
      }
    }
    await assertUsedOnce(consents);
  } finally {
    for (const node of nodes) await node.end('SIGTERM');
  }
});

const look = (node: NodeProcess, id: string, token: string) =>
  node.call({ method: 'GET', url: `/v1/debt/${id}`, headers: bearer(token) });

/** Makes the next writing of a disclosure fail, once: a sequence is not rolled back with the transaction. */
async function plantFault(raise: string, when: string): Promise<void> {
  await withClient(database.superuserUrl, async (admin) => {
    await admin.query(`
      drop trigger if exists fault on audit_log;
      drop sequence if exists fault_number;
      create sequence fault_number;
      create or replace function fault() returns trigger language plpgsql security definer as $$
      begin
        if new.kind = 'debt_disclosed' and nextval('fault_number') = 1 then ${raise}; end if;
        return null;
      end $$;
      create constraint trigger fault after insert on audit_log ${when} for each row execute function fault()`);
  });
}

test('C4: a lookup that fails on our side does not use the consent up: the next one is answered', async () => {
  const node = await startNode(nodeOver(database));
  try {
    const token = await tokenFor(node, 'debt');
    const consents: string[] = [];
    for (const [raise, when, status] of [
      ["raise exception 'planted'", 'not deferrable', 500],
      ["raise exception 'planted'", 'deferrable initially deferred', 500],
      ['perform pg_terminate_backend(pg_backend_pid())', 'not deferrable', 503],
      ['perform pg_terminate_backend(pg_backend_pid())', 'deferrable initially deferred', 503],
    ] as const) {
      const what = `${raise}, ${when}`;
      const { id } = await singleUseConsent(platforms[0].platform, '48918391250');
      consents.push(id);
      await plantFault(raise, when);
      const failed = await look(node, id, token);
      assert.equal(failed.status, status, what);
      assert.equal(failed.json.loans, undefined, what);
      assert.deepEqual(await tracesOf([id]), [{ consent_id: id, disclosed: 0, archived: 0, used: 0, active: 1 }], what);
      assert.equal((await look(node, id, token)).status, 200, what);
      assert.equal((await look(node, id, token)).status, 403, what);
    }
    await withClient(database.superuserUrl, (admin) => admin.query('drop trigger fault on audit_log'));

    // A connection that is cut while the lookup waits for the consent's row.
    const { id } = await singleUseConsent(platforms[0].platform, '48918391250');
    consents.push(id);
    await withClient(database.ownerUrl, async (owner) => {
      await owner.query('begin');
      await owner.query('select from consent where id = $1 for update', [id]);
      const looking = look(node, id, token);
      await cutWhoeverWaitsToDisclose();
      await owner.query('commit');
      assert.equal((await looking).status, 503);
    });
    assert.equal((await look(node, id, token)).status, 200);
    assert.ok((await readConsent(platforms[0].platform.db, id))?.archived);
    await assertUsedOnce(consents);
  } finally {
    await node.end('SIGTERM');
  }
});

async function cutWhoeverWaitsToDisclose(): Promise<void> {
  await withClient(database.superuserUrl, async (admin) => {
    for (let tries = 0; ; tries += 1) {
      assert.ok(tries < 500, 'the lookup came to wait');
      const { rowCount } = await admin.query(
        `select pg_terminate_backend(pid, 5000) from pg_stat_activity
         where datname = current_database() and wait_event_type = 'Lock' and query like '%debt_disclosed%'`,
      );
      if ((rowCount ?? 0) > 0) return;
      await sleep(10);
    }
  });
}
