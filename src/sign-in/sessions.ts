import type { FastifyReply, FastifyRequest } from 'fastify';
import { derivedSecret, sha256 } from '../platform/crypto.ts';
import { newSecret } from '../platform/ids.ts';
import type { Platform } from '../platform/platform.ts';
import { cookieOptions, secretIn } from './cookies.ts';
import { bornText, type Identity } from './identity.ts';
import type { Told } from './login-provider.ts';
import { END_SESSION, FIND_SESSION, NOTE_SESSION, SAVE_SESSION } from './session-store.ts';
import { ABSOLUTE_MS, faceOf, isAlive, isWorthNoting, sealedFor, sessionCookie } from './session.ts';
import type { SignedIn } from './signed-in.ts';

/** Sessions: a secret in a browser's cookie, and a row that knows its hash. Number and ID token are encrypted for that row alone. */
export interface Sessions {
  /**
   * Makes one, with a secret that is new at each login: one that somebody knew before the login is worth nothing after it, and what this
   * browser had for that use ends.
   */
  open(request: FastifyRequest, reply: FastifyReply, usedFor: string, who: Identity, told: Told): Promise<void>;
  /** Who is signed in, or undefined. Counts as use. */
  find(request: FastifyRequest, usedFor: string): Promise<SignedIn | undefined>;
  /** Ends it, row and cookie. Answers with the ID token that it came from, if there was one. */
  end(request: FastifyRequest, reply: FastifyReply, usedFor: string): Promise<string | undefined>;
}

export function openSessions({ clock, config, db, log, vault }: Platform): Sessions {
  const cookieOf = (usedFor: string) => {
    const face = faceOf(usedFor, config);
    return { name: sessionCookie(usedFor, face), options: cookieOptions(face) };
  };

  /** What is sealed in a session. One whose keys are gone is nobody's any more: it goes, and the person logs in again. */
  const opened = async <What>(id: Buffer, usedFor: string, open: () => What): Promise<What | undefined> => {
    try {
      return open();
    } catch (error) {
      log.warn({ error }, 'a session cannot be opened');
      await db.query(END_SESSION, [id, usedFor]);
      return undefined;
    }
  };

  return {
    open: async (request, reply, usedFor, who, told) => {
      const { name, options } = cookieOf(usedFor);
      const former = secretIn(request, name);
      const secret = newSecret();
      const id = sha256(secret);
      const nin = vault.seal(who.nin, sealedFor(id));
      const idToken = vault.sealText(told.idToken, sealedFor(id));
      await db.query(SAVE_SESSION, [
        id,
        usedFor,
        nin.cipher,
        nin.keyId,
        who.name,
        who.birthDate,
        who.level,
        told.issuer,
        who.issuerSession,
        idToken.cipher,
        idToken.keyId,
        clock.realNow(),
        former === undefined ? null : sha256(former),
      ]);
      // The portal's goes with the browser's window; those of consent requests would pile up in one that is never closed.
      reply.setCookie(name, secret, { ...options, ...(usedFor === 'portal' ? {} : { maxAge: ABSOLUTE_MS / 1000 }) });
    },

    find: async (request, usedFor) => {
      const secret = secretIn(request, cookieOf(usedFor).name);
      if (secret === undefined) return undefined;
      const id = sha256(secret);
      const now = clock.realNow();
      const [row] = await db.query(FIND_SESSION, [id, usedFor]);
      if (row === undefined) return undefined;
      const times = { signedInAt: row.signed_in_at, lastSeenAt: row.last_seen_at };
      if (!isAlive(times, now)) return undefined;
      if (isWorthNoting(times, now)) await db.query(NOTE_SESSION, [id, now]);
      const nin = await opened(id, usedFor, () =>
        vault.open({ keyId: row.nin_cipher_key, cipher: row.nin_cipher }, sealedFor(id)),
      );
      if (nin === undefined) return undefined;
      return {
        nin,
        name: row.name,
        born: bornText(nin, row.birth_date),
        level: row.level,
        usedFor,
        csrf: derivedSecret(secret, 'csrf'),
        signedInAt: row.signed_in_at,
      };
    },

    end: async (request, reply, usedFor) => {
      const { name, options } = cookieOf(usedFor);
      const secret = secretIn(request, name);
      if (secret === undefined) return undefined;
      const id = sha256(secret);
      const [row] = await db.query(END_SESSION, [id, usedFor]);
      // Not before the session is gone: with the database away the person would look signed out, and not be.
      reply.clearCookie(name, options);
      const { id_token_cipher: cipher, id_token_key: keyId } = row ?? { id_token_cipher: null, id_token_key: null };
      if (cipher === null || keyId === null) return undefined;
      return opened(id, usedFor, () => vault.openText({ cipher, keyId }, sealedFor(id)));
    },
  };
}
