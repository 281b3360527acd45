import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { findClient, isPurposeOpen } from '../clients/client-registry.ts';
import type { ConsentRequest, Failure, Outcome } from '../consent-request/consent-request.ts';
import { consentText, durationChoices, type ConsentText } from '../consent-request/consent-text.ts';
import { bindPerson, endRequest, hashOfText, keepShown } from '../consent-request/open.ts';
import { registerConsent } from '../consent/register.ts';
import { DomainError } from '../errors/domain-error.ts';
import { sendPage } from '../html/send-page.ts';
import { signingOutPage } from '../html/signing-out-page.ts';
import type { Platform } from '../platform/platform.ts';
import { checkCsrf } from '../sign-in/csrf.ts';
import type { SignIn } from '../sign-in/sign-in.ts';
import type { SignedIn } from '../sign-in/signed-in.ts';
import { consentScreen } from './consent-screen.page.ts';
import { handOver } from './hand-over.page.ts';
import { clientNameOf } from './situation.ts';
import { arrive, pathOf, sendStop, willEnd, type Hall, type RequestOfVisit, type Visit } from './visit.ts';

/** A person in front of the consent screen. */
interface Audience extends Visit {
  readonly person: SignedIn;
}

/**
 * The consent screen and what belongs to it (A8, A10, C10). Every address says what is true now: whoever comes twice, late, from
 * another tab, or without the session is told so, and never makes a second consent. What is decided is one statement in the
 * database; the authorization server hears of it when the browser is handed over.
 */
