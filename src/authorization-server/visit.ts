import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Interaction, InteractionResults, Provider } from 'oidc-provider';
import { ANSWER_MINUTES, situationOf, type ConsentRequest } from '../consent-request/consent-request.ts';
import { findRequest, openRequest, speak } from '../consent-request/open.ts';
import { readConsent } from '../consent/find.ts';
import { isLanguage, languageAmong } from '../html/language.ts';
import type { Frame } from '../html/layout.ts';
import { frameOf, leadBackTo, preferredLanguage, sendPage, speakIn } from '../html/send-page.ts';
import type { Platform } from '../platform/platform.ts';
import { askedIn, grantConsent } from './code-flow.ts';
import { errors } from './oidc-provider.ts';
import { whatBecameOf } from './situation.ts';
import { stopPage, type Stop } from './stops.page.ts';

export type RequestOfVisit = FastifyRequest<{ Params: { uid: string } }>;

/** A browser that came to an address of a request which is in the situation that the address is for. */
export interface Visit {
  readonly interaction: Interaction;
  readonly asked: ConsentRequest;
  readonly frame: Frame;
}

export interface Hall {
  readonly platform: Platform;
  readonly provider: Provider;
}

export const pathOf = (interaction: Interaction): string => `/interaction/${interaction.uid}`;

/** Sends the page of a stop; the log says which, under the reference that stands on the page. */
export function sendStop(platform: Platform, reply: FastifyReply, frame: Frame, stop: Stop): FastifyReply {
  platform.log.info({ traceId: frame.traceId, stop: stop.kind }, 'request stopped');
  return sendPage(reply, stopPage(frame, stop), { status: statusOfStop[stop.kind] });
}

const statusOfStop = {
  expired: 410,
  already_answered: 200,
  signed_out: 403,
  answered_elsewhere: 200,
  someone_else: 403,
  bad_link: 400,
  login_failed: 403,
  switched_off: 403,
  unknown: 404,
} as const satisfies Record<Stop['kind'], number>;

/**
 * Who comes, with what request. Where that is in another situation than the address is for (`awaits`), what is true now is
 * answered here, and undefined returned: over, answered, too late, or another browser's.
 */
export async function arrive(
  hall: Hall,
  request: RequestOfVisit,
  reply: FastifyReply,
  awaits: 'open' | 'answered',
): Promise<Visit | undefined> {
  const { platform } = hall;
  const { uid } = request.params;
  const interaction = await interactionOf(hall, request, reply);
  if (interaction === undefined || interaction.uid !== uid) {
    const known = await findRequest(platform, uid);
    const { lang } = request.query as { lang?: unknown };
    const frame = frameOf(
      platform,
      request,
      known === undefined || isLanguage(lang) ? {} : { language: known.language },
    );
    const stop: Stop = known === undefined ? { kind: 'unknown' } : await whatBecameOf(platform, known, null);
    sendStop(platform, reply, frame, stop);
    return undefined;
  }
  const asked = await requestOf(platform, interaction, request);
  speakIn(request, asked.language);
  leadBackTo(request, pathOf(interaction));
  const frame = frameOf(platform, request, { language: asked.language });
  const situation = situationOf(asked, platform.clock.realNow());
  if (situation !== 'open') await settle(hall, { interaction, asked }, request, reply);
  if (situation === awaits) return { interaction, asked, frame };
  if (situation === 'open') {
    await reply.redirect(pathOf(interaction), 303);
  } else if (situation === 'answered' && request.method === 'POST') {
    // A second click: whatever the first one said is what counts, and is handed over.
    await reply.redirect(`${pathOf(interaction)}/done`, 303);
  } else {
    sendStop(platform, reply, frame, await whatBecameOf(platform, asked, interaction.returnTo));
  }
  return undefined;
}

/** The interaction of this browser; undefined when it is over, or belongs to another browser. */
async function interactionOf({ provider }: Hall, request: FastifyRequest, reply: FastifyReply) {
  try {
    return await provider.interactionDetails(request.raw, reply.raw);
  } catch (error) {
    if (error instanceof errors.SessionNotFound) return undefined;
    throw error;
  }
}

/** Opened at the first visit; in the language that the organisation asked for, until the person chooses another. */
async function requestOf(
  platform: Platform,
  interaction: Interaction,
  request: FastifyRequest,
): Promise<ConsentRequest> {
  const { clientId, purpose, days } = askedIn(interaction);
  const locales = interaction.params['ui_locales'];
  const language = languageAmong(typeof locales === 'string' ? locales : '') ?? preferredLanguage(request);
  const asked = await openRequest(platform, interaction.uid, { clientId, purpose, askedDays: days, language });
  const { lang } = request.query as { lang?: unknown };
  return isLanguage(lang) ? speak(platform, asked, lang) : asked;
}

/**
 * Makes the authorization server know how a request ended that is not open any more, so that the way back leads to the
 * organisation with the right answer (A8). Safe to repeat, from any node: one that ended between the consent and this has left
 * it to be done.
 */
async function settle(
  hall: Hall,
  { interaction, asked }: Pick<Visit, 'interaction' | 'asked'>,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<void> {
  const { result } = interaction;
  if (asked.consentId === null) {
    const error = asked.outcome === null ? 'login_cancelled' : codeOf[asked.outcome];
    if (result?.['error'] === error) return;
    const description = asked.outcome === null ? `nobody answered within ${ANSWER_MINUTES} minutes` : '';
    await willEnd(hall, request, reply, { error, error_description: description });
    return;
  }
  if (result?.consent?.grantId === asked.consentId) return;
  const consent = await readConsent(hall.platform.db, asked.consentId);
  if (consent === undefined) throw new Error('a request that led to a consent must have it');
  await grantConsent(hall.platform, hall.provider, interaction, consent);
  const login = {
    accountId: consent.personId,
    remember: false,
    ...(asked.level === null ? {} : { acr: asked.level }),
    ...(asked.loggedInAt === null ? {} : { ts: Math.floor(asked.loggedInAt.getTime() / 1000) }),
  };
  await willEnd(hall, request, reply, { login, consent: { grantId: consent.id } });
}

const codeOf = {
  approved: 'server_error',
  declined: 'consent_denied',
  cancelled: 'login_cancelled',
  failed: 'server_error',
} as const;

/** What the organisation is told when this browser goes back to it. A later word takes the place of an earlier one. */
export async function willEnd(
  { provider }: Hall,
  request: FastifyRequest,
  reply: FastifyReply,
  result: InteractionResults,
): Promise<void> {
  await provider.interactionResult(request.raw, reply.raw, result, { mergeWithLastSubmission: false });
}
