import { purposeIn, type Purpose } from './purpose.ts';
import {
  epochInstantOf,
  fieldsOf,
  instantOf,
  listOf,
  optionalWholeNumberOf,
  textOf,
  wholeNumberOf,
  wordOf,
  type Fields,
} from './wire.ts';

/** A person's unsecured debt, as creditors told it. Amounts are whole øre (100 kr are 10 000). */
export interface DebtInformation {
  /** The person's national identity number: never log this. */
  readonly nin: string;
  readonly loans: readonly CreditorLoan[];
  readonly creditorsAnswered: number;
  /** Did not answer in time: what is told of them is what they delivered before (see `asOf`), or nothing. */
  readonly creditorsMissing: number;
  readonly consent: { readonly id: string; readonly purpose: Purpose; readonly expiresAt: Date };
}

export interface CreditorLoan {
  readonly creditorName: string;
  /** null: this creditor did not answer and has delivered nothing, so what is owed there is not known. */
  readonly loan: Loan | null;
}

export type Loan = CreditFacility | RepaymentLoan | ChargeCard;

export interface LoanBase {
  /** When the creditor drew these figures from its systems. */
  readonly asOf: Date;
  /** Of the person whose debt it is. */
  readonly coBorrower: 'none' | 'is_co_borrower' | 'has_co_borrower';
}

/** What the loan costs besides interest; undefined where the creditor did not tell. */
export interface InstallmentCharges {
  readonly installmentChargesOre: number | undefined;
  readonly installmentChargePeriod: 'monthly' | 'quarterly' | 'half_yearly' | 'yearly' | undefined;
}

export interface CreditFacility extends LoanBase, InstallmentCharges {
  readonly type: 'credit_facility';
  readonly creditLimitOre: number;
  readonly interestBearingBalanceOre: number;
  readonly nonInterestBearingBalanceOre: number;
  /** Hundredths of a per cent: 10.20 % is 1020. */
  readonly nominalInterestBasisPoints: number;
}

export interface RepaymentLoan extends LoanBase, InstallmentCharges {
  readonly type: 'repayment_loan';
  /** When it was granted. */
  readonly originalBalanceOre: number;
  readonly balanceOre: number;
  /** Terms left, in months. */
  readonly termsLeft: number | undefined;
  /** Hundredths of a per cent: 10.20 % is 1020. */
  readonly nominalInterestBasisPoints: number;
}

export interface ChargeCard extends LoanBase {
  readonly type: 'charge_card';
  readonly interestBearingBalanceOre: number;
  readonly nonInterestBearingBalanceOre: number;
}

export function debtFrom(answer: unknown): DebtInformation {
  const body = fieldsOf(answer, 'its body');
  const consent = fieldsOf(body['consent'], 'consent');
  return {
    nin: textOf(body, 'ssn'),
    loans: listOf(body['loans'], 'loans').map((entry) => {
      const fields = fieldsOf(entry, 'an entry of loans');
      return { creditorName: textOf(fields, 'creditorName'), loan: loanFrom(fields['loan']) };
    }),
    creditorsAnswered: wholeNumberOf(body, 'numberOfCreditorsAnswered'),
    creditorsMissing: wholeNumberOf(body, 'numberOfcreditorsMissing'),
    consent: {
      id: textOf(consent, 'id'),
      purpose: purposeIn(consent, 'scope'),
      expiresAt: epochInstantOf(consent, 'exp'),
    },
  };
}

function loanFrom(value: unknown): Loan | null {
  if (value === null || value === undefined) return null;
  const loan = fieldsOf(value, 'loan');
  const base = {
    asOf: instantOf(loan, 'timestamp'),
    coBorrower: wordOf(loan, 'coBorrower', { 0: 'none', 1: 'is_co_borrower', 2: 'has_co_borrower' } as const),
  };
  switch (wordOf(loan, 'type', { creditFacility: 'limit', repaymentLoan: 'term', chargeCard: 'card' } as const)) {
    case 'limit':
      return {
        type: 'credit_facility',
        ...base,
        creditLimitOre: wholeNumberOf(loan, 'creditLimit'),
        ...balancesFrom(loan),
        nominalInterestBasisPoints: wholeNumberOf(loan, 'nominalInterestRate'),
        ...chargesFrom(loan),
      };
    case 'term':
      return {
        type: 'repayment_loan',
        ...base,
        originalBalanceOre: wholeNumberOf(loan, 'originalBalance'),
        balanceOre: wholeNumberOf(loan, 'balance'),
        termsLeft: optionalWholeNumberOf(loan, 'terms'),
        nominalInterestBasisPoints: wholeNumberOf(loan, 'nominalInterestRate'),
        ...chargesFrom(loan),
      };
    case 'card':
      return { type: 'charge_card', ...base, ...balancesFrom(loan) };
  }
}

const balancesFrom = (loan: Fields) => ({
  interestBearingBalanceOre: wholeNumberOf(loan, 'interestBearingBalance'),
  nonInterestBearingBalanceOre: wholeNumberOf(loan, 'nonInterestBearingBalance'),
});

const periods = { MONTHLY: 'monthly', QUARTERLY: 'quarterly', 'HALF-YEARLY': 'half_yearly', YEARLY: 'yearly' } as const;

const chargesFrom = (loan: Fields): InstallmentCharges => ({
  installmentChargesOre: optionalWholeNumberOf(loan, 'installmentCharges'),
  installmentChargePeriod:
    loan['installmentChargePeriod'] === undefined || loan['installmentChargePeriod'] === null
      ? undefined
      : wordOf(loan, 'installmentChargePeriod', periods),
});
