import type { ErrorCode } from '../errors/domain-error.ts';

/** Where an error can come from. Each spells it in its own way. */
export type Face = 'agreement' | 'debt' | 'feed' | 'tokens' | 'userinfo' | 'deliveries' | 'pages';

/** What the page of an error says. Sentences, in which `…` is code. */
export interface Explanation {
  /** The error in a few words. */
  readonly title: string;
  readonly meaning: readonly string[];
  /** What to do. */
  readonly remedy: readonly string[];
  /** Whether the same request, sent again as it is, may be answered otherwise. */
  readonly again: string;
  readonly faces: readonly Face[];
  /** As `detail` usually says it, for an example where the sandbox has given none. */
  readonly sentence: string;
}

const APIS = ['agreement', 'debt', 'feed'] as const;
const NEVER = 'No. It is answered the same until something is changed.';
const NEW_TOKEN = 'With a new access token, yes.';

/** The page of each of our errors. */
export const explanations = {
  invalid_request: {
    title: 'The request breaks a rule of the interface',
    meaning: [
      'A field or parameter is missing, is of the wrong kind, is not one of this request, or the body is not JSON at all. Nothing has been done.',
      'The sentence that comes with it names the field and says what it must be. It never repeats the value.',
    ],
    remedy: [
      'Read the sentence: `message`, `error_description` or `detail`.',
      'Compare the request with its description in the reference. Fields that are not described are refused, so that a misspelt one is noticed.',
      'Of a delivery (`POST /loans`), `rule` names the rule that is broken, and `record` and `loan` say where, counted from 0. All of it is refused.',
    ],
    again: NEVER,
    faces: [...APIS, 'tokens', 'deliveries', 'pages'],
    sentence: 'consent_duration_days must be a whole number of days, 1 or more',
  },
  missing_authorization: {
    title: 'There is no access token',
    meaning: ['The request has no `Authorization` header.'],
    remedy: [
      'Fetch an access token from `POST /oauth2/token`, for the audience of the API.',
      'Send it in a header: `Authorization: Bearer <token>`. It is not read from the address or the body.',
      'If you did send it: HTTP clients drop the header when they follow a redirect to another host. The address that you call must be the right one at once.',
    ],
    again: NEVER,
    faces: APIS,
    sentence: "send the access token in a header 'Authorization: Bearer <token>'",
  },
  invalid_token: {
    title: 'The access token is not good',
    meaning: [
      'It is unknown, has expired (tokens last an hour), has been revoked, or its client has been disabled. A token of the authorization code flow is also revoked when its code is sent a second time.',
      'Or it is bound to a key (DPoP) and came without a proof that is good for this request, or came as bound and is not. The header `WWW-Authenticate` says which it is.',
    ],
    remedy: [
      'Fetch a new one, and keep it for as long as `expires_in` says. Do not fetch one for each request.',
      'When a new one is refused too, compare the address of the token endpoint with the address of the API: they must be of the same installation.',
      'With DPoP, make a new proof for each request, with its method, its address without the query, and the hash of the token (`ath`).',
    ],
    again: NEW_TOKEN,
    faces: [...APIS, 'userinfo'],
    sentence: 'the access token is unknown, expired or revoked: fetch a new one from /oauth2/token',
  },
  wrong_audience: {
    title: 'The access token is for another API',
    meaning: [
      'A token is good at one API only: that which `audience` named when it was fetched. The agreement API, the debt API and the feed are three.',
    ],
    remedy: [
      'Fetch a token for the audience of this API: the address of the installation, and `/v1/consent/agreement`, `/v1/debt` or `/feed/v1/consent`.',
      'Keep one token for each of them.',
    ],
    again: NEW_TOKEN,
    faces: APIS,
    sentence: 'the access token is for another API: fetch one with the audience of this one',
  },
  insufficient_scope: {
    title: 'The access token lacks a scope',
    meaning: ['The token is for this API, but does not have the scope that the request needs.'],
    remedy: [
      'Ask for the scope when you fetch the token.',
      'If that is answered `invalid_scope`, the client is not registered for it: ask the operator.',
      'For `/userinfo` the authorization request must have had `openid` as the last word of its scope.',
    ],
    again: NEW_TOKEN,
    faces: ['agreement', 'feed', 'userinfo'],
    sentence: 'the access token lacks the scope client.access.consent.events',
  },
  purpose_not_permitted: {
    title: 'The client may not use this purpose',
    meaning: [
      'The client is not registered for the purpose that the scope stands for; or the operator has switched off the purpose, the client, or consent as such. Consents that it covered have ended, and the feed tells each of them with the reason `revoked_by_operator`.',
    ],
    remedy: ['Ask the operator for what the client is registered, and whether something is switched off.'],
    again: 'Only once the operator has changed it.',
    faces: ['agreement'],
    sentence: "this client may not register consents for the purpose 'processing'",
  },
  no_valid_consent: {
    title: 'There is no such consent for you',
    meaning: [
      'There is no consent of this id, or it is another client’s, or it is for another purpose than the scope of your token. These are answered alike, so that nobody learns of others’ consents.',
      'At `GET /v1/debt`, without an id: the token is of client credentials, and names no consent.',
    ],
    remedy: [
      'Compare the id with the one that registering answered (`consent.id`), or that stands in the feed. Your own `client_consent_id` is not an id here.',
      'Fetch a token with the scope of the consent: `debt.unsecured.presentation` or `debt.unsecured.processing`.',
    ],
    again: NEVER,
    faces: ['debt'],
    sentence: 'there is no consent of this id for this client and purpose',
  },
  consent_expired: {
    title: 'The consent has expired',
    meaning: [
      'Its time is over. `error_description` says since when. A consent without a duration is good for ten minutes; others for so many times 24 hours from when they were given.',
    ],
    remedy: [
      'Ask the person for a new one. This one will not be good again.',
      'Know it beforehand: `expires_at` stands in the answer to registering, in the status, and in each debt answer; the feed has an event within a minute of the expiry.',
    ],
    again: NEVER,
    faces: ['debt'],
    sentence: 'Consent expired at 2026-11-23T09:22:30.000Z',
  },
  consent_used: {
    title: 'The consent was good once, and has been used',
    meaning: [
      'A consent without a duration is good for one lookup, and that has been answered. Of several at once, one is answered with debt and the others with this.',
    ],
    remedy: [
      'Use what the first lookup answered. If that answer was lost on its way, ask the person for a new consent.',
      'Ask for a duration (`debt.unsecured.processing.28`) where you need to look more than once.',
    ],
    again: NEVER,
    faces: ['debt'],
    sentence: 'Consent was used at 2026-11-23T09:14:02.118Z',
  },
  consent_revoked: {
    title: 'The consent has been withdrawn',
    meaning: [
      'The person, you yourself or the operator has ended it. The feed says which of them, as the reason of its event.',
    ],
    remedy: [
      'Look up nothing more by it, and take it off your lists. The feed tells you of it within seconds, so that you need not find out here.',
      'Ask the person for a new one when they begin anew with you.',
    ],
    again: NEVER,
    faces: ['debt'],
    sentence: 'Consent was revoked at 2026-11-23T09:14:02.118Z',
  },
  consent_conflict: {
    title: 'Your id belongs to another consent of yours',
    meaning: [
      'You have registered a consent with this `client_consent_id` before, and with another person, purpose or duration. The same id with the same data is answered with the same consent, however often it is sent; with other data it is refused, because one of the two must be a mistake.',
    ],
    remedy: [
      'Use a new id for each consent that a person gives, such as the id of the application. Not the id of the customer.',
      'When you repeat a request whose answer you did not get, repeat it with exactly the same body.',
    ],
    again: NEVER,
    faces: ['agreement'],
    sentence:
      'client_consent_id is already registered with other data: use a new id, or send the same person, scope and duration as before',
  },
  webhook_conflict: {
    title: 'The webhook cannot be as you want it',
    meaning: ['You have as many webhooks as there may be, or the operator has disabled this one.'],
    remedy: [
      'Remove one that you do not need, or ask for more events at one of them.',
      'If the operator has disabled it, ask them to enable it. The feed goes on meanwhile: nothing is lost.',
    ],
    again: 'Only once one of these has changed.',
    faces: ['feed'],
    sentence: 'there may be 5 webhooks, and you have as many: remove one, or change it',
  },
  form_refused: {
    title: 'A form came without its proof',
    meaning: [
      'Forms on the pages for people have a hidden proof that they are from a page of the same login. This one had none, or one of an earlier login.',
    ],
    remedy: ['Load the page again and send the form that is on it. Programs have no business with these forms.'],
    again: NEVER,
    faces: ['pages'],
    sentence: 'the form is not from a page of this login, or is older than it',
  },
  login_unfinished: {
    title: 'A login cannot be finished',
    meaning: [
      'The browser came back from the login, but that login was begun in another browser, took too long, or has been finished before.',
    ],
    remedy: ['Start over where you came from: the link of the organisation, or the front page.'],
    again: NEVER,
    faces: ['pages'],
    sentence: 'this login was begun elsewhere, took too long, or is finished',
  },
  certificate_refused: {
    title: 'The client certificate is missing, not good, or not permitted to do this',
    meaning: [
      'Deliveries need a client certificate of an organisation: issued by an authority that this installation believes, in its time, good for clients, and with `NTRNO-` and an organisation number as `organizationIdentifier` of the subject. `detail` says what is wrong.',
      'Or the certificate is good, and its organisation is not registered to deliver for the provider or institution that the body names.',
    ],
    remedy: [
      'Read `detail`. Show the certificate with all that lies between it and its root.',
      'Use test certificates with test installations, and real ones with production.',
      'Ask the operator which organisations may deliver for an institution.',
    ],
    again: 'Over a new connection, with another certificate, or once the registry says so.',
    faces: ['deliveries'],
    sentence: 'the organisation of the client certificate may not deliver for this providerID',
  },
  signed_out: {
    title: 'Nobody is signed in',
    meaning: ['A form of the portal was sent by a browser in which nobody is signed in any more.'],
    remedy: ['Log in, and do it again. Nothing has been changed.'],
    again: NEVER,
    faces: ['pages'],
    sentence: 'nobody is signed in',
  },
  not_found: {
    title: 'There is nothing at this address',
    meaning: [
      'No API and no page has this address. Addresses are exact: a slash at the end is another address. Or it has the id of a webhook that you do not have.',
    ],
    remedy: ['Compare the address with the reference, its host and its upper and lower case included.'],
    again: NEVER,
    faces: [...APIS, 'tokens', 'deliveries', 'pages'],
    sentence: 'there is nothing at this address',
  },
  method_not_allowed: {
    title: 'The address does not answer this method',
    meaning: [
      'There is something at this address, but not by this method. The header `Allow` names those that it answers.',
    ],
    remedy: [
      'Use one of the methods in `Allow`. `HEAD` is not one: looking up debt is logged, and may use a consent up.',
    ],
    again: NEVER,
    faces: [...APIS, 'tokens', 'pages'],
    sentence: 'this address answers PUT',
  },
  payload_too_large: {
    title: 'The body is too large',
    meaning: ['A body may have 64 KiB, that of a token request 56 KiB, and that of a delivery 1 MiB.'],
    remedy: ['Send less at once. A delivery can be sent in several, with some of the customers each.'],
    again: NEVER,
    faces: ['agreement', 'feed', 'tokens', 'deliveries', 'pages'],
    sentence: 'the body is larger than 64 KiB',
  },
  unsupported_media_type: {
    title: 'The body is of another type than is read here',
    meaning: [
      'The APIs read JSON (`Content-Type: application/json`), and the token endpoint reads forms (`application/x-www-form-urlencoded`). Compressed bodies are not read.',
    ],
    remedy: ['Send the body as that type, and say so in `Content-Type`.'],
    again: NEVER,
    faces: ['agreement', 'feed', 'tokens', 'deliveries', 'pages'],
    sentence: 'send the body as JSON, with Content-Type: application/json',
  },
  rate_limited: {
    title: 'Too many requests',
    meaning: [
      'The client, or the address that the requests come from, has sent more within a minute than is permitted. Credentials that are refused count by address. Requests that stay open, such as streams, are limited by number.',
    ],
    remedy: [
      'Wait for as many seconds as `Retry-After` says. Requests meanwhile are refused too.',
      'Read the feed instead of asking for the status of each consent, and hold the request open (`waitSeconds`) or take the stream instead of asking often.',
      'Fetch a token once an hour, not for each request.',
    ],
    again: 'Yes, after `Retry-After` seconds.',
    faces: [...APIS, 'tokens', 'userinfo', 'pages'],
    sentence: 'there may be 600 requests a minute: wait for as long as Retry-After says',
  },
  unavailable: {
    title: 'The service cannot do it right now',
    meaning: [
      'Its database cannot be reached, it is being restarted, or something that it needs is away. What was asked has not been done: no consent is used up, registered or revoked by a request that was answered so.',
    ],
    remedy: [
      'Try again after `Retry-After` seconds, with exactly the same request. Registering, revoking and reading are safe to repeat.',
      'When it lasts, ask the operator, with the trace id of one of the answers.',
    ],
    again: 'Yes, after `Retry-After` seconds.',
    faces: [...APIS, 'tokens', 'userinfo', 'deliveries', 'pages'],
    sentence: 'The service cannot reach its database right now. Try again in a few seconds.',
  },
  server_error: {
    title: 'Something went wrong on our side',
    meaning: [
      'An error that nobody foresaw. What it was is in the log, under the trace id of the answer, and never in the answer.',
    ],
    remedy: [
      'Try again once. Registering, revoking and reading are safe to repeat.',
      'When it happens again, tell the operator the trace id (`X-Trace-ID`).',
    ],
    again: 'Perhaps.',
    faces: [...APIS, 'tokens', 'userinfo', 'deliveries', 'pages'],
    sentence: 'An unexpected server error occurred',
  },
} as const satisfies Record<ErrorCode, Explanation>;
