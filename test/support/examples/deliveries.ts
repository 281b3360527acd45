import { join } from 'node:path';
import { Agent } from 'undici';
import { sandboxCertificates } from '../../../sandbox/authority.ts';
import { creditorIds } from '../../../sandbox/creditor-list.ts';
import { openPushListener } from '../../../src/delivery/listener.ts';
import { peerOrganisation } from '../../../src/delivery/require-certificate.ts';
import { deliveryRoutes } from '../../../src/delivery/routes.ts';
import type { Exchange } from '../../../src/docs/examples.ts';
import { recordAnswer } from '../evidence.ts';
import type { Json, World } from '../world.ts';

/** A data centre of the sandbox, and one of the creditors that it delivers for. */
const PROVIDER = '318465711';
const NIN = '48918391250';

type Request = Parameters<Agent['request']>[0];

/** Sends a request over mutual TLS, and keeps the answer as evidence. */
export async function sendOverTls(
  origin: string,
  tls: object,
  request: Request,
): Promise<{ status: number; json: Json }> {
  const agent = new Agent({ connect: tls });
  try {
    const { statusCode, headers, body } = await agent.request({ ...request, origin });
    const text = await body.text();
    recordAnswer({ method: request.method, url: request.path, status: statusCode, headers, body: text });
    return { status: statusCode, json: JSON.parse(text) };
  } finally {
    await agent.destroy();
  }
}

/** What creditors answer, and what they may send. */
export async function deliveries(world: World, exchanges: Exchange[]): Promise<void> {
  const { platform } = world;
  const creditor = world.servers.creditors.find(({ id }) => id === creditorIds.bekkelauv);
  const certificates = await sandboxCertificates(
    join(platform.config.dataDir, 'certificates'),
    platform.clock.realNow(),
  );
  const ca = certificates.authority.cert;
  const send = (origin: string, identity: object, request: Request) =>
    sendOverTls(origin, { ca, ...identity }, request);
  const show = (operationId: string, name: string, summary: string, request: Exchange['request'], answer: Json) =>
    exchanges.push({
      operationId,
      name,
      summary,
      request,
      answer: {
        status: answer.status,
        ...(answer.json.code === undefined ? {} : { code: answer.json.code }),
        body: answer.json,
      },
    });

  const base = `/debt-information/v1/loans/${creditor?.id ?? ''}`;
  const origin = new URL(creditor?.baseUrl ?? '').origin;
  const parameters = { financialInstitutionID: creditor?.id ?? '' };
  const customer = { method: 'GET', path: `${base}/customer`, headers: { customerid: NIN } } as const;
  const asked = await send(origin, certificates.operator, customer);
  show('getDataForSSN', 'loans', 'A customer with loans', { parameters: { ...parameters, customerid: NIN } }, asked);
  const page = await send(origin, certificates.operator, { method: 'GET', path: `${base}?page=0` });
  show('getalldata', 'first-page', 'The first page', { parameters: { ...parameters, page: 0 } }, page);

  const listener = await openPushListener(platform, (app) => deliveryRoutes(app, platform, peerOrganisation));
  try {
    const loan = {
      type: 'creditFacility',
      accountID: 'KK-1001-01',
      timestamp: world.clock.now().toISOString(),
      coBorrower: 0,
      creditLimit: 50_000_00,
      interestBearingBalance: 12_400_00,
      nonInterestBearingBalance: 0,
      nominalInterestRate: 2190,
      installmentCharges: 45_00,
      installmentChargePeriod: 'MONTHLY',
    };
    const body = (changes: object, provider = `9908:${PROVIDER}`) => ({
      providerID: provider,
      customers: [{ customerID: NIN, financialInstitutionID: creditorIds.bekkelauv, loans: [{ ...loan, ...changes }] }],
    });
    const push = async (name: string, summary: string, sent: object, as: object = certificates.deliverer(PROVIDER)) => {
      const answer = await send(`https://localhost:${listener.port}`, as, {
        method: 'POST',
        path: '/loans',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(sent),
      });
      show('pushUpdates', name, summary, { body: sent }, answer);
    };
    await push('loan', "A customer's credit card", body({}));
    await push('negative', 'An amount below zero', body({ interestBearingBalance: -1 }));
    await push('other-provider', 'A provider that it may not deliver for', body({}, '9908:314159268'));
    await push('no-certificate', 'Without a certificate', body({}), {});
  } finally {
    await listener.close();
  }
}
