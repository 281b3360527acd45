import assert from 'node:assert/strict';
import { test } from 'node:test';
import pg from 'pg';
import { DomainError } from '../errors/domain-error.ts';
import { sharedCommits } from './shared-commits.ts';

interface Call {
  readonly rows: readonly number[];
  readonly end: (error?: Error) => void;
}

/** A writer whose statements end when they are told to. */
function writer() {
  const calls: Call[] = [];
  const write = (rows: readonly number[]): Promise<readonly number[]> =>
    new Promise((resolve, reject) => {
      calls.push({
        rows,
        end: (error) => (error === undefined ? resolve(rows.map((row) => row * 10)) : reject(error)),
      });
    });
  const shared = sharedCommits<number, number>({
    one: async (row) => (await write([row]))[0] ?? Number.NaN,
    together: write,
  });
  return { calls, shared };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));
const refused = (code: string) => Object.assign(new pg.DatabaseError('x', 1, 'error'), { code });

test('who comes alone is written at once; what comes while two are under way goes together, and each waits for its own commit', async () => {
  const { calls, shared } = writer();
  const answers = [1, 2, 3, 4, 5].map((row) => shared.add('a', row));
  let answered = 0;
  for (const answer of answers) void answer.then(() => (answered += 1));
  assert.deepEqual(
    calls.map(({ rows }) => rows),
    [[1], [2]],
  );
  calls[0]?.end();
  await turn();
  assert.equal(answered, 1);
  assert.deepEqual(calls[2]?.rows, [3, 4, 5]);
  calls[1]?.end();
  await turn();
  assert.equal(answered, 2);
  calls[2]?.end();
  assert.deepEqual(await Promise.all(answers), [10, 20, 30, 40, 50]);
});

test('two hundred at most go together, and one group keeps no other waiting', async () => {
  const { calls, shared } = writer();
  const many = Array.from({ length: 300 }, (_, row) => shared.add('a', row));
  const other = shared.add('b', 7);
  assert.deepEqual(calls.at(-1)?.rows, [7]);
  calls.at(-1)?.end();
  assert.equal(await other, 70);
  for (let ended = 0; ended < calls.length; ended += 1) {
    calls[ended]?.end();
    await turn();
  }
  assert.deepEqual(
    await Promise.all(many),
    Array.from({ length: 300 }, (_, row) => row * 10),
  );
  assert.deepEqual(
    calls.map(({ rows }) => rows.length),
    [1, 1, 1, 200, 98],
  );
});

test('when several fail together each is written alone, and has its own outcome', async () => {
  const { calls, shared } = writer();
  const answers = [1, 2, 3, 4].map((row) => shared.add('a', row));
  calls[0]?.end();
  await turn();
  calls[2]?.end(refused('23503'));
  await turn();
  assert.deepEqual(
    calls.slice(3).map(({ rows }) => rows),
    [[3], [4]],
  );
  calls[3]?.end(refused('23514'));
  calls[4]?.end();
  calls[1]?.end();
  const [, , third, fourth] = await Promise.allSettled(answers);
  assert.equal(third?.status, 'rejected');
  assert.deepEqual(fourth, { status: 'fulfilled', value: 40 });
});

test('when nobody can tell whether they were written, nothing is written again', async () => {
  for (const cause of [new Error('Connection terminated'), refused('57P01'), refused('57014')]) {
    const { calls, shared } = writer();
    const answers = [1, 2, 3, 4].map((row) => shared.add('a', row));
    for (const call of calls.slice()) call.end();
    await turn();
    calls[2]?.end(new DomainError('unavailable', 'x', { cause }));
    const outcomes = await Promise.allSettled(answers);
    assert.deepEqual(
      outcomes.map(({ status }) => status),
      ['fulfilled', 'fulfilled', 'rejected', 'rejected'],
    );
    assert.equal(calls.length, 3);
  }
});
