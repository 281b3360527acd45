/** What this package promises. Everything else is its own affair. */
export { Samtykke } from './samtykke.ts';
export { FeedGapError, SamtykkeError, isSamtykkeError } from './errors.ts';
export { verifyWebhook } from './webhook.ts';
export { VERSION } from './version.ts';

export type { CallOptions } from './api.ts';
export type { ConsentRequest, GivenConsent, PendingRequest } from './code-flow.ts';
export type { ConsentStatus, ConsentToRegister, RegisteredConsent } from './consent.ts';
export type {
  ChargeCard,
  CreditFacility,
  CreditorLoan,
  DebtInformation,
  InstallmentCharges,
  Loan,
  LoanBase,
  RepaymentLoan,
} from './debt.ts';
export type { FailureDetails, SamtykkeErrorCode } from './errors.ts';
export type { ConsentArchived, ConsentCreated, ConsentEvent, EndReason, EventBase, OtherEvent } from './events.ts';
export type { Feed, ReadOptions } from './feed.ts';
export type { FollowOptions, PlaceStore } from './follow.ts';
export type {
  Addresses,
  Api,
  CommonOptions,
  Credentials,
  PrivateJwk,
  SamtykkeOptions,
  SigningKey,
  Where,
} from './options.ts';
export type { Purpose } from './purpose.ts';
export type { Snapshot, SnapshotConsent } from './snapshot.ts';
export type { VerifiedWebhook, WebhookHeaders, WebhookMessage, WebhookOptions } from './webhook.ts';
