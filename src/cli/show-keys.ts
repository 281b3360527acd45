import type { KeysState, ListedKey } from '../keys/list-keys.ts';
import { listIds, stateOf, type Dependents, type Hindrance, type Step } from '../keys/rotation.ts';
import { keyKinds, type KeyKind } from '../platform/keys-kinds.ts';
import { plain, table, type Look } from './table.ts';
import { many, moment } from './words.ts';

/** How keys are shown: as tables, as JSON, and what is told about them. Never a secret. */

const since = (key: ListedKey): Date => key.replacedAt ?? key.inUseSince ?? key.knownSince;

export const keysTable = (keys: readonly ListedKey[], nodes: number, look: Look): string =>
  table(
    [
      { title: 'kind' },
      { title: 'id' },
      { title: 'state' },
      { title: 'since (UTC)' },
      { title: 'known since' },
      { title: 'nodes', align: 'right' },
      { title: 'needed by', fits: true },
    ],
    keys.map((key) => [
      key.kind,
      key.id,
      stateOf(key),
      moment(since(key)),
      moment(key.knownSince).slice(0, 10),
      `${key.knownBy.length}/${nodes}`,
      key.needed.length === 0 ? '–' : key.needed.map(rowsOf).join(', '),
    ]),
    look,
  );

const names: Readonly<Record<string, readonly [one: string, more: string]>> = {
  persons: ['person', 'persons'],
  sessions: ['session', 'sessions'],
  webhooks: ['webhook', 'webhooks'],
  requests: ['open request', 'open requests'],
  deliveries: ['delivering pair', 'delivering pairs'],
  rows: ['row', 'rows'],
};

function rowsOf({ what, rows }: Dependents): string {
  if (what === 'newest_seal') return 'the newest seal of the log';
  const [one, more] = names[what] ?? [what, what];
  return many(rows, one, more);
}

export const keysJson = (state: KeysState): object => ({
  keys: state.keys.map((key) => ({
    kind: key.kind,
    id: key.id,
    state: stateOf(key),
    knownSince: key.knownSince,
    inUseSince: key.inUseSince,
    replacedAt: key.replacedAt,
    inFile: key.inFile,
    knownBy: key.knownBy,
    neededBy: Object.fromEntries(key.needed.map(({ what, rows }) => [what, rows])),
    hindrances: stateOf(key) === 'in use' ? [] : key.hindrances,
  })),
  nodes: state.nodes.map(({ name, version, startedAt, seenAt }) => ({ name, version, startedAt, seenAt })),
  waiting: [...state.steps].map(([kind, step]) => ({ kind, ...stepJson(step) })),
  lacking: state.lacking,
  outdated: state.outdated,
});

export const stepJson = (step: Step): object => ({
  waitsFor: step.kind.replace(/^wait_(for|until)_?/, '') || 'time',
  keys: step.ids,
  ...('nodes' in step ? { nodes: step.nodes } : {}),
  ...('until' in step ? { until: step.until } : {}),
});

/** What is not as it should be, or will change by itself: a line for each. */
export function keysNotes(state: KeysState, file: string): readonly string[] {
  const lacking = listIds(state.lacking);
  const outdated = state.outdated.map(({ kind, id }) => `${kind} ${id}`).join(', ');
  return [
    ...(lacking === ''
      ? []
      : [`the keys file ${file} lacks keys that are needed: ${lacking}: take the newest copy of it`]),
    ...(outdated === ''
      ? []
      : [`the keys file ${file} holds keys that have been retired: ${outdated}: take the newest copy of it`]),
    ...[...state.steps].map(([kind, step]) => stepLine(kind, step)),
    ...keyKinds.flatMap((kind) => replacedLines(kind, state.keys)),
    ...(state.nodes.length === 0 ? ['no node has been heard of in the last half minute'] : []),
  ];
}

/** What a rotation waits for. */
export function stepLine(kind: KeyKind, step: Step): string {
  const ids = step.ids.map(plain).join(', ');
  switch (step.kind) {
    case 'wait_for_order':
      return kind === 'login'
        ? `${kind} ${ids} waits until it is registered at the login provider: then samtykke keys rotate login --registered`
        : `${kind} ${ids} is known, and nobody wants it used: samtykke keys rotate ${kind} does so`;
    case 'wait_for_nodes':
      return (
        `${kind} ${ids} waits for ${step.nodes.map(plain).join(', ')}: give the keys file to the machines of these nodes. ` +
        'It comes into use by itself when all of them have it'
      );
    case 'wait_until':
      return `${kind} ${ids} is published, and signs from ${moment(step.until)} UTC on, by itself`;
    case 'note_published':
    case 'use':
      return `${kind} ${ids} comes into use in some seconds`;
  }
}

/** That a rotation is not at its end as long as there are old keys. */
function replacedLines(kind: KeyKind, keys: readonly ListedKey[]): readonly string[] {
  const replaced = keys.filter((key) => key.kind === kind && stateOf(key) === 'replaced');
  const listed = (some: readonly ListedKey[]): string => some.map(({ id }) => plain(id)).join(', ');
  const free = replaced.filter(({ hindrances }) => hindrances.length === 0);
  const lines =
    free.length === 0 ? [] : [`nothing needs ${kind} ${listed(free)} any more: samtykke keys retire ${kind}`];
  for (const key of replaced) {
    const [first, ...rest] = key.hindrances;
    if (first?.why === 'time' && rest.length === 0)
      lines.push(`${kind} ${plain(key.id)} can be retired from ${moment(first.until)} UTC on`);
  }
  return lines;
}

/** Why a key is not retired, a line for each reason. */
export function hindranceLines(kind: KeyKind, id: string, hindrances: readonly Hindrance[]): readonly string[] {
  const key = `${kind} ${plain(id)}`;
  return hindrances.flatMap((hindrance) => {
    switch (hindrance.why) {
      case 'in_use':
        return [`${key} is in use: samtykke keys rotate ${kind} puts another in its place first`];
      case 'nodes':
        return [`${key} is still with ${hindrance.nodes.map(plain).join(', ')}: try again in some seconds`];
      case 'time':
        return [
          `${key}: what was signed with it is good until ${moment(hindrance.until)} UTC; --at-once gives that up`,
        ];
      case 'rows':
        return hindrance.rows.map((rows) => `${key} is needed by ${rowsOf(rows)}: ${ends[rows.what] ?? ends['rows']}`);
    }
  });
}

const rewritten = 'nodes write them anew by themselves, samtykke keys rewrite does so now';
const ends: Readonly<Record<string, string>> = {
  persons: rewritten,
  sessions: rewritten,
  webhooks: rewritten,
  requests: 'they can be answered for a quarter of an hour, at most',
  deliveries: 'the next collection stores them anew (samtykke creditor collect), pushes may need a day more',
  newest_seal: 'the next one is made within the hour',
  rows: 'see samtykke keys list',
};
