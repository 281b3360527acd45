import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import {
  FeedGapError,
  isSamtykkeError,
  type ConsentEvent,
  type FollowOptions,
  type Samtykke,
} from '../../sdk/src/entry.ts';
import { placeIn, toldFeed, wireEvent, type ToldFeed } from './told-feed.ts';
import { clientOf, withToldServer, type ToldServer } from './told-server.ts';

const numbersUpTo = (last: number): number[] => Array.from({ length: last - 1 }, (_none, at) => at + 2);
const withFeed = (feed: ToldFeed, work: (client: Samtykke, server: ToldServer) => Promise<unknown>): Promise<unknown> =>
  withToldServer(
    (request) => feed.answer(request),
    (server) => work(clientOf(server), server),
  );

/** Follows until so many events have come. */
async function take(client: Samtykke, count: number, options: FollowOptions = {}): Promise<ConsentEvent[]> {
  const taken: ConsentEvent[] = [];
  for await (const event of client.feed.follow(options)) {
    taken.push(event);
    if (taken.length === count) break;
  }
  return taken;
}
const numbersOf = (events: readonly ConsentEvent[]): number[] => events.map(({ sequenceNr }) => sequenceNr);

test('F1: events are told in our words, and one of a kind that is not known keeps its number', async () => {
  const feed = toldFeed([2, 3]);
  const base = { consentId: 'c-4', at: new Date('2026-11-01T05:00:00Z') };
  await withFeed(feed, async (client) => {
    assert.deepEqual(await client.feed.read({ from: 2 }), [
      {
        ...base,
        type: 'created',
        sequenceNr: 2,
        eventId: 'e-2',
        consentId: 'c-2',
        purpose: 'processing',
        clientConsentId: 'mine',
      },
      { ...base, type: 'archived', sequenceNr: 3, eventId: 'e-3', consentId: 'c-3', reason: 'revoked_by_person' },
    ]);
    // As at NGI: no reason, and the member that does not apply is absent. And as it may be tomorrow.
    const { samtykkeOpprettetEvent: _none, ...archived } = wireEvent(5);
    const result = [
      { ...archived, samtykkeArkivertEvent: { clientId: 'x', consentId: 'c' } },
      { ...wireEvent(6), eventType: 'SAMTYKKE_FORLENGET', samtykkeOpprettetEvent: null },
    ];
    feed.troubles.push({ json: { startSequenceNr: 5, endSequenceNr: 6, generatedAt: 'now', result } });
    const [ended, other] = await client.feed.read({ from: 5 });
    assert.equal(ended?.type === 'archived' && ended.reason, 'unknown');
    assert.equal(other?.type === 'other' && other.wireType, 'SAMTYKKE_FORLENGET');
  });
});

test('F2: following begins with the oldest, goes on page by page over gaps, and waits for what comes', async () => {
  const feed = toldFeed([2, 3, 7, 8, 4_294_967_297]);
  await withFeed(feed, async (client) => {
    const later = setTimeout(200).then(() => feed.numbers.push(4_294_967_298));
    assert.deepEqual(numbersOf(await take(client, 6, { limit: 2 })), [2, 3, 7, 8, 4_294_967_297, 4_294_967_298]);
    await later;
  });
});

test('SDK: the place is saved when the consumer comes back, and never before', async () => {
  await withFeed(toldFeed(numbersUpTo(6)), async (client) => {
    const store = placeIn();
    for await (const { sequenceNr } of client.feed.follow({ store })) {
      assert.equal(store.place(), sequenceNr - 1, 'the one before is saved, and this one is not');
      if (sequenceNr === 5) break;
    }
    assert.deepEqual(store.saved, [1, 2, 3, 4], 'the beginning is kept too');
  });
});

test('SDK: a consumer that throws starts again from its store, and nothing is missing', async () => {
  await withFeed(toldFeed(numbersUpTo(1_001)), async (client) => {
    const store = placeIn();
    const handled: number[] = [];
    let failures = 0;
    while (handled.at(-1) !== 1_001) {
      try {
        for await (const { sequenceNr } of client.feed.follow({ store, limit: 100 })) {
          if (sequenceNr % 97 === 0 && failures < sequenceNr / 97) {
            failures += 1;
            throw new Error('the consumer failed');
          }
          handled.push(sequenceNr);
          if (sequenceNr === 1_001) break;
        }
      } catch (error) {
        assert.equal((error as Error).message, 'the consumer failed');
      }
    }
    assert.equal(failures, 10);
    assert.deepEqual(handled, numbersUpTo(1_001));
  });
});

