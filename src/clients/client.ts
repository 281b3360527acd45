import { debtScopeOf, type Api } from './audience.ts';

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
