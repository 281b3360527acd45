import { type LoanRefusal, type LoanRule, loansFrom } from './loan-rules.ts';
import type { Loan } from './loan.ts';
import { type JsonRule, readStrictly } from './strict-json.ts';

/** Which rule of delivery a live answer breaks; told to the operator and the creditor, never with the data. */
export type AnswerRule = JsonRule | LoanRule | 'not_utf8' | 'another_customer' | 'another_institution';

/** The rule that a live answer breaks, and by which of its loans (0-based), when it is about one. */
export interface AnswerRefusal {
  readonly rule: AnswerRule;
  readonly loan?: number;
}

/**
 * Reads what a creditor answers for one customer: `{customerID, financialInstitutionID, loans}`, as text. Returns the loans, or
 * the first rule that is broken; one broken rule rejects the whole answer. `fetchedAt` (ISO 8601) stands in for a missing
 * timestamp. What is missing as it may be in a batch may be missing here. Never throws.
 */
export function loansFromText(
  text: string,
  asked: { customerId: string; creditorId: string; fetchedAt: string },
): readonly Loan[] | AnswerRefusal {
  // Whoever read the bytes as UTF-8 put this sign where they were none. As a sign of its own it has no place here either.
  if (text.includes('\uFFFD')) return { rule: 'not_utf8' };
  const read = readStrictly(text);
  return 'rule' in read ? read : loansOf(read.value, asked);
}

function loansOf(
  body: unknown,
  asked: { customerId: string; creditorId: string; fetchedAt: string },
): readonly Loan[] | AnswerRefusal | LoanRefusal {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return { rule: 'not_an_object' };
  const { customerID, financialInstitutionID, loans } = body as Readonly<Record<string, unknown>>;
  if (customerID !== asked.customerId) return { rule: 'another_customer' };
  if (financialInstitutionID !== asked.creditorId) return { rule: 'another_institution' };
  const read = loansFrom(loans, { fetchedAt: asked.fetchedAt, complete: false });
  return 'rule' in read ? read : read.loans;
}

/** The same of JSON that has been parsed already, so that equal keys and rounded numbers are not seen any more. */
export function loansFromAnswer(
  body: unknown,
  asked: { customerId: string; creditorId: string; fetchedAt: string },
): readonly Loan[] | AnswerRule {
  const read = loansOf(body, asked);
  return 'rule' in read ? read.rule : read;
}
