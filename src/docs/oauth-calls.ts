import { apiPaths } from '../clients/audience.ts';
import type { Config } from '../platform/config.ts';
import type { JsonSchema, Operation, Parameter, PathItem, RequestBody } from './description.ts';
import { CLIENT_SECRET, CODE_FLOW_TOKEN } from './frame.ts';
import { empty, errorsOf, html, json, text } from './oauth-answers.ts';

/**
 * The calls of the authorization server, which is a library's and has no schemas of ours. Tests hold them against its answers
 * (`test/support/contract.ts`).
 */
export function oauthCalls({ accessUrl, apiUrl }: Pick<Config, 'accessUrl' | 'apiUrl'>): Record<string, PathItem> {
  // They may live at a name of their own.
  const servers =
    accessUrl === apiUrl ? {} : { servers: [{ url: accessUrl, description: 'The authorization server' }] };
  const tokens = { tags: ['Tokens'], ...servers };
  const asking = { tags: ['Asking a person'], ...servers };
  const client = { security: [{ [CLIENT_SECRET]: [] }] };
  const everybody = { security: [] };

  return {
    '/oauth2/token': {
      post: {
        ...tokens,
        ...client,
        operationId: 'fetchToken',
        summary: 'Fetch an access token',
        description: `With \`client_credentials\` for an API of your own, or with the code that a person's yes has led to. Keep the token for as long as \`expires_in\` says: do not fetch one for each request. With a header \`DPoP\` the token is bound to the key of that proof.`,
        parameters: [DPOP],
        requestBody: form('A form', { oneOf: [clientCredentials(apiUrl), codeExchange] }),
        responses: {
          200: json('The token', tokenAnswer),
          ...errorsOf([400, 401, 413, 415, 429, 503]),
        },
      },
    },
    '/oauth2/revoke': {
      post: {
        ...tokens,
        ...client,
        operationId: 'revokeToken',
        summary: 'End an access token',
        description:
          'Ends a token of yours before its hour is over (RFC 7009). Consents are not touched. A token that is not known is answered as one that has been ended.',
        requestBody: form('A form', formSchema({ token: text('The access token') }, ['token'])),
        responses: { 200: empty('It is no good any more'), ...errorsOf([400, 401, 413, 415, 429, 503]) },
      },
    },
    '/oauth2/auth': {
      get: {
        ...asking,
        ...everybody,
        operationId: 'askPerson',
        summary: "Ask a person: send the person's browser here",
        description: [
          'The person logs in, reads who asks for what, and says yes or no. The browser then comes to `redirect_uri` with `code`, `state`, `iss` and `scope`, or with `error`, `error_description`, `state` and `iss`.',
          'The errors are those of [the errors](/docs/errors) that come on the redirect: `consent_denied`, `login_cancelled`, `invalid_scopes`, `server_error` and others.',
          'Check `state` and `iss`. An unknown client, and a redirect address that is not exactly one that is registered, is answered by a page, and nobody is sent there.',
          'A client that is registered so has to push its requests (`/oauth2/par`), sign them (`request`), or use PKCE.',
        ].join('\n\n'),
        parameters: authorizationParameters,
        responses: {
          303: {
            description: 'On to the login and the consent screen; or back to `redirect_uri`, with an error',
            headers: { Location: { required: true, schema: { type: 'string', format: 'uri-reference' } } },
          },
          400: html('A page: the link is wrong in its client or redirect address'),
          429: html('A page: too many requests from this address'),
          503: html('A page: it cannot be done right now'),
        },
      },
    },
    '/oauth2/par': {
      post: {
        ...asking,
        ...client,
        operationId: 'pushRequest',
        summary: 'Push an authorization request, and name it by an address',
        description:
          'RFC 9126. The parameters of `/oauth2/auth`, or a signed `request`, go from server to server. The person is then sent with `client_id` and the `request_uri` that is answered, and nothing else. It is good once, for as many seconds as `expires_in` says.',
        parameters: [DPOP],
        requestBody: form('The parameters of an authorization request', formSchema(pushedParameters, ['client_id'])),
        responses: {
          201: json('How to name it', {
            type: 'object',
            required: ['request_uri', 'expires_in'],
            properties: {
              request_uri: text('What names the request in `/oauth2/auth`'),
              expires_in: { type: 'integer', description: 'For how many seconds' },
            },
          }),
          ...errorsOf([400, 401, 413, 415, 429, 503]),
        },
      },
    },
    '/userinfo': {
      get: {
        ...asking,
        security: [{ [CODE_FLOW_TOKEN]: ['openid'] }],
        operationId: 'userinfo',
        summary: 'Who gave the consent',
        description:
          'What the ID token says too. For tokens with `openid`, and not once the consent has been withdrawn. POST does the same.',
        responses: {
          200: json('The person', {
            type: 'object',
            required: ['sub', 'pid', 'consent_id'],
            properties: {
              sub: text('The person, as known to you and to no other client'),
              pid: text('National identity number'),
              consent_id: { type: 'string', format: 'uuid', description: 'The consent that the token is of' },
            },
          }),
          ...errorsOf([401, 403, 429]),
        },
      },
    },
    '/oauth2/sessions/logout': {
      get: {
        ...asking,
        ...everybody,
        operationId: 'logout',
        summary: 'Send a person back who has logged out at your organisation',
        description:
          'OpenID Connect RP-Initiated Logout. There is nothing to end here, since nobody stays logged in for an organisation: the person is sent on to the address, if it is one that you have registered.',
        parameters: [
          query('id_token_hint', 'An ID token of ours, which says who you are'),
          query('client_id', 'Your id, where there is no ID token'),
          query('post_logout_redirect_uri', 'Where to, exactly as registered'),
          query('state', 'Comes along'),
          query('ui_locales', 'Language of the page, should there be one: `nb`, `nn` or `en`'),
        ],
        responses: {
          303: {
            description: 'On to that address, or to a page that says that the person is logged out',
            headers: { Location: { required: true, schema: { type: 'string', format: 'uri-reference' } } },
          },
          400: html('A page: the link is wrong in its client or address'),
        },
      },
    },
    '/.well-known/openid-configuration': {
      get: {
        ...tokens,
        ...everybody,
        operationId: 'discovery',
        summary: 'What the authorization server can do, for libraries',
        description: 'OpenID Connect Discovery. What it lists works.',
        responses: { 200: json('The metadata', discoveryAnswer) },
      },
    },
    '/.well-known/jwks.json': {
      get: {
        ...tokens,
        ...everybody,
        operationId: 'signingKeys',
        summary: 'The keys that ID tokens are signed with',
        description:
          'A new key stands here before anything is signed with it, and for as long as `Cache-Control` says it may be kept.',
        responses: { 200: json('The keys (RFC 7517)', keysAnswer, 'application/jwk-set+json') },
      },
    },
  } satisfies Record<string, Partial<Record<'get' | 'post', Operation>>>;
}

