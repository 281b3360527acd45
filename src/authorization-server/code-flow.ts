import type { Client, Configuration, Interaction, KoaContextWithOIDC, Provider } from 'oidc-provider';
import { audienceOf, purposeOfScope } from '../clients/audience.ts';
import { isPurpose, type Purpose } from '../consent/consent.ts';
import { ninOf, readConsent } from '../consent/find.ts';
import type { Platform } from '../platform/platform.ts';
import { databaseAway } from './adapter.ts';
import { errors, interactionPolicy } from './oidc-provider.ts';
import { decideConsentAsked } from './scopes.ts';
import { scopeAsSent } from './security-profile.ts';

/** Real time for which the library remembers an interaction: longer than it can be answered, so that there is a way back. */
const INTERACTION_SECONDS = 2 * 60 * 60;
const CODE_SECONDS = 60;
/** A code and its token are gone by then; the consent itself is not the library's business. */
const GRANT_SECONDS = 2 * 60 * 60;

/** The library's configuration for the authorization code flow (A5 to A11). */
export function codeFlow(platform: Platform): Configuration {
  const sandbox = platform.config.mode === 'sandbox';
  return {
    responseTypes: ['code'],
    scopes: ['openid'],
    claims: { openid: ['sub', 'pid', 'consent_id', 'acr'] },
    conformIdTokenClaims: false,
    pkce: { required: (_ctx, client) => client['require_pkce'] === true },
    extraParams: {
      consent_days: (ctx, value, client) => {
        // One that was pushed has been through here already, and comes back as it left.
        if (value !== undefined && 'PushedAuthorizationRequest' in ctx.oidc.entities) return;
        if (value !== undefined) throw new errors.InvalidRequest('consent_days is not a parameter of a request');
        checkRequest(ctx, client, sandbox);
      },
    },
    interactions: { policy: alwaysAsk(), url: (_ctx, interaction) => `/interaction/${interaction.uid}` },
    // The consent that this very interaction has led to, and never one from before (A10).
    loadExistingGrant: async (ctx) => {
      const grantId = ctx.oidc.result?.consent?.grantId;
      return grantId === undefined ? undefined : ctx.oidc.provider.Grant.find(grantId);
    },
    expiresWithSession: () => false,
    findAccount: (_ctx, sub, token) => ({
      accountId: sub,
      claims: async () => ({ sub, ...(await claimsOf(platform, token?.grantId).catch(away)) }),
    }),
    ttl: {
      AuthorizationCode: CODE_SECONDS,
      Interaction: INTERACTION_SECONDS,
      Grant: GRANT_SECONDS,
      IdToken: 3_600,
      Session: INTERACTION_SECONDS,
    },
  };
}

/** A6 to A8: what the library does not know of; the last check of an authorization request, when the redirect address is known to be right. */
function checkRequest(ctx: KoaContextWithOIDC, client: Client, sandbox: boolean): void {
  const { params } = ctx.oidc;
  if (params === undefined) throw new Error('an authorization request has parameters');
  if (typeof params['state'] !== 'string' || params['state'] === '') {
    throw new errors.InvalidRequest("missing required parameter 'state'");
  }
  checkKept(params);
  const sent = scopeAsSent(ctx);
  const registered = Array.isArray(client['consent_scopes']) ? client['consent_scopes'].map(String) : [];
  const asked = decideConsentAsked(sent, registered);
  if ('refused' in asked) throw new errors.CustomOIDCProviderError('invalid_scopes', asked.refused);
  params['scope'] = asked.scope;
  params['consent_days'] = String(asked.days ?? 0);
  // They may name a person, and would be kept; a sandbox's test login is the only one that gets a hint.
  if (!sandbox) params['login_hint'] = undefined;
  params['id_token_hint'] = undefined;
}

/** As much as an address can hold, where a request may come by other ways too; it is kept until the person has answered. */
const MOST_CHARACTERS = 16 * 1024;

/** Whether a request can be kept and given back as it is: that is text which PostgreSQL can hold, and not too much of it. */
function checkKept(params: object): void {
  const values = Object.values(params).filter((value) => typeof value === 'string');
  if (values.some((value) => value.includes('\0') || !value.isWellFormed())) {
    throw new errors.InvalidRequest('a parameter holds a character that cannot be given back');
  }
  if (values.reduce((total, value) => total + value.length, 0) > MOST_CHARACTERS) {
    throw new errors.InvalidRequest(`the parameters are longer than ${MOST_CHARACTERS} characters`);
  }
}

/** A10: whoever comes logs in and decides, each time; what the browser did before is not asked. */
function alwaysAsk() {
  const { Check, Prompt, base } = interactionPolicy;
  const policy = base();
  policy.clear();
  const loggedIn = (ctx: KoaContextWithOIDC) => ctx.oidc.result?.login === undefined;
  const decided = (ctx: KoaContextWithOIDC) => ctx.oidc.result?.consent === undefined;
  policy.add(
    new Prompt({ name: 'login', requestable: true }, new Check('no_login', 'the person has to log in', loggedIn)),
  );
  policy.add(
    new Prompt({ name: 'consent', requestable: true }, new Check('no_answer', 'the person has to decide', decided)),
  );
  return policy;
}

/** What the library is not told of in its own terms it answers as a fault of ours (E3). */
const away = (error: unknown): never => {
  throw databaseAway(error);
};

async function claimsOf(platform: Platform, consentId: string | undefined): Promise<Record<string, string>> {
  const consent = consentId === undefined ? undefined : await readConsent(platform.db, consentId);
  if (consent === undefined) return {};
  return { pid: (await ninOf(platform, consent)).reveal(), consent_id: consent.id };
}

/** What an interaction asks of the person. */
export function askedIn(interaction: Interaction): { clientId: string; purpose: Purpose; days: number | null } {
  const { client_id: clientId, scope, consent_days: days } = interaction.params;
  const purpose = purposeOfScope(String(scope).split(' ')[0] ?? '');
  if (!isPurpose(purpose)) throw new Error('an interaction was begun without a debt scope');
  return { clientId: String(clientId), purpose, days: days === '0' ? null : Number(days) };
}

/**
 * Lets an interaction end with this consent: a grant with the consent's id, which code and token then bear. Safe to repeat.
 */
export async function grantConsent(
  platform: Platform,
  provider: Provider,
  interaction: Interaction,
  consent: { id: string; personId: string; clientId: string },
): Promise<void> {
  const scope = String(interaction.params['scope']);
  const resource = String(interaction.params['resource'] ?? audienceOf('debt', platform.config.apiUrl));
  // The types do not tell that `jti`, the grant's id, may be given.
  const properties: object = { jti: consent.id, accountId: consent.personId, clientId: consent.clientId };
  const grant = new provider.Grant(properties);
  grant.addResourceScope(resource, scope);
  if (scope.endsWith(' openid')) grant.addOIDCScope('openid');
  await grant.save();
}
