import type { Platform } from '../platform/platform.ts';
import type { NinVault } from '../platform/crypto.ts';
import type { Nin } from '../person/nin.ts';
import type { Transaction } from '../platform/db.ts';
import type { KeyKind } from '../platform/keys-kinds.ts';
import { sealedFor } from '../sign-in/session.ts';
import { readRegistered } from './key-registry.ts';
import { keysOf } from './rotation.ts';
import {
  END_SEALED_SESSION,
  PERSONS_UNDER,
  REWRITE_PERSONS,
  REWRITE_SESSIONS,
  SESSIONS_UNDER,
  type PersonRow,
  type SealedSessionRow,
} from './store.ts';

type RewritingPlatform = Pick<Platform, 'clock' | 'db' | 'log' | 'vault'>;

/** Rows of one transaction: whoever needs one of them waits for some milliseconds. */
const PORTION = 200;
/** More of them, and something else is wrong than a row. */
const MOST_UNREADABLE = 1_000;

/** The persons of whom the log of this process has said that their numbers cannot be read. */
const told = new Set<string>();

/** What was written anew. */
export interface Rewritten {
  readonly persons: number;
  readonly sessions: number;
  /** Persons whose number cannot be read, whatever is wrong with it: they are left as they are, and keep their keys from being retired. */
  readonly unreadable: number;
  /** Whether nothing is left, as far as was seen: rows that somebody else is at are seen to by that one. */
  readonly done: boolean;
  /** The key that is encrypted with, where there is one that has been replaced by it; undefined also when this process has not heard of it. */
  readonly encryptionKey: string | undefined;
}

/**
 * Writes anew what is under keys that have been replaced: numbers of persons and sessions, encrypted with the key in use, and the keyed
 * hashes by which persons are found. Of two rows of one number the earlier one is found from then on, and the later one says whose it
 * is; consents and log keep the ids that they have. Nobody waits for it longer than for a portion.
 *
 * Any number of nodes may do it at once, and it may be cut off anywhere: each portion is one transaction. Stops after `forMs`.
 * Errors: `unavailable`.
 */
export async function rewriteRows(
  { clock, db, log, vault }: RewritingPlatform,
  { forMs }: { forMs: number },
): Promise<Rewritten> {
  const until = clock.stopwatch() + forMs;
  const unreadable = new Set<string>();
  let [persons, sessions] = [0, 0];
  let encryptionKey: string | undefined;
  const soFar = (done: boolean): Rewritten => ({
    persons,
    sessions,
    unreadable: unreadable.size,
    done,
    encryptionKey,
  });
  for (;;) {
    const registered = await readRegistered(db);
    const replaced = (kind: KeyKind) => keysOf(registered, kind, 'replaced').map(({ id }) => id);
    const [encryption, index] = [replaced('nin-encryption'), replaced('nin-index')];
    if (encryption.length + index.length === 0) return soFar(true);
    const now = vault.asOfNow();
    const [[sealsWith, ...opensWith], [hashesWith]] = [now.encryptionKeys(), now.indexKeys()];
    // Else this process has not heard of the new key yet.
    const isInUse = (kind: KeyKind, id: string) => keysOf(registered, kind, 'in use').some((key) => key.id === id);
    if (!isInUse('nin-encryption', sealsWith) || !isInUse('nin-index', hashesWith)) return soFar(false);
    encryptionKey = encryption.length > 0 ? sealsWith : undefined;
    // What is under a key that this process does not have is for another one.
    const openable = encryption.filter((id) => opensWith.includes(id));

    const found = new Set<string>();
    const portion = await db.transaction(async (tx) => {
      const rows = await tx.query(PERSONS_UNDER, [openable, index, PORTION, [...unreadable]]);
      const read = rows.flatMap((row) => {
        const person = openPerson(now, row);
        if (person === undefined) found.add(row.id);
        return person === undefined ? [] : [person];
      });
      await rewritePersons(tx, now, read);
      const sealed = openable.length > 0 ? await tx.query(SESSIONS_UNDER, [openable, PORTION]) : [];
      await rewriteSessions(tx, now, sealed);
      return {
        persons: read.length,
        sessions: sealed.length,
        full: [rows, sealed].some((all) => all.length === PORTION),
      };
    });
    for (const personId of found) {
      unreadable.add(personId);
      // It is tried again and again, and told once.
      if (!told.has(personId))
        log.error({ personId }, 'the number of a person cannot be read, and is not encrypted anew');
      told.add(personId);
    }
    persons += portion.persons;
    sessions += portion.sessions;
    if (!portion.full) return soFar(unreadable.size === 0);
    if (clock.stopwatch() > until || unreadable.size > MOST_UNREADABLE) return soFar(false);
  }
}

interface OpenedPerson {
  readonly id: string;
  readonly nin: Nin;
}

function openPerson(vault: NinVault, row: PersonRow): OpenedPerson | undefined {
  try {
    return { id: row.id, nin: vault.open({ keyId: row.nin_cipher_key, cipher: row.nin_cipher }, row.id) };
  } catch {
    return undefined;
  }
}

async function rewritePersons(tx: Transaction, vault: NinVault, persons: readonly OpenedPerson[]): Promise<void> {
  if (persons.length === 0) return;
  const ciphers = persons.map(({ id, nin }) => {
    const sealed = vault.seal(nin, id);
    // When this is committed, the old one is gone for ever.
    if (!vault.open(sealed, id).equals(nin)) throw new Error('what was encrypted cannot be read again');
    return sealed.cipher;
  });
  await tx.query(REWRITE_PERSONS, [
    persons.map(({ id }) => id),
    ciphers,
    vault.encryptionKeys()[0],
    persons.map(({ nin }) => vault.index(nin).hash),
    vault.indexKeys()[0],
  ]);
}

/** One that cannot be opened is nobody's any more, as when its person comes with it. */
async function rewriteSessions(tx: Transaction, vault: NinVault, rows: readonly SealedSessionRow[]): Promise<void> {
  const sealed: { id: Buffer; nin: Buffer; token: Buffer | null }[] = [];
  for (const row of rows) {
    const { id_hash: id, id_token_cipher: token, id_token_key: tokenKey } = row;
    const owner = sealedFor(id);
    try {
      const nin = vault.open({ keyId: row.nin_cipher_key, cipher: row.nin_cipher }, owner);
      const idToken =
        token === null || tokenKey === null ? null : vault.openText({ keyId: tokenKey, cipher: token }, owner);
      sealed.push({
        id,
        nin: vault.seal(nin, owner).cipher,
        token: idToken === null ? null : vault.sealText(idToken, owner).cipher,
      });
    } catch {
      await tx.query(END_SEALED_SESSION, [id]);
    }
  }
  if (sealed.length === 0) return;
  await tx.query(REWRITE_SESSIONS, [
    sealed.map(({ id }) => id),
    sealed.map(({ nin }) => nin),
    sealed.map(({ token }) => token),
    vault.encryptionKeys()[0],
  ]);
}
