import type { FastifyReply, FastifyRequest } from 'fastify';
import { personIdsOf } from '../audit/person-registry.ts';
import { findGivenConsent, type GivenConsent } from '../consent/list.ts';
import type { CreditorClient } from '../creditors/creditor-client.ts';
import { DomainError } from '../errors/domain-error.ts';
import type { Frame } from '../html/layout.ts';
import { frameOf } from '../html/send-page.ts';
import type { Platform } from '../platform/platform.ts';
import type { SignIn } from '../sign-in/sign-in.ts';
import type { SignedIn } from '../sign-in/signed-in.ts';
import { pageToReturnTo, pageWith } from './addresses.ts';

/** What the portal is made of. */
export interface Portal {
  readonly platform: Platform;
  readonly signIn: SignIn;
  readonly creditors: CreditorClient;
}

/** Somebody who is signed in, and what they ask for. */
export interface Visit {
  readonly portal: Portal;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly person: SignedIn;
  readonly frame: Frame;
}

export type Show = (visit: Visit) => Promise<FastifyReply>;

/** The use of a session that is for the portal. */
export const PORTAL = 'portal';

/** What stands around a page for whoever is signed in, or for nobody. */
export function frameFor(
  { platform }: Portal,
  request: FastifyRequest,
  person: SignedIn | undefined,
  section: NonNullable<Frame['section']>,
): Frame {
  if (person === undefined) return frameOf(platform, request);
  const signOut = { action: '/logout', csrf: person.csrf };
  return frameOf(platform, request, { signedIn: { name: person.name, born: person.born, signOut }, section });
}

/**
 * A handler for people who are signed in. Others are sent to the login, which leads back here; who has just left it, or failed in
 * it, is sent to the front page, or would go round in circles. A form that comes from nobody is refused: `signed_out`.
 */
export function signedIn(portal: Portal, section: NonNullable<Frame['section']>, show: Show) {
  return async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const person = await portal.signIn.personOf(request, PORTAL);
    if (person !== undefined) {
      return show({ portal, request, reply, person, frame: frameFor(portal, request, person, section) });
    }
    if (request.method !== 'GET') throw new DomainError('signed_out', 'nobody is signed in');
    const to = pageToReturnTo(pageWith(request.url));
    const outcome = loginOutcome(request);
    const query = new URLSearchParams(outcome === null ? { to } : { login: outcome, to });
    return reply.redirect(outcome === null ? `/login?${query}` : `/?${query}`, 303);
  };
}

/** What became of the login that led here, when nobody was signed in by it. */
export function loginOutcome(request: FastifyRequest): 'cancelled' | 'failed' | null {
  const outcome = parameter(request, 'login');
  return outcome === 'cancelled' || outcome === 'failed' ? outcome : null;
}

/** A parameter of the address; one that is there twice is none. */
export function parameter(request: FastifyRequest, name: string): string | undefined {
  const value = ((request.query ?? {}) as Record<string, unknown>)[name];
  return typeof value === 'string' ? value : undefined;
}

/** A field of a form that was sent; one that is there twice is none. */
export function field(request: FastifyRequest, name: string): string | undefined {
  const value = ((request.body ?? {}) as Record<string, unknown>)[name];
  return typeof value === 'string' ? value : undefined;
}

/** The ids under which the visitor is known. */
export const personsOf = ({ portal: { platform }, person }: Visit): Promise<readonly string[]> =>
  personIdsOf(platform.db, platform.vault, person.nin);

/** The visitor's consent that the address names. Throws `not_found`, with the same words whoever's it is, and whatever it is. */
export async function consentNamed(visit: Visit, persons: readonly string[]): Promise<GivenConsent> {
  const { id } = visit.request.params as { id: string };
  const given = await findGivenConsent(visit.portal.platform, persons, id);
  if (given === undefined) throw new DomainError('not_found', 'there is nothing at this address');
  return given;
}

/** How far back the log goes: what is older is being removed. */
export function logFrom({ clock, config }: Platform): Date {
  return new Date(clock.now().getTime() - config.logRetentionDays * 86_400_000);
}
