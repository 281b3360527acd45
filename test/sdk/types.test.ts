import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  Samtykke,
  isSamtykkeError,
  type ConsentEvent,
  type DebtInformation,
  type FeedGapError,
  type GivenConsent,
  type Loan,
  type PlaceStore,
  type Purpose,
  type RegisteredConsent,
  type SamtykkeError,
  type SamtykkeErrorCode,
  type SamtykkeOptions,
  type Snapshot,
  type SnapshotConsent,
  type WebhookMessage,
} from '../../sdk/src/entry.ts';

/**
 * What the types promise. The compiler is the test: each `@ts-expect-error` fails where there is no error any more. What is called here is
 * never run.
 */

type Same<A, B> = [A, B] extends [B, A] ? true : false;
const same = <A, B>(answer: Same<A, B>): Same<A, B> => answer;

const where = { baseUrl: 'https://samtykke.example' };
const proof = { clientId: 'c', clientSecret: 's' };

const options: readonly SamtykkeOptions[] = [
  { ...where, ...proof },
  { issuer: 'https://a.example', apiUrl: new URL('https://b.example'), ...proof },
  { addresses: { issuer: 'i', token: 't', api: 'a' }, clientId: 'c', privateKey: { kty: 'EC', crv: 'P-256', d: 'd' } },
  // @ts-expect-error -- at one address or at two, not both
  { ...where, issuer: 'https://a.example', apiUrl: 'https://b.example', ...proof },
  // @ts-expect-error -- an issuer tells nothing of the APIs
  { issuer: 'https://a.example', ...proof },
  // @ts-expect-error -- the platform has to be somewhere
  { ...proof },
  // @ts-expect-error -- who asks has to prove it
  { ...where, clientId: 'c' },
  // @ts-expect-error -- by one proof
  { ...where, ...proof, privateKey: { kty: 'EC' } },
  // @ts-expect-error -- purposes are two words
  { ...where, ...proof, purposes: ['debt.unsecured.presentation'] },
  // @ts-expect-error -- a misspelt option would be lost
  { ...where, ...proof, timeout: 5 },
];

async function neverRun(client: Samtykke, key: CryptoKey): Promise<void> {
  // A key of WebCrypto is taken as it is, and so is a `fetch`.
  void new Samtykke({ ...where, clientId: 'c', privateKey: key, keyId: 'k1', fetch });
  const consent = await client.registerConsent({ nin: '1', purpose: 'processing', days: 28, clientConsentId: 'a' });
  same<typeof consent, RegisteredConsent>(true);
  same<typeof consent.expiresAt, Date>(true);
  same<typeof consent.purpose, Purpose>(true);
  const asTheWireSays = { nin: '1', scope_of_consent: 'debt.unsecured.processing', days: 28, clientConsentId: 'a' };
  // @ts-expect-error -- the wire's spelling stays on the wire
  await client.registerConsent(asTheWireSays);
  // @ts-expect-error -- days are a number
  await client.registerConsent({ nin: '1', purpose: 'processing', days: '28', clientConsentId: 'a' });
  // @ts-expect-error -- what was answered is not to be changed
  consent.id = 'another';

  const debt = await client.getDebt(consent.id, { signal: undefined });
  same<typeof debt, DebtInformation>(true);
  for (const { loan } of debt.loans) console.log(owedOre(loan));
  // @ts-expect-error -- a creditor that is missing has no loan to look into
  console.log(debt.loans.map(({ loan }) => loan.type));

  const { expiresAt } = await client.status(consent.id);
  same<typeof expiresAt, Date | undefined>(true);

  const { pending } = await client.authorizationUrl({ redirectUri: 'https://b.example', purpose: 'presentation' });
  const given = await client.exchangeCode('/callback', pending);
  same<typeof given, GivenConsent>(true);
  // @ts-expect-error -- who it was is told with openid only
  console.log(given.person.nin);
  // @ts-expect-error -- a code is exchanged with what was remembered
  await client.exchangeCode('/callback');

  const store: PlaceStore = { load: async () => undefined, save: async () => undefined };
  for await (const event of client.feed.follow({ from: 'oldest', store })) console.log(reasonOf(event));
  client.feed.follow({ from: 7 });
  // @ts-expect-error -- a place is a number
  client.feed.follow({ store: { load: async () => '7', save: async () => undefined } });
  // @ts-expect-error -- and not a date
  client.feed.follow({ from: new Date() });
  const snapshot: Snapshot = await client.feed.snapshot();
  for await (const held of snapshot) same<typeof held, SnapshotConsent>(true);
}

/** Every kind of loan is dealt with here, or this does not compile. */
function owedOre(loan: Loan | null): number | undefined {
  switch (loan?.type) {
    case undefined:
      return undefined;
    case 'credit_facility':
    case 'charge_card':
      return loan.interestBearingBalanceOre + loan.nonInterestBearingBalanceOre;
    case 'repayment_loan':
      return loan.balanceOre;
  }
}

/** And every kind of event. */
function reasonOf(event: ConsentEvent): string | undefined {
  switch (event.type) {
    case 'created':
      return event.clientConsentId;
    case 'archived':
      return event.reason;
    case 'other':
      return event.wireType;
  }
}

/** And of webhook. */
function placeOf(message: WebhookMessage): number | undefined {
  switch (message.type) {
    case 'event':
      return message.event.sequenceNr;
    case 'gap':
      return message.nextSequenceNr;
    case 'test':
    case 'other':
      return undefined;
  }
}

/** A code leads to what belongs to it. */
function gapOf(error: unknown): number | undefined {
  if (isSamtykkeError(error, 'feed_gap')) {
    same<typeof error, FeedGapError>(true);
    return error.keptSequenceNr;
  }
  if (isSamtykkeError(error, 'conflict')) {
    same<typeof error, SamtykkeError<'conflict'>>(true);
    // @ts-expect-error -- it was another one
    return error.code === 'network' ? 1 : 2;
  }
  // @ts-expect-error -- the list of codes is closed
  if (isSamtykkeError(error, 'no_such_code')) return 3;
  return undefined;
}

/** What to do about each, all of them. */
const table: Record<SamtykkeErrorCode, string> | undefined = undefined;

test('SDK: the types promise what the compiler has checked above', () => {
  assert.equal(options.length, 10);
  assert.equal(typeof neverRun, 'function');
  assert.equal(placeOf({ type: 'gap', nextSequenceNr: 7 }), 7);
  assert.equal(gapOf(new Error('of somebody else')), undefined);
  assert.equal(owedOre(null), undefined);
  assert.equal(table, undefined);
});
