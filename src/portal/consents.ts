import type { FastifyReply } from 'fastify';
import { usesOf } from '../audit/access-log.ts';
import { findGivenConsent, listConsents, type GivenConsent } from '../consent/list.ts';
import { revokeConsent } from '../consent/revoke.ts';
import { readShown } from '../consent-request/read-shown.ts';
import { DomainError, type ErrorCode } from '../errors/domain-error.ts';
import { sendPage } from '../html/send-page.ts';
import { checkCsrf } from '../sign-in/csrf.ts';
import { placeOf, placeText } from './addresses.ts';
import { consentPage } from './consent.page.ts';
import { consentsPage } from './consents.page.ts';
import { receiptOf } from './receipt.ts';
import { consentNamed, field, logFrom, parameter, personsOf, type Visit } from './visit.ts';
import { withdrawPage } from './withdraw.page.ts';

/** More active consents than anybody has; who has more sees the others when some of these have ended. */
const ACTIVE_AT_MOST = 200;
const ENDED_ON_A_PAGE = 25;
const USES_ON_A_CARD = 20;
const USES_ON_A_PAGE = 100;
const USES_IN_A_RECEIPT = 10_000;

/** B2: all consents, and what became of a withdrawal that led here. */
export async function showConsents(visit: Visit): Promise<FastifyReply> {
  const { platform } = visit.portal;
  const persons = await personsOf(visit);
  const from = placeOf(parameter(visit.request, 'before'));
  const [consents, asked] = await Promise.all([
    listConsents(platform, persons, {
      activeAtMost: ACTIVE_AT_MOST,
      endedAtMost: ENDED_ON_A_PAGE,
      endedBefore: from,
    }),
    findGivenConsent(platform, persons, parameter(visit.request, 'withdrawn') ?? ''),
  ]);
  const used = consents.active.filter((given) => given.uses > 0).map((given) => given.consent.id);
  const uses = await usesOf(platform.db, used, USES_ON_A_CARD);
  const { next } = consents;
  return sendPage(
    visit.reply,
    consentsPage(visit.frame, {
      consents,
      uses,
      now: platform.clock.now(),
      logFrom: logFrom(platform),
      asked,
      older: next === undefined ? null : `/consents?before=${placeText(next)}#ended`,
      newest: from === undefined ? null : '/consents#ended',
    }),
  );
}

/** B3: one consent. */
export async function showConsent(visit: Visit): Promise<FastifyReply> {
  const { platform } = visit.portal;
  const given = await consentNamed(visit, await personsOf(visit));
  const [shown, uses] = await proofOf(visit, given, USES_ON_A_PAGE);
  return sendPage(visit.reply, consentPage(visit.frame, { given, shown, uses, now: platform.clock.now() }));
}

/** B3: the same as a file. */
export async function sendReceipt(visit: Visit): Promise<FastifyReply> {
  const given = await consentNamed(visit, await personsOf(visit));
  const [shown, uses] = await proofOf(visit, given, USES_IN_A_RECEIPT);
  return visit.reply
    .header('content-disposition', `attachment; filename="samtykke-${given.consent.id}.json"`)
    .type('application/json; charset=utf-8')
    .send(JSON.stringify(receiptOf({ given, shown, uses, madeAt: visit.portal.platform.clock.now() }), null, 2));
}

async function proofOf({ portal: { platform } }: Visit, given: GivenConsent, usesAtMost: number) {
  const { id } = given.consent;
  const [shown, uses] = await Promise.all([
    readShown(platform.db, id),
    usesOf(platform.db, given.uses > 0 ? [id] : [], usesAtMost),
  ]);
  return [shown, uses.get(id) ?? []] as const;
}

/** B4: asks whether to withdraw. Of a consent that has ended there is nothing to ask. */
export async function askToWithdraw(visit: Visit): Promise<FastifyReply> {
  const given = await consentNamed(visit, await personsOf(visit));
  if (!given.state.active) return toWhatIsTrue(visit, given);
  return sendPage(visit.reply, withdrawPage(visit.frame, { given, csrf: visit.person.csrf }));
}

const ENDED: ReadonlySet<ErrorCode> = new Set(['consent_used', 'consent_expired', 'consent_revoked']);

/**
 * B4: withdraws. When the answer leaves it is committed, and nobody gets debt by this consent any more (C5). One that has ended,
 * or ends at this moment in another way, stays as it is: the list says what is true now. Errors: `form_refused`, `not_found`.
 */
export async function withdraw(visit: Visit): Promise<FastifyReply> {
  checkCsrf(visit.person, field(visit.request, 'csrf'));
  const given = await consentNamed(visit, await personsOf(visit));
  const { consent } = given;
  try {
    await revokeConsent(visit.portal.platform, {
      consent,
      clientId: consent.clientId,
      by: 'person',
      traceId: visit.request.id,
    });
  } catch (error) {
    if (!(error instanceof DomainError) || !ENDED.has(error.code)) throw error;
  }
  return toWhatIsTrue(visit, given);
}

/** The list, which reads once more what became of this consent: the address only says which one is meant. */
const toWhatIsTrue = ({ reply }: Visit, { consent }: GivenConsent): FastifyReply =>
  reply.redirect(`/consents?withdrawn=${consent.id}`, 303);
