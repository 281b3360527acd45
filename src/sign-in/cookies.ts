import '@fastify/cookie';
import type { FastifyRequest } from 'fastify';

/** A secret of ours in a cookie; whatever else stands there is none. */
export function secretIn(request: FastifyRequest, cookie: string): string | undefined {
  const value = request.cookies[cookie];
  return value !== undefined && /^[\w-]{43}$/.test(value) ? value : undefined;
}

/** Lax: browsers send it when the login provider leads back here, and not with forms of other sites. `face`: whose address it is for. */
export const cookieOptions = (face: string) =>
  ({ httpOnly: true, sameSite: 'lax', path: '/', secure: face.startsWith('https:') }) as const;
