import { randomBytes } from 'node:crypto';
import { generatePersons } from '../../sandbox/people-generator.ts';
import { sha256 } from '../../src/platform/crypto.ts';
import { newId } from '../../src/platform/ids.ts';

/** As many persons are registered consents for, over and over. */
export const PERSONS = 4_000;
export const DAYS = 28;
export const PURPOSE = 'processing';

export const syntheticNins = (): readonly string[] =>
  Array.from(generatePersons({ count: PERSONS, seed: 4 }), ({ nin }) => nin);

/** What is kept of a person: for a baseline, which has it ready, of the right length and nothing more. */
export interface KeptPerson {
  readonly hash: Buffer;
  readonly cipher: Buffer;
}

export const keptPerson = (nin: string): KeptPerson => ({ hash: sha256(nin), cipher: randomBytes(40) });

/** The parameters of the statement that registers one consent (`REGISTER`), in its order. */
export function registerValues(
  clientId: string,
  { hash, cipher }: KeptPerson,
  externalId: string,
): { readonly id: string; readonly expiresAt: Date; readonly values: readonly unknown[] } {
  const now = new Date();
  const expiresAt = new Date(now.getTime() + DAYS * 86_400_000);
  const id = newId();
  const person = [[hash], newId(), hash, 'bench', cipher, 'bench'];
  const values = [
    id,
    clientId,
    PURPOSE,
    DAYS,
    externalId,
    now,
    expiresAt,
    newId(),
    ...person,
    'bench',
    'client',
    null,
    now,
    null,
  ];
  return { id, expiresAt, values };
}
