import { serverOf } from '../creditors/certificate.ts';
import { certificatesInUse, listCreditors } from '../creditors/creditor-registry.ts';
import type { RegisteredCreditor, RegisteredProvider } from '../creditors/creditor.ts';
import { lastCollections, type RecordedRun } from '../delivery/run-log.ts';
import { readNodes } from '../keys/key-registry.ts';
import { isLive } from '../keys/rotation.ts';
import { ConfigError, type Env } from '../platform/config.ts';
import { outgoingFetch } from '../platform/fetch.ts';
import { HttpCallError, configuredHttpClient, type HttpClient } from '../platform/http-client.ts';
import { readClientTls, readServerTls, type TlsIdentity } from '../platform/tls.ts';
import { listSubscriptions } from '../webhooks/find.ts';
import { remarkOn } from './describe-run.ts';
import type { Examined, Finding } from './finding.ts';
import { LEFT_UNDONE } from './store.ts';
import { plain } from './table.ts';
import { many, moment } from './words.ts';

/** What is around the database: certificates, those whom we speak to, and whether anybody does the work. */
export async function* examineSurroundings(platform: Examined, env: Env): AsyncGenerator<Finding> {
  yield* certificates(platform);
  yield* loginProvider(platform, env);
  yield* creditorsAnswer(platform);
  yield* deliveries(platform);
  yield* webhooks(platform);
  yield* nodes(platform);
  yield* jobs(platform);
}

const DAY_MS = 86_400_000;
/** Renewing one takes weeks. */
const RENEW_DAYS = 45;

async function* certificates({ db, config, clock }: Examined): AsyncGenerator<Finding> {
  const named = await certificatesInUse(db);
  const wanted: readonly (readonly [string, () => TlsIdentity])[] = [
    ...(config.creditorCertFile === undefined
      ? []
      : [['CREDITOR_CERT_FILE', () => readClientTls(config, null)] as const]),
    ...named.map((name) => [`${name} of CREDITOR_CERTS_DIR`, () => readClientTls(config, name)] as const),
    ...(config.pushPort === undefined ? [] : [['PUSH_CERT_FILE', () => readServerTls(config)] as const]),
  ];
  for (const [which, read] of wanted) {
    try {
      const days = Math.floor((read().goodUntil.getTime() - clock.realNow().getTime()) / DAY_MS);
      const [outcome, what] =
        days < 0
          ? (['failed', 'has ended'] as const)
          : ([days < RENEW_DAYS ? 'warning' : 'ok', `${many(days, 'day')} left`] as const);
      const todo = outcome === 'ok' ? {} : { todo: 'renew it, and restart one node after another' };
      yield { check: 'certificates', outcome, what: `${which}: ${what}`, ...todo };
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      const todo = 'the README says what these files are, under creditors and certificates';
      for (const what of error.problems) yield { check: 'certificates', outcome: 'failed', what, todo };
    }
  }
}

/** For each of those whom we speak to. */
const ANSWER_MS = 5_000;

