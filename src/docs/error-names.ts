import type { ErrorCode } from '../errors/domain-error.ts';
import { explanations, type Explanation } from './explanations.ts';
import { oauthExplanations, type OAuthExplanation } from './oauth-explanations.ts';

/** What there is to say of an error by its name: of ours, of OAuth's, or of both where they share a name. */
export interface Explained {
  readonly name: string;
  readonly ours: Explanation | undefined;
  readonly oauth: OAuthExplanation | undefined;
}

const ours: Readonly<Record<string, Explanation>> = explanations;
const oauth: Readonly<Record<string, OAuthExplanation>> = oauthExplanations;

/** All names that have a page: ours in the order of the list of errors, then OAuth's. */
export const errorNames: readonly string[] = [...new Set([...Object.keys(ours), ...Object.keys(oauth)])];

/** Undefined: there is no such error. */
export const explained = (name: string): Explained | undefined =>
  errorNames.includes(name) ? { name, ours: ours[name], oauth: oauth[name] } : undefined;

/** Whether a name is one of our own errors. */
export const isErrorCode = (name: string): name is ErrorCode => Object.hasOwn(ours, name);
