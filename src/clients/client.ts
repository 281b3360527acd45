import { debtScopeOf, type Api } from './audience.ts';

/** A JWK Set with public keys (RFC 7517). */
export interface PublicKeys {
  readonly keys: readonly Readonly<Record<string, unknown>>[];
}

/** What most clients have, to be spread into one. */
export const usualClient = {
  postLogoutRedirectUris: [],
  authentication: { method: 'client_secret_basic' },
  requirePkce: false,
  idTokenAlgorithm: 'RS256',
} as const satisfies Partial<Client>;

/** An organisation that may ask us for something, as registered by the operator. */
export interface Client {
  readonly id: string;
  readonly name: string;
  readonly organisationNumber: string;
  readonly enabled: boolean;
  /** SHA-256 of each secret that is good now. */
  readonly secretHashes: readonly Buffer[];
  readonly mayRegisterAgreements: boolean;
  readonly mayReadEvents: boolean;
  readonly mayUseOpenid: boolean;
  readonly redirectUris: readonly string[];
  /** Where a person may be sent after logging out there; exact, like the redirect addresses. */
  readonly postLogoutRedirectUris: readonly string[];
  /** How it proves who it is at the token endpoint (A2): with a secret, or with an assertion signed by one of its keys. */
  readonly authentication:
    { readonly method: 'client_secret_basic' } | { readonly method: 'private_key_jwt'; readonly jwks: PublicKeys };
  /** Whether an authorization request without PKCE is refused (A6). */
  readonly requirePkce: boolean;
  /** With what its ID tokens are signed (A5). */
  readonly idTokenAlgorithm: 'RS256' | 'ES256';
  /** Purposes that it is registered for: `presentation`, `processing`. Whether one is switched on is asked when it counts. */
  readonly purposes: readonly string[];
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