test('SDK: a store that fails ends the loop with its own error', async () => {
  await withFeed(toldFeed([2, 3]), async (client) => {
    const broken = { load: async () => 1, save: async () => Promise.reject(new Error('the disk is full')) };
    await assert.rejects(take(client, 2, { store: broken }), { message: 'the disk is full' });
    for (const place of ['2', Number.NaN, -1]) {
      const store = { load: async () => place as number, save: async () => undefined };
      await assert.rejects(take(client, 1, { store }), { code: 'configuration' });
    }
  });
});

test('SDK: a new store keeps the beginning at once, so that events which age out before the first one comes are noticed', async () => {
  const feed = toldFeed([]);
  await withFeed(feed, async (client) => {
    const store = placeIn();
    await take(client, 1, { store, signal: AbortSignal.timeout(200) });
    assert.deepEqual(store.saved, [1]);
    feed.numbers.push(2, 3, 4);
    feed.first = 4;
    await assert.rejects(take(client, 1, { store }), { code: 'feed_gap', keptSequenceNr: 1, firstSequenceNr: 4 });
  });
});

test('F4: a place whose next event has aged out is a gap; one that leads on is none, whatever the numbers between', async () => {
  const feed = toldFeed([2, 3, 4, 5, 6], { first: 5 });
  await withFeed(feed, async (client) => {
    const error: unknown = await take(client, 1, { store: placeIn(3) }).catch((thrown: unknown) => thrown);
    assert.ok(isSamtykkeError(error, 'feed_gap') && error instanceof FeedGapError);
    assert.match(
      error.message,
      /events after 3 have aged out: the oldest that can be read is 5\. Start again from feed\.snapshot/,
    );
    await assert.rejects(take(client, 1, { from: 4 }), { code: 'feed_gap' });
    assert.deepEqual(numbersOf(await take(client, 1, { store: placeIn(3), onGap: 'ignore' })), [5]);
    assert.deepEqual(numbersOf(await take(client, 1, { store: placeIn(4) })), [5]);
    assert.deepEqual(numbersOf(await take(client, 1, { from: 6 })), [6]);
    feed.first = 7;
    await assert.rejects(take(client, 1, { store: placeIn(5) }), { code: 'feed_gap' }, 'when all has aged out too');
    const stop = AbortSignal.timeout(200);
    assert.deepEqual(
      await take(client, 1, { store: placeIn(6), signal: stop }),
      [],
      'up to date, and nothing is readable',
    );
  });
});

test('F4: a place beyond the newest event is of another feed', async () => {
  await withFeed(toldFeed([2, 3]), (client) =>
    assert.rejects(take(client, 1, { store: placeIn(400) }), { code: 'feed_gap', lastSequenceNr: 3 }),
  );
});

test('F4: an outage longer than events are kept is a gap, also for a loop that runs all the time', async () => {
  const feed = toldFeed(numbersUpTo(4));
  const realNow = Date.now;
  await withFeed(feed, async (client) => {
    const got: number[] = [];
    const loop = async (): Promise<void> => {
      for await (const { sequenceNr } of client.feed.follow({ limit: 3 })) {
        got.push(sequenceNr);
        if (sequenceNr !== 4) continue;
        // A week passes while the consumer is at work.
        feed.numbers.push(5, 6, 7);
        feed.first = 7;
        Date.now = () => realNow() + 8 * 86_400_000;
      }
    };
    try {
      await assert.rejects(loop(), { code: 'feed_gap', keptSequenceNr: 4, firstSequenceNr: 7 });
    } finally {
      Date.now = realNow;
    }
    assert.deepEqual(got, [2, 3, 4]);
  });
});

test('SDK: where to begin can be told: the newest, or a number', async () => {
  const feed = toldFeed(numbersUpTo(9));
  await withFeed(feed, async (client) => {
    const store = placeIn();
    const later = setTimeout(200).then(() => feed.numbers.push(10));
    assert.deepEqual(numbersOf(await take(client, 1, { from: 'newest', store })), [10]);
    await later;
    assert.deepEqual(store.saved, [9]);
    assert.deepEqual(numbersOf(await take(client, 2, { from: 8 })), [8, 9]);
    assert.deepEqual(numbersOf(await take(client, 1, { from: 1 })), [2]);
    assert.deepEqual(numbersOf(await take(client, 1, { from: 8, store: placeIn(3) })), [4], 'the store comes first');
  });
});

