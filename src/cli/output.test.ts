import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { test } from 'node:test';
import type { WriteStream } from 'node:tty';
import { openOutput } from './output.ts';

/** A stream that remembers what it was told; a terminal where it has columns. */
function streamOf(columns?: number): WriteStream & { written: string } {
  const stream = Object.assign(new EventEmitter(), {
    written: '',
    write: (text: string) => {
      stream.written += text;
      return true;
    },
    ...(columns === undefined ? {} : { isTTY: true, columns, hasColors: () => true }),
  });
  return stream as unknown as WriteStream & { written: string };
}

test('R3: data go to standard output, everything else to standard error, where no personal number is shown', () => {
  const [stdout, stderr] = [streamOf(), streamOf()];
  const output = openOutput(stdout, stderr);
  output.data('a\n');
  output.json({ b: 1 });
  output.note('who is 14842249091?');
  assert.equal(stdout.written, 'a\n{\n  "b": 1\n}\n');
  assert.equal(stderr.written, 'samtykke: who is [nin]?\n');
});

test('R3: progress is shown to a terminal only, and leaves nothing behind; a failure comes through', async () => {
  const quiet = streamOf();
  assert.equal(await openOutput(streamOf(80), quiet).during('working', async () => 7), 7);
  assert.equal(quiet.written, '');
  const terminal = streamOf(40);
  const output = openOutput(streamOf(), terminal);
  await assert.rejects(
    output.during('x'.repeat(100), async () => {
      throw new Error('broken');
    }),
    /broken/,
  );
  assert.equal(terminal.written, `\r\u001B[K${'x'.repeat(39)}\r\u001B[K`);
});

test('R3: only what a terminal shows is cut or has colours', () => {
  assert.deepEqual(openOutput(streamOf(), streamOf(80)).look, { width: undefined, colours: false });
  assert.deepEqual(openOutput(streamOf(80), streamOf()).look, { width: 80, colours: true });
});

test('R3: a reader that has gone away is no failure', () => {
  const stdout = streamOf();
  openOutput(stdout, streamOf());
  assert.ok(stdout.emit('error', Object.assign(new Error('write EPIPE'), { code: 'EPIPE' })));
});