const query = (name: string, description: string, more: { required?: true; schema?: JsonSchema } = {}): Parameter => ({
  name,
  in: 'query',
  description,
  schema: { type: 'string' },
  ...more,
});

const DPOP: Parameter = {
  name: 'DPoP',
  in: 'header',
  description: 'A proof of the key that the token is to be bound to (RFC 9449)',
  schema: { type: 'string' },
};

const form = (description: string, schema: JsonSchema): RequestBody => ({
  required: true,
  description,
  content: { 'application/x-www-form-urlencoded': { schema } },
});

const formSchema = (properties: JsonSchema, required: readonly string[]): JsonSchema => ({
  type: 'object',
  required,
  properties,
});

const assertion = {
  client_assertion_type: text('For `private_key_jwt`: `urn:ietf:params:oauth:client-assertion-type:jwt-bearer`'),
  client_assertion: text('For `private_key_jwt`: the assertion, signed with a key of yours'),
};

const clientCredentials = (apiUrl: string): JsonSchema => ({
  title: 'Client credentials',
  ...formSchema(
    {
      grant_type: { type: 'string', const: 'client_credentials' },
      audience: {
        type: 'string',
        enum: Object.values(apiPaths).map((path) => `${apiUrl}${path}`),
        description: 'The address of the API. `resource` (RFC 8707) is the same',
      },
      scope: text('One or more scopes of that API, with spaces between'),
      ...assertion,
    },
    ['grant_type', 'audience', 'scope'],
  ),
});

