import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';

/** What `/metrics` tells (R6). Labels are routes, codes and names from closed lists, never ids of people or consents. */
export interface Metrics {
  readonly contentType: string;
  text(): Promise<string>;
  /** One answered request. `route` is the pattern (`/v1/debt/:id`), not the path. */
  request(labels: { method: string; route: string; status: number }, seconds: number): void;
  /** One creditor asked in a lookup. */
  creditorAsked(outcome: 'answered' | 'missing'): void;
  jobRun(labels: { job: string; outcome: 'ok' | 'failed' }): void;
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

export function openMetrics(): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const requests = new Histogram({
    name: 'samtykke_http_request_seconds',
    help: 'Requests answered, by route and status',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
    registers: [registry],
  });
  const creditors = new Counter({
    name: 'samtykke_creditors_asked_total',
    help: 'Creditors asked in lookups, by whether they answered',
    labelNames: ['outcome'],
    registers: [registry],
  });
  const jobs = new Counter({
    name: 'samtykke_job_runs_total',
    help: 'Runs of background jobs, by outcome',
    labelNames: ['job', 'outcome'],
    registers: [registry],
  });
  const deliveries = new Histogram({
    name: 'samtykke_delivery_seconds',
    help: 'Deliveries of creditors that ended, by kind and outcome',
    labelNames: ['kind', 'outcome'],
    buckets: [0.01, 0.1, 1, 5, 15, 60, 300, 1_200, 3_600],
    registers: [registry],
  });
  const logins = new Counter({
    name: 'samtykke_logins_total',
    help: 'Browsers that came back from the login provider, by what became of it',
    labelNames: ['outcome'],
    registers: [registry],
  });
  const webhookAttempts = new Counter({
    name: 'samtykke_webhook_attempts_total',
    help: 'Messages sent to webhooks, by what became of them',
    labelNames: ['outcome'],
    registers: [registry],
  });
  const webhookLag = new Histogram({
    name: 'samtykke_webhook_lag_seconds',
    help: 'From an event to its message being taken',
    buckets: [0.1, 0.5, 1, 2, 5, 15, 60, 300, 3_600, 21_600, 86_400, 259_200],
    registers: [registry],
  });
  const webhooks = new Gauge({
    name: 'samtykke_webhooks',
    help: 'Webhooks by state, as they were a minute ago at most',
    labelNames: ['state'],
    registers: [registry],
  });
  return {
    contentType: registry.contentType,
    text: () => registry.metrics(),
    request: (labels, seconds) => requests.observe(labels, seconds),
    creditorAsked: (outcome) => creditors.inc({ outcome }),
    jobRun: (labels) => jobs.inc(labels),
    delivery: (labels, seconds) => deliveries.observe(labels, seconds),
    webhookAttempt: (outcome) => webhookAttempts.inc({ outcome }),
    webhookLag: (seconds) => webhookLag.observe(Math.max(0, seconds)),
    webhooks: (states) => {
      for (const [state, count] of Object.entries(states)) webhooks.set({ state }, count);
    },
    login: (outcome) => logins.inc({ outcome }),
  };
}
