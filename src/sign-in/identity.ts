import { Nin, type Population } from '../person/nin.ts';

/** Who somebody is, as the login provider told. */
export interface Identity {
  readonly nin: Nin;
  readonly name: string | null;
  /** `1984-11-02`. */
  readonly birthDate: string | null;
  /** `acr`; empty when the provider does not say. */
  readonly level: string;
  /** The provider's session (`sid`), for its sign-out to reach us. */
  readonly issuerSession: string | null;
}

export type IdentityRefusal = 'level_too_low' | 'number_missing' | 'number_refused';

export interface IdentityWanted {
  /** Levels that are good enough; none: whatever it is. */
  readonly levels: readonly string[];
  readonly ninClaim: string;
  readonly population: Population;
  readonly from2032: boolean;
}

/**
 * Decides whether the claims of an ID token (verified already) tell who somebody is, surely enough (A9). What is only for show, name and
 * birth date, is left out when it is not as it should be.
 */
export function identityFrom(
  claims: Readonly<Record<string, unknown>>,
  wanted: IdentityWanted,
): Identity | IdentityRefusal {
  const level = shortText(claims['acr'], 200) ?? '';
  if (wanted.levels.length > 0 && !wanted.levels.includes(level)) return 'level_too_low';
  const told = claims[wanted.ninClaim];
  if (told === undefined || told === null || told === '') return 'number_missing';
  const nin = Nin.parse(told, wanted.population, { from2032: wanted.from2032 });
  if (!(nin instanceof Nin)) return 'number_refused';
  return {
    nin,
    name: shortText(claims['name'], 200),
    birthDate: dateText(claims['birthdate']),
    level,
    issuerSession: shortText(claims['sid'], 500),
  };
}

/** The text without spaces around it and without control characters, if it is one and not longer than that. */
function shortText(value: unknown, most: number): string | null {
  if (typeof value !== 'string') return null;
  const text = value.replaceAll(/\p{Cc}/gu, '').trim();
  return text.length > 0 && text.length <= most ? text : null;
}

/** OpenID Connect allows a year only, and the year 0000 for "not told": neither is shown. */
function dateText(value: unknown): string | null {
  if (typeof value !== 'string' || !/^(?:18|19|20)\d{2}-\d{2}-\d{2}$/.test(value)) return null;
  const date = new Date(`${value}T00:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(value) ? value : null;
}

/**
 * The date of birth as pages show it: `02.11.1984` when the provider told it, else `02.11.84` from the number, which does not tell the
 * century. D-numbers have 40 added to the day, synthetic numbers 40 or 80 to the month.
 */
export function bornText(nin: Nin, birthDate: string | null): string {
  if (birthDate !== null) return birthDate.split('-').toReversed().join('.');
  const digits = nin.reveal();
  const day = Number(digits.slice(0, 2)) % 40;
  const month = Number(digits.slice(2, 4)) % 40;
  return [day, month].map((part) => String(part).padStart(2, '0')).join('.') + `.${digits.slice(4, 6)}`;
}
