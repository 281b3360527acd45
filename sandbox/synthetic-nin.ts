import { mix } from './random.ts';

/**
 * A fixed sequence of ten million synthetic national identity numbers (month + 80), in which the number follows from its place
 * and the place from the number, so that nobody need remember which numbers were handed out.
 *
 * A number is made of a birth date, ten neighbouring individual numbers, and which of the valid ones among those ten to take.
 * At most two of ten neighbours lack check digits (each control digit rules out at most one), so eight are always there:
 * every combination gives a number, and no combination has to be skipped.
 */

const DAY_MS = 86_400_000;
const FIRST_DAY = Date.UTC(1936, 0, 1);
/** Birth dates from 1936 to 2005. */
const DAYS = (Date.UTC(2006, 0, 1) - FIRST_DAY) / DAY_MS;
/**
 * Individual numbers 000 to 499 go with 1900 to 1999, and 500 to 999 with 2000 to 2039: fifty tens a date. (900 to 999 go with
 * 1940 to 1999 too; those are left to the test persons.)
 */
const TENS = 50;
const VALID_OF_TEN = 8;

/** How many numbers the sequence has. */
export const syntheticNinCount = DAYS * TENS * VALID_OF_TEN;

/** Steps through all places before coming back (coprime with the count), far enough that neighbours differ in birth date. */
const STEP = 6_320_757;

const K1_WEIGHTS = [3, 7, 6, 1, 8, 9, 4, 5, 2] as const;
const K2_WEIGHTS = [5, 4, 3, 2, 7, 6, 5, 4, 3, 2] as const;

function controlDigit(weights: readonly number[], digits: string): number {
  const sum = weights.reduce((total, weight, place) => total + weight * Number(digits.charAt(place)), 0);
  return (11 - (sum % 11)) % 11;
}

/** Puts the two control digits (the rule in force until 2032) behind nine digits; undefined where there are none. */
export function withControlDigits(nineDigits: string): string | undefined {
  const k1 = controlDigit(K1_WEIGHTS, nineDigits);
  if (k1 === 10) return undefined;
  const k2 = controlDigit(K2_WEIGHTS, `${nineDigits}${k1}`);
  return k2 === 10 ? undefined : `${nineDigits}${k1}${k2}`;
}

const twoDigits = (value: number): string => String(value).padStart(2, '0');

/** The valid numbers among the ten whose first eight digits are these. */
function validAmongTen(eightDigits: string): string[] {
  const numbers = Array.from({ length: 10 }, (_, last) => withControlDigits(`${eightDigits}${last}`));
  return numbers.filter((number) => number !== undefined);
}

function numberAtSlot(slot: number): string {
  const choice = slot % VALID_OF_TEN;
  const tens = Math.floor(slot / VALID_OF_TEN) % TENS;
  const date = new Date(FIRST_DAY + Math.floor(slot / (VALID_OF_TEN * TENS)) * DAY_MS);
  const year = date.getUTCFullYear();
  const century = year < 2000 ? 0 : 50;
  const number = validAmongTen(
    twoDigits(date.getUTCDate()) +
      twoDigits(date.getUTCMonth() + 81) +
      twoDigits(year % 100) +
      twoDigits(century + tens),
  )[choice];
  if (number === undefined) throw new Error('fewer than eight of ten neighbouring numbers are valid');
  return number;
}

/** Where the sequence of a seed begins. */
const startOf = (seed: number): number => mix(seed, 0) % syntheticNinCount;

/**
 * The number at a place (0 to `syntheticNinCount` - 1) in the sequence of this seed. Another seed gives the same numbers in
 * another order. Valid for `Nin.parse(…, 'synthetic')`, never a D-number, and never one of the test persons'.
 */
export function syntheticNinAt(index: number, seed: number): string {
  if (!Number.isInteger(index) || index < 0 || index >= syntheticNinCount) {
    throw new RangeError(`there are ${syntheticNinCount} synthetic numbers; no number ${index}`);
  }
  return numberAtSlot((startOf(seed) + ((index * STEP) % syntheticNinCount)) % syntheticNinCount);
}

/** `STEP` × this is 1 modulo the count: how the place is found again. */
const STEP_BACK = inverse(STEP, syntheticNinCount);

/** The place of a number in the sequence of this seed, or undefined for text that the sequence does not hold. */
export function indexOfSyntheticNin(nin: string, seed: number): number | undefined {
  if (!/^\d{11}$/.test(nin)) return undefined;
  const year = Number(nin.slice(4, 6));
  const fullYear = year >= 36 ? 1900 + year : 2000 + year;
  const day = (Date.UTC(fullYear, Number(nin.slice(2, 4)) - 81, Number(nin.slice(0, 2))) - FIRST_DAY) / DAY_MS;
  const tens = Number(nin.slice(6, 8)) - (fullYear < 2000 ? 0 : 50);
  const choice = validAmongTen(nin.slice(0, 8)).indexOf(nin);
  if (day < 0 || day >= DAYS || tens < 0 || tens >= TENS || choice < 0 || choice >= VALID_OF_TEN) return undefined;
  const slot = (day * TENS + tens) * VALID_OF_TEN + choice;
  // A day or month that does not exist lands on another date, and so on another number.
  if (numberAtSlot(slot) !== nin) return undefined;
  const steps = (slot - startOf(seed) + syntheticNinCount) % syntheticNinCount;
  return Number((BigInt(steps) * STEP_BACK) % BigInt(syntheticNinCount));
}

/** The inverse of `value` modulo `modulus` (Euclid's algorithm), for coprime numbers. */
function inverse(value: number, modulus: number): bigint {
  let [remainder, next] = [BigInt(modulus), BigInt(value)];
  let [coefficient, nextCoefficient] = [0n, 1n];
  while (next !== 0n) {
    const quotient = remainder / next;
    [remainder, next] = [next, remainder - quotient * next];
    [coefficient, nextCoefficient] = [nextCoefficient, coefficient - quotient * nextCoefficient];
  }
  if (remainder !== 1n) throw new Error('the step and the number of places have a common divisor');
  return ((coefficient % BigInt(modulus)) + BigInt(modulus)) % BigInt(modulus);
}
