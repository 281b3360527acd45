import { apiScopes, audienceOf, type Api } from '../clients/audience.ts';
import type { Config } from '../platform/config.ts';
import type { Description } from './description.ts';

/** The access token that each API takes, as the document calls it. */
export const tokenOf = {
  agreement: 'agreementToken',
  debt: 'debtToken',
  events: 'feedToken',
} as const satisfies Record<Api, string>;
/** The token of a person's yes on the consent screen. */
export const CODE_FLOW_TOKEN = 'codeFlowToken';
/** How clients prove who they are at the token endpoint. */
export const CLIENT_SECRET = 'clientSecret';

const scopeTexts: Readonly<Record<string, string>> = {
  'consent.create': 'Register consents that persons have given at your organisation',
  'client.access.consent.events': 'Read the events of your consents',
  'debt.unsecured.presentation': 'Show the debt to the person whose it is',
  'debt.unsecured.processing': "Assess the person's application for credit",
  openid: 'Learn who gave the consent: an ID token, and `/userinfo`',
};
const described = (scopes: readonly string[]) =>
  Object.fromEntries(scopes.map((scope) => [scope, scopeTexts[scope] ?? scope]));

/** What stands around the calls: who this is, how to begin, tokens, groups. In the order in which an integrator comes to them. */
export function descriptionFrame(config: Config): Pick<Description, 'info' | 'servers' | 'tags' | 'components'> {
  return {
    info: {
      title: 'Samtykke',
      version: 'v1',
      summary: 'Consents to share debt information',
      description: introduction(config),
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: config.apiUrl, description: config.mode === 'sandbox' ? 'The sandbox' : 'Production' }],
    tags,
    components: { securitySchemes: securitySchemes(config) },
  };
}

const introduction = ({ apiUrl, accessUrl, mode, rateLimitPerMinute, feedReadableDays }: Config): string => `
A person lets an organisation see their unsecured debt: for one purpose, once or for some days. With the consent the organisation looks
up the debt, and the person's creditors are asked live. The interface is the one that Norsk Gjeldsinformasjon publishes: code that is
written for it runs here with nothing changed but the addresses.

## How to begin

1. Fetch an access token for the API that you want to call: \`POST ${accessUrl}/oauth2/token\`. One token is good at one API, for an hour.
2. Get a consent. Either **the person gives it at your organisation**, and you register it (\`PUT /v1/consent/agreement\`); or **you send the
   person here** (\`GET ${accessUrl}/oauth2/auth\`), they log in, read and answer, and come back to you with a code.
3. Look up the debt with it (\`GET /v1/debt/{id}\`, or \`GET /v1/debt\` with the token that the code became).
4. Read the feed, to learn when a consent ends: used, expired, or withdrawn by you, the person or the operator.

${
  mode === 'sandbox'
    ? 'This is the sandbox: persons, creditors and amounts are made up. The samples beside each call work as they are: paste them into a shell. Requests can also be sent from this page.'
    : 'Samples and examples are those of the sandbox, where persons, creditors and amounts are made up. In the samples set `CLIENT_ID` and `CLIENT_SECRET` to yours. Requests are not sent from this page: secrets do not belong into a browser.'
}

## What is the same everywhere

- **Errors** have the shape of their API, and a link (\`Link: <…>; rel="help"\`, or \`type\`) to the page that explains them. All of them:
  [errors](/docs/errors). Decide by the status and, where there is one, the code; the sentences are for people and may change.
- **Every answer has an \`X-Trace-ID\`**, which finds its lines in our log. Send one of your own (up to 128 letters, digits and \`.:/+=_-\`), and it is that one.
- **Repeating is safe.** Registering and revoking give the same answer again when they are repeated with the same data. A lookup that failed on
  our side uses nothing up.
- **Amounts** are whole øre, **interest** hundredths of a per cent (10.20 % is 1020). **Instants** are UTC: ISO 8601, or seconds since 1970 where it says so.
- **Limits.** ${rateLimitPerMinute === 0 ? 'There is none on the number of requests.' : `A client may send ${rateLimitPerMinute} requests a minute to each node; above it is 429 with \`Retry-After\`.`} A body may have 64 KiB. The feed can be read for ${feedReadableDays} days back.
- **Unknown members in answers** may come with later versions: read what you know, and ignore the rest. Unknown members in requests are refused.
- Debt is never kept by anybody on the way: answers have \`Cache-Control: no-store\`.

## For those who deliver

What creditors deliver, and how, is described by itself: [deliveries](/docs/deliveries). The addresses of this document: \`${apiUrl}/docs/openapi.json\`.
`;

