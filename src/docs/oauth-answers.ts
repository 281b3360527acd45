import type { JsonSchema, Response } from './description.ts';

/** The answers of the authorization server, as its calls describe them. */

export const text = (description: string): JsonSchema => ({ type: 'string', description });

export const json = (description: string, schema: JsonSchema, type = 'application/json'): Response => ({
  description,
  content: { [type]: { schema } },
});

export const html = (description: string): Response => ({
  description,
  content: { 'text/html': { schema: { type: 'string' } } },
});

export const empty = (description: string): Response => ({ description });

/** RFC 6749, section 5.2. */
const OAuthError: JsonSchema = {
  title: 'OAuthError',
  type: 'object',
  required: ['error', 'error_description'],
  properties: {
    error: text('Which error: decide by this'),
    error_description: text('What was wrong, and what to do: for people'),
    error_uri: { type: 'string', format: 'uri', description: 'The page that explains it' },
  },
};

const descriptions = {
  400: 'The request is refused; `error` says why',
  401: 'The client, or the token, is not good',
  403: 'The token lacks a scope',
  413: 'The body is too large',
  415: 'The body is no form',
  429: 'Too many requests of this client, or from this address',
  503: 'It cannot be done right now; try again',
} as const;

/** The errors of a call, by their statuses. */
export const errorsOf = (statuses: readonly (keyof typeof descriptions)[]): Record<string, Response> =>
  Object.fromEntries(statuses.map((status) => [String(status), json(descriptions[status], OAuthError)]));