export function interactionRoutes(app: FastifyInstance, hall: Hall, signIn: SignIn): void {
  const { platform } = hall;
  const hidden = { schema: { hide: true } };

  app.get<{ Params: { uid: string }; Querystring: Record<string, unknown> }>(
    '/interaction/:uid',
    hidden,
    async (request, reply) => {
      const visit = await arrive(hall, request, reply, 'open');
      if (visit === undefined) return reply;
      const { interaction, asked, frame } = visit;
      const client = await clientNameOf(platform, asked);
      const again = pathOf(interaction);
      if (request.query['login'] === 'cancelled') return end(visit, request, reply, 'cancelled');
      if (request.query['login'] === 'failed') {
        // For whoever gives up here; logging in once more takes its place.
        const error_description = 'the person could not be logged in';
        await willEnd(hall, request, reply, { error: 'server_error', error_description });
        return sendStop(platform, reply, frame, { kind: 'login_failed', client, again, back: interaction.returnTo });
      }
      if (!(await isPurposeOpen(platform.db, asked.clientId, asked.purpose))) {
        return fail(visit, request, reply, 'switched_off');
      }
      if (await isAnsweredElsewhere(interaction)) return fail(visit, request, reply, 'answered_elsewhere');
      const person = await signIn.personOf(request, asked.id);
      if (person === undefined) {
        // Whoever comes back from the login and is nobody has no cookies, or has signed out: not sent there again without a word.
        const isBack = request.query['returned'] !== undefined;
        return isBack
          ? sendStop(platform, reply, frame, { kind: 'signed_out', client, again })
          : logIn(visit, request, reply);
      }
      if (!(await bindPerson(platform, asked, person))) {
        return fail(visit, request, reply, 'someone_else');
      }
      return screen({ ...visit, person }, reply, request.query['changed'] === undefined ? null : 'text_changed');
    },
  );

  app.post<{ Params: { uid: string }; Body: unknown }>('/interaction/:uid/answer', hidden, async (request, reply) => {
    const visit = await arrive(hall, request, reply, 'open');
    if (visit === undefined) return reply;
    const { interaction, asked } = visit;
    const person = await signIn.personOf(request, asked.id);
    if (person === undefined) return reply.redirect(`${pathOf(interaction)}?returned=1`, 303);
    const form = formOf(request.body);
    checkCsrf(person, form['csrf']);
    if (form['answer'] === 'no') return end(visit, request, reply, 'declined');
    if (await isAnsweredElsewhere(interaction)) return reply.redirect(pathOf(interaction), 303);
    const days = durationChoices(asked.askedDays).find((choice) => form['days'] === (choice?.toString() ?? 'once'));
    if (form['answer'] !== 'yes' || days === undefined) {
      throw new DomainError('invalid_request', 'the form must hold an answer, yes or no, and one of the durations');
    }
    // The dates, the organisation's name or the language have changed since the page was sent: nobody has agreed to that yet.
    const shownHash = hashOfText(await textFor(platform, asked));
    if (form['shown'] !== shownHash.toString('base64url')) {
      return reply.redirect(`${pathOf(interaction)}?changed=1`, 303);
    }
    if (await approve(visit, person, days, shownHash)) {
      platform.log.info(noteOf(visit, 'approved'), 'request answered');
      await signIn.end(request, reply, asked.id);
    }
    return reply.redirect(`${pathOf(interaction)}/done`, 303);
  });

  app.get<{ Params: { uid: string } }>('/interaction/:uid/done', hidden, async (request, reply) => {
    const visit = await arrive(hall, request, reply, 'answered');
    if (visit === undefined || visit.asked.outcome === null) return reply;
    const { asked, frame, interaction } = visit;
    const client = await clientNameOf(platform, asked);
    const page = handOver(frame, { client, what: visit.asked.outcome, next: interaction.returnTo });
    return sendPage(reply, page, { referrerPolicy: 'no-referrer' });
  });

  app.post<{ Params: { uid: string }; Body: unknown }>('/interaction/:uid/logout', hidden, async (request, reply) => {
    const visit = await arrive(hall, request, reply, 'open');
    if (visit === undefined) return reply;
    const person = await signIn.personOf(request, visit.asked.id);
    const here = `${pathOf(visit.interaction)}?returned=1`;
    if (person === undefined) return reply.redirect(here, 303);
    checkCsrf(person, formOf(request.body)['csrf']);
    const next = await signIn.end(request, reply, visit.asked.id, '/signed-out');
    return next === undefined ? reply.redirect(here, 303) : sendPage(reply, signingOutPage(visit.frame, next));
  });

  function logIn({ interaction, asked }: Visit, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const { login_hint: hint, prompt, max_age: maxAge } = interaction.params;
    return signIn.begin(request, reply, {
      usedFor: asked.id,
      returnTo: `${pathOf(interaction)}?returned=1`,
      language: asked.language,
      ...(typeof hint === 'string' ? { loginHint: hint } : {}),
      // However long ago the last login may be, this one is as fresh as any that could be asked for.
      anew:
        maxAge !== undefined ||
        String(prompt ?? '')
          .split(' ')
          .includes('login'),
    });
  }

  async function screen(audience: Audience, reply: FastifyReply, notice: 'text_changed' | null) {
    const { asked, interaction, frame, person } = audience;
    const text = await textFor(platform, asked);
    await keepShown(platform, asked, text);
    const path = pathOf(interaction);
    const signedIn = { name: person.name, born: person.born, signOut: { action: `${path}/logout`, csrf: person.csrf } };
    const form = {
      text,
      action: `${path}/answer`,
      csrf: person.csrf,
      shown: hashOfText(text).toString('base64url'),
      notice,
    };
    return sendPage(reply, consentScreen({ ...frame, address: path, signedIn }, form));
  }

  /**
   * False: nothing was made, because the request was answered at this moment in another tab, or too late, or shown with another text
   * since, or its purpose was just switched off. The next page does what is right then.
   */
  async function approve(
    { asked, frame }: Visit,
    person: SignedIn,
    days: number | null,
    shownHash: Buffer,
  ): Promise<boolean> {
    try {
      await registerConsent(platform, {
        clientId: asked.clientId,
        nin: person.nin,
        purpose: asked.purpose,
        duration: days === null ? { kind: 'single_use' } : { kind: 'days', days },
        externalId: null,
        actor: 'person',
        answers: { requestId: asked.id, shownHash },
        traceId: frame.traceId,
      });
      return true;
    } catch (error) {
      const passed = error instanceof DomainError && ['consent_conflict', 'purpose_not_permitted'].includes(error.code);
      if (!passed) throw error;
      return false;
    }
  }

  /** The person did not agree, and goes back. */
  async function end(visit: Visit, request: RequestOfVisit, reply: FastifyReply, outcome: 'declined' | 'cancelled') {
    await endRequest(platform, visit.asked, { outcome });
    platform.log.info(noteOf(visit, outcome), 'request answered');
    await signIn.end(request, reply, visit.asked.id);
    return reply.redirect(`${pathOf(visit.interaction)}/done`, 303);
  }

  /** A request that was pushed is good for one answer, but may be opened in several windows while it is young (RFC 9126, section 4). */
  async function isAnsweredElsewhere(interaction: Visit['interaction']): Promise<boolean> {
    // The types do not tell of it.
    const { parJti } = interaction as { parJti?: string };
    if (parJti === undefined) return false;
    const pushed = await hall.provider.PushedAuthorizationRequest.find(parJti, { ignoreExpiration: true });
    return pushed?.consumed !== undefined;
  }

  /** It cannot go on: the request ends, and the same address tells why from now on. */
  async function fail(visit: Visit, request: RequestOfVisit, reply: FastifyReply, why: Failure) {
    await endRequest(platform, visit.asked, { outcome: 'failed', why });
    await arrive(hall, request, reply, 'open');
    return reply;
  }
}

const noteOf = ({ asked, frame }: Visit, outcome: Outcome) => ({
  traceId: frame.traceId,
  clientId: asked.clientId,
  requestId: asked.id,
  outcome,
});

async function textFor(platform: Platform, asked: ConsentRequest): Promise<ConsentText> {
  const client = await findClient(platform.db, asked.clientId);
  if (client === undefined) throw new Error('a request has a client');
  const now = platform.clock.now();
  // Business time may be whole seconds ahead in a sandbox; what is left of the time to answer is the same.
  const aheadSeconds = Math.round((now.getTime() - platform.clock.realNow().getTime()) / 1000);
  return consentText({
    language: asked.language,
    client: { name: client.name, organisationNumber: client.organisationNumber },
    purpose: asked.purpose,
    askedDays: asked.askedDays,
    now,
    answerBy: new Date(asked.answerBy.getTime() + aheadSeconds * 1000),
  });
}

function formOf(body: unknown): Record<string, unknown> {
  return typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {};
}
