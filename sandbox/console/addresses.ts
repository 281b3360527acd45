import { debtScopeOf } from '../../src/clients/audience.ts';
import type { Client } from '../../src/clients/client.ts';
import type { Config } from '../../src/platform/config.ts';

/** Days that are asked for: a duration that each purpose allows. */
const DAYS = 28;

/** The address that begins the regular flow for a client, or undefined where a browser cannot begin it with a link. */
export function flowAddress(
  config: Config,
  client: Pick<Client, 'id' | 'redirectUris' | 'mayUseOpenid' | 'profile' | 'enabled'>,
  asked: { purpose: string; nin?: string },
): string | undefined {
  const { profile, redirectUris } = client;
  const [redirectUri] = redirectUris;
  if (redirectUri === undefined || !client.enabled) return undefined;
  if (profile.par || profile.pkce || profile.signedRequests) return undefined;
  const parameters = new URLSearchParams({
    client_id: client.id,
    response_type: 'code',
    scope: `${debtScopeOf(asked.purpose)}.${DAYS}${client.mayUseOpenid ? ' openid' : ''}`,
    redirect_uri: redirectUri,
    state: 'try-it',
    ...(asked.nin === undefined ? {} : { login_hint: hintOf(asked.nin) }),
  });
  return `${config.accessUrl}/oauth2/auth?${parameters}`;
}

/** The address of a page of the portal for a test person, who is logged in without a click. */
export const portalAs = (config: Config, nin: string, to: string): string =>
  `${config.portalUrl}/login?${new URLSearchParams({ login_hint: hintOf(nin), to })}`;

/** As TestID understands it. */
const hintOf = (nin: string): string => `testid:${nin}`;
