import { cpus } from 'node:os';
import type { Comparison, Figures } from './compare.ts';
import { median, percentile } from './statistics.ts';

const HEAD = ['', 'clients', 'kB', 'p50 ms', 'p95 ms', 'p99 ms', 'inside p95', 'CPU ms', 'requests/s'];
const RATIOS = ['p95 ×', 'CPU ×', 'rate ×'];

/** The comparisons as a table, each with its baseline below it, and what they were made on. */
export function report(title: string, comparisons: readonly Comparison[], notes: readonly string[]): string {
  const rows = comparisons.flatMap(({ name, clients, bytes, target, baseline, ratio }) => [
    [
      name,
      String(clients),
      (bytes / 1000).toFixed(1),
      ...cells(target),
      ...[ratio.p95, ratio.cpu, ratio.perSecond].map(short),
    ],
    ['  bare', '', '', ...cells(baseline), '', '', ''],
  ]);
  const others = comparisons.flatMap((comparison) => comparison.others);
  return tableReport(title, { rows: [[...HEAD, ...RATIOS], ...rows], notes, others });
}

/** Any table, its first row the head, and what it was made on. `others`: what others used of the machine, from 0 to 1. */
export function tableReport(
  title: string,
  table: { rows: readonly (readonly string[])[]; notes: readonly string[]; others: readonly number[] },
): string {
  return [title, '', ...aligned(table.rows), '', ...table.notes, machine(table.others), ''].join('\n');
}

const cells = ({ p50, p95, p99, insideP95, cpu, perSecond }: Figures): readonly string[] => [
  ...[p50, p95, p99, insideP95, cpu].map(short),
  perSecond.toFixed(0),
];

/** With three digits that count. */
export const short = (value: number): string => value.toFixed(value >= 100 ? 0 : value >= 10 ? 1 : value >= 1 ? 2 : 3);

/** The median, and the least and the most. */
export const spread = (values: readonly number[]): string =>
  `${short(median(values))} (${short(percentile(values, 0))}-${short(percentile(values, 100))})`;

function aligned(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join('  ')
      .trimEnd(),
  );
}

function machine(others: readonly number[]): string {
  const percent = (part: number): string => `${Math.round(part * 100)} %`;
  const [cpu] = cpus();
  return (
    `Node ${process.versions.node}, ${cpus().length} × ${cpu?.model.trim() ?? 'CPU'}. Others used ` +
    `${percent(median(others))} of the machine (median), at most ${percent(Math.max(...others))}.`
  );
}
