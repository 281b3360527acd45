/** The three APIs that a token can be good for. A token is good at its own only (A3). */
export const apis = ['agreement', 'events', 'debt'] as const;
export type Api = (typeof apis)[number];

export const apiPaths: Record<Api, string> = {
  agreement: '/v1/consent/agreement',
  events: '/feed/v1/consent',
  debt: '/v1/debt',
};

/** The scope that stands for a purpose; as a whole it is spelt here only. */
export const debtScopeOf = (purpose: string): string => `debt.unsecured.${purpose}`;

/** The purpose that a scope stands for, or undefined; whether there is such a purpose is not asked. */
export const purposeOfScope = (scope: string): string | undefined => /^debt\.unsecured\.(\w+)$/.exec(scope)?.[1];

/** The scopes that belong to each API. */
export const apiScopes: Record<Api, readonly string[]> = {
  agreement: ['consent.create'],
  events: ['client.access.consent.events'],
  debt: ['presentation', 'processing'].map(debtScopeOf),
};

/** The address that names an API in a token request: the address of the API itself. */
export const audienceOf = (api: Api, apiUrl: string): string => `${apiUrl}${apiPaths[api]}`;

/**
 * Which API an audience names, or undefined (A3). `aliases` are other origins whose addresses are taken as names of ours: the
 * sandbox takes those of NGI's pre-production (X5).
 */
export function apiNamed(audience: string, apiUrl: string, aliases: readonly string[] = []): Api | undefined {
  return apis.find((api) => [apiUrl, ...aliases].some((origin) => audienceOf(api, origin) === audience));
}
