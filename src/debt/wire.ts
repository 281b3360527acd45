import { Type } from 'typebox';
import { debtScopeOf } from '../clients/audience.ts';
import { epochSeconds, purposes } from '../consent/consent.ts';
import type { Loan } from '../creditors/loan.ts';
import type { DebtAnswer } from './look-up.ts';

const amount = (description: string) => Type.Integer({ minimum: 0, description: `${description} (øre)` });
const rate = Type.Integer({
  minimum: 0,
  description: 'Nominal interest in hundredths of a per cent (10.20 % is 1020)',
});
const base = {
  timestamp: Type.String({ description: 'When the creditor drew the figures from its systems (ISO 8601)' }),
  coBorrower: Type.Integer({
    minimum: 0,
    maximum: 2,
    description: '0: no co-borrower, 1: is co-borrower, 2: has a co-borrower',
  }),
};
const charges = {
  installmentCharges: Type.Optional(amount('Instalment charges')),
  installmentChargePeriod: Type.Optional(
    Type.Unsafe<string>({ type: 'string', enum: ['MONTHLY', 'QUARTERLY', 'HALF-YEARLY', 'YEARLY'] }),
  ),
};
const balances = {
  interestBearingBalance: amount('Balance that bears interest'),
  nonInterestBearingBalance: amount('Balance that does not bear interest'),
};

const CreditFacility = Type.Object({
  type: Type.Literal('creditFacility'),
  ...base,
  creditLimit: amount('Credit limit'),
  ...balances,
  nominalInterestRate: rate,
  ...charges,
});
const RepaymentLoan = Type.Object({
  type: Type.Literal('repaymentLoan'),
  ...base,
  originalBalance: amount('Original amount'),
  balance: amount('Balance'),
  terms: Type.Optional(Type.Integer({ minimum: 0, description: 'Remaining terms, months' })),
  nominalInterestRate: rate,
  ...charges,
});
const ChargeCard = Type.Object({ type: Type.Literal('chargeCard'), ...base, ...balances });

export const DebtInformationBody = Type.Object(
  {
    ssn: Type.String({ description: 'National identity number of the person' }),
    loans: Type.Array(
      Type.Object({
        creditorName: Type.String(),
        loan: Type.Union([CreditFacility, RepaymentLoan, ChargeCard, Type.Null()], {
          description: 'null: this creditor did not answer, and has delivered nothing before',
        }),
      }),
    ),
    numberOfCreditorsAnswered: Type.Integer({ minimum: 0 }),
    numberOfcreditorsMissing: Type.Integer({
      minimum: 0,
      description: 'Creditors that did not answer: their loans, if any, are older (see timestamp)',
    }),
    consent: Type.Object({
      id: Type.String({ format: 'uuid' }),
      exp: Type.Integer({ description: 'Instant of expiry, epoch seconds' }),
      scope: Type.Unsafe<string>({ type: 'string', enum: purposes.map(debtScopeOf) }),
    }),
  },
  { title: 'DebtInformation', description: 'What is known of the debt, as it is now' },
);

/** The answer as clients know it (D2); `numberOfcreditorsMissing` is spelt so. The one answer that holds a NIN. */
export function debtAnswerBody(answer: DebtAnswer) {
  const { debt, consent } = answer;
  return {
    ssn: answer.nin.reveal(),
    loans: debt.entries.map(({ creditorName, loan }) => ({
      creditorName,
      loan: loan === null ? null : wireLoan(loan),
    })),
    numberOfCreditorsAnswered: debt.creditorsAnswered,
    numberOfcreditorsMissing: debt.creditorsMissing,
    consent: { id: consent.id, exp: epochSeconds(consent.expiresAt), scope: debtScopeOf(consent.purpose) },
  };
}

/** The published fields: without the account's id, and without what the creditor did not tell. */
function wireLoan(loan: Loan): object {
  const told: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(loan)) if (name !== 'accountId' && value !== null) told[name] = value;
  return told;
}
