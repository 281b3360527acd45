import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { SignJWT, exportJWK, generateKeyPair, type JWTPayload } from 'jose';
import * as oauth from 'openid-client';
import { apiPaths } from '../../src/clients/audience.ts';
import { registerClient } from '../../src/clients/register-client.ts';
import type { NewClient } from '../../src/clients/registration.ts';
import { answerScreen, callbacks, go, visitorOf, wordsOf } from './flow.ts';
import { injectedFetch } from './injected-fetch.ts';
import { API, type World } from './world.ts';

/** Clients that use what there is beyond the plain protocol (ADR 19): by a certified library, and by hand where that does not let itself be made to do wrong. */
export interface Profile {
  readonly keys: oauth.CryptoKeyPair;
  /** A client of its own, held to what is told. It authenticates with its key, unless told otherwise. */
  newClient(more?: Partial<NewClient>): Promise<{ id: string; config: oauth.Configuration; basic: string }>;
  /** Logs in, says yes, and answers the address that the browser is sent back to. */
  sayYes(address: URL): Promise<URL>;
  /** What a request that is refused leads to: the error that the client is sent, or the page that a person sees. */
  refusedWith(address: URL | string): Promise<string>;
  /** A request object by hand, with what differs; `signedFor`: by a client about itself. */
  signed(claims: JWTPayload, header?: object, key?: CryptoKey): Promise<string>;
  signedFor(id: string, claims?: JWTPayload, header?: object, key?: CryptoKey): Promise<string>;
}

export const callback = callbacks[1];
export const scope = 'debt.unsecured.presentation.30';
/** Whoever logs in by it needs no click. */
export const hint = 'testid:14842249091';
export const clientCredentials = {
  grant_type: 'client_credentials',
  audience: `${API}${apiPaths.debt}`,
  scope: 'debt.unsecured.presentation',
};

export async function openProfile(world: World): Promise<Profile> {
  const keys = await generateKeyPair('ES256', { extractable: true });
  const jwk = { ...(await exportJWK(keys.publicKey)), kid: 'k1', alg: 'ES256', use: 'sig' };
  const signed: Profile['signed'] = (claims, header = {}, key = keys.privateKey) =>
    new SignJWT({ response_type: 'code', redirect_uri: callback, scope, state: 's1', login_hint: hint, ...claims })
      .setProtectedHeader({ alg: 'ES256', typ: 'oauth-authz-req+jwt', ...header })
      .setAudience(API)
      .setExpirationTime(claims.exp ?? '5 minutes')
      .sign(key);
  return {
    keys,
    newClient: async (more = {}) => {
      const result = await registerClient(world.platform, {
        name: 'Profilbanken AS',
        organisationNumber: '314159268',
        purposes: ['presentation', 'processing'],
        // Of one address the library would think by itself.
        redirectUris: [callback, `${callback}/other`],
        mayRegisterAgreements: true,
        mayReadEvents: true,
        mayUseOpenid: true,
        authentication: 'private_key_jwt',
        jwks: { keys: [jwk] },
        ...more,
      });
      assert.ok(result.outcome === 'added', JSON.stringify(result));
      const { secret, client } = result;
      const basic = `Basic ${Buffer.from(`${client.id}:${secret}`).toString('base64')}`;
      const proof =
        secret === undefined
          ? oauth.PrivateKeyJwt({ key: keys.privateKey, kid: 'k1' })
          : oauth.ClientSecretBasic(secret);
      const metadata = { id_token_signed_response_alg: 'RS256' };
      const config = await oauth.discovery(new URL(API), client.id, metadata, proof, {
        execute: [oauth.allowInsecureRequests],
        [oauth.customFetch]: injectedFetch(() => world.app) as oauth.CustomFetch,
      });
      return { id: client.id, config, basic };
    },
    sayYes: async (address) => {
      const visitor = visitorOf(world);
      const back = await answerScreen(visitor, await go(visitor, address), 'yes');
      assert.ok(back.next, 'sent back to the client');
      return back.next;
    },
    refusedWith: async (address) => {
      const page = await go(visitorOf(world), address);
      return page.next?.searchParams.get('error') ?? `${page.status} ${wordsOf(page.text)}`;
    },
    signed,
    signedFor: (id, claims = {}, header = {}, key = keys.privateKey) =>
      signed({ iss: id, client_id: id, ...claims }, header, key),
  };
}

/** The address of a request by value. */
export const askSigned = (id: string, request: string, more: Record<string, string> = {}): URL =>
  new URL(`${API}/oauth2/auth?${new URLSearchParams({ client_id: id, request, ...more })}`);

/** A proof of a key by hand, with what differs. */
export async function proofOf(
  pair: oauth.CryptoKeyPair,
  of: { method: string; url: string; token?: string },
  changes: { claims?: Record<string, unknown>; header?: object; key?: CryptoKey } = {},
): Promise<string> {
  const claims = {
    htm: of.method,
    htu: of.url,
    jti: crypto.randomUUID(),
    iat: Math.floor(Date.now() / 1000),
    ...(of.token === undefined ? {} : { ath: createHash('sha256').update(of.token).digest('base64url') }),
    ...changes.claims,
  };
  return new SignJWT(claims)
    .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk: await exportJWK(pair.publicKey), ...changes.header })
    .sign(changes.key ?? pair.privateKey);
}
