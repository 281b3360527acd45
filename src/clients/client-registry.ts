import { pointRead, sql } from '../platform/db-statement.ts';
import type { Queryable, Transaction } from '../platform/db.ts';
import { isUuid } from '../platform/ids.ts';
import type { Authentication, Client, IdTokenAlgorithm, PublicKeys } from './client.ts';
import type { ClientDifference } from './registration.ts';

interface ClientRow {
  id: string;
  name: string;
  organisation_number: string;
  enabled: boolean;
  secret_hashes: Buffer[];
  former_secret_hashes: Buffer[];
  former_secrets_until: Date | null;
  may_register_agreements: boolean;
  may_read_events: boolean;
  may_use_openid: boolean;
  redirect_uris: string[];
  post_logout_redirect_uris: string[];
  auth_method: Authentication;
  jwks: PublicKeys | null;
  require_pkce: boolean;
  require_par: boolean;
  require_dpop: boolean;
  require_signed_request: boolean;
  id_token_alg: IdTokenAlgorithm;
  purposes: string[];
  created_at: Date;
}

const COLUMNS = `c.id, c.name, c.organisation_number, c.enabled, c.secret_hashes, c.former_secret_hashes, c.former_secrets_until,
          c.may_register_agreements, c.may_read_events, c.may_use_openid, c.redirect_uris, c.post_logout_redirect_uris, c.auth_method,
          c.jwks, c.require_pkce, c.require_par, c.require_dpop, c.require_signed_request, c.id_token_alg, c.created_at,
          array(select p.purpose from client_purpose p where p.client_id = c.id and p.registered order by p.purpose) as purposes`;

/** Asked for each token that is issued. */
const FIND = pointRead<ClientRow>('client_find', `select ${COLUMNS} from client c where c.id = $1`, ['uuid']);
const LIST = sql<ClientRow>('client_list', `select ${COLUMNS} from client c order by c.name, c.id`);

/** A client as operators see it. */
export type RegisteredClient = Client & { readonly createdAt: Date };

/** The client with this id, enabled or not; undefined when there is none (also when the text is no UUID). */
export async function findClient(db: Queryable, id: string): Promise<RegisteredClient | undefined> {
  if (!isUuid(id)) return undefined;
  const [row] = await db.query(FIND, [id]);
  return row === undefined ? undefined : clientOf(row);
}

/** All clients by name, those that are switched off too. */
export async function listClients(db: Queryable): Promise<readonly RegisteredClient[]> {
  return (await db.query(LIST)).map(clientOf);
}

const clientOf = (row: ClientRow): RegisteredClient => ({
  id: row.id,
  name: row.name,
  organisationNumber: row.organisation_number,
  enabled: row.enabled,
  secretHashes: row.secret_hashes,
  formerSecrets:
    row.former_secrets_until === null ? null : { hashes: row.former_secret_hashes, until: row.former_secrets_until },
  mayRegisterAgreements: row.may_register_agreements,
  mayReadEvents: row.may_read_events,
  mayUseOpenid: row.may_use_openid,
  redirectUris: row.redirect_uris,
  postLogoutRedirectUris: row.post_logout_redirect_uris,
  authentication: row.auth_method,
  jwks: row.jwks,
  profile: {
    pkce: row.require_pkce,
    par: row.require_par,
    dpop: row.require_dpop,
    signedRequests: row.require_signed_request,
  },
  idTokenAlgorithm: row.id_token_alg,
  purposes: row.purposes,
  createdAt: row.created_at,
});

const SAVE = sql<never>(
  'client_save',
  `insert into client (id, name, organisation_number, enabled, secret_hashes, may_register_agreements, may_read_events,
                       may_use_openid, redirect_uris, created_at, auth_method, jwks, require_pkce, id_token_alg, post_logout_redirect_uris,
                       former_secret_hashes, former_secrets_until, require_par, require_dpop, require_signed_request)
   values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)
   on conflict (id) do update set name = excluded.name, secret_hashes = excluded.secret_hashes,
     may_register_agreements = excluded.may_register_agreements, may_read_events = excluded.may_read_events,
     may_use_openid = excluded.may_use_openid, redirect_uris = excluded.redirect_uris, auth_method = excluded.auth_method,
     jwks = excluded.jwks, require_pkce = excluded.require_pkce, id_token_alg = excluded.id_token_alg,
     post_logout_redirect_uris = excluded.post_logout_redirect_uris, former_secret_hashes = excluded.former_secret_hashes,
     former_secrets_until = excluded.former_secrets_until, require_par = excluded.require_par, require_dpop = excluded.require_dpop,
     require_signed_request = excluded.require_signed_request`,
);

const SAVE_PURPOSES = sql<never>(
  'client_save_purposes',
  `insert into client_purpose (client_id, purpose, open)
   select $1, p.purpose, true from unnest($2::text[]) as p (purpose)
   on conflict do nothing`,
);

