import { sandboxCreditors } from './creditor-list.ts';
import type { Holding, UndatedLoan } from './holding.ts';
import { testPersons } from './people.ts';
import { type Draws, drawsFrom, mix } from './random.ts';
import { indexOfSyntheticNin, syntheticNinAt, syntheticNinCount } from './synthetic-nin.ts';

/** Which generated persons there are: the first `count` of the sequence that `seed` (a 32-bit integer) begins. */
export interface GeneratedPopulation {
  readonly count: number;
  readonly seed: number;
}

/** A person with debt, drawn from Norway's distribution. The same seed and number always owe the same. */
export interface GeneratedPerson {
  /** National identity number, 11 digits, month + 80; never a test person's. */
  readonly nin: string;
  /** At least one, a creditor at most once; all of them delivered, and answering. */
  readonly holdings: readonly Holding[];
}

/** The largest `count` of a generated population. */
export const largestPopulation = syntheticNinCount;

/** Norway's figures (NGI, see `domain.md`): amounts in øre, rates in hundredths of a per cent. */
const norway = {
  loansPerPerson: 2.2,
  facilityShare: 0.878,
  repaymentShare: 0.112,
  meanLimit: 35_300_00,
  usedShareOfLimit: 0.31,
  interestBearingShareOfUsed: 0.61,
  meanRepaymentBalance: 109_400_00,
  medianFacilityRate: 2050,
  medianRepaymentRate: 1300,
} as const;

const MOST_LOANS = 25;

/**
 * Draws persons one at a time: nothing is kept, so that memory stays flat whatever the count.
 * @throws RangeError for a count that is not a whole number from 0 to `largestPopulation`.
 */
export function generatePersons(population: GeneratedPopulation): Iterable<GeneratedPerson> {
  const { count, seed } = population;
  if (!Number.isInteger(count) || count < 0 || count > largestPopulation) {
    throw new RangeError(`a population has from 0 to ${largestPopulation} persons, not ${count}`);
  }
  return {
    *[Symbol.iterator]() {
      for (let index = 0; index < count; index += 1) yield personAt(index, seed);
    },
  };
}

const holdingsOfTestPersons = new Map(testPersons.map((person) => [person.nin, person.holdings]));

/**
 * What every creditor holds for a person: from the table for a test person, drawn anew for a generated one, and nothing for
 * anybody else. `population` is the generated persons that exist; without it there are the test persons only.
 */
export function holdingsOf(nin: string, population?: GeneratedPopulation): readonly Holding[] {
  const written = holdingsOfTestPersons.get(nin);
  if (written !== undefined) return written;
  if (population === undefined) return [];
  const index = indexOfSyntheticNin(nin, population.seed);
  return index === undefined || index >= population.count ? [] : drawHoldings(index, population.seed);
}

const personAt = (index: number, seed: number): GeneratedPerson => ({
  nin: syntheticNinAt(index, seed),
  holdings: drawHoldings(index, seed),
});

function drawHoldings(index: number, seed: number): Holding[] {
  const draws = drawsFrom(mix(seed, index));
  const loans = new Map<string, UndatedLoan[]>();
  const howMany = numberOfLoans(draws);
  for (let ordinal = 0; ordinal < howMany; ordinal += 1) {
    const creditorId = drawCreditor(draws);
    const loan = drawLoan(draws, accountIdOf(index, ordinal));
    const held = loans.get(creditorId);
    if (held === undefined) loans.set(creditorId, [loan]);
    else held.push(loan);
  }
  return Array.from(loans, ([creditorId, held]) => ({ creditorId, loans: held, live: true, delivered: true }));
}

/** Unique among all generated loans, and too short to be taken for a national identity number. */
const accountIdOf = (index: number, ordinal: number): string =>
  `S${String(index * MOST_LOANS + ordinal).padStart(9, '0')}`;

/** One loan, and another with the same chance each time: nearly half have one, some have ten. */
function numberOfLoans(draws: Draws): number {
  const another = 1 - 1 / norway.loansPerPerson;
  const more = Math.floor(Math.log(1 - draws.uniform()) / Math.log(another));
  return Math.min(1 + more, MOST_LOANS);
}

const totalWeight = sandboxCreditors.reduce((total, creditor) => total + creditor.weight, 0);

