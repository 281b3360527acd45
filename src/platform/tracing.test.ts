import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { startTraceCollector } from '../../test/support/trace-collector.ts';
import type { Log } from './log.ts';
import { noTracing, openTracing, type Tracing } from './tracing.ts';
import { spanContextFrom } from './tracing-otlp.ts';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const CALLER = '00f067aa0ba902b7';

/** A log that keeps what it is told. */
function keptLog(): { log: Log; lines: object[] } {
  const lines: object[] = [];
  const keep = (fields: object, message: string): void => void lines.push({ ...fields, message });
  return { log: { debug: keep, info: keep, warn: keep, error: keep, flush: () => undefined }, lines };
}

const settings = (endpoint: string | undefined, ratio = 1) => ({
  tracesEndpoint: endpoint,
  tracesHeaders: { authorization: 'Bearer of-the-collector' },
  tracesRatio: ratio,
  serviceName: 'here',
});

async function traced(tracing: Tracing, traceparent?: string): Promise<void> {
  const request = tracing.request({ kind: 'request', name: 'GET /x' }, traceparent);
  assert.ok(request !== undefined);
  await tracing.within(request, () => tracing.part({ kind: 'sql', name: 'a_statement' }, () => sleep(1)));
  request.end();
}

async function met(condition: () => boolean): Promise<void> {
  for (let looks = 0; looks < 1_000 && !condition(); looks++) await sleep(20);
  assert.ok(condition());
}

test('R6: nothing is traced unless an endpoint is configured, and work is done all the same', async () => {
  const tracing = openTracing(settings(undefined), keptLog().log);
  assert.equal(tracing, noTracing);
  assert.equal(tracing.request({ kind: 'request', name: 'GET /x' }, undefined), undefined);
  assert.equal(await tracing.part({ kind: 'sql', name: 'x' }, async () => 7), 7);
  assert.equal(await tracing.call({ kind: 'call', name: 'x' }, async (span) => span), undefined);
});

test('R6: a trace goes on from where the caller says that it is, and says so to the collector alone', async () => {
  const collector = await startTraceCollector({ evidence: false });
  const tracing = openTracing(settings(`${collector.url}/`), keptLog().log);
  await tracing.ready;
  await traced(tracing, `00-${TRACE}-${CALLER}-01`);
  await traced(tracing, `00-${TRACE}-${CALLER}-00`);
  await traced(tracing, 'nonsense');
  await assert.rejects(
    tracing.call({ kind: 'call', name: 'a call', failure: () => 'cut' }, () => Promise.reject(new Error('secret'))),
    /secret/,
  );
  await tracing.close();
  await collector.close();
  assert.deepEqual(new Set(collector.authorizations), new Set(['Bearer of-the-collector']));
  assert.deepEqual(new Set(collector.services()), new Set(['here']));
  const spans = collector.spans();
  assert.equal(spans.length, 5, 'who said that it is not kept is not');
  const ofCaller = spans.filter((span) => span.traceId === TRACE);
  const request = ofCaller.find(({ name }) => name === 'GET /x');
  assert.equal(request?.parentSpanId, CALLER);
  assert.equal(ofCaller.find(({ name }) => name === 'a_statement')?.parentSpanId, request.spanId);
  const call = spans.find(({ name }) => name === 'a call');
  assert.deepEqual([call?.failed, call?.attributes], [true, { 'error.type': 'cut' }]);
  assert.doesNotMatch(collector.bodies.join('\n'), /secret/);
});

test('R6: of so many requests a trace is kept as is configured, whatever callers ask for', async () => {
  const collector = await startTraceCollector({ evidence: false });
  const tracing = openTracing(settings(collector.url, 0), keptLog().log);
  await tracing.ready;
  await traced(tracing, `00-${TRACE}-${CALLER}-01`);
  await traced(tracing);
  await tracing.close();
  await collector.close();
  assert.deepEqual(collector.bodies, []);
});

test('R6: a collector that refuses, or is away, costs traces and nothing else, and one line a minute', async () => {
  const collector = await startTraceCollector({ evidence: false });
  collector.answer(400);
  const { log, lines } = keptLog();
  const tracing = openTracing(settings(collector.url), log);
  await tracing.ready;
  for (let message = 1; message <= 2; message++) {
    await traced(tracing);
    await met(() => collector.bodies.length >= message);
  }
  await met(() => lines.length > 0);
  await collector.close();
  await traced(tracing);
  await tracing.close(); // tried for some seconds, then given up
  assert.equal(lines.length, 1);
  assert.match(JSON.stringify(lines), /"spans":2,"reason":400/);
});

test('R6: what is no traceparent is none', () => {
  assert.deepEqual(spanContextFrom(`00-${TRACE}-${CALLER}-01`), {
    traceId: TRACE,
    spanId: CALLER,
    traceFlags: 1,
    isRemote: true,
  });
  assert.equal(
    spanContextFrom(`cc-${TRACE}-${CALLER}-03-more`)?.traceFlags,
    1,
    'of a later version what is known of it',
  );
  for (const bad of [
    '',
    `00-${TRACE}-${CALLER}`,
    `00-${TRACE}-${CALLER}-01-more`,
    `ff-${TRACE}-${CALLER}-01`,
    `00-${'0'.repeat(32)}-${CALLER}-01`,
    `00-${TRACE}-${'0'.repeat(16)}-01`,
    `00-${TRACE.toUpperCase()}-${CALLER}-01`,
    `00-${TRACE}-${CALLER}-01\n`,
  ]) {
    assert.equal(spanContextFrom(bad), undefined, bad);
  }
});
