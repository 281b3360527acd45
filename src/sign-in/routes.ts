import type { FastifyInstance } from 'fastify';
import { DomainError } from '../errors/domain-error.ts';
import type { SignIn } from './sign-in.ts';

/** Where browsers come back to from the login provider, and where it tells that somebody has signed out there. */
export function signInRoutes(app: FastifyInstance, signIn: SignIn): void {
  app.get('/login/callback', { schema: { hide: true } }, async (request, reply) => signIn.finish(request, reply));

  // OpenID Connect Front-Channel Logout 1.0: asked for inside a frame of the provider's, so our cookies are not there.
  app.get('/login/frontchannel-logout', { schema: { hide: true } }, async (request, reply) => {
    const { iss, sid } = request.query as Record<string, unknown>;
    if (![iss, sid].every((part) => typeof part === 'string' && /^[^\p{Cc}]{1,500}$/u.test(part))) {
      throw new DomainError('invalid_request', 'a sign-out names the issuer (iss) and its session (sid), once each');
    }
    await signIn.endByIssuer(String(iss), String(sid));
    return reply.type('text/plain; charset=utf-8').send('signed out\n');
  });
}
