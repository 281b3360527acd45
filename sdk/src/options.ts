import { SamtykkeError } from './errors.ts';
import { isPurpose, type Purpose } from './purpose.ts';

/** The three APIs; a token is good at one of them. */
export type Api = 'agreement' | 'debt' | 'events';

const paths: Readonly<Record<Api, string>> = {
  agreement: '/v1/consent/agreement',
  debt: '/v1/debt',
  events: '/feed/v1/consent',
};

/**
 * A private key as a JSON Web Key (RFC 7517): RSA, or EC with P-256. `alg` says what is signed with (RS256, PS256 or ES256; without it
 * RS256 for RSA), `kid` which of your keys it is.
 */
export interface PrivateJwk {
  readonly kty: string;
  readonly d?: string;
  readonly alg?: string;
  readonly kid?: string;
  readonly [member: string]: unknown;
}

/** What is looked at of a `CryptoKey` of WebCrypto, which need not be extractable. */
export interface SigningKey {
  readonly type: string;
  readonly extractable: boolean;
  readonly algorithm: { readonly name: string };
  readonly usages: readonly string[];
}

/** Where the platform is, told one by one: nothing is discovered then. */
export interface Addresses {
  /** What stands in `iss`. */
  readonly issuer: string | URL;
  /** Where tokens come from. */
  readonly token: string | URL;
  /** Where people are sent; needed for `authorizationUrl`. */
  readonly authorization?: string | URL | undefined;
  /** Where the keys of ID tokens are; needed for `openid`. */
  readonly jwks?: string | URL | undefined;
  /** What stands before `/v1/debt`. */
  readonly api: string | URL;
}

/** Where the platform is: at one address, at two, or at addresses that are told one by one. */
export type Where =
  | { readonly baseUrl: string | URL; readonly issuer?: never; readonly apiUrl?: never; readonly addresses?: never }
  | {
      readonly issuer: string | URL;
      readonly apiUrl: string | URL;
      readonly baseUrl?: never;
      readonly addresses?: never;
    }
  | { readonly addresses: Addresses; readonly baseUrl?: never; readonly issuer?: never; readonly apiUrl?: never };

/** How your organisation proves who it is: with a secret, or with a key (`private_key_jwt`). */
export type Credentials =
  | { readonly clientSecret: string; readonly privateKey?: never; readonly keyId?: never }
  | {
      readonly privateKey: PrivateJwk | SigningKey;
      /** Which of your keys it is, where the key itself does not say. */
      readonly keyId?: string | undefined;
      readonly clientSecret?: never;
    };

export interface CommonOptions {
  readonly clientId: string;
  /** The purposes your client is registered for: both, unless told. A debt token is asked for with these. */
  readonly purposes?: readonly Purpose[] | undefined;
  /** The names of the APIs in requests for tokens, where these are not their addresses. */
  readonly audiences?: Partial<Readonly<Record<Api, string>>> | undefined;
  /** How long a call may take in all, its retries and tokens included: 10 000 ms unless told. */
  readonly timeoutMs?: number | undefined;
  /** How often what is safe to repeat is tried again: 2 unless told. 0: never. */
  readonly retries?: number | undefined;
  /** Takes the place of the global `fetch`: for a proxy, say, or for client certificates. */
  readonly fetch?: typeof fetch | undefined;
  /** Allows http: to other machines than this one. Secrets and debt are then sent in clear. */
  readonly allowInsecureHttp?: boolean | undefined;
}

export type SamtykkeOptions = Where & Credentials & CommonOptions;

/** Options as the rest of the package reads them. */
export interface Settings {
  readonly clientId: string;
  readonly secret: string | undefined;
  readonly key: PrivateJwk | SigningKey | undefined;
  readonly keyId: string | undefined;
  readonly issuer: URL;
  /** Undefined: to be discovered. `issuer`: to the letter, as `iss` is compared. */
  readonly addresses:
    | {
        readonly issuer: string;
        readonly token: URL;
        readonly authorization: URL | undefined;
        readonly jwks: URL | undefined;
      }
    | undefined;
  /** Each API's address and its name in requests for tokens. */
  readonly apis: Readonly<Record<Api, { readonly url: string; readonly audience: string }>>;
  readonly purposes: readonly Purpose[];
  readonly timeoutMs: number;
  readonly retries: number;
  readonly fetch: typeof fetch;
}

