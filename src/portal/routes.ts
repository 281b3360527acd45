import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { CreditorClient } from '../creditors/creditor-client.ts';
import { DomainError } from '../errors/domain-error.ts';
import { frameOf, preferredLanguage, sendPage } from '../html/send-page.ts';
import type { Html } from '../html/html.ts';
import type { Frame } from '../html/layout.ts';
import type { Platform } from '../platform/platform.ts';
import { checkCsrf } from '../sign-in/csrf.ts';
import type { SignIn } from '../sign-in/sign-in.ts';
import { accessibilityPage } from './accessibility.page.ts';
import { sendAccesses, showAccesses } from './accesses.ts';
import { pageToReturnTo } from './addresses.ts';
import { askToWithdraw, sendReceipt, showConsent, showConsents, withdraw } from './consents.ts';
import { showDebt } from './debt.ts';
import { frontPage } from './front.page.ts';
import { helpPage } from './help.page.ts';
import { sendMyData } from './my-data.ts';
import { privacyPage } from './privacy.page.ts';
import { signedOutPage } from './signed-out.page.ts';
import { signingOutPage } from '../html/signing-out-page.ts';
import { PORTAL, field, frameFor, loginOutcome, parameter, signedIn, type Portal, type Show } from './visit.ts';

const hidden = { schema: { hide: true } };

/** The person's portal (B1 to B9). All pages are read without a script, and every form is answered by 303 or by a page of ours. */
export function portalRoutes(
  app: FastifyInstance,
  platform: Platform,
  deps: { signIn: SignIn; creditors: CreditorClient },
): void {
  const portal: Portal = { platform, ...deps };
  const personal = (address: string, section: NonNullable<Frame['section']>, show: Show): void => {
    app.get(address, hidden, signedIn(portal, section, show));
  };
  const forEverybody = (address: string, page: (frame: Frame) => Html): void => {
    app.get(address, hidden, async (request, reply) => {
      // Help is read when something is wrong: these pages are there without the database too, for nobody in particular then.
      const person = await portal.signIn.personOf(request, PORTAL).catch((error: unknown) => {
        if (error instanceof DomainError && error.code === 'unavailable') return undefined;
        throw error;
      });
      return sendPage(reply, page(frameFor(portal, request, person, 'none')));
    });
  };

  const debt = signedIn(portal, 'debt', showDebt);
  app.get('/', hidden, async (request, reply) => {
    const person = await portal.signIn.personOf(request, PORTAL);
    return person === undefined ? showFrontPage(portal, request, reply) : debt(request, reply);
  });
  personal('/consents', 'consents', showConsents);
  personal('/consents/:id', 'consents', showConsent);
  personal('/consents/:id/receipt.json', 'consents', sendReceipt);
  personal('/consents/:id/withdraw', 'consents', askToWithdraw);
  app.post('/consents/:id/withdraw', hidden, signedIn(portal, 'consents', withdraw));
  personal('/accesses', 'accesses', showAccesses);
  personal('/accesses.csv', 'accesses', sendAccesses);
  personal('/my-data.json', 'none', sendMyData);

  app.get('/login', hidden, async (request, reply) => logIn(portal, request, reply));
  app.post('/logout', hidden, async (request, reply) => logOut(portal, request, reply));
  app.get('/signed-out', hidden, async (request, reply) => {
    // Who is signed in has not been signed out, whatever led here.
    if ((await portal.signIn.personOf(request, PORTAL)) !== undefined) return reply.redirect('/', 303);
    return sendPage(reply, signedOutPage(frameOf(platform, request)));
  });
  forEverybody('/help', (frame) => helpPage(frame, platform.config));
  forEverybody('/privacy', (frame) => privacyPage(frame, platform.config));
  forEverybody('/accessibility', (frame) => accessibilityPage(frame, platform.config));
}

/** For nobody in particular: what this is, and how a login that was left or failed has ended. */
function showFrontPage({ platform }: Portal, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const login = loginOutcome(request) ?? undefined;
  const to = pageToReturnTo(parameter(request, 'to'));
  return sendPage(reply, frontPage(frameOf(platform, request), { login, ...(to === '/' ? {} : { to }) }));
}

/** Sends the browser to the login, or, when somebody is signed in already, to where it would lead back to. Of a sandbox `login_hint` says who to be. */
async function logIn(
  { platform, signIn }: Portal,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const returnTo = pageToReturnTo(parameter(request, 'to'));
  const hint = platform.config.mode === 'sandbox' ? loginHint(request) : undefined;
  if (hint === undefined && (await signIn.personOf(request, PORTAL)) !== undefined) {
    return reply.redirect(returnTo, 303);
  }
  const language = preferredLanguage(request);
  return signIn.begin(request, reply, {
    usedFor: PORTAL,
    returnTo,
    language,
    ...(hint === undefined ? {} : { loginHint: hint }),
  });
}

/** Who to be, for the login provider of a sandbox: whoever was signed in before is not asked. */
function loginHint(request: FastifyRequest): string | undefined {
  const hint = parameter(request, 'login_hint');
  return hint !== undefined && /^[\x21-\x7e]{1,100}$/.test(hint) ? hint : undefined;
}

/**
 * Signs out here, and sends the browser on to sign out at the login provider, by a page of ours. Who is signed out already is told
 * so: that is what they want.
 */
async function logOut(portal: Portal, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const { platform, signIn } = portal;
  const person = await signIn.personOf(request, PORTAL);
  if (person === undefined) return reply.redirect('/signed-out', 303);
  checkCsrf(person, field(request, 'csrf'));
  const next = await signIn.end(request, reply, PORTAL, '/signed-out');
  return next === undefined
    ? reply.redirect('/signed-out', 303)
    : sendPage(reply, signingOutPage(frameOf(platform, request), next));
}
