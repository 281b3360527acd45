import { creditorIds } from './creditor-list.ts';
import type { Holding, UndatedLoan } from './holding.ts';

/** A person of the sandbox whose debt is written down here, the same at every start (X2). Invented: every number is synthetic. */
export interface TestPerson {
  /** National identity number, 11 digits, month + 80. */
  readonly nin: string;
  /** For display only; nobody's name, as the adjective shows. */
  readonly name: string;
  /** What the person is good for, in one line. */
  readonly shows: string;
  readonly holdings: readonly Holding[];
}

// Amounts are in øre with the last two digits set apart: 35_000_00 is NOK 35 000. Rates are in hundredths of a per cent.

interface Facility {
  readonly limit: number;
  readonly interestBearing: number;
  readonly nonInterestBearing: number;
  readonly rate: number;
  readonly monthlyCharge?: number;
  readonly coBorrower?: 0 | 1 | 2;
}

interface Repayment {
  readonly original: number;
  readonly balance: number;
  readonly rate: number;
  readonly terms?: number;
  readonly monthlyCharge?: number;
  readonly coBorrower?: 0 | 1 | 2;
}

const charges = (monthly: number | undefined) =>
  ({ installmentCharges: monthly ?? null, installmentChargePeriod: monthly === undefined ? null : 'MONTHLY' }) as const;

const facility = (accountId: string, of: Facility): UndatedLoan => ({
  type: 'creditFacility',
  accountId,
  coBorrower: of.coBorrower ?? 0,
  creditLimit: of.limit,
  interestBearingBalance: of.interestBearing,
  nonInterestBearingBalance: of.nonInterestBearing,
  nominalInterestRate: of.rate,
  ...charges(of.monthlyCharge),
});

const repayment = (accountId: string, of: Repayment): UndatedLoan => ({
  type: 'repaymentLoan',
  accountId,
  coBorrower: of.coBorrower ?? 0,
  originalBalance: of.original,
  balance: of.balance,
  terms: of.terms ?? null,
  nominalInterestRate: of.rate,
  ...charges(of.monthlyCharge),
});

const chargeCard = (accountId: string, interestBearing: number, nonInterestBearing: number): UndatedLoan => ({
  type: 'chargeCard',
  accountId,
  coBorrower: 0,
  interestBearingBalance: interestBearing,
  nonInterestBearingBalance: nonInterestBearing,
});

type CreditorName = keyof typeof creditorIds;

const holds = (creditor: CreditorName, ...loans: readonly UndatedLoan[]): Holding => ({
  creditorId: creditorIds[creditor],
  loans,
  live: true,
  delivered: true,
});

/** The creditor's server never answers for this person; what it delivered is all there is. */
const silent = (holding: Holding): Holding => ({ ...holding, live: false });

/** The creditor never answers for this person, and has never delivered either: only its name is known. */
const unheardOf = (holding: Holding): Holding => ({ ...holding, live: false, delivered: false });

/** One loan that two persons took together: it counts in full for each, and neither answer names the other. */
const jointLoan = (coBorrower: 1 | 2): UndatedLoan =>
  repayment('LAN-7702-118', {
    original: 250_000_00,
    balance: 187_420_00,
    rate: 1190,
    terms: 62,
    monthlyCharge: 65_00,
    coBorrower,
  });