test('SDK: a signal ends the loop without an error, also while the server holds the request', async () => {
  await withFeed(toldFeed([2, 3]), async (client) => {
    const controller = new AbortController();
    const store = placeIn();
    const got: number[] = [];
    for await (const { sequenceNr } of client.feed.follow({ signal: controller.signal, store })) {
      got.push(sequenceNr);
      if (sequenceNr === 3) void setTimeout(100).then(() => controller.abort());
    }
    assert.deepEqual(got, [2, 3]);
    assert.equal(store.place(), 3);
    assert.deepEqual(await take(client, 1, { signal: AbortSignal.abort() }), []);
  });
});

test('SDK: a server that ignores waitSeconds is polled, and one that refuses it is not asked for it again', async () => {
  const ofServerThat = async (waits: 'not at all' | 'refuses to'): Promise<void> => {
    const feed = toldFeed([2], { waits });
    await withFeed(feed, async (client, server) => {
      const later = setTimeout(700).then(() => feed.numbers.push(3));
      assert.deepEqual(numbersOf(await take(client, 2, { pollSeconds: 1 })), [2, 3]);
      await later;
      const polls = server.to('/feed/v1/consent').map(({ path }) => path);
      assert.ok(polls.length <= 5, `not more often than told: ${polls.join(' ')}`);
      const waiting = polls.filter((path) => path.includes('waitSeconds=30'));
      assert.equal(waiting.length, waits === 'refuses to' ? 1 : polls.length);
    });
  };
  await Promise.all([ofServerThat('not at all'), ofServerThat('refuses to')]);
});

test('SDK: a server that waits is asked again at once, and with waitSeconds 0 none is asked to wait', async () => {
  const feed = toldFeed([2]);
  await withFeed(feed, async (client, server) => {
    const later = setTimeout(2_500).then(() => feed.numbers.push(3));
    const began = Date.now();
    assert.deepEqual(numbersOf(await take(client, 2, { waitSeconds: 1, pollSeconds: 60 })), [2, 3]);
    assert.ok(Date.now() - began < 30_000);
    await later;
    await take(client, 1, { from: 3, waitSeconds: 0 });
    assert.ok(!(server.to('/feed/v1/consent').at(-1)?.path.includes('waitSeconds') ?? true));
  });
});

test('F2: failures are waited out, as long as the server asks for, and told', async () => {
  const feed = toldFeed(numbersUpTo(4));
  await withFeed(feed, async (client) => {
    feed.troubles.push(
      { status: 503, headers: { 'retry-after': '1' } },
      { text: '{"result":[', cut: true },
      { text: '<html>' },
      { status: 401 },
    );
    const told: [string, boolean][] = [];
    const events = await take(client, 3, {
      onRetry: ({ error, pauseMs }) => told.push([error.code, pauseMs >= (error.retryAfterSeconds ?? 0) * 1000]),
    });
    assert.deepEqual(numbersOf(events), [2, 3, 4]);
    // The 401 is met with a new token.
    assert.deepEqual(
      told.map(([code]) => code),
      ['unavailable', 'network', 'bad_answer'],
    );
    assert.ok(told.every(([, kept]) => kept));
  });
});

test('SDK: what does not pass by itself ends the loop: a refusal, or answers that go on making no sense', async () => {
  const feed = toldFeed([2]);
  await withFeed(feed, async (client) => {
    feed.troubles.push({ status: 403, json: { message: 'the access token lacks a scope' } });
    await assert.rejects(take(client, 1), { code: 'not_permitted' });
    feed.troubles.push(...Array.from({ length: 10 }, () => ({ text: '<html>' })));
    await assert.rejects(take(client, 1, { maxPauseSeconds: 1 }), { code: 'bad_answer', attempts: 5 });
  });
});

test('F2: an answer whose numbers do not rise, or were not asked for, is not believed', async () => {
  const pages = [[3, 2], [2, 2], [1]];
  for (const numbers of pages) {
    const feed = toldFeed([]);
    await withFeed(feed, async (client) => {
      feed.troubles.push({ json: { result: numbers.map(wireEvent) } });
      await assert.rejects(client.feed.read({ from: 2 }), { code: 'bad_answer' });
    });
  }
});

test('F5: what cannot be asked for is not asked', async () => {
  await withFeed(toldFeed([]), async (client) => {
    await assert.rejects(client.feed.read({ from: -1 }), { code: 'configuration' });
    await assert.rejects(client.feed.read({ from: 1, limit: 1_001 }), { code: 'configuration' });
    await assert.rejects(take(client, 1, { waitSeconds: 61 }), { code: 'configuration' });
    await assert.rejects(take(client, 1, { pollSeconds: 0 }), { code: 'configuration' });
  });
});
