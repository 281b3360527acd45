import { cpus } from 'node:os';
import type { Checked } from './checks/evidence.ts';
import { isDone, isRefused, type Call, type Fault, type History, type Operation } from './history.ts';

/** A table: its first row the head. */
interface Table {
  readonly title: string;
  readonly rows: readonly (readonly string[])[];
}

export interface Summary {
  readonly about: readonly string[];
  readonly tables: readonly Table[];
  readonly verdict: string;
  readonly broken: readonly string[];
}

const words: Readonly<Record<Operation, string>> = {
  register: 'register a consent',
  register_other: 'register another one by the same id',
  give: 'a person gives a consent',
  status: 'ask for the status',
  look_up: 'look up debt',
  revoke: 'revoke',
  withdraw: 'a person withdraws',
  poll: 'read the feed',
  last_number: "ask for the feed's last number",
  pushed: 'receive an event by webhook',
  subscribe: 'ask for a webhook',
  token: 'fetch a token',
  page: 'a page in a browser',
  bad_input: 'send nonsense',
};

/** What a run was, and what came of it, for somebody who has never seen the source. */
export function summarise({ calls, faults, clock }: History, checked: readonly Checked[]): Summary {
  const begin = calls[0]?.begin ?? 0;
  const end = calls.reduce((latest, call) => (Number.isFinite(call.end) ? Math.max(latest, call.end) : latest), begin);
  const findings = checked.flatMap(({ rule, findings }) => findings.map((found) => ({ rule, found })));
  const looked = checked.reduce((sum, check) => sum + check.looked, 0);
  return {
    about: [
      `${((end - begin) / 1000).toFixed(0)} seconds, ${calls.length} calls of ${new Set(calls.map((call) => call.who)).size} client processes, ${faults.length} faults, ${clock.length} moves of the clock.`,
      `Node ${process.versions.node}, ${cpus().length} × ${cpus()[0]?.model.trim() ?? 'CPU'}, ${new Date().toISOString().slice(0, 16).replace('T', ' ')} UTC.`,
    ],
    tables: [faultTable(calls, faults), callTable(calls), checkTable(checked)],
    verdict:
      findings.length === 0
        ? `Nothing is broken: ${looked} things were held against ${checked.length} rules.`
        : `BROKEN: ${findings.length} findings.`,
    broken: findings
      .slice(0, 40)
      .map(({ rule, found }) =>
        [
          `${rule}: ${found.what}`,
          ...found.consents.slice(0, 3).map((id) => `    consent ${id}`),
          ...found.calls.slice(0, 4).map((call) => `    ${lineOf(call, begin)}`),
        ].join('\n'),
      ),
  };
}

/** A call as it shows what went wrong. */
function lineOf(call: Call, begin: number): string {
  const at = (time: number): string => (Number.isFinite(time) ? ((time - begin) / 1000).toFixed(4) : 'never');
  const { events, ...told } = call.told;
  const more = events === undefined ? told : { ...told, events: events.length };
  return `${at(call.begin)} to ${at(call.end)} s  ${call.who}  ${call.op} ${JSON.stringify(call.asked)} -> ${call.status ?? 'no answer'} ${JSON.stringify(more)}  (trace ${call.call})`;
}

const ms = (value: number): string => (value >= 10_000 ? `${(value / 1000).toFixed(1)} s` : `${value.toFixed(0)} ms`);

/** After each fault until the next one: the longest time in which no client was answered with success. */
function faultTable(calls: readonly Call[], faults: readonly Fault[]): Table {
  const served = calls
    .filter((call) => isServed(call))
    .map((call) => call.end)
    .toSorted((one, other) => one - other);
  const kinds = Map.groupBy(faults, (fault) => fault.fault);
  const rows = Array.from(kinds, ([kind, done]) => {
    const gaps = done.map((fault) => {
      const next = faults.find((other) => other.begin > fault.begin)?.begin ?? fault.end + 5_000;
      return longestGap(served, fault.begin, next);
    });
    const unknown = done.map(
      (fault) =>
        calls.filter((call) => call.status === null && call.begin <= fault.end && call.end >= fault.begin).length,
    );
    const away = done.map(
      (fault) =>
        calls.filter((call) => call.status === 503 && call.end >= fault.begin && call.begin <= fault.end).length,
    );
    return [
      kind,
      String(done.length),
      ms(Math.max(...gaps)),
      ms(median(gaps)),
      String(sum(away)),
      String(sum(unknown)),
    ];
  });
  const head = [
    'what was done',
    'times',
    'nobody served for, at most',
    'median',
    'calls told to come again (503)',
    'calls cut off',
  ];
  return {
    title: 'Faults',
    rows: [head, ...rows.toSorted((one, other) => (one[0] ?? '').localeCompare(other[0] ?? ''))],
  };
}

const isServed = (call: Call): boolean =>
  (isDone(call) || isRefused(call)) && !['bad_input', 'pushed', 'page', 'token'].includes(call.op);

export function longestGap(times: readonly number[], from: number, to: number): number {
  const within = [from, ...times.filter((time) => time > from && time < to)];
  // The answer that ends the gap may come after the next fault has begun.
  const next = times.find((time) => time >= to);
  const all = within.length === 1 && next !== undefined ? [...within, next] : within;
  return all.slice(1).reduce((longest, time, n) => Math.max(longest, time - (all[n] ?? time)), 0);
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;

function callTable(calls: readonly Call[]): Table {
  const rows = Object.entries(words).flatMap(([op, what]) => {
    const those = calls.filter((call) => call.op === op);
    if (those.length === 0) return [];
    const count = (fits: (call: Call) => boolean): string => String(those.filter(fits).length);
    const answered = (call: Call): boolean => call.status !== null;
    const isBadInput = op === 'bad_input';
    const done = (call: Call): boolean =>
      !isBadInput && (isDone(call) || (op === 'page' && (call.status ?? 0) >= 300 && (call.status ?? 0) < 400));
    return [
      [
        what,
        String(those.length),
        count(done),
        count((call) => isRefused(call) || (isBadInput && isDone(call))),
        count((call) => call.status === 503),
        count((call) => answered(call) && (call.status ?? 0) >= 500 && call.status !== 503),
        count((call) => !answered(call)),
      ],
    ];
  });
  return {
    title: 'Calls',
    rows: [
      ['what clients did', 'calls', 'done', 'refused by a rule', 'away (503)', 'failed (5xx)', 'no answer'],
      ...rows,
    ],
  };
}

const checkTable = (checked: readonly Checked[]): Table => ({
  title: 'Checks',
  rows: [
    ['what must hold', 'looked at', 'broken'],
    ...checked.map(({ rule, looked, findings }) => [rule, String(looked), String(findings.length)]),
  ],
});

/** For a terminal. */
export function asText({ about, tables, verdict, broken }: Summary): string {
  const parts = tables.map(({ title, rows }) => [title, '', ...aligned(rows), ''].join('\n'));
  return [...about, '', ...parts, verdict, ...broken, ''].join('\n');
}

/** For docs/reliability.md. */
export function asMarkdown({ about, tables, verdict }: Summary): string {
  const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const parts = tables.map(({ rows: [head = [], ...rows] }) =>
    [row(head), row(head.map((_, n) => (n === 0 ? '---' : '---:'))), ...rows.map(row), ''].join('\n'),
  );
  return [about.join(' '), '', ...parts, verdict, ''].join('\n');
}

function aligned(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, n) => (n === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[n] ?? 0)))
      .join('  ')
      .trimEnd(),
  );
}
