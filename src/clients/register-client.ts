import { createPublicKey } from 'node:crypto';
import { DomainError } from '../errors/domain-error.ts';
import { sha256 } from '../platform/crypto.ts';
import type { Transaction } from '../platform/db.ts';
import { newId, newSecret } from '../platform/ids.ts';
import type { Platform } from '../platform/platform.ts';
import { endTokens } from './access-token.ts';
import type { Client } from './client.ts';
import { findClient, logChange, saveClient, takeTurns, type RegisteredClient } from './client-registry.ts';
import {
  nameOfKey,
  planChange,
  planNewClient,
  type ClientChange,
  type ClientDifference,
  type ClientPlan,
  type ClientProblem,
  type NewClient,
} from './registration.ts';

type Tools = Pick<Platform, 'db' | 'clock' | 'config'>;

/** Nothing was changed, and this is why: all of it. */
export interface ClientRefused {
  readonly outcome: 'refused';
  readonly problems: readonly ClientProblem[];
}

/** What a change has made. */
export interface ClientSaved {
  readonly outcome: 'added' | 'changed' | 'unchanged';
  readonly client: RegisteredClient;
  readonly differences: readonly ClientDifference[];
  /** Where a new one was made: to be shown once, since only its hash is kept. */
  readonly secret?: string;
  /** Tokens that were ended, because the client could not get them any more. */
  readonly tokensEnded: number;
}

/**
 * Registers a new client, with a log row (C7). One that proves itself with a secret gets one of 256 random bits. Answers all that is
 * wrong, and changes nothing then. Errors: `unavailable`.
 */
export async function registerClient(platform: Tools, input: NewClient): Promise<ClientRefused | ClientSaved> {
  const { db, clock, config } = platform;
  const now = clock.now();
  const plan = checkedKeys(planNewClient(input, newId(), { open: config.mode === 'production' }));
  if (!('client' in plan)) return { outcome: 'refused', problems: plan };
  return db.transaction(async (tx) => {
    await takeTurns(tx);
    const { id } = plan.client;
    if ((await findClient(tx, id)) !== undefined) {
      return { outcome: 'refused', problems: [{ field: 'id', what: `is ${id}, which is taken` }] };
    }
    const secret = plan.client.authentication === 'client_secret_basic' ? newSecret() : undefined;
    return save(tx, { ...plan, client: withSecret(plan.client, secret) }, { now, outcome: 'added', secret });
  });
}

/**
 * Changes what is said of a client, with a log row (C7), but not when nothing changes. From the commit on nothing is good that the
 * client could not get now: what narrows it ends its tokens, too (not its consents). One that goes over from keys to a secret gets a
 * new one, and the other way round its secrets are gone. Purposes are `switchPermission`'s, and so is switching it off and on.
 *
 * Answers all that is wrong, and changes nothing then. Errors: `not_found`, `unavailable`.
 */
export async function changeClient(
  platform: Tools,
  id: string,
  input: ClientChange,
): Promise<ClientRefused | ClientSaved> {
  const { db, clock, config } = platform;
  const now = clock.now();
  return db.transaction(async (tx) => {
    await takeTurns(tx);
    const existing = known(id, await findClient(tx, id));
    const plan = checkedKeys(planChange(input, existing, { open: config.mode === 'production' }));
    if (!('client' in plan)) return { outcome: 'refused', problems: plan };
    const { client, differences } = plan;
    if (differences.length === 0) {
      return { outcome: 'unchanged', client: existing, differences, tokensEnded: 0 };
    }
    const ends = narrows(existing, client);
    if (client.authentication === existing.authentication) return save(tx, plan, { now, outcome: 'changed', ends });
    const secret = client.authentication === 'client_secret_basic' ? newSecret() : undefined;
    return save(tx, { ...plan, client: withSecret(client, secret) }, { now, outcome: 'changed', ends, secret });
  });
}

/** As long as an old secret may go on being good. */
const MOST_OVERLAP_SECONDS = 30 * 24 * 60 * 60;

/**
 * Gives a client a new secret, with a log row (C7). The one in use until now stays good for `overlapSeconds` of real time; one that
 * was in its own overlap yet ends now. Without an overlap (0: it is in wrong hands) the tokens are ended as well. The secret is to be
 * shown once, since only its hash is kept.
 *
 * Errors: `not_found`, `invalid_request` (the client has keys and no secret; an overlap that is no whole number of seconds from 0 to
 * 30 days), `unavailable`.
 */
