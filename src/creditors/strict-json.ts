import { newScan, scanOn } from './json-scan.ts';

/**
 * JSON of creditors, more strictly than `JSON.parse`, which keeps the last of two equal keys, and hands over 1.0, 1e2 and
 * 9007199254740991.4 as whole numbers, without a word.
 */

export type JsonRule = 'broken_json' | 'duplicate_key' | 'too_deep';

/** Reads a text of moderate size: the value, or which rule it breaks. Never throws, and never repeats the text. */
export function readStrictly(text: string): { readonly value: unknown } | { readonly rule: JsonRule } {
  const bytes = Buffer.from(text);
  const scan = newScan();
  for (let stop = scanOn(scan, bytes, bytes.length); stop !== 'end'; stop = scanOn(scan, bytes, bytes.length)) {
    if (stop === 'too_deep') return { rule: 'too_deep' };
  }
  const value = parseJson(text);
  if (value === undefined) return { rule: 'broken_json' };
  if (stringsIn(value) !== scan.strings) return { rule: 'duplicate_key' };
  return { value: scan.oddNumbers ? parseExactly(text) : value };
}

/** Undefined, which JSON has no word for, when the text is not JSON. The parser's own message would quote the data. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * How many strings a value is written with: keys and values that are strings. A text that it was parsed from has as many, or
 * more when `JSON.parse` has dropped members with a key that came again; so comparing the two finds equal keys, however they
 * were escaped, at a tenth of the cost of looking for them. Recursive: for values whose depth a scan has limited.
 */
export function stringsIn(value: unknown): number {
  if (typeof value === 'string') return 1;
  if (typeof value !== 'object' || value === null) return 0;
  let strings = 0;
  if (Array.isArray(value)) {
    for (const element of value) strings += stringsIn(element);
  } else {
    for (const key in value) strings += 1 + stringsIn((value as Record<string, unknown>)[key]);
  }
  return strings;
}

/**
 * `JSON.parse`, but a whole number that is not written as one (with a point or an exponent) becomes NaN, which no rule lets
 * through: it may be a rounded one, and the interface has whole numbers only. Slow; for texts that have such numbers somewhere.
 */
export function parseExactly(text: string): unknown {
  // V8 tells a number's source; the type of a reviver does not have it yet.
  return JSON.parse(text, (_key: string, value: unknown, context?: { source?: string }) =>
    Number.isSafeInteger(value) && /[.eE]/.test(context?.source ?? '') ? Number.NaN : value,
  );
}
