import type { FastifyReply } from 'fastify';
import { usesOf, type Access } from '../audit/access-log.ts';
import type { Place } from '../audit/place.ts';
import { listConsents, type GivenConsent } from '../consent/list.ts';
import { readShown } from '../consent-request/read-shown.ts';
import type { CreditorDebt } from '../debt/debt-information.ts';
import { lookUpOwnDebt } from '../debt/look-up-own.ts';
import { maskNins, type Nin } from '../person/nin.ts';
import type { Platform } from '../platform/platform.ts';
import { everyAccess } from './accesses.ts';
import { dateOf } from './days.ts';
import { receiptOf } from './receipt.ts';
import { personsOf, type Visit } from './visit.ts';

const PORTION = 500;
const USES_IN_A_RECEIPT = 10_000;
/** More than anybody can have read; a file beyond it would be too large to hold. */
const ACCESSES_AT_MOST = 100_000;

/**
 * Everything about oneself as one file: consents with the texts that were shown, who has looked, and the debt as it is now. That
 * is a lookup like any other of one's own: it is logged before anything leaves, and stands in the list of the file itself.
 */
export async function sendMyData(visit: Visit): Promise<FastifyReply> {
  const { portal, request, reply, person } = visit;
  const { platform, creditors } = portal;
  const debt = await lookUpOwnDebt(platform, creditors, { nin: person.nin, traceId: request.id });
  const persons = await personsOf(visit);
  const accesses = await accessesOf(platform, persons);
  const body = {
    madeAt: debt.at.toISOString(),
    person: { name: person.name, born: person.born, nationalIdentityNumber: masked(person.nin) },
    debt: { at: debt.at.toISOString(), unit: 'øre (NOK / 100)', creditors: debt.creditors.map(debtAt) },
    consents: await receiptsOf(platform, persons, debt.at),
    accesses: accesses.map(({ at, by, ...rest }) => ({
      at: at.toISOString(),
      by: by === null ? 'yourself' : { name: by.name, organisationNumber: by.organisationNumber },
      ...rest,
    })),
    ...(accesses.length >= ACCESSES_AT_MOST ? { olderAccessesAreIn: '/accesses.csv' } : {}),
  };
  return reply
    .header('content-disposition', `attachment; filename="my-data-${dateOf(debt.at)}.json"`)
    .type('application/json; charset=utf-8')
    .send(JSON.stringify(body, null, 2));
}

/** As it may be seen: the digits of the date, and no more. */
const masked = (nin: Nin): string => `${nin.reveal().slice(0, 6)} •••••`;

const debtAt = ({ creditor, answered, loans }: CreditorDebt): object => ({
  name: creditor.name,
  organisationNumber: creditor.id,
  contact: creditor.contact,
  answered,
  // Null: unknown, since it did not answer and has delivered nothing before.
  loans: loans === null ? null : loans.map((loan) => ({ ...loan, accountId: maskNins(loan.accountId) })),
});

async function accessesOf(platform: Platform, persons: readonly string[]): Promise<readonly Access[]> {
  const all: Access[] = [];
  for await (const portion of everyAccess(platform, persons, {})) {
    all.push(...portion);
    if (all.length >= ACCESSES_AT_MOST) break;
  }
  return all;
}

async function receiptsOf(platform: Platform, persons: readonly string[], madeAt: Date): Promise<readonly object[]> {
  const consents: GivenConsent[] = [];
  let endedBefore: Place | undefined;
  do {
    const activeAtMost = endedBefore === undefined ? ACCESSES_AT_MOST : 0;
    const page = await listConsents(platform, persons, { activeAtMost, endedAtMost: PORTION, endedBefore });
    consents.push(...page.active, ...page.ended);
    endedBefore = page.next;
  } while (endedBefore !== undefined);
  const receipts: object[] = [];
  for (const given of consents) {
    const { id } = given.consent;
    const shown = given.consent.externalId === null ? await readShown(platform.db, id) : undefined;
    const uses = given.uses === 0 ? undefined : (await usesOf(platform.db, [id], USES_IN_A_RECEIPT)).get(id);
    receipts.push(receiptOf({ given, shown, uses: uses ?? [], madeAt }));
  }
  return receipts;
}