/** The test persons (X2). The numbers and what they show are promised in the README: add to the list, do not change it. */
export const testPersons: readonly TestPerson[] = [
  {
    nin: '14842249091',
    name: 'Nøktern Multebær',
    shows: 'Owes six creditors, with all three kinds of loan; all of them answer.',
    holdings: [
      holds(
        'lyngtind',
        facility('KK-1001-01', {
          limit: 50_000_00,
          interestBearing: 18_345_50,
          nonInterestBearing: 4_120_00,
          rate: 2190,
          monthlyCharge: 45_00,
        }),
        repayment('FL-1001-02', {
          original: 150_000_00,
          balance: 96_780_00,
          rate: 1249,
          terms: 43,
          monthlyCharge: 50_00,
        }),
      ),
      // A card that lies in a drawer: nothing is owed, and the whole limit is still there to use.
      holds(
        'havsule',
        facility('KK-1002-01', { limit: 35_000_00, interestBearing: 0, nonInterestBearing: 0, rate: 2240 }),
      ),
      holds('multebaer', chargeCard('BK-1003-01', 0, 7_412_90)),
      holds('nordvake', repayment('FL-1004-01', { original: 80_000_00, balance: 22_150_00, rate: 1475, terms: 14 })),
      holds(
        'ulvehi',
        facility('DB-1005-01', {
          limit: 12_000_00,
          interestBearing: 3_999_00,
          nonInterestBearing: 0,
          rate: 2395,
          monthlyCharge: 39_00,
        }),
      ),
      holds(
        'granbar',
        facility('KK-1006-01', {
          limit: 20_000_00,
          interestBearing: 0,
          nonInterestBearing: 1_249_00,
          rate: 1890,
        }),
      ),
    ],
  },
  {
    nin: '29868099311',
    name: 'Ivrig Tiriltunge',
    shows:
      'Owes six creditors: four answer, one never answers but has delivered, one never answers and has delivered nothing.',
    holdings: [
      holds(
        'lyngtind',
        facility('KK-2001-01', {
          limit: 75_000_00,
          interestBearing: 61_200_00,
          nonInterestBearing: 2_315_75,
          rate: 2090,
          monthlyCharge: 45_00,
        }),
      ),
      holds(
        'tindelys',
        facility('KK-2002-01', {
          limit: 40_000_00,
          interestBearing: 12_800_00,
          nonInterestBearing: 640_00,
          rate: 2150,
        }),
      ),
      holds(
        'rimtind',
        repayment('FL-2003-01', {
          original: 200_000_00,
          balance: 141_060_00,
          rate: 1320,
          terms: 51,
          monthlyCharge: 55_00,
        }),
      ),
      holds('sildegarn', chargeCard('BK-2004-01', 0, 2_860_00)),
      silent(
        holds(
          'solvarde',
          repayment('FL-2005-01', {
            original: 120_000_00,
            balance: 88_415_00,
            rate: 1390,
            terms: 38,
            monthlyCharge: 40_00,
          }),
          facility('KK-2005-02', {
            limit: 30_000_00,
            interestBearing: 9_750_00,
            nonInterestBearing: 0,
            rate: 1990,
          }),
        ),
      ),
      unheardOf(
        holds(
          'vardeblink',
          facility('KK-2006-01', {
            limit: 25_000_00,
            interestBearing: 24_100_00,
            nonInterestBearing: 0,
            rate: 2450,
            monthlyCharge: 49_00,
          }),
        ),
      ),
    ],
  },
  { nin: '07857193886', name: 'Lettbeint Lerke', shows: 'Owes nobody anything.', holdings: [] },
  {
    nin: '19828891203',
    name: 'Samstemt Svane',
    shows: 'Has a loan with a co-borrower (23879191211), shown in full for each of them; and a card alone.',
    holdings: [
      holds('kvitfjaer', jointLoan(2)),
      holds(
        'havsule',
        facility('KK-3002-01', {
          limit: 30_000_00,
          interestBearing: 0,
          nonInterestBearing: 5_430_20,
          rate: 2090,
        }),
      ),
    ],
  },
  {
    nin: '23879191211',
    name: 'Samstemt Selje',
    shows: 'Is the co-borrower on the loan of 19828891203, shown in full for each of them.',
    holdings: [holds('kvitfjaer', jointLoan(1))],
  },
  {
    nin: '05886791269',
    name: 'Rundhåndet Rugde',
    shows: 'Owes twelve creditors, all of whom answer: what a long list looks like.',
    holdings: twelveCreditors(),
  },
  {
    nin: '48918391250',
    name: 'Reisende Ringdue',
    shows: 'Has a D-number (day + 40), and owes two creditors.',
    holdings: [
      holds(
        'bekkelauv',
        repayment('FL-5001-01', {
          original: 60_000_00,
          balance: 41_000_00,
          rate: 1590,
          terms: 29,
          monthlyCharge: 35_00,
        }),
      ),
      holds(
        'varmestuen',
        facility('KK-5002-01', {
          limit: 10_000_00,
          interestBearing: 2_400_00,
          nonInterestBearing: 310_00,
          rate: 2290,
        }),
      ),
    ],
  },
];

function twelveCreditors(): Holding[] {
  const card = (number: number, limit: number, interestBearing: number, rate: number): UndatedLoan =>
    facility(`KK-4${String(number).padStart(3, '0')}-01`, {
      limit,
      interestBearing,
      nonInterestBearing: 450_00 * (number % 4),
      rate,
    });
  return [
    holds('lyngtind', card(1, 100_000_00, 82_340_00, 1990)),
    holds('havsule', card(2, 60_000_00, 58_900_00, 2090)),
    holds('tindelys', card(3, 45_000_00, 12_050_00, 2190)),
    holds('nordvake', repayment('FL-4004-01', { original: 300_000_00, balance: 268_300_00, rate: 1690, terms: 53 })),
    holds('multebaer', chargeCard('BK-4005-01', 1_150_00, 9_870_00)),
    holds('rimtind', card(6, 30_000_00, 0, 2245)),
    // None of the creditors that never answer another test person: they are left alone after a while, for everybody.
    holds('tjeldvik', repayment('FL-4007-01', { original: 90_000_00, balance: 15_600_00, rate: 1350, terms: 9 })),
    holds('kvitfjaer', card(8, 25_000_00, 19_999_00, 2390)),
    holds('bekkelauv', card(9, 15_000_00, 7_300_00, 1890)),
    holds('steinskvett', card(10, 20_000_00, 20_000_00, 2440)),
    holds('ulvehi', card(11, 8_000_00, 1_299_00, 2595)),
    holds('granbar', card(12, 10_000_00, 0, 1790)),
  ];
}