const MOST_MS = 2 ** 31 - 1; // what a timer can hold

/** Reads options, as they may come from somebody who writes no types too. Throws `configuration`, which names what is wrong. */
export function settingsOf(options: SamtykkeOptions): Settings {
  const address = (value: unknown, name: string): URL => addressOf(value, name, options.allowInsecureHttp === true);
  const { addresses, clientSecret, privateKey } = options;
  const ways = [options.baseUrl, options.issuer ?? options.apiUrl, addresses].filter((way) => way !== undefined);
  if (ways.length !== 1) throw wrong('tell where the platform is: baseUrl, or issuer and apiUrl, or addresses');
  if (typeof options.clientId !== 'string' || options.clientId === '') throw wrong('clientId is missing');
  if ((clientSecret === undefined) === (privateKey === undefined))
    throw wrong('tell either clientSecret or privateKey');
  if (clientSecret !== undefined && (typeof clientSecret !== 'string' || clientSecret === '')) {
    throw wrong('clientSecret is empty');
  }
  const purposes = options.purposes ?? ['presentation', 'processing'];
  if (purposes.length === 0 || !purposes.every(isPurpose)) {
    throw wrong("purposes must be 'presentation', 'processing' or both");
  }
  const optional = (value: unknown, name: string): URL | undefined =>
    value === undefined ? undefined : address(value, name);
  const api = address(options.baseUrl ?? options.apiUrl ?? addresses?.api, addresses ? 'addresses.api' : 'apiUrl');
  return {
    clientId: options.clientId,
    secret: clientSecret,
    key: privateKey,
    keyId: options.keyId,
    issuer: address(options.baseUrl ?? options.issuer ?? addresses?.issuer, addresses ? 'addresses.issuer' : 'issuer'),
    addresses: addresses && {
      issuer: String(addresses.issuer),
      token: address(addresses.token, 'addresses.token'),
      authorization: optional(addresses.authorization, 'addresses.authorization'),
      jwks: optional(addresses.jwks, 'addresses.jwks'),
    },
    apis: apisAt(api, options.audiences ?? {}),
    purposes,
    timeoutMs: wholeNumber(options.timeoutMs, 'timeoutMs', { unlessTold: 10_000, least: 1, most: MOST_MS }),
    retries: wholeNumber(options.retries, 'retries', { unlessTold: 2, least: 0, most: 10 }),
    fetch: options.fetch ?? ((...call) => fetch(...call)),
  };
}

export function wholeNumber(
  value: number | undefined,
  name: string,
  range: { unlessTold: number; least: number; most: number },
): number {
  if (value === undefined) return range.unlessTold;
  if (Number.isInteger(value) && value >= range.least && value <= range.most) return value;
  throw wrong(`${name} must be a whole number from ${range.least} to ${range.most}`);
}

function apisAt(api: URL, audiences: Partial<Readonly<Record<Api, string>>>): Settings['apis'] {
  const at = (name: Api) => {
    const url = `${api.href.replace(/\/$/, '')}${paths[name]}`;
    return { url, audience: audiences[name] ?? url };
  };
  return { agreement: at('agreement'), debt: at('debt'), events: at('events') };
}

/** Of this machine itself, where nobody listens in between. */
const isLoopback = (host: string): boolean => /^(localhost|127(\.\d{1,3}){3}|\[::1\])$|\.localhost$/.test(host);

function addressOf(value: unknown, name: string, allowInsecure: boolean): URL {
  const url = URL.canParse(String(value)) ? new URL(String(value)) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) throw wrong(`${name} must be an address: https://…`);
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    throw wrong(`${name} must be an address without user, query and fragment`);
  }
  if (url.protocol === 'http:' && !allowInsecure && !isLoopback(url.hostname)) {
    throw wrong(`${name} must be https: secrets and debt would be sent in clear (allowInsecureHttp allows it)`);
  }
  return url;
}

const wrong = (what: string): SamtykkeError<'configuration'> => new SamtykkeError('configuration', what);
