import type { NinRefusal, Population } from './nin.ts';

/** The days of each month; 29 February is looked at by itself. */
const DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] as const;

/**
 * Decides what `Nin.parse` decides, with the same reasons, twenty times as fast: for batches with millions of numbers.
 * Returns why the text is refused, or undefined for a number that this installation takes; never throws. `Nin.parse` and its
 * library are the rule; a property test holds this to them.
 */
export function ninRefusal(
  text: unknown,
  population: Population,
  options: { from2032: boolean },
): NinRefusal | undefined {
  if (typeof text !== 'string' || text.length !== 11) return 'not_eleven_digits';
  for (let place = 0; place < 11; place++) {
    const digit = digitAt(text, place);
    if (!(digit >= 0 && digit <= 9)) return 'not_eleven_digits';
  }
  const remainder = firstRemainder(text);
  // Remainders 1 to 3 of the first control digit come in 2032.
  if (remainder > 3 || secondRemainder(text) !== 0) return 'wrong_check_digits';
  if (!beginsWithDate(text)) return 'not_a_date';
  if (remainder !== 0 && !options.from2032) return 'wrong_check_digits';
  const synthetic = digitAt(text, 2) >= 4;
  if (synthetic && population === 'real') return 'synthetic_number';
  if (!synthetic && population === 'synthetic') return 'real_number';
  return undefined;
}

const digitAt = (text: string, place: number): number => text.charCodeAt(place) - 48;

const numberAt = (text: string, place: number): number => digitAt(text, place) * 10 + digitAt(text, place + 1);

function firstRemainder(text: string): number {
  const sum =
    3 * digitAt(text, 0) +
    7 * digitAt(text, 1) +
    6 * digitAt(text, 2) +
    digitAt(text, 3) +
    8 * digitAt(text, 4) +
    9 * digitAt(text, 5) +
    4 * digitAt(text, 6) +
    5 * digitAt(text, 7) +
    2 * digitAt(text, 8) +
    digitAt(text, 9);
  return sum % 11;
}

function secondRemainder(text: string): number {
  const sum =
    5 * digitAt(text, 0) +
    4 * digitAt(text, 1) +
    3 * digitAt(text, 2) +
    2 * digitAt(text, 3) +
    7 * digitAt(text, 4) +
    6 * digitAt(text, 5) +
    5 * digitAt(text, 6) +
    4 * digitAt(text, 7) +
    3 * digitAt(text, 8) +
    2 * digitAt(text, 9) +
    digitAt(text, 10);
  return sum % 11;
}

/** Day + 40 is a D-number; month + 80 and + 40 are synthetic. The century is not told: 00 is taken for 2000, a leap year. */
function beginsWithDate(text: string): boolean {
  const day = numberAt(text, 0) - (digitAt(text, 0) >= 4 ? 40 : 0);
  const written = numberAt(text, 2);
  const month = written >= 80 ? written - 80 : written >= 40 ? written - 40 : written;
  const days = month === 2 && numberAt(text, 4) % 4 === 0 ? 29 : (DAYS[month - 1] ?? 0);
  return day >= 1 && day <= days;
}
