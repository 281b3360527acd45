import { isUtf8 } from 'node:buffer';
import { type LoanRefusal, type LoanRule, loansFrom } from './loan-rules.ts';
import type { Loan } from './loan.ts';
import { type JsonRule, readStrictly } from './strict-json.ts';

/** Which rule of delivery a live answer breaks; told to the operator and the creditor, never with the data. */
type AnswerRule = JsonRule | LoanRule | 'not_utf8' | 'another_customer' | 'another_institution';

/** The rule that a live answer breaks, and by which of its loans (0-based), when it is about one. */
interface AnswerRefusal {
  readonly rule: AnswerRule;
  readonly loan?: number;
}

interface Asked {
  /** 11 digits. */
  readonly customerId: string;
  readonly creditorId: string;
  /** ISO 8601: stands in for the timestamp of a loan that has none. */
  readonly fetchedAt: string;
}

/**
 * Reads what a creditor answers for one customer, `{customerID, financialInstitutionID, loans}`, as it came: once bytes that are no
 * UTF-8 have been made a text, nobody can tell. Returns the loans, or the first rule that is broken; one broken rule rejects the
 * whole answer. What is missing as it may be in a batch may be missing here. Never throws.
 */
export function loansFromAnswer(body: Buffer, asked: Asked): readonly Loan[] | AnswerRefusal {
  if (!isUtf8(body)) return { rule: 'not_utf8' };
  const read = readStrictly(body.toString('utf8'));
  return 'rule' in read ? read : loansOf(read.value, asked);
}

function loansOf(body: unknown, asked: Asked): readonly Loan[] | AnswerRefusal | LoanRefusal {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return { rule: 'not_an_object' };
  const { customerID, financialInstitutionID, loans } = body as Readonly<Record<string, unknown>>;
  if (customerID !== asked.customerId) return { rule: 'another_customer' };
  if (financialInstitutionID !== asked.creditorId) return { rule: 'another_institution' };
  const read = loansFrom(loans, { fetchedAt: asked.fetchedAt, complete: false });
  return 'rule' in read ? read : read.loans;
}
