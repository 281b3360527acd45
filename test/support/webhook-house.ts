import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { sealEvents } from '../../src/consent/event-log.ts';
import { newId } from '../../src/platform/ids.ts';
import type { Platform } from '../../src/platform/platform.ts';
import { openWebhooks, type DelivererOptions, type WebhookDeliverer } from '../../src/webhooks/deliverer.ts';
import { findSubscription, type RegisteredSubscription } from '../../src/webhooks/find.ts';
import { subscribe, type Asker } from '../../src/webhooks/subscribe.ts';
import { eventTypes } from '../../src/webhooks/subscription.ts';
import { openBarePlatform, type BarePlatform } from './bare-platform.ts';
import { createDatabase, type TestDatabase } from './database.ts';
import { startReceiver, type Receiver } from './webhook-receiver.ts';
import { clientOf, type ClientNumber, type Json } from './world.ts';

export interface Subscribed {
  readonly id: string;
  readonly place: number;
  readonly secret: string;
}

/** A database with webhooks in it, nodes that deliver and receivers: what the tests of webhooks work with. */
export interface WebhookHouse {
  readonly bare: BarePlatform;
  readonly database: TestDatabase;
  askerOf(client?: ClientNumber): Asker;
  receiver(): Promise<Receiver>;
  /** A node that delivers; unless told it does so only when it is asked to. */
  node(options?: DelivererOptions, changes?: Partial<Platform>): WebhookDeliverer;
  subscribed(to: Receiver, client?: ClientNumber): Promise<Subscribed>;
  /** A webhook as it is now. */
  state(id: string): Promise<RegisteredSubscription>;
  /** So many events as verbs leave them, waiting for their numbers. Answers their ids. */
  happen(count: number, client?: ClientNumber): Promise<string[]>;
  seal(): Promise<unknown>;
  /** Moves business time forward. */
  advance(seconds: number): void;
  inspect(text: string, values?: readonly unknown[]): Promise<Json[]>;
  /** Ends all nodes and receivers, and removes all webhooks; between two tests. */
  tidy(): Promise<void>;
  close(): Promise<void>;
}

export async function openWebhookHouse(): Promise<WebhookHouse> {
  const database = await createDatabase();
  const bare = await openBarePlatform(database);
  const superuser = new pg.Pool({ connectionString: database.superuserUrl, max: 2 });
  const nodes: WebhookDeliverer[] = [];
  const receivers: Receiver[] = [];
  const inspect: WebhookHouse['inspect'] = async (text, values = []) => (await superuser.query(text, [...values])).rows;
  const askerOf = (client: ClientNumber = 1): Asker => ({ clientId: clientOf(client).id, traceId: 'test' });
  return {
    bare,
    database,
    inspect,
    askerOf,
    receiver: async () => {
      const started = await startReceiver();
      receivers.push(started);
      return started;
    },
    node: (options = { byItself: false }, changes = {}) => {
      const opened = openWebhooks({ ...bare.platform, ...changes }, options);
      nodes.push(opened);
      return opened;
    },
    subscribed: async (to, client) => {
      const { subscription, secret } = await subscribe(bare.platform, askerOf(client), { url: to.url, eventTypes });
      return { id: subscription.id, place: subscription.place, secret };
    },
    state: async (id) => (await findSubscription(bare.platform.db, id)) ?? assert.fail('it is gone'),
    happen: async (count, client = 1) => {
      const events = Array.from({ length: count }, newId);
      await inspect(
        `insert into feed_pending (client_id, event_id, consent_id, type, occurred_at, purpose, reason)
         select $1, e.id, gen_random_uuid(), t.type, $3, case when t.type = 'created' then 'processing' end,
                case when t.type = 'archived' then 'expired' end
         from unnest($2::uuid[]) with ordinality e (id, at),
           lateral (select case when e.at % 2 = 1 then 'created' else 'archived' end as type) t
         order by e.at`,
        [clientOf(client).id, events, bare.clock.now()],
      );
      return events;
    },
    seal: () => sealEvents(bare.platform.db, null, bare.clock.now()),
    advance: (seconds) => bare.clock.setOffsetSeconds(bare.clock.offsetSeconds() + seconds),
    tidy: async () => {
      await Promise.all(nodes.splice(0).map((node) => node.close({ seconds: 5 })));
      await Promise.all(receivers.splice(0).map((receiver) => receiver.down()));
      await inspect('delete from webhook_subscription');
    },
    close: async () => {
      await superuser.end();
      await bare.close();
      await database.drop();
    },
  };
}

/** The events that came, as often as they came. */
export const eventIds = ({ received }: Receiver): string[] => received.map(({ data }) => data.eventId);

/** Waits until something is so; not for ever. */
export async function until(met: () => boolean | Promise<boolean>): Promise<void> {
  for (let looks = 0; looks < 3_000; looks++) {
    if (await met()) return;
    await sleep(10);
  }
  assert.fail('it has not come so far within half a minute');
}
