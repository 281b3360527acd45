import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { OpenCreditors } from '../bench/support/creditors-server.ts';
import { leftBehind, watchMemory } from '../bench/support/growth-memory.ts';
import { openSide } from '../bench/support/growth-side.ts';
import { startServer, type ServerProcess } from '../bench/support/server-process.ts';
import type { Creditor } from '../src/creditors/creditor.ts';

/** The short form of what `npm run bench -- growth-memory` does for an hour: the same node, the same requests, the same question. */
const CONSENTS = 8_000;
/** In the first seconds code becomes fast and caches fill: some thousand bytes for each request. What is planted leaves 16 000. */
const MOST_BYTES = 6_000;

let creditors: ServerProcess<readonly Creditor[]>;
before(async () => {
  creditors = await startServer<OpenCreditors>('creditors-server.ts', {});
});
after(() => creditors?.end());

/** What each request leaves behind in a node that has warmed up, in bytes. */
async function leftBy(node: { leaking: boolean }): Promise<number> {
  const side = await openSide(CONSENTS, creditors.ready, {
    program: 'growth-memory-server.ts',
    sessions: 8,
    ...node,
  });
  try {
    // On a busy machine a lookup may miss its deadline: that is no matter here, within what `watchMemory` takes.
    return leftBehind((await watchMemory(side, { samples: 7, requestsEach: 48 })).slice(2));
  } finally {
    await side.close();
  }
}

test('R5: memory does not rise with requests, once a node has warmed up', async () => {
  const bytes = await leftBy({ leaking: false });
  assert.ok(bytes < MOST_BYTES, `each request left ${Math.round(bytes)} bytes behind`);
});

test('a node that keeps something of each request is told from one that does not', async () => {
  const bytes = await leftBy({ leaking: true });
  assert.ok(bytes > MOST_BYTES, `each request left only ${Math.round(bytes)} bytes behind`);
});
