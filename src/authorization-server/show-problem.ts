import type { FastifyRequest } from 'fastify';
import { findRequest } from '../consent-request/open.ts';
import { DomainError } from '../errors/domain-error.ts';
import { errorPage } from '../html/error-page.ts';
import type { Html } from '../html/html.ts';
import { languageAmong } from '../html/language.ts';
import { frameOf, pageHeaders } from '../html/send-page.ts';
import type { Platform } from '../platform/platform.ts';
import { errors } from './oidc-provider.ts';
import type { ShowProblem } from './provider.ts';
import { whatBecameOf } from './situation.ts';
import { stopPage } from './stops.page.ts';

/**
 * The pages of the authorization endpoint where nobody can be sent back: an unknown client or redirect address is never redirected to
 * (A8), and an answer that comes twice finds its request gone. `requestOf`: the web framework's request of the library's.
 */
export function problemPages(
  platform: Platform,
  requestOf: (raw: FastifyRequest['raw']) => FastifyRequest | undefined,
): ShowProblem {
  return async (ctx, error) => {
    const request = requestOf(ctx.req);
    if (request === undefined) throw new Error('a page needs its request');
    const { ui_locales: locales, lang } = ctx.query;
    const asked = lang === undefined && typeof locales === 'string' ? languageAmong(locales) : undefined;
    const frame = {
      ...frameOf(platform, request, asked === undefined ? {} : { language: asked }),
      address: withoutPerson(request.url),
    };
    const page = async (): Promise<Html> => {
      if (error instanceof errors.SessionNotFound) {
        const { uid } = request.params as { uid?: string };
        const known = uid === undefined ? undefined : await findRequest(platform, uid);
        if (known === undefined) return stopPage(frame, { kind: 'unknown' });
        const language = lang === undefined ? known.language : frame.language;
        return stopPage({ ...frame, language }, await whatBecameOf(platform, known, null));
      }
      const problem = problemWith(error, ctx.query);
      if (problem !== undefined) return stopPage(frame, { kind: 'bad_link', problem });
      const code =
        error instanceof errors.OIDCProviderError && error.statusCode === 503 ? 'unavailable' : 'server_error';
      return errorPage(frame, new DomainError(code, 'the authorization server failed', { cause: error }));
    };
    const { text } = await page();
    ctx.set(pageHeaders(request));
    ctx.type = 'text/html; charset=utf-8';
    ctx.body = text;
  };
}

/** For the links to other languages: what may say something of the person or of their session there is not repeated. */
function withoutPerson(address: string): string {
  const [path = '', query = ''] = address.split(/\?(.*)/s, 2);
  const parameters = new URLSearchParams(query);
  for (const name of ['login_hint', 'id_token_hint', 'request', 'state', 'nonce', 'claims']) parameters.delete(name);
  return `${path}?${parameters}`;
}

function problemWith(
  error: Error,
  query: Record<string, unknown>,
): 'client' | 'redirect' | 'request' | 'other' | undefined {
  if (error instanceof errors.InvalidClient) return 'client';
  if (error instanceof errors.InvalidRedirectUri) return 'redirect';
  if (!(error instanceof errors.OIDCProviderError) || error.statusCode >= 500) return undefined;
  if (typeof query['client_id'] !== 'string' || query['client_id'] === '') return 'client';
  // Where the rest of it is in what was signed or pushed.
  if (query['request'] !== undefined || query['request_uri'] !== undefined) return 'request';
  if (typeof query['redirect_uri'] !== 'string' || query['redirect_uri'] === '') return 'redirect';
  return 'other';
}