/** A sandbox brings its own, which is there when it runs. */
async function* loginProvider({ config }: Examined, env: Env): AsyncGenerator<Finding> {
  if (config.mode === 'sandbox' && (env['LOGIN_ISSUER'] ?? '') === '') return;
  const issuer = config.loginIssuer;
  const what = await outgoingFetch(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`, {
    signal: AbortSignal.timeout(ANSWER_MS),
  }).then(
    async (answer) => {
      if (answer.status !== 200) return `answers ${answer.status} when it is asked about itself`;
      const told = (await answer.json().catch(() => null)) as { issuer?: unknown } | null;
      return told?.issuer === issuer ? undefined : 'says that it is another one';
    },
    () => 'does not answer',
  );
  if (what === undefined) yield { check: 'login', outcome: 'ok', what: `${issuer} answers` };
  else {
    const todo = 'check LOGIN_ISSUER, and whether this machine may call it: without it nobody can log in';
    yield { check: 'login', outcome: 'failed', what: `${issuer} ${what}`, todo };
  }
}

interface Called extends RegisteredProvider {
  readonly creditor: RegisteredCreditor;
}

const calledOf = async ({ db }: Examined): Promise<readonly Called[]> =>
  (await listCreditors(db))
    .filter(({ enabled }) => enabled)
    .flatMap((creditor) =>
      creditor.providers.filter(({ enabled }) => enabled).map((provider) => ({ ...provider, creditor })),
    );

const ASKED_AT_ONCE = 16;

async function* creditorsAnswer(platform: Examined): AsyncGenerator<Finding> {
  const called = await calledOf(platform);
  const http = configuredHttpClient(platform.config);
  try {
    const left = [...called];
    const problems: Finding[] = [];
    const askOn = async (): Promise<void> => {
      for (let next = left.shift(); next !== undefined; next = left.shift()) {
        const why = await whyNotReached(http, next);
        if (why !== undefined) problems.push(notReached(next, why));
      }
    };
    await Promise.all(Array.from({ length: ASKED_AT_ONCE }, askOn));
    yield* problems;
    const reached = called.length - problems.length;
    if (reached > 0 || called.length === 0) {
      yield {
        check: 'creditors',
        outcome: 'ok',
        what: called.length === 0 ? 'there are none' : `${reached} of ${called.length} answer`,
      };
    }
  } finally {
    await http.close();
  }
}

/** Why a creditor's server cannot be spoken to; undefined: it can, whatever it says. */
async function whyNotReached(http: HttpClient, { creditor, ...provider }: Called): Promise<string | undefined> {
  const { origin, basePath, identity } = serverOf({ id: creditor.id, ...provider });
  try {
    const signal = AbortSignal.timeout(ANSWER_MS);
    const answer = await http.stream({ origin, identity, path: `${basePath}/`, headers: {}, signal, maxBytes: 65_536 });
    await answer.discard();
    return undefined;
  } catch (error) {
    if (error instanceof HttpCallError) return error.message;
    if (error instanceof ConfigError) return 'our certificate for it cannot be used';
    return `no answer within ${ANSWER_MS / 1_000} s`;
  }
}

const notReached = ({ creditor, providerId, baseUrl }: Called, why: string): Finding => ({
  check: 'creditors',
  outcome: 'failed',
  what: `${creditor.id} ${plain(creditor.name)} by ${providerId} at ${plain(baseUrl)}: ${plain(why)}`,
  todo: 'lookups show what it delivered last: ask whoever runs it, or see samtykke creditor show',
});

async function* deliveries(platform: Examined): AsyncGenerator<Finding> {
  const { db, clock, config } = platform;
  const called = await calledOf(platform);
  const last = await lastCollections(db);
  const staleSince = clock.now().getTime() - config.deliveredStaleHours * 3_600_000;
  let good = 0;
  for (const provider of called) {
    const { creditor, providerId, deliveredAt } = provider;
    const run = last.find((one) => one.creditorId === creditor.id && one.providerId === providerId);
    const what = deliveryProblem(deliveredAt, staleSince, run);
    if (what === undefined) good += 1;
    else {
      const name = `${creditor.id} ${plain(creditor.name)} by ${providerId}`;
      const todo = `samtykke creditor show ${creditor.id}`;
      yield { check: 'deliveries', outcome: 'warning', what: `${name}: ${plain(what)}`, todo };
    }
  }
  if (good > 0) yield { check: 'deliveries', outcome: 'ok', what: `${good} of ${called.length} are fresh` };
}

function deliveryProblem(
  deliveredAt: Date | null,
  staleSince: number,
  run: RecordedRun | undefined,
): string | undefined {
  const failed = run?.outcome === 'rejected' || run?.outcome === 'failed';
  const because = failed && run !== undefined ? `; the last try: ${remarkOn(run)}` : '';
  if (deliveredAt === null) return `has never delivered${because}`;
  if (deliveredAt.getTime() < staleSince) return `last delivered ${moment(deliveredAt)} (UTC)${because}`;
  return failed ? `last delivered ${moment(deliveredAt)} (UTC)${because}` : undefined;
}

async function* webhooks({ db }: Examined): AsyncGenerator<Finding> {
  const all = await listSubscriptions(db);
  let good = 0;
  for (const { id, clientName, url, failing, disabled } of all) {
    const given = disabled?.reason === 'failing' || disabled?.reason === 'gone';
    if (failing === null && !given) good += 1;
    else {
      const what = given
        ? `has been given up (${moment(disabled.at)} UTC)`
        : `takes nothing since ${moment(failing?.since ?? null)} (UTC)`;
      const todo = 'its client is told by its status, and loses nothing that it reads from the feed';
      yield {
        check: 'webhooks',
        outcome: 'warning',
        what: `${id} of ${plain(clientName)}, ${plain(url)}: ${what}`,
        todo,
      };
    }
  }
  if (good > 0) yield { check: 'webhooks', outcome: 'ok', what: `${good} of ${all.length} take what is sent` };
}

async function* nodes({ db }: Examined): AsyncGenerator<Finding> {
  const live = (await readNodes(db)).filter(isLive);
  const versions = [...new Set(live.map(({ version }) => version))];
  if (live.length === 0) {
    const todo = 'start one: nobody is answered, and no job is done';
    yield { check: 'nodes', outcome: 'warning', what: 'none has been heard of in the last half minute', todo };
  } else {
    const names = live.map(({ name }) => plain(name)).join(', ');
    yield {
      check: 'nodes',
      outcome: versions.length > 1 ? 'warning' : 'ok',
      what: `${many(live.length, 'node')} of version ${versions.join(' and ')}: ${names}`,
      ...(versions.length > 1 ? { todo: 'bring all of them to one version' } : {}),
    };
  }
}

/** Jobs are done each minute or each hour; this long after they were due something is wrong. */
const LATE_MS = { expiry: 10 * 60_000, seal: 2 * 3_600_000, purge: 2 * DAY_MS } as const;

async function* jobs({ db, clock, config }: Examined): AsyncGenerator<Finding> {
  const now = clock.now().getTime();
  const keptSince = now - config.logRetentionDays * DAY_MS;
  const [left] = await db.query(LEFT_UNDONE, [new Date(now - LATE_MS.expiry), new Date(keptSince - LATE_MS.purge)]);
  if (left === undefined) return;
  const { unexpired, unpurged, sealed, unsealed } = left;
  const todo = 'see whether a node runs, and what its log says of its jobs';
  const late = sealed === null ? unsealed : sealed.getTime() < now - LATE_MS.seal;
  if (unexpired > 0) {
    const what = `${many(unexpired, 'consent')} expired more than ten minutes ago, and nobody was told`;
    yield { check: 'jobs', outcome: 'failed', what, todo };
  }
  if (late) {
    const what = sealed === null ? 'the log has never been sealed' : `the log was last sealed ${moment(sealed)} (UTC)`;
    yield { check: 'jobs', outcome: 'failed', what, todo };
  }
  if (unpurged) {
    const what = `the log has rows from before ${moment(new Date(keptSince))} (UTC), which should have gone`;
    yield { check: 'jobs', outcome: 'warning', what, todo };
  }
  if (unexpired === 0 && !late && !unpurged) {
    const seal = sealed === null ? '' : `; the log was last sealed ${moment(sealed)} (UTC)`;
    yield { check: 'jobs', outcome: 'ok', what: `nothing is left undone${seal}` };
  }
}