/** Makes a client, or brings one up to date; whether it is enabled is left alone then, and purposes are added, never taken away here (that ends consents: `switch-permission.ts`). */
export async function saveClient(tx: Transaction, client: Client, now: Date): Promise<void> {
  await takeTurns(tx);
  const { profile, formerSecrets } = client;
  await tx.query(SAVE, [
    client.id,
    client.name,
    client.organisationNumber,
    client.enabled,
    client.secretHashes,
    client.mayRegisterAgreements,
    client.mayReadEvents,
    client.mayUseOpenid,
    client.redirectUris,
    now,
    client.authentication,
    client.jwks === null ? null : JSON.stringify(client.jwks),
    profile.pkce,
    client.idTokenAlgorithm,
    client.postLogoutRedirectUris,
    formerSecrets?.hashes ?? [],
    formerSecrets?.until ?? null,
    profile.par,
    profile.dpop,
    profile.signedRequests,
  ]);
  await tx.query(SAVE_PURPOSES, [client.id, client.purposes]);
  await tx.query(REOPEN);
}

const PURPOSE_OPEN = sql<{ open: boolean }>(
  'client_purpose_open',
  'select open from client_purpose where client_id = $1 and purpose = $2',
);

/** Whether this client may ask for this purpose now (C9): registered for it, and neither it, the client nor consent as such switched off. */
export async function isPurposeOpen(db: Queryable, clientId: string, purpose: string): Promise<boolean> {
  return (await db.query(PURPOSE_OPEN, [clientId, purpose]))[0]?.open === true;
}

const WITH_SECRETS = sql<{ id: string }>(
  'client_with_secrets',
  'select id from client where secret_hashes && $1::bytea[] or former_secret_hashes && $1::bytea[]',
);

/** Ids of clients for which one of these secrets (as SHA-256) is good: production asks for the sandbox's (R4). */
export async function clientsWithSecrets(db: Queryable, hashes: readonly Buffer[]): Promise<readonly string[]> {
  return (await db.query(WITH_SECRETS, [hashes])).map((row) => row.id);
}

/** What the operator can switch off and on (C9): consent as such, a purpose, a client, or one purpose of one client. */
export type Permission =
  | { readonly kind: 'consent' }
  | { readonly kind: 'purpose'; readonly purpose: string }
  | { readonly kind: 'client'; readonly clientId: string }
  | { readonly kind: 'client_purpose'; readonly clientId: string; readonly purpose: string };

const TAKE_TURNS = sql<never>('permission_take_turns', "select pg_advisory_xact_lock(hashtext('permission_switch'))");
const SWITCH = sql<{ name: string }>(
  'permission_switch',
  'update permission_switch set is_on = $2 where name = $1 returning name',
);
const SWITCH_CLIENT = sql<{ name: string }>(
  'permission_switch_client',
  'update client set enabled = $2 where id = $1 returning name',
);
const GIVE_PURPOSE = sql<{ name: string }>(
  'permission_give_purpose',
  `insert into client_purpose (client_id, purpose) select c.id, s.name from client c, permission_switch s
   where c.id = $1 and s.name = $2 and s.name <> 'consent'
   on conflict (client_id, purpose) do update set registered = true returning purpose as name`,
);
const TAKE_PURPOSE = sql<{ name: string }>(
  'permission_take_purpose',
  'update client_purpose set registered = false where client_id = $1 and purpose = $2 returning purpose as name',
);
const REOPEN = sql<never>(
  'permission_reopen',
  `update client_purpose p set open = wanted.open
   from (select cp.client_id, cp.purpose, cp.registered and c.enabled and s.is_on and everything.is_on as open
         from client_purpose cp
         join client c on c.id = cp.client_id
         join permission_switch s on s.name = cp.purpose
         join permission_switch everything on everything.name = 'consent') wanted
   where p.client_id = wanted.client_id and p.purpose = wanted.purpose and p.open is distinct from wanted.open`,
);

/** Those who change clients or permissions take turns: what they decide by is true until they have committed. */
export async function takeTurns(tx: Transaction): Promise<void> {
  await tx.query(TAKE_TURNS);
}

/**
 * Throws a switch, and brings `open` of every client's purposes in line with all switches. Two switches thrown at once take
 * turns. Waits for registrations under way, and makes later ones see it. Answers false when there is no such client or purpose.
 */
export async function throwSwitch(tx: Transaction, what: Permission, on: boolean): Promise<boolean> {
  await takeTurns(tx);
  const changed = await thrown(tx, what, on);
  await tx.query(REOPEN);
  return changed.length > 0;
}

async function thrown(tx: Transaction, what: Permission, on: boolean): Promise<readonly unknown[]> {
  switch (what.kind) {
    case 'consent':
      return tx.query(SWITCH, ['consent', on]);
    case 'purpose':
      return tx.query(SWITCH, [what.purpose, on]);
    case 'client':
      return tx.query(SWITCH_CLIENT, [what.clientId, on]);
    case 'client_purpose':
      return tx.query(on ? GIVE_PURPOSE : TAKE_PURPOSE, [what.clientId, what.purpose]);
  }
}

const LOG_CHANGE = sql<never>(
  'client_log_change',
  `insert into audit_log (at, kind, actor, client_id, reason, change) values ($1, 'client_changed', 'operator', $2, $3, $4)`,
);

/** The log row of a change of the registry, in the transaction that makes it (C7): each thing with what it was and what it is. */
export async function logChange(
  tx: Transaction,
  change: {
    at: Date;
    clientId: string;
    reason: 'added' | 'changed' | 'secret_rotated';
    differences: readonly ClientDifference[];
  },
): Promise<void> {
  await tx.query(LOG_CHANGE, [change.at, change.clientId, change.reason, JSON.stringify(change.differences)]);
}
