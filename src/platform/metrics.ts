import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';
import { version } from './version.ts';

/** How the connections of a pool are now. */
export interface PoolState {
  readonly open: number;
  /** Of these, nobody uses. */
  readonly idle: number;
  /** Who waits for one. */
  readonly waiting: number;
}

export type ConsentChange = 'created' | 'used' | 'expired' | 'revoked';
/** `time`: nobody; an expiry. */
export type ChangedBy = 'client' | 'person' | 'operator' | 'time';

/**
 * What `/metrics` tells of this node (R6). Labels are routes, codes and names from closed lists, never ids of people, clients or
 * consents, and nothing that was sent to us. docs/operations.md lists all of them.
 */
export interface Metrics {
  readonly contentType: string;
  text(): Promise<string>;
  /** One answered request. `route` is the pattern (`/v1/debt/:id`), not the path. */
  request(labels: { method: string; route: string; status: number }, seconds: number): void;
  /** One lookup that ended: with all creditors, with some missing, refused by the rules, or failed. */
  lookup(labels: { by: 'client' | 'person'; outcome: LookupOutcome }, seconds: number): void;
  /** One creditor asked in a lookup. */
  creditorAsked(outcome: 'answered' | 'missing'): void;
  /** Consents that have changed, when that is committed. */
  consentChanged(change: ConsentChange, by: ChangedBy, count?: number): void;
  /** How long the oldest event has been waiting for its number; 0: none waits. */
  feedPending(seconds: number): void;
  /** One run of a job that has ended at this moment. */
  jobRun(labels: { job: string; outcome: 'ok' | 'failed' }, seconds: number): void;
  /** How long somebody waited for a connection to the database, whether there was one in the end or not. */
  databaseWaited(seconds: number): void;
  /** Whom to ask, at each scrape, how the pool is. */
  watchPool(state: () => PoolState): void;
  /** One delivery that ended: a collection, or a push. */
  delivery(labels: { kind: 'collect' | 'push'; outcome: 'applied' | 'rejected' | 'failed' }, seconds: number): void;
  /** One message sent to a webhook, by what became of it. */
  webhookAttempt(outcome: string): void;
  /** How long after an event its message was taken. */
  webhookLag(seconds: number): void;
  /** How many webhooks there are, in each state. */
  webhooks(states: Readonly<Record<'delivering' | 'failing' | 'disabled', number>>): void;
  /** One browser that came back from the login provider. */
  login(outcome: 'signed_in' | 'cancelled' | 'failed'): void;
}

export type LookupOutcome = 'complete' | 'incomplete' | 'refused' | 'failed';

