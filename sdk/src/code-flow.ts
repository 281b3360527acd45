import * as oauth from 'oauth4webapi';
import { libraryOf, type AuthorizationServer } from './authorization-server.ts';
import { SamtykkeError, quotable } from './errors.ts';
import { readAnswer } from './http.ts';
import { isPurpose, purposeAmong, scopeOf, type Purpose } from './purpose.ts';
import { codeOfOauth, refusalOf } from './refusals.ts';
import type { Deadline } from './time.ts';

/** What a person is to be asked. */
export interface ConsentRequest {
  /** Where the person comes back to: an address that your client is registered with, to the letter. */
  readonly redirectUri: string | URL;
  readonly purpose: Purpose;
  /** Whole days asked for; the person may choose fewer. Without it the consent is good once, within ten minutes. */
  readonly days?: number | undefined;
  /** Asks for an ID token too: who the person is, and the id of the consent. For clients that are registered for it. */
  readonly openid?: boolean | undefined;
  /** The language of the pages. */
  readonly language?: 'nb' | 'nn' | 'en' | undefined;
  /** Sends the request to the platform first, and only its name with the person (RFC 9126): for clients that are registered so. */
  readonly pushed?: boolean | undefined;
  /** More parameters of the request, such as the sandbox's `login_hint`. */
  readonly parameters?: Readonly<Record<string, string>> | undefined;
}

/**
 * What has to be remembered until the person comes back: in the person's session, never in an address or in a page. Plain JSON. Good for
 * one visit: forget it when the person is back.
 */
export interface PendingRequest {
  readonly state: string;
  readonly codeVerifier: string;
  readonly redirectUri: string;
  /** Only with `openid`. */
  readonly nonce?: string | undefined;
}

/** A person has said yes. */
export interface GivenConsent {
  /** For `getDebtWithToken`, within the hour. */
  readonly debtToken: string;
  readonly debtTokenExpiresAt: Date;
  readonly purpose: Purpose;
  /** With `openid`, the id of the consent, for `getDebt` later on. Without it the first debt answer tells it. */
  readonly consentId: string | undefined;
  /** With `openid`, who said yes. */
  readonly person: { readonly nin: string; readonly subject: string } | undefined;
}

/** An address to send a person to (PKCE, and with a new `state` each time), and what to remember of it. */
export async function authorizationUrl(
  server: AuthorizationServer,
  request: ConsentRequest,
  deadline: Deadline,
): Promise<{ url: URL; pending: PendingRequest }> {
  const { purpose, days, openid = false } = request;
  if (!isPurpose(purpose)) throw new SamtykkeError('invalid_request', "purpose must be 'presentation' or 'processing'");
  if (days !== undefined && (!Number.isInteger(days) || days < 1)) {
    throw new SamtykkeError('invalid_request', 'days must be a whole number, 1 or more');
  }
  const { authorization_endpoint: endpoint } = await server.metadata(deadline);
  if (endpoint === undefined) {
    throw new SamtykkeError('configuration', 'where people are sent is not known: tell addresses.authorization');
  }
  const redirectUri = String(request.redirectUri);
  const pending: PendingRequest = {
    state: oauth.generateRandomState(),
    codeVerifier: oauth.generateRandomCodeVerifier(),
    redirectUri,
    ...(openid && { nonce: oauth.generateRandomNonce() }),
  };
  const parameters = new URLSearchParams(request.parameters);
  const own: Readonly<Record<string, string | undefined>> = {
    ui_locales: request.language,
    client_id: server.client.client_id,
    response_type: 'code',
    scope: [`${scopeOf(purpose)}${days === undefined ? '' : `.${days}`}`, ...(openid ? ['openid'] : [])].join(' '),
    redirect_uri: redirectUri,
    state: pending.state,
    nonce: pending.nonce,
    code_challenge: await oauth.calculatePKCECodeChallenge(pending.codeVerifier),
    code_challenge_method: 'S256',
  };
  for (const [name, value] of Object.entries(own)) if (value !== undefined) parameters.set(name, value);
  const url = new URL(endpoint);
  const visible = request.pushed === true ? await push(server, parameters, deadline) : parameters;
  for (const [name, value] of visible) url.searchParams.set(name, value);
  return { url, pending };
}

