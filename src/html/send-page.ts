import '@fastify/cookie';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Config } from '../platform/config.ts';
import type { Platform } from '../platform/platform.ts';
import type { Html } from './html.ts';
import { isLanguage, languageAmong, type Language } from './language.ts';
import type { Frame } from './layout.ts';

/** No script at all, nothing inline, nothing from elsewhere, no forms to elsewhere, and no frame around us. */
const CONTENT_SECURITY_POLICY =
  "default-src 'none'; style-src 'self'; img-src 'self' data:; font-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

const COOKIE = 'lang';
const A_YEAR_IN_SECONDS = 365 * 24 * 60 * 60;

/** Requests to an installation that the world reaches over https, as far as pages have been made for them. */
const overHttps = new WeakSet<FastifyRequest>();

const asksFor = (request: FastifyRequest): Language | undefined => {
  const { lang } = (request.query ?? {}) as { lang?: unknown };
  return isLanguage(lang) ? lang : undefined;
};

const spoken = new WeakMap<FastifyRequest, Language>();

/** All pages that answer this request are in this language, those of errors too, unless the address asks for another. */
export const speakIn = (request: FastifyRequest, language: Language): void => void spoken.set(request, language);

/** Addresses with what is good once: nothing links to them again. */
const onceOnly = new Set(['/login/callback']);

const questions = new WeakMap<FastifyRequest, string>();

/** Whoever meets an error while this request is answered is led back there, a path of ours. */
export const leadBackTo = (request: FastifyRequest, path: string): void => void questions.set(request, path);

/** The language that a person wants: what the address says, else what was chosen before, else what the browser prefers. */
export function preferredLanguage(request: FastifyRequest): Language {
  const remembered = (request.cookies as Record<string, unknown> | undefined)?.[COOKIE];
  const chosen = asksFor(request) ?? spoken.get(request) ?? remembered;
  return isLanguage(chosen) ? chosen : (languageAmong(request.headers['accept-language']) ?? 'nb');
}

/** A hook (onRequest) that keeps the language which an address asks for with `?lang=`, for a year. It needs `@fastify/cookie`. */
export function rememberLanguage(config: Config) {
  const secure = isPublicHttps(config);
  return async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    const language = asksFor(request);
    if (language === undefined) return;
    reply.setCookie(COOKIE, language, {
      path: '/',
      maxAge: A_YEAR_IN_SECONDS,
      sameSite: 'lax',
      httpOnly: true,
      secure,
    });
  };
}

/** What stands around the page that answers this request. Of pages that answer no GET, the languages lead to
 * where the person came from, or to `/`. */
export function frameOf(
  platform: Platform,
  request: FastifyRequest,
  more: Partial<Pick<Frame, 'signedIn' | 'section' | 'language'>> = {},
): Frame {
  if (isPublicHttps(platform.config)) overHttps.add(request);
  const wayBack = questions.get(request);
  return {
    language: more.language ?? preferredLanguage(request),
    address: request.method === 'GET' && !onceOnly.has(request.routeOptions.url ?? '') ? request.url : (wayBack ?? '/'),
    sandbox: platform.config.mode === 'sandbox',
    portalUrl: platform.config.portalUrl,
    traceId: request.id,
    ...(wayBack === undefined ? {} : { wayBack }),
    signedIn: more.signedIn ?? null,
    section: more.section ?? null,
  };
}

/** What goes out with every page, to keep it safe in the browser. */
export const pageHeaders = (
  request: FastifyRequest,
  referrerPolicy: 'same-origin' | 'no-referrer' = 'same-origin',
) => ({
  'content-security-policy': CONTENT_SECURITY_POLICY,
  'referrer-policy': referrerPolicy,
  'x-frame-options': 'DENY',
  'permissions-policy': 'camera=(), geolocation=(), microphone=(), payment=(), usb=()',
  ...(overHttps.has(request) ? { 'strict-transport-security': 'max-age=31536000' } : {}),
});

/** Sends a page, with what browsers must know to keep it safe. A page whose frame is of `frameOf` is told about https too. */
export function sendPage(
  reply: FastifyReply,
  page: Html,
  options: { status?: number; referrerPolicy?: 'no-referrer' } = {},
): FastifyReply {
  return reply
    .code(options.status ?? 200)
    .headers(pageHeaders(reply.request, options.referrerPolicy))
    .type('text/html; charset=utf-8')
    .send(page.text);
}

const isPublicHttps = (config: Config): boolean =>
  config.accessUrl.startsWith('https:') && config.portalUrl.startsWith('https:');
