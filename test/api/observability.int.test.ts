import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { creditorClient } from '../../src/creditors/creditor-client.ts';
import { Nin } from '../../src/person/nin.ts';
import { startToldServer } from '../support/told-server.ts';
import { startTraceCollector, type SentSpan, type TraceCollector } from '../support/trace-collector.ts';
import { innardsIn } from '../support/scan.ts';
import { bearer, newConsent, newSingleUse, startWorld, tokenFor, type World } from '../support/world.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const CALLER = 'b7ad6b7169203331';

let collector: TraceCollector;
let world: World;
/** What the collector had got when the traces were closed. */
let spans: readonly SentSpan[] = [];
let consentId = '';
let heard: string | undefined;
let metrics = '';

before(async () => {
  collector = await startTraceCollector();
  world = await startWorld({
    env: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, LOOKUP_DEADLINE_MS: '5000', OTEL_SERVICE_NAME: 'node-1' },
  });
  consentId = await newConsent(world);
  const token = await tokenFor(world, 'debt');
  const headers = { ...bearer(token), traceparent: `00-${TRACE}-${CALLER}-01`, 'x-trace-id': 'ours-1' };
  assert.equal((await world.call({ method: 'GET', url: `/v1/debt/${consentId}`, headers })).status, 200);
  const once = await newSingleUse(world);
  assert.equal((await world.call({ method: 'GET', url: `/v1/debt/${once}`, headers: bearer(token) })).status, 200);
  assert.equal((await world.call({ method: 'GET', url: `/v1/debt/${once}`, headers: bearer(token) })).status, 403);
  assert.equal(
    (await world.call({ method: 'DELETE', url: `/v1/debt/${consentId}`, headers: bearer(token) })).status,
    204,
  );
  await world.call({ method: 'GET', url: '/14842249091?nin=14842249091' });
  await world.call({ method: 'GET', url: '/health/ready' });
  heard = await whatACreditorHears();
  await world.jobs.runDue();
  metrics = (await world.call({ method: 'GET', url: '/metrics' })).text;
  await world.platform.tracing.close();
  spans = collector.spans();
});
after(async () => {
  await world.close();
  await collector.close();
});

/** The `traceparent` of a call to a creditor. */
async function whatACreditorHears(): Promise<string | undefined> {
  const server = await startToldServer();
  const client = creditorClient(world.platform);
  const creditor = {
    id: '210437185',
    name: 'x',
    providerId: '9908:210437185',
    baseUrl: server.url,
    clientCertificate: null,
    contact: { email: null, phone: null },
  };
  const call = { signal: AbortSignal.timeout(10_000), traceId: 'trace-1' };
  await assert.rejects(client.loansOf(creditor, Nin.fromStored('14842249091'), call), /status 404/);
  const [request] = server.asked;
  client.close();
  await server.close();
  return String(request?.headers['traceparent']);
}

const childrenOf = (span: SentSpan | undefined) => spans.filter((child) => child.parentSpanId === span?.spanId);

test('R6: a lookup is one trace: the request below its caller, its statements and the creditors below the request', () => {
  const ofCaller = spans.filter((span) => span.traceId === TRACE);
  const request = ofCaller.find((span) => span.parentSpanId === CALLER);
  assert.equal(request?.name, 'GET /v1/debt/:id');
  assert.deepEqual(request.attributes, {
    'http.request.method': 'GET',
    'http.route': '/v1/debt/:id',
    'http.response.status_code': '200',
    'samtykke.trace_id': 'ours-1',
    'samtykke.client': 'a0000000-0000-4000-8000-000000000001',
  });
  const children = childrenOf(request);
  assert.equal(children.length, ofCaller.length - 1);
  const names = children.map(({ name }) => name);
  for (const statement of ['consent_find_with_caller_and_person', 'creditor_holdings_of_consent', 'consent_use'])
    assert.ok(names.includes(statement), names.join());
  assert.ok(!names.includes('creditor_holdings'), 'who holds something is asked once, together with the consent');
  const creditors = children.filter(({ name }) => name === 'creditor loans');
  assert.equal(creditors.length, 6);
  assert.equal(new Set(creditors.map(({ attributes }) => attributes['samtykke.creditor'])).size, 6);
  assert.ok(creditors.every(({ attributes }) => attributes['http.response.status_code'] === '200'));
});

test('R6: what is done after a body has been read belongs to its request, also in a library', () => {
  const below = (name: string) => childrenOf(spans.find((span) => span.name === name)).map((span) => span.name);
  assert.ok(below('PUT /v1/consent/agreement').includes('consent_register'));
  assert.ok(below('POST /oauth2/token').length > 0);
});

test('R6: a creditor hears which trace a call belongs to', () => {
  const [, traceId, spanId, flags] = (heard ?? '').split('-');
  const call = spans.find((span) => span.spanId === spanId);
  assert.deepEqual([call?.traceId, call?.attributes['samtykke.creditor'], flags], [traceId, '210437185', '01']);
});

test('E1: no span holds an address, a statement or who a consent is for', () => {
  const text = collector.bodies.join('\n');
  assert.deepEqual(innardsIn(text), []);
  assert.doesNotMatch(text, /14842249091|nin=|sandbox-secret|Bearer|127\.0\.0\.1|localhost/);
  assert.ok(!text.includes(consentId), 'nor the consent');
  assert.ok(
    spans.some(({ name }) => name === 'GET unknown'),
    'what is nowhere is told without its address',
  );
  assert.ok(!spans.some(({ name }) => name.includes('health') || name.includes('metrics')));
  assert.deepEqual(new Set(collector.services()), new Set(['node-1']));
});

test('R6: metrics count lookups, creditors, changes of consents, and see feed and pool', () => {
  const value = (series: string): number =>
    Number(
      metrics
        .split('\n')
        .find((line) => line.startsWith(`${series} `))
        ?.split(' ')[1],
    );
  assert.equal(value('samtykke_lookup_seconds_count{by="client",outcome="complete"}'), 2);
  assert.equal(value('samtykke_lookup_seconds_count{by="client",outcome="refused"}'), 1);
  assert.equal(value('samtykke_creditors_asked_total{outcome="answered"}'), 12);
  assert.equal(value('samtykke_consent_changes_total{change="created",by="client"}'), 1);
  assert.equal(value('samtykke_consent_changes_total{change="created",by="person"}'), 1);
  assert.equal(value('samtykke_consent_changes_total{change="used",by="client"}'), 1);
  assert.equal(value('samtykke_consent_changes_total{change="revoked",by="client"}'), 1);
  assert.equal(value('samtykke_feed_pending_seconds'), 0);
  assert.ok(value('samtykke_database_connections{state="idle"}') >= 1);
  assert.equal(value('samtykke_database_waiting'), 0);
  assert.ok(value('samtykke_database_wait_seconds_count') > 10);
});
