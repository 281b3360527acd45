import type { FastifyInstance } from 'fastify';
import type { ApiLimits } from '../clients/rate-limit.ts';
import { admit, presented } from '../clients/require-token.ts';
import { findCaller } from '../clients/access-token.ts';
import { ConsentIdInPath, consentForRequest } from '../consent/consent-for-request.ts';
import { purposesOf, readConsent } from '../consent/find.ts';
import type { CreditorClient } from '../creditors/creditor-client.ts';
import type { HeldUnderIndex } from '../creditors/delivered-loans.ts';
import { DomainError } from '../errors/domain-error.ts';
import { debtErrors } from '../errors/schemas.ts';
import type { Platform } from '../platform/platform.ts';
import { readHeld } from './ask-creditors.ts';
import { lookUpDebt } from './look-up.ts';
import { DebtInformationBody, debtAnswerBody } from './wire.ts';

/** `GET /v1/debt` and `GET /v1/debt/{id}` (D1 to D5). */
export function debtRoutes(
  app: FastifyInstance,
  platform: Platform,
  limits: ApiLimits,
  creditors: CreditorClient,
): void {
  app.route({
    method: 'GET',
    url: '/v1/debt',
    schema: {
      operationId: 'debtOfToken',
      summary: 'Debt, with a token from the authorization code flow',
      description:
        'The token knows its consent. Otherwise it is the same as `GET /v1/debt/{id}`, for which this token is good too, with the id of its own consent.',
      tags: ['Debt API'],
      response: { 200: DebtInformationBody, ...debtErrors },
    },
    handler: async (request) => {
      const credential = await presented(limits, request);
      const found = await findCaller(platform.db, credential.token, platform.clock.realNow());
      const caller = await admit(platform, limits, request, credential, { found, api: 'debt' });
      // A token from client credentials names no consent (D3b).
      if (caller.consentId === null) throw new DomainError('no_valid_consent', 'the token names no consent');
      const consent = await readConsent(platform.db, caller.consentId);
      const asking = { clientId: caller.clientId, purposes: purposesOf(caller) };
      return debtAnswerBody(await lookUpDebt(platform, creditors, { consent, asking, traceId: request.id }));
    },
  });

  app.route<{ Params: { id: string } }>({
    method: 'GET',
    url: '/v1/debt/:id',
    schema: {
      operationId: 'debtOfConsent',
      summary: 'Debt, with the id of a consent',
      description: [
        'All creditors that hold something for the person are asked at once, live, under one deadline. Of one that does not answer in time, what it last delivered is shown, with its older `timestamp`; and where there is nothing, its name with `loan: null`. `numberOfcreditorsMissing` (spelt so) counts both: say so when you show a sum.',
        'The lookup is logged, and the person sees it. A consent without a duration is used up by it, unless it failed on our side. Answers are never to be kept by anything on the way.',
      ].join('\n\n'),
      tags: ['Debt API'],
      params: ConsentIdInPath,
      response: { 200: DebtInformationBody, ...debtErrors },
    },
    handler: async (request) => {
      let held: HeldUnderIndex['rows'] | undefined;
      const read = await consentForRequest(platform, limits, request, request.params.id, {
        withPerson: true,
        beside: (consentId) => {
          held = readHeld(platform, consentId);
        },
      });
      const { caller, consent, person } = read;
      const asking = { clientId: caller.clientId, purposes: purposesOf(caller) };
      return debtAnswerBody(
        await lookUpDebt(platform, creditors, { consent, person, held, asking, traceId: request.id }),
      );
    },
  });
}