export function openMetrics(): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const requests = new Histogram({
    name: 'samtykke_http_request_seconds',
    help: 'Requests answered, by route and status',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
    registers,
  });
  const lookups = new Histogram({
    name: 'samtykke_lookup_seconds',
    help: 'Lookups of debt, by who asked and what became of it',
    labelNames: ['by', 'outcome'],
    buckets: [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2, 3, 5, 10],
    registers,
  });
  const creditors = new Counter({
    name: 'samtykke_creditors_asked_total',
    help: 'Creditors asked in lookups, by whether they answered',
    labelNames: ['outcome'],
    registers,
  });
  const consents = new Counter({
    name: 'samtykke_consent_changes_total',
    help: 'Changes of consents that this node has made, by what and by whom',
    labelNames: ['change', 'by'],
    registers,
  });
  const feedPending = new Gauge({
    name: 'samtykke_feed_pending_seconds',
    help: 'Age of the oldest event that waits for its number; 0: none waits',
    registers,
  });
  const jobs = new Counter({
    name: 'samtykke_job_runs_total',
    help: 'Runs of background jobs, by outcome',
    labelNames: ['job', 'outcome'],
    registers,
  });
  const jobSeconds = new Histogram({
    name: 'samtykke_job_seconds',
    help: 'How long runs of background jobs take',
    labelNames: ['job'],
    buckets: [0.01, 0.1, 1, 10, 60, 600],
    registers,
  });
  const jobSuccess = new Gauge({
    name: 'samtykke_job_success_timestamp_seconds',
    help: 'When a background job last ended without failing, in seconds since 1970',
    labelNames: ['job'],
    registers,
  });
  const poolStates: (() => PoolState)[] = [];
  const sumOf = (count: (state: PoolState) => number): number =>
    poolStates.reduce((sum, state) => sum + count(state()), 0);
  const connections = new Gauge({
    name: 'samtykke_database_connections',
    help: 'Connections to the database that are open, by state',
    labelNames: ['state'],
    registers,
    collect: () => {
      connections.set(
        { state: 'busy' },
        sumOf(({ open, idle }) => open - idle),
      );
      connections.set(
        { state: 'idle' },
        sumOf(({ idle }) => idle),
      );
    },
  });
  const waiting: Gauge = new Gauge({
    name: 'samtykke_database_waiting',
    help: 'Statements and transactions that wait for a connection',
    registers,
    collect: () => waiting.set(sumOf((state) => state.waiting)),
  });
  const waited = new Histogram({
    name: 'samtykke_database_wait_seconds',
    help: 'How long statements and transactions waited for a connection',
    buckets: [0.001, 0.01, 0.1, 0.5, 1, 5],
    registers,
  });
  const deliveries = new Histogram({
    name: 'samtykke_delivery_seconds',
    help: 'Deliveries of creditors that ended, by kind and outcome',
    labelNames: ['kind', 'outcome'],
    buckets: [0.01, 0.1, 1, 5, 15, 60, 300, 1_200, 3_600],
    registers,
  });
  const logins = new Counter({
    name: 'samtykke_logins_total',
    help: 'Browsers that came back from the login provider, by what became of it',
    labelNames: ['outcome'],
    registers,
  });
  const webhookAttempts = new Counter({
    name: 'samtykke_webhook_attempts_total',
    help: 'Messages sent to webhooks, by what became of them',
    labelNames: ['outcome'],
    registers,
  });
  const webhookLag = new Histogram({
    name: 'samtykke_webhook_lag_seconds',
    help: 'From an event to its message being taken',
    buckets: [0.1, 0.5, 1, 2, 5, 15, 60, 300, 3_600, 21_600, 86_400, 259_200],
    registers,
  });
  const webhooks = new Gauge({
    name: 'samtykke_webhooks',
    help: 'Webhooks by state, as they were a minute ago at most',
    labelNames: ['state'],
    registers,
  });
  new Gauge({
    name: 'samtykke_build_info',
    help: 'Always 1; the version is in its label',
    labelNames: ['version'],
    registers,
  }).set({ version: version() }, 1);

  return {
    contentType: registry.contentType,
    text: () => registry.metrics(),
    request: (labels, seconds) => requests.observe(labels, seconds),
    lookup: (labels, seconds) => lookups.observe(labels, seconds),
    creditorAsked: (outcome) => creditors.inc({ outcome }),
    consentChanged: (change, by, count = 1) => {
      if (count > 0) consents.inc({ change, by }, count);
    },
    feedPending: (seconds) => feedPending.set(Math.max(0, seconds)),
    jobRun: (labels, seconds) => {
      jobs.inc(labels);
      jobSeconds.observe({ job: labels.job }, seconds);
      if (labels.outcome === 'ok') jobSuccess.labels(labels.job).setToCurrentTime();
    },
    databaseWaited: (seconds) => waited.observe(seconds),
    watchPool: (state) => void poolStates.push(state),
    delivery: (labels, seconds) => deliveries.observe(labels, seconds),
    webhookAttempt: (outcome) => webhookAttempts.inc({ outcome }),
    webhookLag: (seconds) => webhookLag.observe(Math.max(0, seconds)),
    webhooks: (states) => {
      for (const [state, count] of Object.entries(states)) webhooks.set({ state }, count);
    },
    login: (outcome) => logins.inc({ outcome }),
  };
}
