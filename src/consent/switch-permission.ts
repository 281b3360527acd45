import { throwSwitch, type Permission } from '../clients/client-registry.ts';
import { DomainError } from '../errors/domain-error.ts';
import type { Platform } from '../platform/platform.ts';
import { ARCHIVE_CLOSED, COUNT_ACTIVE, LOG_PERMISSION_CHANGE } from './store.ts';

/** At the command line there is nobody to ask for metrics. */
type Tools = Pick<Platform, 'clock' | 'db'> & Partial<Pick<Platform, 'metrics'>>;

const PORTION = 1_000;

/** How many consents are active now that switching this off would end (C9, the dry run). */
export async function countCovered(platform: Tools, what: Permission): Promise<number> {
  const [row] = await platform.db.query(COUNT_ACTIVE, [platform.clock.now(), ...filterOf(what)]);
  return row?.count ?? 0;
}

/**
 * Switches consent as such, a purpose, a client or one purpose of one client off or on (C9). Off: from its commit on no consent that it covers is
 * registered; the active ones are archived (revoked by operator), each with its event; when this resolves all of them are. A
 * process that dies in between leaves the rest to the job `archiveClosed`. On: what was archived stays so.
 * Answers how many were ended. Errors: `not_found` (no such client or purpose), `unavailable`.
 */
export async function switchPermission(platform: Tools, what: Permission, on: boolean): Promise<number> {
  const now = platform.clock.now();
  const [clientId, purpose] = filterOf(what);
  await platform.db.transaction(async (tx) => {
    if (!(await throwSwitch(tx, what, on))) throw new DomainError('not_found', 'there is no such client or purpose');
    await tx.query(LOG_PERMISSION_CHANGE, [on ? 'switched_on' : 'switched_off', clientId, purpose, now]);
  });
  return archiveClosed(platform);
}

/** Ends what is active although its permission is off. Any number of nodes may run it at once. Answers how many. */
export async function archiveClosed(platform: Tools): Promise<number> {
  const now = platform.clock.now();
  let total = 0;
  for (;;) {
    const done = (await platform.db.query(ARCHIVE_CLOSED, [now, PORTION])).length;
    total += done;
    platform.metrics?.consentChanged('revoked', 'operator', done);
    // A portion can be short because others ended some of its rows meanwhile; an empty one is the end.
    if (done === 0) return total;
  }
}

function filterOf(what: Permission): readonly [clientId: string | null, purpose: string | null] {
  return ['clientId' in what ? what.clientId : null, 'purpose' in what ? what.purpose : null];
}
