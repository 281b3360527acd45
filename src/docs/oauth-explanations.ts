/** A way in which OAuth's errors reach a client. */
export type Way = 'token' | 'revocation' | 'pushed' | 'redirect' | 'userinfo';

/** What the page of an error of OAuth and OpenID Connect says. Sentences, in which `…` is code. */
export interface OAuthExplanation {
  readonly title: string;
  readonly meaning: readonly string[];
  readonly remedy: readonly string[];
  readonly again: string;
  /** How it comes; the status of the JSON answers, and none for what the browser brings back. */
  readonly comes: Readonly<Partial<Record<Way, number | null>>>;
}

const NEVER = 'No. It is answered the same until something is changed.';
const ANEW = 'Only by sending the person with a new request, if they want that.';
const BACK = { redirect: null } as const;
const FORM = { token: 400, revocation: 400, pushed: 400 } as const;

/**
 * The page of each error that the authorization server answers with, by its name on the wire. Some are named like one of the APIs' errors, and
 * then share its page. What tests see answered has to be here (`test/support/contract.ts`).
 */
export const oauthExplanations = {
  consent_denied: {
    title: 'The person said no',
    meaning: [
      'The person read what was asked, and declined. There is no consent, and nothing was looked up. `error_description` is empty: why is theirs to tell.',
    ],
    remedy: ['Respect it: go on without, or offer another way. Do not send them again at once.'],
    again: ANEW,
    comes: BACK,
  },
  login_cancelled: {
    title: 'The person left the login, or did not answer in time',
    meaning: [
      'They came back from the login without logging in, or a quarter of an hour went by before they answered (`nobody answered within 15 minutes`). There is no consent.',
    ],
    remedy: ['Offer to try again. Make a new `state` for it.'],
    again: ANEW,
    comes: BACK,
  },
  invalid_scopes: {
    title: 'The scope of the authorization request is wrong',
    meaning: [
      'There must be exactly one debt scope: `debt.unsecured.presentation` or `debt.unsecured.processing`, with a number of days after it (`.28`) or without. `openid` may follow as the last word. The client must be registered for all of it.',
      'RFC 6749 calls this `invalid_scope`; the published interface calls it so.',
    ],
    remedy: [
      'Read `error_description`. Send `scope=debt.unsecured.processing.28`, for example.',
      'Without a number the consent is good once. With one it is good for so many days, at most 365 (presentation) or 28 (processing).',
    ],
    again: NEVER,
    comes: { redirect: null, pushed: 400 },
  },
  server_error: {
    title: 'It could not be brought to an end',
    meaning: [
      'Back from an authorization request: the login failed (its level was too low, or it named no number), somebody else came back than began, the purpose is switched off, or something went wrong here. The person has been told which it is on a page; you need not know.',
      'At the token endpoint: an error that nobody foresaw.',
    ],
    remedy: [
      'Offer to try again once.',
      'When it happens again, tell the operator the trace id, or the time and your `state`.',
    ],
    again: 'Perhaps.',
    comes: { redirect: null, token: 500, revocation: 500, pushed: 500 },
  },
  invalid_request: {
    title: 'The request breaks a rule of OAuth',
    meaning: [
      'A parameter is missing (`state`, `grant_type`, `audience`, `code_challenge` where the client has to use PKCE), comes twice, or is malformed; or the body is no form; or it is too large, or one too many.',
    ],
    remedy: [
      'Read `error_description`, which names it.',
      'With status 429, wait for as many seconds as `Retry-After` says.',
    ],
    again: NEVER,
    comes: { ...FORM, ...BACK },
  },
  invalid_client: {
    title: 'The client has not proved who it is',
    meaning: [
      'The client id is unknown or disabled, the secret is wrong or has been rotated away, or the client proves itself in another way than it is registered for. Which of these is not told.',
      'An assertion (`private_key_jwt`) is refused so when its signature, `iss`, `sub`, `aud` or `exp` is not right, or when it has been used before.',
    ],
    remedy: [
      'Send id and secret as HTTP Basic, both form-encoded first (RFC 6749 section 2.3.1), and not in the body.',
      'Compare the installation: a client of the sandbox is none of production.',
      'Make an assertion for each request: a new `jti`, `exp` within the hour, and as `aud` the issuer.',
    ],
    again: NEVER,
    comes: { token: 401, revocation: 401, pushed: 401 },
  },
  invalid_grant: {
    title: 'The code is not good',
    meaning: [
      'It is older than a minute, was issued to another client, for another `redirect_uri` or another `code_verifier`, the consent has ended, or it has been used before. A code that comes twice also ends the token that it led to.',
    ],
    remedy: [
      'Exchange a code at once, once, and with exactly the `redirect_uri` of the authorization request.',
      'When the answer was lost, send the person again.',
    ],
    again: ANEW,
    comes: { token: 400 },
  },
  invalid_scope: {
    title: 'The scope of the token request is wrong',
    meaning: [
      'A scope does not belong to the audience, there is none at all, or the client is not registered for it. Nothing is left out silently.',
    ],
    remedy: [
      'Ask for `consent.create` at the agreement API, `client.access.consent.events` at the feed, and the purposes’ scopes, without days, at the debt API.',
      'Ask the operator for what the client is registered.',
    ],
    again: NEVER,
    comes: { token: 400 },
  },
  invalid_target: {
    title: 'There is no such audience',
    meaning: [
      '`audience` (or `resource`, RFC 8707) must be the address of one of the three APIs, exactly as it is; in an authorization request only that of the debt API.',
    ],
    remedy: [
      'Take the address of the installation, without a slash at its end, and `/v1/consent/agreement`, `/v1/debt` or `/feed/v1/consent` after it.',
      'Send one of `audience` and `resource`, or the same in both.',
    ],
    again: NEVER,
    comes: { token: 400, redirect: null, pushed: 400 },
  },
  unauthorized_client: {
    title: 'The client is not registered for this way',
    meaning: ['The client exists, and is not registered for this grant or this kind of response.'],
    remedy: ['Ask the operator for what the client is registered.'],
    again: NEVER,
    comes: { token: 400, redirect: null },
  },
  unsupported_grant_type: {
    title: 'There is no such grant',
    meaning: ['`grant_type` is `client_credentials` or `authorization_code`. There are no refresh tokens.'],
    remedy: ['Fetch a new token by client credentials when one has expired.'],
    again: NEVER,
    comes: { token: 400 },
  },
  invalid_dpop_proof: {
    title: 'The proof of the key is missing, or not good',
    meaning: [
      'Tokens of this client are bound to a key (DPoP, RFC 9449), and the header `DPoP` is missing, is no proof, is for another method or address, is too old, has been used before, or is of another key.',
    ],
    remedy: [
      'Make a proof for each request: `htm` and `htu` as sent (without the query), `iat` now, a new `jti`, and towards the APIs `ath`, the hash of the token.',
      'Set your clock by a time server.',
    ],
    again: 'With a new proof, yes.',
    comes: { token: 400, pushed: 400 },
  },
  invalid_request_object: {
    title: 'The signed request is not taken',
    meaning: [
      'A request object (`request`, RFC 9101) has a signature that no key of the client made, is of another issuer or for another audience, has no `exp` or one that is over or more than an hour ahead, or says otherwise than the parameters beside it. Or the client has to send one, and did not.',
    ],
    remedy: ['Read `error_description`.', 'Sign each request anew, with `iss` your client id and `aud` the issuer.'],
    again: NEVER,
    comes: { redirect: null, pushed: 400 },
  },
  invalid_request_uri: {
    title: 'There is no such pushed request',
    meaning: ['`request_uri` names a pushed request that is not there: it is over, was used, or is another client’s.'],
    remedy: ['Push the request again, and send the person within as many seconds as `expires_in` says.'],
    again: NEVER,
    comes: BACK,
  },
  invalid_redirect_uri: {
    title: 'The redirect address is not registered',
    meaning: [
      'A pushed request names a `redirect_uri` that is not exactly one of the client’s. In a browser this is a page: nobody is sent to an address that is not registered.',
    ],
    remedy: [
      'Send an address exactly as it is registered, the slash at its end included, or have the operator register it.',
    ],
    again: NEVER,
    comes: { pushed: 400 },
  },
  request_not_supported: {
    title: 'A request object cannot be sent so',
    meaning: ['The way in which the request object (`request`) came is not supported.'],
    remedy: ['Send the parameters by themselves, or push them.'],
    again: NEVER,
    comes: { ...FORM, ...BACK },
  },
  request_uri_not_supported: {
    title: 'Requests are not fetched from elsewhere',
    meaning: ['`request_uri` is an address of your own. Nothing is ever fetched from an address in a request.'],
    remedy: [
      'Push the request to `/oauth2/par`, and send the `request_uri` that it answers; or send the object itself as `request`.',
    ],
    again: NEVER,
    comes: { redirect: null, pushed: 400 },
  },
  registration_not_supported: {
    title: 'Clients do not register themselves',
    meaning: ['The parameter `registration` is not supported. Clients are registered by the operator.'],
    remedy: ['Leave it out.'],
    again: NEVER,
    comes: { redirect: null, pushed: 400 },
  },
  unsupported_response_type: {
    title: 'There is no such kind of response',
    meaning: ['`response_type` is `code`, and nothing else.'],
    remedy: ['Send `response_type=code`.'],
    again: NEVER,
    comes: { redirect: null, pushed: 400 },
  },
  unsupported_response_mode: {
    title: 'The response cannot come in this way',
    meaning: [
      '`response_mode` is `query`, which is the usual one, or `fragment`. `form_post` needs a page with a script.',
    ],
    remedy: ['Leave it out.'],
    again: NEVER,
    comes: { redirect: null, pushed: 400 },
  },
  login_required: {
    title: 'Nobody is asked without a login',
    meaning: [
      '`prompt=none` asks for an answer without a page. Every request here shows the login and the consent screen.',
    ],
    remedy: ['Leave `prompt` out.'],
    again: NEVER,
    comes: BACK,
  },
  temporarily_unavailable: {
    title: 'The authorization server cannot do it right now',
    meaning: [
      'Its database cannot be reached, or it is being restarted. Back from an authorization request this is `server_error`.',
    ],
    remedy: ['Try again after `Retry-After` seconds. A code is good for a minute, and is not used up by this.'],
    again: 'Yes, after `Retry-After` seconds.',
    comes: { token: 503, revocation: 503, pushed: 503 },
  },
  invalid_token: {
    title: 'The access token is not good here',
    meaning: [
      '`/userinfo` takes tokens of the authorization code flow, until they expire or the consent is withdrawn.',
    ],
    remedy: ['Ask within the hour after the exchange.'],
    again: NEVER,
    comes: { userinfo: 401 },
  },
  insufficient_scope: {
    title: 'The access token lacks the scope openid',
    meaning: ['`/userinfo` is for tokens with `openid`.'],
    remedy: [
      'Send `openid` as the last word of the scope of the authorization request. The client must be registered for it.',
    ],
    again: ANEW,
    comes: { userinfo: 403 },
  },
} as const satisfies Readonly<Record<string, OAuthExplanation>>;