const codeExchange: JsonSchema = {
  title: 'Code exchange',
  ...formSchema(
    {
      grant_type: { type: 'string', const: 'authorization_code' },
      code: text('Good once, for a minute'),
      redirect_uri: text('Exactly that of the authorization request'),
      code_verifier: text('Where that had a `code_challenge`'),
      ...assertion,
    },
    ['grant_type', 'code', 'redirect_uri'],
  ),
};

const tokenAnswer: JsonSchema = {
  type: 'object',
  required: ['access_token', 'token_type', 'expires_in', 'scope'],
  properties: {
    access_token: text('Opaque'),
    token_type: { type: 'string', enum: ['Bearer', 'DPoP'], description: 'DPoP: it is bound to a key' },
    expires_in: { type: 'integer', description: 'For how many seconds it is good' },
    scope: text('The scopes that it has; of a debt scope, without days'),
    id_token: text('With `openid`: a JWT with `sub`, `pid` and `consent_id`'),
  },
};

const parameters = {
  redirect_uri: 'Where the browser comes back to: exactly one that is registered',
  scope:
    'One debt scope, with a number of days after it or without (then it is good once); then `openid`, for clients that are registered for it',
  state: 'New for each request, and hard to guess. It comes back',
  nonce: 'Comes back in the ID token',
  code_challenge: 'PKCE: the SHA-256 of your `code_verifier`, base64url',
  code_challenge_method: 'PKCE: `S256`',
  ui_locales: 'Language of the pages: `nb`, `nn` or `en`',
  response_mode: '`query`, which is the usual one, or `fragment`',
  login_hint: 'In the sandbox: `testid:` and a number logs in without a click. Elsewhere it is dropped',
} as const;

const authorizationParameters: readonly Parameter[] = [
  query('client_id', 'Your id', { required: true }),
  query('response_type', '`code`', { schema: { type: 'string', const: 'code' } }),
  ...Object.entries(parameters).map(([name, description]) => query(name, description)),
  query('request', 'The parameters as a JWT that you have signed (RFC 9101)'),
  query('request_uri', 'The name of a request that you have pushed. Then `client_id` is all that is needed beside it'),
];

const pushedParameters: JsonSchema = {
  client_id: text('Your id'),
  response_type: { type: 'string', const: 'code' },
  ...Object.fromEntries(Object.entries(parameters).map(([name, description]) => [name, text(description)])),
  request: text('All of these as a JWT that you have signed (RFC 9101), instead of them'),
  ...assertion,
};

const uri = { type: 'string', format: 'uri' } as const;
const words = { type: 'array', items: { type: 'string' } } as const;
const discoveryAnswer: JsonSchema = {
  type: 'object',
  required: ['issuer', 'authorization_endpoint', 'token_endpoint', 'jwks_uri', 'grant_types_supported'],
  properties: {
    issuer: uri,
    authorization_endpoint: uri,
    token_endpoint: uri,
    revocation_endpoint: uri,
    pushed_authorization_request_endpoint: uri,
    userinfo_endpoint: uri,
    end_session_endpoint: uri,
    jwks_uri: uri,
    grant_types_supported: words,
    response_types_supported: words,
    response_modes_supported: words,
    scopes_supported: words,
    claims_supported: words,
    subject_types_supported: words,
    token_endpoint_auth_methods_supported: words,
    token_endpoint_auth_signing_alg_values_supported: words,
    id_token_signing_alg_values_supported: words,
    request_object_signing_alg_values_supported: words,
    dpop_signing_alg_values_supported: words,
    code_challenge_methods_supported: words,
  },
};

const keysAnswer: JsonSchema = {
  type: 'object',
  required: ['keys'],
  properties: {
    keys: {
      type: 'array',
      minItems: 1,
      items: {
        type: 'object',
        required: ['kty', 'kid', 'use', 'alg'],
        properties: {
          kty: { type: 'string' },
          kid: text('Which key: as in the header of a token'),
          use: { type: 'string', const: 'sig' },
          alg: { type: 'string' },
          n: { type: 'string' },
          e: { type: 'string' },
          crv: { type: 'string' },
          x: { type: 'string' },
          y: { type: 'string' },
        },
        // No part of a private key.
        not: { anyOf: ['d', 'p', 'q', 'dp', 'dq', 'qi', 'k'].map((name) => ({ required: [name] })) },
      },
    },
  },
};
