import { apiScopes, debtScopeOf, purposeOfScope, type Api } from '../clients/audience.ts';
import { clampedDays, daysOf, isPurpose, type Purpose } from '../consent/consent.ts';

/** Why a token request for an API is refused, or the scopes that the token gets. */
export type ScopeDecision = { readonly granted: string } | { readonly refused: string };

/**
 * A3: which of the scopes asked for a token gets. Every one must belong to the API and be one that the client is registered for;
 * nothing is dropped silently. `asked` is the `scope` parameter, undefined when it was not sent.
 */
export function decideScopes(api: Api, asked: string | undefined, registered: readonly string[]): ScopeDecision {
  const scopes = [...new Set((asked ?? '').split(' ').filter((scope) => scope !== ''))];
  const possible = apiScopes[api].join(' or ');
  if (scopes.length === 0) return { refused: `ask for a scope: this audience has ${possible}` };
  const foreign = scopes.find((scope) => !apiScopes[api].includes(scope));
  if (foreign !== undefined)
    return { refused: `a requested scope does not belong to this audience, which has ${possible}` };
  const missing = scopes.find((scope) => !registered.includes(scope));
  if (missing !== undefined) return { refused: `this client is not registered for the scope ${missing}` };
  return { granted: scopes.join(' ') };
}

/** What an authorization request asks of a person, or why it is refused. */
export type ConsentAsked =
  | {
      readonly purpose: Purpose;
      /** Whole days, at most the maximum of the purpose; null: once (A7). */
      readonly days: number | null;
      readonly openid: boolean;
      /** As redirects and tokens show it: without the number of days. */
      readonly scope: string;
    }
  | { readonly refused: string };

/**
 * A6, A7: exactly one debt scope, with a duration or without, and `openid` after it if the client may use that. `asked` is the
 * `scope` parameter, undefined when it was not sent; `registered` the debt scopes of the client, and `openid`.
 */
export function decideConsentAsked(asked: string | undefined, registered: readonly string[]): ConsentAsked {
  const words = (asked ?? '').split(' ').filter((word) => word !== '');
  const openid = words.at(-1) === 'openid';
  const debtWords = openid ? words.slice(0, -1) : words;
  const [word] = debtWords;
  const example = `for example ${debtScopeOf('presentation')}.100`;
  if (word === undefined) return { refused: `ask for one debt scope, ${example}` };
  if (debtWords.includes('openid')) return { refused: 'openid comes last, and once' };
  if (debtWords.length > 1) return { refused: `ask for one debt scope only, ${example}` };
  const [, scope = '', , days] = /^(debt\.unsecured\.\w+)(\.(.*))?$/.exec(word) ?? [];
  const purpose = purposeOfScope(scope);
  if (!isPurpose(purpose)) return { refused: `there is no such scope: ask for one debt scope, ${example}` };
  if (days !== undefined && !/^0*[1-9]\d*$/.test(days)) {
    return { refused: `the duration must be a whole number of days, 1 or more, ${example}` };
  }
  if (!registered.includes(scope)) return { refused: `this client is not registered for the scope ${scope}` };
  if (openid && !registered.includes('openid')) return { refused: 'this client is not registered for openid' };
  return {
    purpose,
    // A text of very many digits becomes Infinity here, and the maximum after clamping.
    days: days === undefined ? null : daysOf(clampedDays(purpose, Number(days))),
    openid,
    scope: openid ? `${scope} openid` : scope,
  };
}
