import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import type { FastifyInstance } from 'fastify';
import { isClosed, loansFrom } from '../src/creditors/loan-rules.ts';
import type { Loan } from '../src/creditors/loan.ts';

/**
 * What has been pushed in the names of the sandbox's creditors: their books follow it, so that a creditor that is asked afterwards,
 * live or in the night, says the same as its push.
 */
export interface PushedLoans {
  /** The loans of one customer as the creditor has them now: `others`, with what was pushed, and without what a push has closed. */
  merged(creditorId: string, nin: string, others: readonly Loan[]): Loan[];
  /** Personal numbers of whom something was pushed, in the order in which that happened first. */
  customersOf(creditorId: string): readonly string[];
  /** Follows what is stored of the pushes to this listener. */
  follow(app: FastifyInstance): void;
}

interface Entry {
  readonly creditorId: string;
  readonly nin: string;
  readonly loan: Loan;
}

/** With a file what was pushed is remembered over restarts. */
export function pushedLoans(file?: string): PushedLoans {
  const books = new Map<string, Entry>();
  const enter = (entry: Entry): void => {
    const account = `${entry.creditorId} ${entry.nin} ${entry.loan.accountId}`;
    const known = books.get(account);
    if (known !== undefined && Date.parse(known.loan.timestamp) > Date.parse(entry.loan.timestamp)) return;
    books.set(account, entry);
  };
  if (file !== undefined) for (const entry of read(file)) enter(entry);

  const enterPush = (body: Buffer): void => {
    for (const entry of entriesOf(body)) enter(entry);
    if (file === undefined) return;
    writeFileSync(`${file}.new`, JSON.stringify([...books.values()]), { mode: 0o600 });
    renameSync(`${file}.new`, file);
  };

  return {
    merged: (creditorId, nin, others) => {
      const pushed = [...books.values()].filter((entry) => entry.creditorId === creditorId && entry.nin === nin);
      if (pushed.length === 0) return [...others];
      const accounts = new Set(pushed.map(({ loan }) => loan.accountId));
      const rest = others.filter(({ accountId }) => !accounts.has(accountId));
      return [...rest, ...pushed.map(({ loan }) => loan).filter((loan) => !isClosed(loan))];
    },
    customersOf: (creditorId) => [
      ...new Set([...books.values()].filter((entry) => entry.creditorId === creditorId).map(({ nin }) => nin)),
    ],
    follow: (app) => {
      app.addHook('onSend', async (request, reply) => {
        if (reply.statusCode === 200 && Buffer.isBuffer(request.body)) enterPush(request.body);
      });
    },
  };
}

/** What a push says that has been stored, and so breaks no rule. */
function entriesOf(body: Buffer): Entry[] {
  const { customers } = JSON.parse(body.toString()) as {
    customers: readonly { customerID: string; financialInstitutionID: string; loans: unknown }[];
  };
  return customers.flatMap(({ customerID, financialInstitutionID, loans }) => {
    const read = loansFrom(loans, { fetchedAt: '', complete: true });
    if ('rule' in read) throw new Error(`a push that was stored breaks a rule: ${read.rule}`);
    return read.loans.map((loan) => ({ creditorId: financialInstitutionID, nin: customerID, loan }));
  });
}

function read(file: string): readonly Entry[] {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Entry[];
  } catch {
    return []; // there is none yet
  }
}
