import { X509Certificate } from 'node:crypto';
import type { Creditor } from '../../src/creditors/creditor.ts';
import { organisationOf } from '../../src/creditors/creditor.ts';
import { httpClient, type HttpClient } from '../../src/platform/http-client.ts';
import type { Platform } from '../../src/platform/platform.ts';
import { wireCustomer } from '../creditor-answers.ts';
import { dated } from '../holding.ts';
import type { SandboxWorld } from '../sandbox-world.ts';

/** A credit line that is used to its limit, as the console pushes it. */
export interface PushAsked {
  readonly creditor: Creditor;
  /** Whose: a synthetic number. */
  readonly nin: string;
  /** In øre. Pushing 0 closes the account. */
  readonly amount: number;
}

/** The account that the console pushes: one for each person at each creditor, so that the next push replaces it. */
const PUSHED_ACCOUNT = 'CONSOLE-1';

const SECONDS = 10;

/** Pushes as a creditor's provider would: to the port for deliveries, with the certificate of the organisation that delivers. */
export interface Pusher {
  /** Resolves when it is stored. False: it was not, for a reason that is in the creditor's deliveries or in the log. */
  push(asked: PushAsked): Promise<boolean>;
  close(): Promise<void>;
}

/** Opens no connection before the first push. */
export function openPusher(platform: Platform, world: SandboxWorld): Pusher {
  const { certificates } = world;
  let client: HttpClient | undefined;
  return {
    push: async ({ creditor, nin, amount }) => {
      const port = world.pushPort();
      if (port === undefined) return false;
      client ??= httpClient({
        connections: 1,
        plainHttp: false,
        mutualTls: (organisation) => {
          const certificate = certificates.deliverer(organisation ?? '');
          const { validToDate } = new X509Certificate(certificate.cert);
          return { ...certificate, ca: certificates.authority.cert, goodUntil: validToDate };
        },
      });
      const organisation = organisationOf(creditor.providerId);
      const loan = {
        type: 'creditFacility',
        accountId: PUSHED_ACCOUNT,
        coBorrower: 0,
        creditLimit: amount,
        interestBearingBalance: amount,
        nonInterestBearingBalance: 0,
        nominalInterestRate: 1990,
        installmentCharges: 0,
        installmentChargePeriod: null,
      } as const;
      const customer = wireCustomer(nin, creditor.id, dated([loan], platform.clock.now()));
      const { status } = await client.post({
        origin: `https://localhost:${port}`,
        path: '/loans',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ providerID: creditor.providerId, customers: [customer] }),
        sender: organisation,
        identity: { key: organisation, certificate: organisation, refuse: () => undefined },
        signal: AbortSignal.timeout(SECONDS * 1_000),
        maxBytes: 10_000,
      });
      return status === 200;
    },
    close: async () => client?.close(),
  };
}
