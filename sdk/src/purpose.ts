import { type Fields, wordOf } from './wire.ts';

/** What a consent is for: showing the debt to the person, or assessing the person's application for credit. */
export type Purpose = 'presentation' | 'processing';

const scopes: Readonly<Record<Purpose, string>> = {
  presentation: 'debt.unsecured.presentation',
  processing: 'debt.unsecured.processing',
};
const purposes: Readonly<Record<string, Purpose>> = {
  [scopes.presentation]: 'presentation',
  [scopes.processing]: 'processing',
};

/** As the wire says it. */
export const scopeOf = (purpose: Purpose): string => scopes[purpose];

export const isPurpose = (value: unknown): value is Purpose =>
  typeof value === 'string' && Object.hasOwn(scopes, value);

/** The purpose that a scope in an answer stands for. */
export const purposeIn = (fields: Fields, name: string): Purpose => wordOf(fields, name, purposes);

/** The purpose in a list of scopes, such as a token's. */
export const purposeAmong = (scope: string): Purpose | undefined =>
  scope.split(' ').flatMap((word) => (Object.hasOwn(purposes, word) ? (purposes[word] ?? []) : []))[0];
