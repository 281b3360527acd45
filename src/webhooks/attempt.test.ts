import assert from 'node:assert/strict';
import { test } from 'node:test';
import { afterFailure, backOffSeconds, outcomeOf, retryAfterSeconds, type Attempt, type Failing } from './attempt.ts';

const start = Date.parse('2026-11-23T12:00:00Z');
const at = (seconds: number): Date => new Date(start + seconds * 1000);
const refused = (seconds: number, more: Partial<Attempt> = {}): Attempt => ({
  at: at(seconds),
  outcome: 'refused',
  status: 503,
  ...more,
});

test('F2: 2xx is a yes, 410 is a never again, and everything else is a no: redirects too', () => {
  for (const [status, outcome] of [
    [200, 'delivered'],
    [202, 'delivered'],
    [204, 'delivered'],
    [299, 'delivered'],
    [199, 'refused'],
    [300, 'refused'],
    [301, 'refused'],
    [307, 'refused'],
    [400, 'refused'],
    [404, 'refused'],
    [410, 'gone'],
    [429, 'refused'],
    [500, 'refused'],
    [503, 'refused'],
  ] as const) {
    assert.equal(outcomeOf(status), outcome, String(status));
  }
});

test('F2: each wait is twice as long as the one before, from two seconds to a quarter of an hour', () => {
  const waits = Array.from({ length: 13 }, (_, at) => backOffSeconds(at + 1, 0.5));
  assert.deepEqual(waits, [2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900, 900]);
  assert.equal(backOffSeconds(1_000, 0.5), 900, 'a number of attempts that no shift of bits could hold');
});

test('F2: chance makes a wait shorter or longer by a quarter, so that endpoints do not all come back at once', () => {
  assert.deepEqual([backOffSeconds(3, 0), backOffSeconds(3, 1)], [6, 10]);
  assert.deepEqual([backOffSeconds(20, 0), backOffSeconds(20, 1)], [675, 1_125]);
});

test('F2: a receiver that asks for more time gets it, up to an hour; one that asks for less does not come sooner', () => {
  assert.equal(backOffSeconds(1, 0.5, 30), 30);
  assert.equal(backOffSeconds(1, 0.5, 86_400), 3_600);
  assert.equal(backOffSeconds(9, 0.5, 1), 512);
});

test('F2: Retry-After is read as seconds and as a date, and what is neither says nothing', () => {
  const now = new Date('2026-11-23T12:00:00.400Z');
  for (const [header, seconds] of [
    [undefined, undefined],
    ['120', 120],
    [' 0 ', 0],
    ['Mon, 23 Nov 2026 12:01:00 GMT', 60],
    ['Mon, 23 Nov 2026 11:59:00 GMT', 0],
    ['-5', undefined],
    ['1e9', undefined],
    ['soon', undefined],
    ['2026-11-23T12:01:00Z', undefined],
    ['Mon, 99 Nov 2026 12:01:00 GMT', undefined],
    ['', undefined],
  ] as const) {
    assert.equal(retryAfterSeconds(header, now), seconds, String(header));
  }
});

/** Lets every attempt fail, each when it is due. Answers when they were made, in seconds, and how it ended. */
function failOn(first: Attempt): { times: readonly number[]; end: string } {
  const times: number[] = [];
  let failing: Failing | null = null;
  for (let attempt = first; ;) {
    times.push((attempt.at.getTime() - start) / 1000);
    const next: ReturnType<typeof afterFailure> = afterFailure(failing, attempt, 0.5);
    if ('giveUp' in next) return { times, end: next.giveUp };
    ({ failing } = next);
    assert.equal(next.failing.attempts, times.length);
    attempt = { ...first, at: next.failing.nextAttemptAt };
  }
}

test('F2: an endpoint is tried for three days, the last time at their end, and is given up then', () => {
  const { times, end } = failOn(refused(0));
  assert.equal(end, 'failing');
  assert.equal(times.at(-1), 3 * 86_400);
  assert.deepEqual(times.slice(0, 5), [0, 2, 6, 14, 30]);
  assert.ok(times.length > 290 && times.length < 300, `${times.length} attempts`);
  const longest = Math.max(...times.slice(1).map((time, place) => time - (times[place] ?? 0)));
  assert.equal(longest, 900, 'when it is mended it waits a quarter of an hour at most');
});

test('F2: 410 gives an endpoint up at once', () => {
  assert.deepEqual(failOn(refused(0, { outcome: 'gone', status: 410 })), { times: [0], end: 'gone' });
});

test('F2: while we were away nobody refused anything: three days that pass without attempts give nothing up', () => {
  const before = { since: at(0), attempts: 3 };
  const late = afterFailure(before, refused(4 * 86_400), 0.5);
  assert.ok('failing' in late);
  assert.deepEqual(late.failing, { since: at(0), attempts: 4, nextAttemptAt: at(4 * 86_400 + 16) });
  assert.deepEqual(afterFailure({ since: at(0), attempts: 9 }, refused(4 * 86_400), 0.5), { giveUp: 'failing' });
});
