import type { NinVault } from '../platform/crypto.ts';
import { sqlState } from '../platform/db.ts';
import type { Session } from '../platform/db-session.ts';
import { Nin } from '../person/nin.ts';
import type { DeliveredCustomer } from './delivery-rules.ts';
import { DeliveryStopped, type Size } from './delivery-run.ts';
import { COPY_OTHER_HASHES, CREATE_OTHER_HASHES, DROP_OTHER_HASHES } from './index-key-registry.ts';
import { otherHashes } from './other-hashes.ts';
import { stagedRows, type RowPlace, type StagedRows } from './staged-rows.ts';
import { COPY_STAGED, CREATE_STAGED, DROP_STAGED, FIRST_DUPLICATE, ONE_ROW_A_CUSTOMER } from './store.ts';

/** What a delivery amounts to, once all of it is staged. */
export interface Staged extends Size {
  readonly warnings: number;
  /** The newest timestamp in it; undefined: it has no loans. */
  readonly drawnAt: Date | undefined;
}

/**
 * A delivery on its way into a table of its session's own, which nobody else sees and which is gone with the session. Personal
 * numbers become keyed hashes here.
 */
export interface Stage {
  add(customer: DeliveredCustomer, place: RowPlace): void;
  /** Sends on what is full; waits only for what was sent before. */
  flush(): Promise<void>;
  /** Sends the rest, and makes sure that no customer is there twice; throws DeliveryStopped with the place where one is. */
  finish(): Promise<Staged>;
}

/**
 * Begins a new stage. Only one at a time in a session: what was there before is dropped. `vault`: its keys do not change meanwhile.
 * While one of them is being replaced, what each customer is stored under until now is staged too.
 */
export async function openStage(session: Session, vault: NinVault): Promise<Stage> {
  await session.query(DROP_STAGED);
  await session.query(CREATE_STAGED);
  await session.query(DROP_OTHER_HASHES);
  await session.query(CREATE_OTHER_HASHES);
  // While the one is on its way, the other is being filled.
  let filling = stagedRows();
  let spare = stagedRows();
  const others = otherHashes();
  let underWay: Promise<void> = Promise.resolve();
  let customers = 0;
  let loans = 0;
  let warnings = 0;

  const send = async (): Promise<void> => {
    await underWay;
    const sending = filling;
    filling = spare;
    spare = sending;
    const hashes = others.take();
    underWay = session.copy(COPY_STAGED, sending.take()).then(async () => {
      sending.clear();
      if (hashes !== undefined) await session.copy(COPY_OTHER_HASHES, hashes);
    });
    underWay.catch(() => undefined); // told to whoever waits for it next
  };

  return {
    add: (customer, place) => {
      const [{ hash }, ...rest] = vault.indexes(Nin.fromStored(customer.nin));
      filling.add(hash, customer.loans, place);
      for (const other of rest) others.add(hash, other.hash);
      customers += 1;
      loans += customer.loans.length;
      warnings += customer.warnings;
    },
    flush: async () => {
      if (filling.isFull()) await send();
    },
    finish: async () => {
      if (!filling.isEmpty()) await send();
      await underWay;
      await refuseDuplicates(session);
      return { customers, loans, warnings, drawnAt: newestOf(filling, spare) };
    },
  };
}

async function refuseDuplicates(session: Session): Promise<void> {
  try {
    await session.query(ONE_ROW_A_CUSTOMER);
  } catch (error) {
    if (sqlState(error) !== '23505') throw error;
    const [place = {}] = await session.query(FIRST_DUPLICATE);
    throw new DeliveryStopped({ kind: 'rejected', rule: 'duplicate_customer', place });
  }
}

function newestOf(...written: readonly StagedRows[]): Date | undefined {
  const newest = Math.max(...written.map((rows) => rows.newestMs() ?? -Infinity));
  return Number.isFinite(newest) ? new Date(newest) : undefined;
}
