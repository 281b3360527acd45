import * as oauth from 'oauth4webapi';
import { SamtykkeError, quotable } from './errors.ts';
import { readAnswer, sendAndRead } from './http.ts';
import type { PrivateJwk, Settings, SigningKey } from './options.ts';
import { refusalOf } from './refusals.ts';
import { Renewed } from './renewed.ts';
import { startDeadline, type Deadline } from './time.ts';

/** The authorization server as the OAuth library knows it, and how we prove to it who we are. */
export interface AuthorizationServer {
  metadata(deadline: Deadline): Promise<oauth.AuthorizationServer>;
  readonly client: oauth.Client;
  /** Adds our proof to a request: made anew each time, since an assertion is good once. */
  readonly authenticate: oauth.ClientAuth;
  /** How the library sends requests: as we send all others. */
  options(deadline: Deadline): oauth.HttpRequestOptions<'POST', URLSearchParams> & oauth.HttpRequestOptions<'GET'>;
  /** What must not stand in a message. */
  readonly secrets: readonly string[];
}

const HOUR_MS = 3_600_000;

/** Nothing is sent before the first call. What was discovered is asked for again after an hour, and used for a day at most. */
export function authorizationServer(settings: Settings): AuthorizationServer {
  const { secret, key, keyId, addresses } = settings;
  const options: AuthorizationServer['options'] = (deadline) => ({
    // Which addresses may be plain http was decided when the options were read.
    [oauth.allowInsecureRequests]: true,
    [oauth.customFetch]: (url: string, init: oauth.CustomFetchOptions<string, URLSearchParams | undefined>) =>
      sendAndRead(settings.fetch, { url, method: init.method, headers: init.headers, body: init.body }, deadline),
  });

  const discovered = new Renewed(async () => {
    const deadline = startDeadline(undefined, settings.timeoutMs);
    try {
      const response = await oauth.discoveryRequest(settings.issuer, options(deadline));
      if (response.status !== 200) throw refusalOf(await readAnswer(response, deadline), 'oauth');
      const value = await libraryOf('discovery', () =>
        oauth.processDiscoveryResponse(settings.issuer, response).catch((error: unknown) => {
          throw otherNameOf(error, settings.issuer) ?? error;
        }),
      );
      const now = Date.now();
      return { value, renewFrom: now + HOUR_MS, goodUntil: now + 24 * HOUR_MS };
    } finally {
      deadline.end();
    }
  });

  let signingKey: Promise<oauth.ClientAuth> | undefined;
  return {
    metadata:
      addresses === undefined
        ? (deadline) => discovered.get(deadline)
        : (
            (told) => async () =>
              told
          )({
            issuer: addresses.issuer,
            token_endpoint: addresses.token.href,
            ...(addresses.authorization && { authorization_endpoint: addresses.authorization.href }),
            ...(addresses.jwks && { jwks_uri: addresses.jwks.href }),
          }),
    client: { client_id: settings.clientId },
    authenticate: async (...request) => {
      if (secret !== undefined) return basic(settings.clientId, secret, request[3]);
      if (key === undefined) throw new SamtykkeError('configuration', 'there is neither a secret nor a key');
      signingKey ??= assertionsBy(key, keyId);
      return (await signingKey)(...request);
    },
    options,
    secrets: secret === undefined ? [] : [secret],
  };
}

/** A platform that is reached by another name than its own: `127.0.0.1` for `localhost`, say. Its tokens would be for that other one. */
function otherNameOf(error: unknown, called: URL): SamtykkeError | undefined {
  const { code, cause } = Object(error) as { code?: unknown; cause?: { body?: { issuer?: unknown } } };
  if (code !== oauth.JSON_ATTRIBUTE_COMPARISON) return undefined;
  const own = quotable(String(cause?.body?.issuer));
  return new SamtykkeError('wrong_address', `the platform at ${called.origin} calls itself ${own}: use that address`);
}

/**
 * What the OAuth library comes to. Its errors hold whole answers, tokens included, so only their sentence is handed on; that names what did
 * not fit and never its value.
 */
export async function libraryOf<Value>(
  where: string,
  work: () => Value | Promise<Value>,
  code: 'bad_answer' | 'callback_refused' = 'bad_answer',
): Promise<Value> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof SamtykkeError || error instanceof oauth.AuthorizationResponseError) throw error;
    throw new SamtykkeError(code, `${where}: ${error instanceof Error ? error.message : 'failed'}`);
  }
}

/**
 * RFC 6749, section 2.3.1. The library's own writes `-` as `%2D` too, which servers that do not decode would take for another client; this
 * leaves everything as it is that may stay.
 */
function basic(clientId: string, secret: string, headers: Headers): void {
  const encoded = (text: string): string =>
    encodeURIComponent(text)
      .replaceAll(/[!'()~]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`)
      .replaceAll('%20', '+');
  headers.set('authorization', `Basic ${btoa(`${encoded(clientId)}:${encoded(secret)}`)}`);
}

const algorithms: Readonly<Record<string, { name: string; hash: string } | { name: string; namedCurve: string }>> = {
  RS256: { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' },
  PS256: { name: 'RSA-PSS', hash: 'SHA-256' },
  ES256: { name: 'ECDSA', namedCurve: 'P-256' },
};

async function assertionsBy(key: PrivateJwk | SigningKey, keyId: string | undefined): Promise<oauth.ClientAuth> {
  if (!('kty' in key)) return oauth.PrivateKeyJwt(withId(key as CryptoKey, keyId));
  const algorithm = algorithms[key.alg ?? (key.kty === 'EC' ? 'ES256' : 'RS256')];
  if (algorithm === undefined) {
    throw new SamtykkeError('configuration', 'the private key has an alg that is none of RS256, PS256 and ES256');
  }
  try {
    const imported = await crypto.subtle.importKey('jwk', key as never, algorithm, false, ['sign']);
    return oauth.PrivateKeyJwt(withId(imported, keyId ?? key.kid));
  } catch {
    throw new SamtykkeError('configuration', 'the private key is no JSON Web Key of kind RSA or EC with P-256');
  }
}

const withId = (key: CryptoKey, kid: string | undefined): CryptoKey | oauth.PrivateKey =>
  kid === undefined ? key : { key, kid };
