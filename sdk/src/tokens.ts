import * as oauth from 'oauth4webapi';
import { libraryOf, type AuthorizationServer } from './authorization-server.ts';
import { readAnswer } from './http.ts';
import type { Api, Settings } from './options.ts';
import { scopeOf } from './purpose.ts';
import { refusalOf } from './refusals.ts';
import { Renewed, type Fetched } from './renewed.ts';
import { retrying } from './retry.ts';
import { startDeadline, type Deadline } from './time.ts';

/** Tokens of client credentials, one for each API, fetched when first needed. */
export interface Tokens {
  get(api: Api, deadline: Deadline): Promise<string>;
  /** Says that a token was refused. */
  drop(api: Api, token: string): void;
}

/** A token is renewed when a tenth of its time is left, five minutes at most; and is not used in its last seconds. */
const RENEW_BEFORE_MS = 300_000;
const UNUSED_AT_END_MS = 5_000;

export function tokensOf(settings: Settings, server: AuthorizationServer): Tokens {
  const scopes: Readonly<Record<Api, string>> = {
    agreement: 'consent.create',
    events: 'client.access.consent.events',
    debt: settings.purposes.map(scopeOf).join(' '),
  };
  const fetchToken = async (api: Api): Promise<Fetched<string>> => {
    const deadline = startDeadline(undefined, settings.timeoutMs);
    try {
      return await retrying(settings.retries, deadline, async () => {
        const metadata = await server.metadata(deadline);
        const asked = Date.now();
        const response = await libraryOf('token request', () =>
          oauth.clientCredentialsGrantRequest(
            metadata,
            server.client,
            server.authenticate,
            { audience: settings.apis[api].audience, scope: scopes[api] },
            server.options(deadline),
          ),
        );
        if (response.status !== 200) throw refusalOf(await readAnswer(response, deadline), 'oauth', server.secrets);
        const { access_token: value, expires_in: seconds = 3_600 } = await libraryOf('token answer', () =>
          oauth.processClientCredentialsResponse(metadata, server.client, response),
        );
        const lifeMs = seconds * 1000;
        return {
          value,
          renewFrom: asked + lifeMs - Math.min(lifeMs / 10, RENEW_BEFORE_MS),
          goodUntil: asked + lifeMs - Math.min(lifeMs / 20, UNUSED_AT_END_MS),
        };
      });
    } finally {
      deadline.end();
    }
  };
  const of = (api: Api): Renewed<string> => new Renewed(() => fetchToken(api));
  const tokens: Readonly<Record<Api, Renewed<string>>> = {
    agreement: of('agreement'),
    events: of('events'),
    debt: of('debt'),
  };
  return {
    get: (api, deadline) => tokens[api].get(deadline),
    drop: (api, token) => tokens[api].drop(token),
  };
}
