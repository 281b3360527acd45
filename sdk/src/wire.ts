import { SamtykkeError } from './errors.ts';

/**
 * Reading answers: what is not as the interface describes it is `bad_answer`, with the name of the field and never its value. What is there
 * besides is not looked at, so that a server may say more tomorrow.
 */
export type Fields = Readonly<Record<string, unknown>>;

const bad = (what: string): SamtykkeError<'bad_answer'> => new SamtykkeError('bad_answer', `the answer has ${what}`);

export function fieldsOf(value: unknown, what: string): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw bad(`no object as ${what}`);
  return value as Fields;
}

export function listOf(value: unknown, what: string): readonly unknown[] {
  if (!Array.isArray(value)) throw bad(`no list as ${what}`);
  return value;
}

export function textOf(fields: Fields, name: string): string {
  const value = fields[name];
  if (typeof value !== 'string') throw bad(`no text as ${name}`);
  return value;
}

/** Absent and null are the same. */
export function optionalTextOf(fields: Fields, name: string): string | undefined {
  return fields[name] === undefined || fields[name] === null ? undefined : textOf(fields, name);
}

export function wholeNumberOf(fields: Fields, name: string): number {
  const value = fields[name];
  if (typeof value !== 'number' || !Number.isSafeInteger(value)) throw bad(`no whole number as ${name}`);
  return value;
}

export function optionalWholeNumberOf(fields: Fields, name: string): number | undefined {
  return fields[name] === undefined || fields[name] === null ? undefined : wholeNumberOf(fields, name);
}

export function booleanOf(fields: Fields, name: string): boolean {
  const value = fields[name];
  if (typeof value !== 'boolean') throw bad(`neither true nor false as ${name}`);
  return value;
}

/** From ISO 8601. */
export function instantOf(fields: Fields, name: string): Date {
  const at = new Date(textOf(fields, name));
  if (Number.isNaN(at.getTime())) throw bad(`no date and time as ${name}`);
  return at;
}

export function optionalInstantOf(fields: Fields, name: string): Date | undefined {
  return fields[name] === undefined || fields[name] === null ? undefined : instantOf(fields, name);
}

/** From seconds since 1970. */
export const epochInstantOf = (fields: Fields, name: string): Date => new Date(wholeNumberOf(fields, name) * 1000);

/** One of the words that the interface has, as the word that we have for it. */
export function wordOf<Word>(fields: Fields, name: string, words: Readonly<Record<string, Word>>): Word {
  const value = fields[name];
  const word =
    (typeof value === 'string' || typeof value === 'number') && Object.hasOwn(words, value) ? words[value] : undefined;
  if (word === undefined) throw bad(`no known value as ${name}`);
  return word;
}

export function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw bad('no JSON');
  }
}
