import type { FastifyReply, FastifyRequest } from 'fastify';
import { callerOf } from '../clients/require-token.ts';
import { sealEvents } from '../consent/event-log.ts';
import { DomainError } from '../errors/domain-error.ts';
import { openSession, type Session } from '../platform/db-session.ts';
import { sqlState, type Transaction } from '../platform/db.ts';
import type { Platform } from '../platform/platform.ts';
import { consentAsOf, unsealedOf, type HeldConsent, type Unsealed } from './consent-as-of.ts';
import type { OpenRequests } from './open-requests.ts';
import { openOutflow, ReaderGone, type Outflow } from './outflow.ts';
import { snapshotConsent, snapshotLine } from './snapshot-wire.ts';
import { LAST, NEXT_CONSENTS, OPEN_CONSENTS, UNSEALED, type HeldRow } from './store.ts';

/** As long as its snapshot is read, the database keeps what has been changed since. */
const MINUTES = 15;
/** Below the time after which the database ends a transaction in which nothing is done. */
const STALL_SECONDS = 20;
const STATEMENT_MS = 20_000;

/**
 * Answers with all of a client's consents, each in the state that the events up to one number give it, and no later event (F2): whoever
 * keeps these and follows the feed from that number + 1 knows everything, and nothing twice that contradicts.
 *
 * How: the change of a consent and its event are one statement (C6), and numbers are given in one transaction. So in one view of the
 * database each consent is as its numbered events say, but for those that have an event without a number, and these are shown as they
 * were before it. To have few of them, numbers are given first.
 *
 * A consent that has expired, and whose event has not been written, is active here as it is in the feed; `expiresAt` tells.
 * It has a connection of its own, and reads a portion when its reader has taken the one before. What is not whole lacks the last line.
 * Before the first line errors are answered as ever: `rate_limited`, `unavailable`.
 */
export async function sendSnapshot(
  platform: Platform,
  snapshots: OpenRequests,
  { request, reply }: { request: FastifyRequest; reply: FastifyReply },
): Promise<void> {
  const { db, clock, log } = platform;
  const { clientId } = callerOf(request);
  const open = snapshots.open(clientId, reply);
  const time = setTimeout(() => open.stop(), MINUTES * 60_000);
  let session: Session | undefined;
  let out: Outflow | undefined;
  try {
    await sealEvents(db, clientId, clock.now());
    session = await openSession({ ...db.login(), applicationName: 'samtykke snapshot', statementMs: STATEMENT_MS });
    await session.reading(async (tx) => {
      const { last, unsealed } = await beginSnapshot(tx, clientId);
      out = openOutflow(reply, { type: 'application/x-ndjson', stallSeconds: STALL_SECONDS });
      await out.write(snapshotLine({ asOfSequenceNr: last }));
      let count = 0;
      for await (const held of portions(tx, clientId, unsealed)) {
        if (open.signal.aborted) throw new ReaderGone('it took too long, or nobody reads it any more');
        count += held.length;
        await out.write(held.map((consent) => snapshotLine(snapshotConsent(consent))).join(''));
      }
      await out.write(snapshotLine({ complete: true, count }));
    });
    out?.end();
  } catch (error) {
    if (out === undefined) throw error;
    // Its beginning is on its way: that it is not whole shows in the last line, and in how the connection ends.
    out.cut();
    const fields = { traceId: request.id, clientId };
    if (error instanceof ReaderGone) log.info(fields, 'a snapshot was not read to its end');
    else log.error({ ...fields, error }, 'a snapshot failed');
  } finally {
    clearTimeout(time);
    open.leave();
    await session?.close();
  }
}

async function beginSnapshot(tx: Transaction, clientId: string): Promise<{ last: number; unsealed: Unsealed }> {
  const [state] = await tx.query(LAST, [clientId]).catch((error: unknown) => {
    if (sqlState(error) !== '55000') throw error;
    throw new DomainError('unavailable', 'The service has no primary database right now. Try again in a few seconds.', {
      cause: error,
      retryAfterSeconds: 3,
    });
  });
  if (state === undefined) throw new Error('feed_state answered no row');
  const events = await tx.query(UNSEALED, [clientId]);
  return {
    last: state.last_seq,
    unsealed: unsealedOf(events.map((row) => ({ consentId: row.consent_id, type: row.type }))),
  };
}

async function* portions(
  tx: Transaction,
  clientId: string,
  unsealed: Unsealed,
): AsyncGenerator<readonly HeldConsent[]> {
  await tx.query(OPEN_CONSENTS, [clientId]);
  for (;;) {
    const rows = await tx.query(NEXT_CONSENTS);
    if (rows.length === 0) return;
    yield rows.flatMap((row) => consentAsOf(heldConsentOf(row), unsealed) ?? []);
  }
}

const heldConsentOf = (row: HeldRow): HeldConsent => ({
  id: row.id,
  purpose: row.purpose,
  externalId: row.external_id,
  createdAt: row.created_at,
  expiresAt: row.expires_at,
  archived:
    row.archived_at === null || row.archived_reason === null
      ? null
      : { at: row.archived_at, reason: row.archived_reason },
});
