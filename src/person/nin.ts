import { inspect } from 'node:util';
import { idnr } from '@navikt/fnrvalidator';

/**
 * Which numbers an installation takes (G6): production takes `real` ones (fødselsnummer, D-number), the sandbox `synthetic`
 * ones (month + 80 as in Tenor and TestID, or month + 40).
 */
export type Population = 'real' | 'synthetic';

export type NinRefusal = 'not_eleven_digits' | 'wrong_check_digits' | 'not_a_date' | 'real_number' | 'synthetic_number';

const refusalSentences: Record<NinRefusal, string> = {
  not_eleven_digits: 'must be 11 digits without spaces',
  wrong_check_digits: 'has check digits that do not match',
  not_a_date: 'does not begin with a valid date',
  real_number: 'looks like the number of a real person: the sandbox takes synthetic numbers only (month + 80 or + 40)',
  synthetic_number: 'is a synthetic number: production takes real numbers only',
};

/** Why a number was refused, as the end of a sentence whose subject is the field's name. Never repeats the number. */
export const ninRefusalSentence = (refusal: NinRefusal): string => refusalSentences[refusal];

/**
 * A valid national identity number (fødselsnummer or D-number, 11 digits). It prints masked in strings, JSON and logs;
 * `reveal()` is the one, explicit way to the digits. Two instances of the same number are told equal by `equals`.
 */
export class Nin {
  readonly #digits: string;

  private constructor(digits: string) {
    this.#digits = digits;
  }

  /**
   * Decides whether `text` is a number that this installation takes (G5, G6). Check digits follow the rule in force until
   * 2032 (first control digit: remainder 0); `from2032` also accepts the remainders 1 to 3 that come then.
   * Returns the number, or the reason for refusing it; never throws.
   */
  static parse(text: unknown, population: Population, options: { from2032?: boolean } = {}): Nin | NinRefusal {
    // The library throws on anything but a string, and reads digits before it has looked at the length.
    if (typeof text !== 'string' || !/^\d{11}$/.test(text)) return 'not_eleven_digits';
    const verdict = idnr(text);
    if (verdict.status === 'invalid') {
      return verdict.reasons.includes('invalid date') && verdict.reasons.length === 1
        ? 'not_a_date'
        : 'wrong_check_digits';
    }
    if (options.from2032 !== true && !firstControlDigitIsClassic(text)) return 'wrong_check_digits';
    const synthetic = Number(text.charAt(2)) >= 4;
    if (synthetic && population === 'real') return 'synthetic_number';
    if (!synthetic && population === 'synthetic') return 'real_number';
    return new Nin(text);
  }

  /** Reads back a number that was stored by us, and so was valid when it came in; throws if it is not 11 digits. */
  static fromStored(digits: string): Nin {
    if (!/^\d{11}$/.test(digits)) throw new Error('a stored national identity number is not 11 digits');
    return new Nin(digits);
  }

  /** The digits. Call it only where the number must leave in clear: a creditor's query, the `ssn` of a debt answer, the vault. */
  reveal(): string {
    return this.#digits;
  }

  equals(other: Nin): boolean {
    return this.#digits === other.#digits;
  }

  toString(): string {
    return '[nin]';
  }

  toJSON(): string {
    return '[nin]';
  }

  [inspect.custom](): string {
    return '[nin]';
  }
}

const K1_WEIGHTS = [3, 7, 6, 1, 8, 9, 4, 5, 2] as const;

function firstControlDigitIsClassic(digits: string): boolean {
  const sum = K1_WEIGHTS.reduce((total, weight, place) => total + weight * Number(digits.charAt(place)), 0);
  return (11 - (sum % 11)) % 11 === Number(digits.charAt(9));
}

/**
 * Replaces every run of exactly 11 digits that is a valid number of either population by `[nin]`: the last net for text that
 * came from outside (a header, a field name) on its way to a log or an error message. Digits that go on in letters are part of
 * another id: the last group of a UUID would look like a number once in thirty thousand times.
 */
export function maskNins(text: string): string {
  return text.replaceAll(/(?<![0-9A-Za-z])\d{11}(?![0-9A-Za-z])/g, (digits) =>
    idnr(digits).status === 'valid' ? '[nin]' : digits,
  );
}
