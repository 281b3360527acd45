import type { RegisteredCreditor } from '../creditors/creditor.ts';
import type { RegistryChange } from '../creditors/registration.ts';
import type { RecordedRun } from '../delivery/run-log.ts';
import { remarkOn, type RunResult } from './describe-run.ts';
import { emphasised, plain, table, type Look } from './table.ts';
import { count, moment, onOff } from './words.ts';

/** What programs are told of a creditor, and of each of those who deliver for it. */
export const creditorJson = ({ id, name, enabled, contact, providers }: RegisteredCreditor) => ({
  number: id,
  name,
  enabled,
  contactEmail: contact.email,
  contactPhone: contact.phone,
  providers: providers.map(({ providerId, baseUrl, organisations, clientCertificate, enabled, deliveredAt }) => ({
    provider: providerId,
    baseUrl,
    deliverers: organisations,
    clientCertificate,
    enabled,
    collectedAt: deliveredAt,
  })),
});

/** What programs are told of a delivery. */
export const runJson = ({ id, creditorId, providerId, ...run }: RecordedRun) => ({
  id,
  creditor: creditorId,
  provider: providerId,
  ...run,
  remark: remarkOn(run),
});

/** The certificate of ours that most know us by. */
const USUAL = 'default';

/** All creditors for people, a line for each that delivers. Which certificate each knows us by is told where that differs. */
export function creditorTable(
  creditors: readonly RegisteredCreditor[],
  last: readonly RecordedRun[],
  look: Look,
): string {
  const differ = creditors.some(({ providers }) =>
    providers.some(({ clientCertificate }) => clientCertificate !== null),
  );
  const rows = creditors.flatMap((creditor) => {
    const { id, name, enabled, providers } = creditor;
    if (providers.length === 0) return [[id, name, '–', ...(differ ? ['–'] : []), onOff(enabled), 'never', '–']];
    return providers.map((provider) => [
      id,
      name,
      provider.providerId,
      ...(differ ? [provider.clientCertificate ?? USUAL] : []),
      onOff(enabled && provider.enabled),
      deliveredOf(provider.deliveredAt),
      outcomeOf(last.find((run) => run.creditorId === id && run.providerId === provider.providerId)),
    ]);
  });
  const columns = [
    { title: 'number' },
    { title: 'name', fits: true },
    { title: 'provider' },
    ...(differ ? [{ title: 'knows us by' }] : []),
    { title: 'is' },
    { title: 'collected (UTC)' },
    { title: 'last try' },
  ];
  return table(columns, rows, look);
}

/** One creditor for people, with its last deliveries. */
export function creditorPage(creditor: RegisteredCreditor, runs: readonly RecordedRun[], look: Look): string {
  const { id, name, enabled, contact, providers } = creditor;
  const reached = [contact.email, contact.phone].filter((it) => it !== null);
  const title = emphasised('bold', `${id} ${plain(name)}`, look);
  return [
    `${title}${enabled ? '' : emphasised('yellow', ' (switched off)', look)}\n`,
    `Corrections: ${reached.length === 0 ? 'nobody has been named' : plain(reached.join(', '))}\n`,
    '\n',
    table(
      [
        { title: 'provider' },
        { title: 'is' },
        { title: 'answers at', fits: true },
        { title: 'may push', fits: true },
        { title: 'knows us by' },
        { title: 'collected (UTC)' },
      ],
      providers.map((provider) => [
        provider.providerId,
        onOff(provider.enabled),
        provider.baseUrl,
        provider.organisations.length === 0 ? 'nobody' : provider.organisations.join(' '),
        provider.clientCertificate ?? USUAL,
        deliveredOf(provider.deliveredAt),
      ]),
      look,
    ),
    '\n',
    runs.length === 0 ? 'Nothing has been delivered yet.\n' : runTable(runs, look),
  ].join('');
}

const runTable = (runs: readonly RecordedRun[], look: Look): string =>
  table(
    [
      { title: 'delivered (UTC)' },
      { title: 'by' },
      { title: 'provider' },
      { title: 'took', align: 'right' },
      { title: 'outcome' },
      { title: 'customers', align: 'right' },
      { title: 'loans', align: 'right' },
      { title: 'remark', fits: true },
    ],
    runs.map((run) => [
      moment(run.startedAt),
      run.kind,
      run.providerId,
      run.finishedAt === null ? '' : duration((run.finishedAt.getTime() - run.startedAt.getTime()) / 1_000),
      outcomeOf(run),
      counted(run.customers),
      counted(run.loans),
      remarkOn(run),
    ]),
    look,
  );

/** What became of collections that have just ended, for people: a line for each provider. */
export function collectedTable(
  collected: readonly (RunResult & { providerId: string; seconds: number })[],
  look: Look,
): string {
  const columns = [
    { title: 'provider' },
    { title: 'outcome' },
    { title: 'customers', align: 'right' },
    { title: 'loans', align: 'right' },
    { title: 'took', align: 'right' },
  ] as const;
  const rows = collected.map((run) => [
    run.providerId,
    outcomeOf(run),
    counted(run.customers),
    counted(run.loans),
    duration(run.seconds),
  ]);
  // Where a rule is broken is what this is read for: it is never cut.
  const remarks = collected
    .map((run) => [run.providerId, remarkOn(run)] as const)
    .filter(([, remark]) => remark !== '');
  return (
    table(columns, rows, look) + remarks.map(([providerId, remark]) => `${providerId}: ${plain(remark)}\n`).join('')
  );
}

const NAMES: Readonly<Record<RegistryChange['field'], string>> = {
  name: 'name',
  contactEmail: 'contact e-mail',
  contactPhone: 'contact phone',
  baseUrl: 'base URL',
  organisations: 'may push',
  clientCertificate: 'knows us by',
  enabled: 'is',
};

/** What was changed, for people; empty: nothing. */
export function changeTable(changes: readonly RegistryChange[], look: Look): string {
  if (changes.length === 0) return '';
  return table(
    [{ title: 'what' }, { title: 'was', fits: true }, { title: 'is', fits: true }],
    changes.map(({ field, provider, before, after }) => [
      provider === undefined ? NAMES[field] : `${NAMES[field]} (${provider})`,
      ...[before, after].map((value) => (field === 'clientCertificate' ? (value ?? USUAL) : value)).map(valueText),
    ]),
    look,
  );
}

function valueText(value: RegistryChange['before']): string {
  if (typeof value === 'boolean') return onOff(value);
  if (value === null) return '–';
  if (typeof value === 'string') return value;
  return value.length === 0 ? 'nobody' : value.join(' ');
}

const outcomeOf = (run: Pick<RunResult, 'outcome'> | undefined): string =>
  run === undefined ? '–' : (run.outcome ?? 'unfinished');
const deliveredOf = (at: Date | null): string => (at === null ? 'never' : moment(at));
const counted = (number: number | null): string => (number === null ? '' : count(number));
const duration = (seconds: number): string => `${seconds.toFixed(seconds < 10 ? 1 : 0)} s`;
