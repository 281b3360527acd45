import { callerFrom, tokenHash, type Caller } from '../clients/access-token.ts';
import { purposeOfScope } from '../clients/audience.ts';
import type { Queryable } from '../platform/db.ts';
import type { Platform } from '../platform/platform.ts';
import { isPurpose, type Consent, type Purpose } from './consent.ts';
import { FIND, FIND_WITH_CALLER, READ_PERSON, consentOf, type ConsentRow } from './store.ts';
import type { Nin } from '../person/nin.ts';

/** The consent of this id as it is now, whoever's it is; undefined when there is none. */
export async function readConsent(db: Queryable, id: string): Promise<Consent | undefined> {
  const [row] = await db.query(FIND, [id]);
  return row === undefined ? undefined : consentOf(row);
}

/**
 * Who bears this token, and the consent of this id, in one statement and so with one view of the database. The consent is
 * answered whoever's it is: the rules decide what the caller may know of it.
 */
export async function readConsentForCaller(
  platform: Platform,
  token: string,
  consentId: string,
): Promise<{ caller: Caller | undefined; consent: Consent | undefined }> {
  const [row] = await platform.db.query(FIND_WITH_CALLER, [tokenHash(token), platform.clock.realNow(), consentId]);
  const found = row !== undefined && row.id !== null;
  return { caller: callerFrom(row), consent: found ? consentOf(row as ConsentRow) : undefined };
}

/** The number of the person whose consent this is. */
export async function ninOf(platform: Platform, consent: Consent): Promise<Nin> {
  const [row] = await platform.db.query(READ_PERSON, [consent.personId]);
  if (row === undefined) throw new Error('a consent has no person');
  return platform.vault.open({ keyId: row.nin_cipher_key, cipher: row.nin_cipher }, row.id);
}

/** The purposes that a token's debt scopes stand for. */
export const purposesOf = (caller: Caller): readonly Purpose[] =>
  caller.scopes.flatMap((scope) => {
    const purpose = purposeOfScope(scope);
    return isPurpose(purpose) ? [purpose] : [];
  });
