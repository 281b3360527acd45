import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { findCaller } from '../clients/access-token.ts';
import type { ApiLimits } from '../clients/rate-limit.ts';
import { checkPossession, presented, useProof } from '../clients/require-token.ts';
import { ninOf, readConsent } from '../consent/find.ts';
import { DomainError } from '../errors/domain-error.ts';
import { helpAddress, helpLink } from '../errors/help.ts';
import type { Platform } from '../platform/platform.ts';
import { endpoints, subjectOf } from './provider.ts';

/**
 * `/userinfo` (A1; OpenID Connect Core, section 5.3): who the person is whose consent the token is for. The library's own refuses
 * every token that is good at an API, as all of ours are. Only for tokens with `openid`, and not once the consent is revoked. A body,
 * which POST may have, is left unread.
 */
export function userinfoRoutes(app: FastifyInstance, platform: Platform, limits: ApiLimits): void {
  const refuse = refusing(platform.config.apiUrl);
  const answer = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    if (!/^(Bearer|DPoP) +[\w.~+/-]{1,512}=*$/i.test(request.headers.authorization ?? '')) {
      const help = helpLink(platform.config.apiUrl, 'missing_authorization');
      return reply.code(401).headers(help).header('www-authenticate', 'Bearer').send();
    }
    const credential = await presented(limits, request);
    const caller = await findCaller(platform.db, credential.token, platform.clock.realNow());
    const consent =
      caller === undefined || caller.consentId === null ? undefined : await readConsent(platform.db, caller.consentId);
    if (caller === undefined || consent === undefined || consent.archived?.reason.startsWith('revoked') === true) {
      await limits.failures.count(request.ip);
      return refuse(reply, 401, 'invalid_token', 'send an access token from the code flow that is good now');
    }
    try {
      const { accessUrl } = platform.config;
      const proof = await checkPossession(platform, request, credential, { caller, ownAddress: accessUrl });
      await limits.client(caller.clientId);
      await useProof(platform, proof);
    } catch (error) {
      if (!(error instanceof DomainError) || error.challenge === undefined) throw error;
      await limits.failures.count(request.ip);
      return refuse(reply, 401, 'invalid_token', error.detail, error.challenge);
    }
    if (!caller.scopes.includes('openid')) {
      return refuse(reply, 403, 'insufficient_scope', 'the access token lacks the scope openid');
    }
    const pid = (await ninOf(platform, consent)).reveal();
    return reply.send({ sub: subjectOf(caller.clientId, consent.personId), pid, consent_id: consent.id });
  };
  for (const method of ['GET', 'POST'] as const) {
    app.route({ method, url: endpoints.userinfo, schema: { hide: true }, handler: answer });
  }
}

/** RFC 6750, section 3; with the page that explains the error. */
const refusing =
  (apiUrl: string) =>
  (reply: FastifyReply, status: number, error: string, description: string, challenge?: string): FastifyReply =>
    reply
      .code(status)
      .headers(helpLink(apiUrl, error))
      .header('www-authenticate', challenge ?? `Bearer error="${error}", error_description="${description}"`)
      .send({ error, error_description: description, error_uri: helpAddress(apiUrl, error) });