function drawCreditor(draws: Draws): string {
  let left = draws.uniform() * totalWeight;
  for (const creditor of sandboxCreditors) {
    left -= creditor.weight;
    if (left < 0) return creditor.id;
  }
  throw new Error('a draw was above the sum of the weights');
}

function drawLoan(draws: Draws, accountId: string): UndatedLoan {
  const kind = draws.uniform();
  if (kind < norway.facilityShare) return drawFacility(draws, accountId);
  if (kind < norway.facilityShare + norway.repaymentShare) return drawRepayment(draws, accountId);
  return drawChargeCard(draws, accountId);
}

function drawFacility(draws: Draws, accountId: string): UndatedLoan {
  const creditLimit = roundTo(1_000_00, draws.logNormal(norway.meanLimit, 0.8), 1_000_00, 500_000_00);
  const used = Math.round(creditLimit * drawUsedShare(draws));
  const interestBearingBalance = Math.round(used * drawInterestBearingShare(draws));
  return {
    type: 'creditFacility',
    accountId,
    coBorrower: 0,
    creditLimit,
    interestBearingBalance,
    nonInterestBearingBalance: used - interestBearingBalance,
    nominalInterestRate: roundTo(5, norway.medianFacilityRate + 320 * draws.normal(), 900, 3200),
    ...drawCharges(draws),
  };
}

const UNUSED = 0.45;

/** Nearly half of all facilities are not in use; the others are used more often much than little. */
function drawUsedShare(draws: Draws): number {
  if (draws.uniform() < UNUSED) return 0;
  const mean = norway.usedShareOfLimit / (1 - UNUSED);
  return draws.uniform() ** (1 / mean - 1);
}

const PARTLY_INTEREST_BEARING = 0.35;

/** Most who use a facility either pay it all every month or none of it. */
function drawInterestBearingShare(draws: Draws): number {
  const draw = draws.uniform();
  if (draw < PARTLY_INTEREST_BEARING) return draw / PARTLY_INTEREST_BEARING;
  const fully = norway.interestBearingShareOfUsed - PARTLY_INTEREST_BEARING / 2;
  return draw < PARTLY_INTEREST_BEARING + fully ? 1 : 0;
}

/** Months that a repayment loan is granted for. */
const GRANTED_TERMS = [24, 36, 48, 60, 60, 60, 96, 120, 180] as const;
/** What is left of a loan that is paid down evenly, at a random month of its life, on average; the cap takes a little. */
const MEAN_SHARE_LEFT = 0.5 + GRANTED_TERMS.reduce((sum, terms) => sum + 0.5 / terms, 0) / GRANTED_TERMS.length;

function drawRepayment(draws: Draws, accountId: string): UndatedLoan {
  const mean = norway.meanRepaymentBalance / MEAN_SHARE_LEFT;
  const originalBalance = roundTo(1_000_00, draws.logNormal(mean, 0.8), 5_000_00, 1_500_000_00);
  const granted = GRANTED_TERMS[draws.whole(0, GRANTED_TERMS.length - 1)] ?? GRANTED_TERMS[0];
  const terms = draws.whole(1, granted);
  return {
    type: 'repaymentLoan',
    accountId,
    coBorrower: 0,
    originalBalance,
    balance: Math.round((originalBalance * terms) / granted),
    terms,
    nominalInterestRate: roundTo(5, norway.medianRepaymentRate * Math.exp(0.3 * draws.normal()), 400, 3000),
    ...drawCharges(draws),
  };
}

function drawChargeCard(draws: Draws, accountId: string): UndatedLoan {
  const balance = Math.round(draws.logNormal(8_000_00, 1));
  const late = draws.uniform() < 0.05;
  return {
    type: 'chargeCard',
    accountId,
    coBorrower: 0,
    interestBearingBalance: late ? balance : 0,
    nonInterestBearingBalance: late ? 0 : balance,
  };
}

/** A fee in whole kroner with each monthly bill, or none. */
function drawCharges(draws: Draws) {
  const charge = draws.whole(25, 75) * 100;
  return draws.uniform() < 0.6
    ? ({ installmentCharges: charge, installmentChargePeriod: 'MONTHLY' } as const)
    : ({ installmentCharges: null, installmentChargePeriod: null } as const);
}

function roundTo(step: number, value: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, Math.round(value / step) * step));
}
