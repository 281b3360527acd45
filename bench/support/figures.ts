import { appendFileSync, readFileSync } from 'node:fs';
import { median, percentile } from './statistics.ts';

/** What one measurement found, beside what is wanted of it: a number for each round. */
export interface Figure {
  readonly measurement: string;
  readonly baseline: string;
  /** What the numbers are, as `of its throughput`. */
  readonly what: string;
  /** The bound that the median has to keep; none: it is told for itself. */
  readonly least?: number;
  readonly most?: number;
  readonly rounds: readonly number[];
  /** CPU microseconds an operation, the median of the rounds, on both sides; and how many times the baseline's it is, round by round. */
  readonly cpu?: {
    readonly ours: CpuEach;
    readonly baseline: CpuEach;
    readonly times: readonly number[];
  };
  /** Operations a second, the median of the rounds. */
  readonly perSecond?: { readonly ours: number; readonly baseline: number };
  /** What others used of the machine, round by round, from 0 to 1. */
  readonly others: readonly number[];
}

export interface CpuEach {
  /** Of the process that is measured. */
  readonly node: number;
  readonly postgres: number;
}

const FILE = 'SAMTYKKE_BENCH_FIGURES';

/** Keeps a figure for the summary at the end of the run. */
export function keepFigure(figure: Figure): void {
  const file = process.env[FILE];
  if (file !== undefined) appendFileSync(file, `${JSON.stringify(figure)}\n`);
}

/** The variable that names the file where measurements keep their figures. */
export const figuresIn = (file: string): Readonly<Record<string, string>> => ({ [FILE]: file });

export const readFigures = (file: string): readonly Figure[] =>
  readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Figure);

/** Whether the median keeps the bound; undefined: there is none. */
export function isReached({ least, most, rounds }: Figure): boolean | undefined {
  if (least === undefined && most === undefined) return undefined;
  const found = median(rounds);
  return found >= (least ?? -Infinity) && found <= (most ?? Infinity);
}

const number = (value: number): string =>
  Number.isNaN(value) ? '-' : value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);

const withSpread = (values: readonly number[]): string =>
  values.length === 1
    ? number(values[0] ?? NaN)
    : `${number(median(values))} (${number(percentile(values, 0))}-${number(percentile(values, 100))})`;

const each = ({ node, postgres }: CpuEach): string => `${node.toFixed(0)} + ${postgres.toFixed(0)}`;

/** All figures as one table in Markdown, laid out as Prettier lays it out. */
export function summary(figures: readonly Figure[]): string {
  const head = [
    'measurement',
    'beside',
    'what',
    'wanted',
    'found (least-most)',
    'CPU ×',
    'CPU us: Node + PostgreSQL',
    'of the baseline',
    'others',
    'reached',
  ];
  const rows = figures.map((figure) => {
    const reached = isReached(figure);
    return [
      figure.measurement,
      figure.baseline,
      figure.what,
      figure.least === undefined
        ? figure.most === undefined
          ? ''
          : `at most ${figure.most}`
        : `at least ${figure.least}`,
      withSpread(figure.rounds),
      figure.cpu === undefined ? '' : withSpread(figure.cpu.times),
      figure.cpu === undefined ? '' : each(figure.cpu.ours),
      figure.cpu === undefined ? '' : each(figure.cpu.baseline),
      `${Math.round(median(figure.others) * 100)} %`,
      reached === undefined ? '' : reached ? 'yes' : '**no**',
    ];
  });
  return markdownTable([head, ...rows]);
}

function markdownTable(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(3, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  const [head = [], ...rest] = rows;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rest.map(line)].join('\n');
}
