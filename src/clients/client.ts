import { debtScopeOf, type Api } from './audience.ts';

/** A JWK Set with public keys (RFC 7517). */
export interface PublicKeys {
  readonly keys: readonly Readonly<Record<string, unknown>>[];
}

/** How a client proves who it is at the token endpoint (A2): with a secret, or with an assertion signed by one of its keys. */
export type Authentication = 'client_secret_basic' | 'private_key_jwt';

/** With what a client's ID tokens are signed (A5). */
export type IdTokenAlgorithm = 'RS256' | 'ES256';

/** What is demanded of a client's requests, beyond what the protocol asks of everybody; who is not held to it may do so all the same (ADR 19). */
export interface SecurityProfile {
  /** Authorization requests have a PKCE challenge (RFC 7636, S256). */
  readonly pkce: boolean;
  /** Authorization requests are pushed first (RFC 9126). */
  readonly par: boolean;
  /** Tokens are bound to a key of the client's (RFC 9449). */
  readonly dpop: boolean;
  /** Authorization requests are request objects, signed with one of the client's keys (RFC 9101). */
  readonly signedRequests: boolean;
}

/** What most clients have, to be spread into one. */
export const usualClient = {
  postLogoutRedirectUris: [],
  formerSecrets: null,
  authentication: 'client_secret_basic',
  jwks: null,
  profile: { pkce: false, par: false, dpop: false, signedRequests: false },
  idTokenAlgorithm: 'RS256',
} as const satisfies Partial<Client>;

/** An organisation that may ask us for something, as registered by the operator. */
export interface Client {
  readonly id: string;
  readonly name: string;
  readonly organisationNumber: string;
  readonly enabled: boolean;
  /** SHA-256 of each secret that is good until it is changed. */
  readonly secretHashes: readonly Buffer[];
  /** SHA-256 of those that were replaced and are good for a while yet; `until` is real time. Null: there are none. */
  readonly formerSecrets: { readonly hashes: readonly Buffer[]; readonly until: Date } | null;
  readonly mayRegisterAgreements: boolean;
  readonly mayReadEvents: boolean;
  readonly mayUseOpenid: boolean;
  readonly redirectUris: readonly string[];
  /** Where a person may be sent after logging out there; exact, like the redirect addresses. */
  readonly postLogoutRedirectUris: readonly string[];
  readonly authentication: Authentication;
  /** What it signs with: assertions (`private_key_jwt`) and request objects. Null: it has told us none. */
  readonly jwks: PublicKeys | null;
  readonly profile: SecurityProfile;
  readonly idTokenAlgorithm: IdTokenAlgorithm;
  /** Purposes that it is registered for: `presentation`, `processing`. Whether one is switched on is asked when it counts. */
  readonly purposes: readonly string[];
}

/** SHA-256 of each secret that a client may authenticate with at this moment of real time. */
export function secretsGoodAt(client: Client, realNow: Date): readonly Buffer[] {
  const { secretHashes, formerSecrets: former } = client;
  return former !== null && realNow < former.until ? [...secretHashes, ...former.hashes] : secretHashes;
}

/** The scopes that a client is registered for at an API (A3). */
export function registeredScopes(client: Client, api: Api): readonly string[] {
  switch (api) {
    case 'agreement':
      return client.mayRegisterAgreements ? ['consent.create'] : [];
    case 'events':
      return client.mayReadEvents ? ['client.access.consent.events'] : [];
    case 'debt':
      return client.purposes.map(debtScopeOf);
  }
}
