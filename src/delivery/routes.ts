import type { FastifyInstance, FastifyRequest } from 'fastify';
import { DomainError } from '../errors/domain-error.ts';
import { presentProblem } from '../errors/problem.ts';
import { NOT_CODED, isCoded } from '../platform/http-server.ts';
import type { Platform } from '../platform/platform.ts';
import { acceptPush, type PushResult } from './accept.ts';
import { deliveryRuleSentence, type DeliveryRule } from './delivery-rules.ts';
import type { Place } from './delivery-run.ts';

/** Some thousands of loans: whoever has more to tell sends several pushes. */
const MAX_PUSH_BYTES = 1_048_576;

/**
 * `POST /loans` (pushUpdates). `organisationOf` answers who makes a request: its organisation number, proved by the certificate.
 * Below this, JSON is read by the rules of delivery and not by the web framework, which would let through what they refuse.
 */
export function deliveryRoutes(
  app: FastifyInstance,
  platform: Platform,
  organisationOf: (request: FastifyRequest) => string,
): void {
  void app.register(async (subtree) => {
    subtree.removeAllContentTypeParsers();
    subtree.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
    subtree.post('/loans', { bodyLimit: MAX_PUSH_BYTES }, async (request, reply) => {
      if (isCoded(request)) throw new DomainError('unsupported_media_type', NOT_CODED);
      const { body } = request;
      if (!Buffer.isBuffer(body)) throw new DomainError('invalid_request', 'the body is empty: send a JSON object');
      const result = await acceptPush(platform, { organisation: organisationOf(request), body });
      if (result.kind === 'rejected')
        return reply
          .code(400)
          .type(PROBLEM)
          .send(rejection(platform, result, request.id));
      if (result.kind === 'forbidden') throw forbidden(result);
      const { customers, loans, ignored } = result;
      return { customers, loans, ignored };
    });
  });
}

const PROBLEM = 'application/problem+json';

/** The usual problem, and which rule is broken where. Nothing of what was sent is in it. */
function rejection(
  { config }: Platform,
  { rule, place }: { rule: DeliveryRule; place: Place },
  traceId: string,
): object {
  const { record, loan } = place;
  const where =
    record === undefined ? 'the body' : `customers[${record}]${loan === undefined ? '' : `.loans[${loan}]`}`;
  const error = new DomainError('invalid_request', `${where} ${deliveryRuleSentence(rule)}`);
  const context = { timestamp: '', traceId, path: '/loans', apiUrl: config.apiUrl };
  const problem = presentProblem(error, context).body ?? {};
  return { ...problem, rule, record: record ?? null, loan: loan ?? null };
}

function forbidden({ record }: Extract<PushResult, { kind: 'forbidden' }>): DomainError {
  const what =
    record === undefined ? 'this providerID' : `the financialInstitutionID of customers[${record}] and this providerID`;
  return new DomainError(
    'certificate_refused',
    `the organisation of the client certificate may not deliver for ${what}`,
  );
}
