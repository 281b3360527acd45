import { apiScopes, type Api } from '../clients/audience.ts';

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
