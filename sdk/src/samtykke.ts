import { apisOf, type Apis, type CallOptions } from './api.ts';
import { authorizationServer, type AuthorizationServer } from './authorization-server.ts';
import {
  authorizationUrl,
  callbackOf,
  exchangeCode,
  type ConsentRequest,
  type GivenConsent,
  type PendingRequest,
} from './code-flow.ts';
import {
  agreementBody,
  consentStatusFrom,
  pathOf,
  registeredConsentFrom,
  type ConsentStatus,
  type ConsentToRegister,
  type RegisteredConsent,
} from './consent.ts';
import { debtFrom, type DebtInformation } from './debt.ts';
import { feedOf, type Feed } from './feed.ts';
import { settingsOf, type SamtykkeOptions } from './options.ts';
import { tokensOf } from './tokens.ts';

/**
 * Your organisation's connection to a consent platform. Make one and keep it: it holds the tokens. Any number of calls may run at once.
 * Everything rejects with `SamtykkeError`.
 */
export class Samtykke {
  readonly feed: Feed;
  readonly #apis: Apis;
  readonly #server: AuthorizationServer;

  /** Sends nothing yet. Throws `configuration`. */
  constructor(options: SamtykkeOptions) {
    const settings = settingsOf(options);
    this.#server = authorizationServer(settings);
    this.#apis = apisOf(settings, tokensOf(settings, this.#server));
    this.feed = feedOf(this.#apis);
  }

  /**
   * Registers a consent that a person has given at your organisation. Repeating it with the same data answers the same consent, also after
   * it has ended; with other data under the same `clientConsentId`: `conflict`.
   */
  async registerConsent(consent: ConsentToRegister, options: CallOptions = {}): Promise<RegisteredConsent> {
    return registeredConsentFrom(
      await this.#apis.ask({ api: 'agreement', method: 'PUT', body: agreementBody(consent) }, options),
    );
  }

  /**
   * Looks up the debt of the person who gave a consent. The lookup is logged, and the person sees it. A consent that is good once is used up
   * by it: should the answer be lost on the way, the retry is refused with `consent_used`, and `attempts` is above 1.
   */
  async getDebt(consentId: string, options: CallOptions = {}): Promise<DebtInformation> {
    return debtFrom(await this.#apis.ask({ api: 'debt', method: 'GET', path: pathOf(consentId) }, options));
  }

  /** The same with the token that `exchangeCode` got. One that is refused is not renewed: `invalid_token`. */
  async getDebtWithToken(debtToken: string, options: CallOptions = {}): Promise<DebtInformation> {
    return debtFrom(await this.#apis.ask({ api: 'debt', method: 'GET', token: debtToken }, options));
  }

  /** Whether a consent is active. One that is unknown, or another client's, is not. */
  async status(consentId: string, options: CallOptions = {}): Promise<ConsentStatus> {
    const path = `${pathOf(consentId)}/status`;
    return consentStatusFrom(await this.#apis.ask({ api: 'debt', method: 'GET', path }, options));
  }

  /** Revokes a consent: nobody gets debt by it from now on. Repeating it is safe. One that ended otherwise is refused (`consent_expired`, …). */
  async revoke(consentId: string, options: CallOptions = {}): Promise<void> {
    await this.#apis.ask({ api: 'debt', method: 'DELETE', path: pathOf(consentId) }, options);
  }

  /** An address to send a person to, who is asked there, and what to remember until the person is back. */
  async authorizationUrl(
    request: ConsentRequest,
    options: CallOptions = {},
  ): Promise<{ readonly url: URL; readonly pending: PendingRequest }> {
    const deadline = this.#apis.deadline(options);
    try {
      return await authorizationUrl(this.#server, request, deadline);
    } finally {
      deadline.end();
    }
  }

  /**
   * What a person came back with. `callback`: the address that was asked for, or its query. Rejects with `consent_denied` or
   * `login_cancelled` when there is no consent, and with `callback_refused` when this is not the visit that was begun.
   */
  async exchangeCode(
    callback: string | URL | URLSearchParams,
    pending: PendingRequest,
    options: CallOptions = {},
  ): Promise<GivenConsent> {
    const deadline = this.#apis.deadline(options);
    try {
      return await exchangeCode(this.#server, callbackOf(callback), pending, deadline);
    } finally {
      deadline.end();
    }
  }
}
