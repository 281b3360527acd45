import type { HistoryEntry } from '../audit/history-log.ts';
import type { ArchiveReason, Duration } from '../consent/consent.ts';
import type { ConsentOverview } from '../consent/overview.ts';
import type { Shown } from '../consent-request/read-shown.ts';
import { emphasised, listing, table, type Look } from './table.ts';
import { count, moment } from './words.ts';

/** What programs are told of a consent; of the person an id that says nothing. */
export const consentJson = ({ consent, clientName, state, uses, lastUsedAt }: ConsentOverview) => ({
  id: consent.id,
  client: { id: consent.clientId, name: clientName },
  personId: consent.personId,
  purpose: consent.purpose,
  durationDays: consent.duration.kind === 'days' ? consent.duration.days : null,
  externalId: consent.externalId,
  createdAt: consent.createdAt,
  expiresAt: consent.expiresAt,
  active: state.active,
  endedAt: state.active ? null : state.since,
  reason: state.active ? null : state.reason,
  uses,
  lastUsedAt,
});

/** Consents for people. */
export const consentTable = (consents: readonly ConsentOverview[], look: Look): string =>
  table(
    [
      { title: 'id' },
      { title: 'client', fits: true },
      { title: 'purpose' },
      { title: 'given (UTC)' },
      { title: 'until' },
      { title: 'is' },
      { title: 'uses', align: 'right' },
    ],
    consents.map(({ consent, clientName, state, uses }) => [
      consent.id,
      clientName,
      consent.purpose,
      moment(consent.createdAt),
      moment(state.active ? consent.expiresAt : state.since),
      state.active ? 'active' : REASONS[state.reason],
      count(uses),
    ]),
    look,
  );

const REASONS: Readonly<Record<ArchiveReason, string>> = {
  used: 'used',
  expired: 'expired',
  revoked_by_client: 'revoked by client',
  revoked_by_person: 'revoked by person',
  revoked_by_operator: 'revoked by operator',
};

/** One consent for people, with what the log says of it. */
export function consentPage(
  { consent, clientName, state, uses }: ConsentOverview,
  history: readonly HistoryEntry[],
  shown: Shown | undefined,
  look: Look,
): string {
  const lines: readonly (readonly [string, string])[] = [
    ['client', `${clientName} (${consent.clientId})`],
    ['purpose', consent.purpose],
    ['given', `${moment(consent.createdAt)} (UTC), ${shown === undefined ? 'at the client' : shownText(shown)}`],
    ['for', durationText(consent.duration)],
    ['until', moment(consent.expiresAt)],
    ['is', state.active ? 'active' : `${REASONS[state.reason]}, ${moment(state.since)}`],
    ["client's own id", consent.externalId ?? '–'],
    ['uses', count(uses)],
  ];
  return [
    `${emphasised('bold', consent.id, look)}\n`,
    listing(lines),
    '\n',
    table(
      [
        { title: 'logged (UTC)' },
        { title: 'what' },
        { title: 'by' },
        { title: 'creditors' },
        { title: 'trace', fits: true },
      ],
      history.map((entry) => [
        moment(entry.at),
        entry.reason === null ? entry.kind : `${entry.kind}: ${entry.reason}`,
        entry.doneBy === null ? entry.actor : `${entry.actor} (${entry.doneBy})`,
        entry.creditorsAsked === null ? '' : `${entry.creditorsAnswered ?? 0} of ${entry.creditorsAsked}`,
        entry.traceId ?? '',
      ]),
      look,
    ),
  ].join('');
}

const shownText = ({ version, language, level }: Shown): string =>
  `on the consent screen (text ${version}, ${language}, logged in at ${level})`;

const durationText = (duration: Duration): string =>
  duration.kind === 'single_use' ? 'one use' : `${duration.days} day${duration.days === 1 ? '' : 's'}`;