export async function rotateSecret(
  platform: Tools,
  id: string,
  { overlapSeconds }: { overlapSeconds: number },
): Promise<{ client: RegisteredClient; secret: string; oldUntil: Date | null; tokensEnded: number }> {
  if (!Number.isInteger(overlapSeconds) || overlapSeconds < 0 || overlapSeconds > MOST_OVERLAP_SECONDS) {
    throw new DomainError('invalid_request', 'the overlap is a whole number of seconds, from 0 to 30 days');
  }
  const { db, clock } = platform;
  const [now, realNow] = [clock.now(), clock.realNow()];
  return db.transaction(async (tx) => {
    await takeTurns(tx);
    const existing = known(id, await findClient(tx, id));
    if (existing.authentication !== 'client_secret_basic') {
      throw new DomainError('invalid_request', 'this client proves itself with its keys, and has no secret');
    }
    const secret = newSecret();
    const oldUntil = overlapSeconds === 0 ? null : new Date(realNow.getTime() + overlapSeconds * 1000);
    const formerSecrets =
      oldUntil === null || existing.secretHashes.length === 0
        ? null
        : { hashes: existing.secretHashes, until: oldUntil };
    await saveClient(tx, { ...existing, secretHashes: [sha256(secret)], formerSecrets }, now);
    const before = existing.formerSecrets?.until.toISOString() ?? null;
    const differences = [
      { field: 'formerSecretGoodUntil', before, after: formerSecrets?.until.toISOString() ?? null },
    ] as const;
    await logChange(tx, { at: now, clientId: existing.id, reason: 'secret_rotated', differences });
    const tokensEnded = oldUntil === null ? await endTokens(tx, existing.id) : 0;
    return { client: known(id, await findClient(tx, id)), secret, oldUntil: formerSecrets?.until ?? null, tokensEnded };
  });
}

async function save(
  tx: Transaction,
  { client, differences }: ClientPlan,
  how: { now: Date; outcome: 'added' | 'changed'; secret?: string | undefined; ends?: boolean },
): Promise<ClientSaved> {
  const { now, outcome, secret, ends } = how;
  await saveClient(tx, client, now);
  await logChange(tx, { at: now, clientId: client.id, reason: outcome, differences });
  const tokensEnded = ends === true ? await endTokens(tx, client.id) : 0;
  const saved = known(client.id, await findClient(tx, client.id));
  return { outcome, client: saved, differences, tokensEnded, ...(secret === undefined ? {} : { secret }) };
}

const withSecret = (client: Client, secret: string | undefined): Client => ({
  ...client,
  secretHashes: secret === undefined ? [] : [sha256(secret)],
  formerSecrets: null,
});

/** Whether there may be tokens that the client, as it is to be, could not get. */
function narrows(before: Client, after: Client): boolean {
  const lost = (['mayRegisterAgreements', 'mayReadEvents', 'mayUseOpenid'] as const).some(
    (may) => before[may] && !after[may],
  );
  const keys = new Set((after.jwks?.keys ?? []).map(nameOfKey));
  const proof =
    before.authentication !== after.authentication ||
    (before.authentication === 'private_key_jwt' && (before.jwks?.keys ?? []).some((key) => !keys.has(nameOfKey(key))));
  return lost || proof || (after.profile.dpop && !before.profile.dpop);
}

/** That the keys are what they look like, a point of the curve say, which rules cannot tell. */
function checkedKeys(plan: ClientPlan | readonly ClientProblem[]): ClientPlan | readonly ClientProblem[] {
  if (!('client' in plan)) return plan;
  const bad = (plan.client.jwks?.keys ?? []).findIndex((key) => {
    try {
      createPublicKey({ key: { ...key }, format: 'jwk' });
      return false;
    } catch {
      return true;
    }
  });
  return bad < 0 ? plan : [{ field: 'jwks', what: `have a key (number ${bad + 1}) that is no key` }];
}

function known(id: string, client: RegisteredClient | undefined): RegisteredClient {
  if (client === undefined) throw new DomainError('not_found', `there is no client ${id}`);
  return client;
}