export const tags = [
  {
    name: 'Tokens',
    description:
      'OAuth 2.0. A client proves who it is by id and secret (HTTP Basic), or by an assertion that it signs (`private_key_jwt`, RFC 7523), as it is registered. Tokens are opaque, are good for an hour at one API, and are bound to a key of the client (DPoP, RFC 9449) if it sends a proof or is registered so. There are no refresh tokens.',
  },
  {
    name: 'Asking a person',
    description:
      'OAuth 2.0 authorization code flow, and OpenID Connect where `openid` is asked for. Each request shows the login and the consent screen, and each yes makes one new consent. Any OpenID Connect library does this from the discovery document.',
  },
  {
    name: 'Agreement API',
    description: 'Consents that persons have given at your organisation, under an agreement with you.',
  },
  {
    name: 'Debt API',
    description:
      'Debt, with a consent; whether a consent is good; and its end. The person sees each lookup on pages of their own.',
  },
  {
    name: 'Consents Feed API',
    description:
      'What becomes of your consents: one event when one begins, and one when it ends. Whoever asks from the last number + 1 misses nothing. Ask now and then, hold the request open, take the stream, or have them sent (webhooks): all of them tell the same events. The snapshot is for a new beginning.',
  },
  {
    name: 'Webhooks API',
    description:
      'The same events, sent to an address of yours and signed after [Standard Webhooks](https://www.standardwebhooks.com). At least once, in order for each consent, tried again for three days.',
  },
] as const;

function securitySchemes({ apiUrl, accessUrl }: Config): Readonly<Record<string, unknown>> {
  const tokenUrl = `${accessUrl}/oauth2/token`;
  const clientCredentials = (api: Api, description: string) => ({
    type: 'oauth2',
    description: `${description} Fetch it from \`${tokenUrl}\` with \`grant_type=client_credentials\`, \`audience=${audienceOf(api, apiUrl)}\` and the scope, and send it as \`Authorization: Bearer …\` (or \`DPoP …\`, with a proof, where it is bound to a key).`,
    flows: {
      clientCredentials: {
        tokenUrl,
        scopes: described(apiScopes[api]),
        'x-scalar-security-body': { audience: audienceOf(api, apiUrl) },
        'x-scalar-credentials-location': 'header',
      },
    },
  });
  return {
    [CLIENT_SECRET]: {
      type: 'http',
      scheme: 'basic',
      description:
        'Client id and secret. A client that is registered for `private_key_jwt` sends `client_assertion_type` and `client_assertion` in the body instead.',
    },
    [tokenOf.agreement]: clientCredentials('agreement', 'A token for the agreement API.'),
    [tokenOf.debt]: clientCredentials(
      'debt',
      'A token for the debt API. It needs the scope of the consent that it is used for.',
    ),
    [tokenOf.events]: clientCredentials('events', 'A token for the feed and for webhooks.'),
    [CODE_FLOW_TOKEN]: {
      type: 'oauth2',
      description:
        'The token that a code becomes when the person has said yes. It knows its consent. In the authorization request a number of days may follow the scope: `debt.unsecured.processing.28`.',
      flows: {
        authorizationCode: {
          authorizationUrl: `${accessUrl}/oauth2/auth`,
          tokenUrl,
          scopes: described([...apiScopes.debt, 'openid']),
        },
      },
    },
  };
}
