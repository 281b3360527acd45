/**
 * A loan as a creditor reports it. Amounts in øre (NOK × 100), interest in hundredths of a per cent (10.20 % is 1020),
 * `terms` in months, `timestamp` the instant (ISO 8601) when the creditor drew the figures from its systems.
 */
interface LoanBase {
  readonly accountId: string;
  readonly timestamp: string;
  /** 0: no co-borrower. 1: is co-borrower. 2: has a co-borrower. */
  readonly coBorrower: 0 | 1 | 2;
}

export type InstallmentChargePeriod = 'MONTHLY' | 'QUARTERLY' | 'HALF-YEARLY' | 'YEARLY';

export interface CreditFacility extends LoanBase {
  readonly type: 'creditFacility';
  readonly creditLimit: number;
  readonly interestBearingBalance: number;
  readonly nonInterestBearingBalance: number;
  readonly nominalInterestRate: number;
  readonly installmentCharges: number | null;
  readonly installmentChargePeriod: InstallmentChargePeriod | null;
}

export interface RepaymentLoan extends LoanBase {
  readonly type: 'repaymentLoan';
  readonly originalBalance: number;
  readonly balance: number;
  readonly terms: number | null;
  readonly nominalInterestRate: number;
  readonly installmentCharges: number | null;
  readonly installmentChargePeriod: InstallmentChargePeriod | null;
}

export interface ChargeCard extends LoanBase {
  readonly type: 'chargeCard';
  readonly interestBearingBalance: number;
  readonly nonInterestBearingBalance: number;
}

export type Loan = CreditFacility | RepaymentLoan | ChargeCard;
