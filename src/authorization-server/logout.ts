import type { FastifyInstance } from 'fastify';
import { compactVerify, createLocalJWKSet } from 'jose';
import { findClient } from '../clients/client-registry.ts';
import { frameOf } from '../html/send-page.ts';
import { languageAmong } from '../html/language.ts';
import { remade } from '../platform/keys-ring.ts';
import { publicPart } from '../platform/keys.ts';
import type { Platform } from '../platform/platform.ts';
import { endpoints } from './provider.ts';
import { sendStop } from './visit.ts';

type Parameters = Readonly<Partial<Record<string, unknown>>>;

/**
 * `/oauth2/sessions/logout` (A1; OpenID Connect RP-Initiated Logout 1.0): sends a person who has logged out at an organisation back
 * to it, if that says who it is, by an ID token of ours or by its id, and the address is one that it has registered, exactly. There
 * is nothing else to end: nobody stays logged in here for an organisation (A10). The library's own answer needs scripts.
 */
export function logoutRoute(app: FastifyInstance, platform: Platform): void {
  const keys = remade(
    () => platform.keys.signing,
    (signing) => createLocalJWKSet({ keys: signing.map(publicPart) }),
  );

  app.get<{ Querystring: Parameters }>(endpoints.logout, { schema: { hide: true } }, async (request, reply) => {
    const { id_token_hint: hint, post_logout_redirect_uri: back, state, ui_locales: locales } = request.query;
    const language = languageAmong(typeof locales === 'string' ? locales : undefined);
    const frame = frameOf(platform, request, language === undefined ? {} : { language });
    const clientId = hint === undefined ? request.query['client_id'] : await clientOf(hint);
    const contradicts = request.query['client_id'] !== undefined && request.query['client_id'] !== clientId;
    if (back === undefined && hint === undefined && clientId === undefined)
      return reply.redirect(`${platform.config.portalUrl}/signed-out`, 303);
    const client = typeof clientId === 'string' && !contradicts ? await findClient(platform.db, clientId) : undefined;
    if (client === undefined || !client.enabled)
      return sendStop(platform, reply, frame, { kind: 'bad_link', problem: 'client' });
    if (back === undefined) return reply.redirect(`${platform.config.portalUrl}/signed-out`, 303);
    if (typeof back !== 'string' || !client.postLogoutRedirectUris.includes(back)) {
      return sendStop(platform, reply, frame, { kind: 'bad_link', problem: 'redirect' });
    }
    const address = new URL(back);
    if (typeof state === 'string') address.searchParams.set('state', state);
    return reply.redirect(address.href, 303);
  });

  /** The client that an ID token of ours was issued to, whether or not it has expired; undefined for any other text. */
  async function clientOf(hint: unknown): Promise<string | undefined> {
    if (typeof hint !== 'string') return undefined;
    try {
      const { payload } = await compactVerify(hint, keys());
      const claims = JSON.parse(new TextDecoder().decode(payload)) as { iss?: unknown; aud?: unknown };
      return claims.iss === platform.config.accessUrl && typeof claims.aud === 'string' ? claims.aud : undefined;
    } catch {
      return undefined;
    }
  }
}