/** Pushes a request. What is left for the address are the name that it got, and the client. */
async function push(
  server: AuthorizationServer,
  parameters: URLSearchParams,
  deadline: Deadline,
): Promise<URLSearchParams> {
  const { client } = server;
  const metadata = await server.metadata(deadline);
  const response = await libraryOf('pushed request', () =>
    oauth.pushedAuthorizationRequest(metadata, client, server.authenticate, parameters, server.options(deadline)),
  );
  if (response.status !== 201) throw refusalOf(await readAnswer(response, deadline), 'oauth', server.secrets);
  const pushed = await libraryOf('answer to the pushed request', () =>
    oauth.processPushedAuthorizationResponse(metadata, client, response),
  );
  return new URLSearchParams({ client_id: client.client_id, request_uri: pushed.request_uri });
}

/**
 * What became of a visit, from the address that the person came back to. Checks that it belongs to what was begun (`state`, `iss`, PKCE, and
 * with `openid` the ID token with its signature): `callback_refused`, and nothing of it is to be believed. Sent once, never again: a code is
 * good once.
 */
export async function exchangeCode(
  server: AuthorizationServer,
  callback: URL | URLSearchParams,
  pending: PendingRequest,
  deadline: Deadline,
): Promise<GivenConsent> {
  const metadata = await server.metadata(deadline);
  const { client } = server;
  const parameters = await validated(metadata, client, callback, pending);
  const asked = Date.now();
  const response = await libraryOf(
    'exchange of the code',
    () =>
      oauth.authorizationCodeGrantRequest(
        metadata,
        client,
        server.authenticate,
        parameters,
        pending.redirectUri,
        pending.codeVerifier,
        server.options(deadline),
      ),
    'callback_refused',
  );
  if (response.status !== 200) {
    const secrets = [...server.secrets, parameters.get('code') ?? '', pending.codeVerifier];
    throw refusalOf(await readAnswer(response, deadline), 'oauth', secrets);
  }
  const { nonce } = pending;
  const tokens = await libraryOf(
    'token answer',
    async () => {
      const expected = nonce === undefined ? {} : { expectedNonce: nonce, requireIdToken: true };
      const answered = await oauth.processAuthorizationCodeResponse(metadata, client, response, expected);
      if (nonce !== undefined) {
        await oauth.validateApplicationLevelSignature(metadata, response, server.options(deadline));
      }
      return answered;
    },
    nonce === undefined ? 'bad_answer' : 'callback_refused',
  );
  const purpose = purposeAmong(tokens.scope ?? parameters.get('scope') ?? '');
  if (purpose === undefined) throw new SamtykkeError('bad_answer', 'the token is for no purpose that is known');
  const claims = oauth.getValidatedIdTokenClaims(tokens);
  return {
    debtToken: tokens.access_token,
    debtTokenExpiresAt: new Date(asked + (tokens.expires_in ?? 3_600) * 1000),
    purpose,
    consentId: claims && claimOf(claims, 'consent_id'),
    person: claims && { nin: claimOf(claims, 'pid'), subject: claims.sub },
  };
}

function claimOf(claims: oauth.IDToken, name: string): string {
  const value = claims[name];
  if (typeof value === 'string') return value;
  throw new SamtykkeError('bad_answer', `the ID token has no ${name}`);
}

async function validated(
  metadata: oauth.AuthorizationServer,
  client: oauth.Client,
  callback: URL | URLSearchParams,
  pending: PendingRequest,
): Promise<URLSearchParams> {
  try {
    return await libraryOf(
      'the address that the person came back to',
      () => oauth.validateAuthResponse(metadata, client, callback, pending.state),
      'callback_refused',
    );
  } catch (error) {
    if (!(error instanceof oauth.AuthorizationResponseError)) throw error;
    const described = error.error_description ? `${error.error}: ${error.error_description}` : error.error;
    // What this list does not know is a mistake in the request.
    throw new SamtykkeError(
      codeOfOauth(error.error) ?? 'invalid_request',
      `the person came back with ${quotable(described)}`,
    );
  }
}

/** The address that somebody came back to, from whatever a web server has of it. */
export function callbackOf(callback: string | URL | URLSearchParams): URL | URLSearchParams {
  if (typeof callback !== 'string') return callback;
  // Servers have the path only.
  const url = URL.canParse(callback, 'http://localhost') ? new URL(callback, 'http://localhost') : undefined;
  if (url === undefined) throw new SamtykkeError('callback_refused', 'what the person came back with is no address');
  return url;
}
