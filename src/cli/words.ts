import { CommandProblem, EXIT } from './command-problem.ts';
import { plain } from './table.ts';

/** A time for people: UTC, to the second; what is no time as it is. */
export function moment(at: Date | string | null): string {
  if (at === null) return '–';
  const date = new Date(at);
  return Number.isNaN(date.getTime()) ? plain(String(at)) : date.toISOString().slice(0, 19).replace('T', ' ');
}

export const onOff = (on: boolean): string => (on ? 'on' : 'off');

/** A count for people, in groups of three digits. */
export const count = (number: number): string => String(number).replaceAll(/\B(?=(\d{3})+$)/g, ' ');

/** So many of something, for a sentence. */
export const many = (number: number, one: string, more = `${one}s`): string =>
  `${count(number)} ${number === 1 ? one : more}`;

/** What an option holds that may be told more than once. */
export const repeated = (value: string, before: readonly string[] | undefined): readonly string[] => [
  ...(before ?? []),
  value,
];

/** A whole number that an option holds. Throws a CommandProblem. */
export function wholeNumber(option: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (/^\d{1,16}$/.test(text) && value >= least && value <= most) return value;
  throw new CommandProblem(
    [`${option} is '${plain(text)}': write a whole number from ${least} to ${most}`],
    EXIT.usage,
  );
}

const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 };

/** Seconds of a length of time as 90s, 30m, 24h or 7d; 0 needs no unit. Throws a CommandProblem. */
export function seconds(option: string, text: string): number {
  const [, digits = '', unit = ''] = /^(\d{1,9})([smhd])$/.exec(text) ?? [];
  const factor = UNITS[unit];
  if (factor !== undefined) return Number(digits) * factor;
  if (text === '0') return 0;
  throw new CommandProblem([`${option} is '${plain(text)}': write a length of time as 30m, 24h or 7d`], EXIT.usage);
}

/** An instant of an option: a day in UTC, or a time with its zone. Throws a CommandProblem. */
export function instant(option: string, text: string): Date {
  const fits = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:\d\d))?$/.test(text);
  const at = new Date(text);
  // A day that no month has would become one of the next.
  const day = new Date(`${text.slice(0, 10)}T00:00:00Z`);
  const exists = !Number.isNaN(day.getTime()) && day.toISOString().startsWith(text.slice(0, 10));
  if (fits && exists && !Number.isNaN(at.getTime())) return at;
  throw new CommandProblem(
    [`${option} is '${plain(text)}': write a day (UTC) as 2026-11-23, or a time as 2026-11-23T12:30:00Z`],
    EXIT.usage,
  );
}
