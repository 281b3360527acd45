import { callerFrom, tokenHash, type Caller } from '../clients/access-token.ts';
import { purposeOfScope } from '../clients/audience.ts';
import type { Queryable } from '../platform/db.ts';
import type { Platform } from '../platform/platform.ts';
import { isPurpose, type Consent, type Purpose } from './consent.ts';
import {
  FIND,
  FIND_WITH_CALLER,
  FIND_WITH_CALLER_AND_PERSON,
  READ_PERSON,
  consentOf,
  type CallerAndConsentRow,
  type ConsentRow,
  type FoundPersonRow,
} from './store.ts';
import type { Nin } from '../person/nin.ts';

/** The consent of this id as it is now, whoever's it is; undefined when there is none. */
export async function readConsent(db: Queryable, id: string): Promise<Consent | undefined> {
  const [row] = await db.query(FIND, [id]);
  return row === undefined ? undefined : consentOf(row);
}

/** Whoever bears a token, and a consent, as they were in one view of the database. */
export interface CallerAndConsent {
  readonly caller: Caller | undefined;
  /** Whoever's it is: the rules decide what the caller may know of it. */
  readonly consent: Consent | undefined;
  /** The person's number, still sealed, if it was asked for and there is a consent. */
  readonly person: SealedPerson | undefined;
}

/** A person's number as it is kept, for `ninOf`, which opens it; and the hash that they are found by. */
export type SealedPerson = Readonly<FoundPersonRow>;

/** Who bears this token, and the consent of this id, in one statement; `withPerson`: and the number of the person whose it is. */
export async function readConsentForCaller(
  platform: Platform,
  token: string,
  consentId: string,
  { withPerson = false } = {},
): Promise<CallerAndConsent> {
  const values = [tokenHash(token), platform.clock.realNow(), consentId];
  const read = withPerson ? FIND_WITH_CALLER_AND_PERSON : FIND_WITH_CALLER;
  const [row] = await platform.db.query<CallerAndConsentRow>(read, values);
  const { id, person_id: personId, nin_cipher: cipher, nin_cipher_key: key, nin_index: index } = row ?? {};
  return {
    caller: callerFrom(row),
    consent: id ? consentOf(row as ConsentRow) : undefined,
    person:
      personId && cipher && key && index
        ? { id: personId, nin_cipher: cipher, nin_cipher_key: key, nin_index: index }
        : undefined,
  };
}

/** The number of the person whose consent this is. `person`: as it was read with the consent, if it was. */
export async function ninOf(platform: Platform, consent: Consent, person?: SealedPerson): Promise<Nin> {
  const row = person ?? (await platform.db.query(READ_PERSON, [consent.personId]))[0];
  if (row === undefined) throw new Error('a consent has no person');
  return platform.vault.open({ keyId: row.nin_cipher_key, cipher: row.nin_cipher }, row.id);
}

/** The purposes that a token's debt scopes stand for. */
export const purposesOf = (caller: Caller): readonly Purpose[] =>
  caller.scopes.flatMap((scope) => {
    const purpose = purposeOfScope(scope);
    return isPurpose(purpose) ? [purpose] : [];
  });
