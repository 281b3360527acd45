import { sql, type Queryable, type Transaction } from '../platform/db.ts';
import { isUuid } from '../platform/ids.ts';
import type { Client, PublicKeys } from './client.ts';

interface ClientRow {
  id: string;
  name: string;
  organisation_number: string;
  enabled: boolean;
  secret_hashes: Buffer[];
  may_register_agreements: boolean;
  may_read_events: boolean;
  may_use_openid: boolean;
  redirect_uris: string[];
  post_logout_redirect_uris: string[];
  jwks: PublicKeys | null;
  require_pkce: boolean;
  id_token_alg: 'RS256' | 'ES256';
  purposes: string[];
}

const FIND = sql<ClientRow>(
  'client_find',
  `select c.id, c.name, c.organisation_number, c.enabled, c.secret_hashes, c.may_register_agreements, c.may_read_events,
          c.may_use_openid, c.redirect_uris, c.post_logout_redirect_uris, c.jwks, c.require_pkce, c.id_token_alg,
          array(select p.purpose from client_purpose p where p.client_id = c.id order by p.purpose) as purposes
   from client c where c.id = $1`,
);

/** The client with this id, enabled or not; undefined when there is none (also when the text is no UUID). */
export async function findClient(db: Queryable, id: string): Promise<Client | undefined> {
  if (!isUuid(id)) return undefined;
  const [row] = await db.query(FIND, [id]);
  return row === undefined
    ? undefined
    : {
        id: row.id,
        name: row.name,
        organisationNumber: row.organisation_number,
        enabled: row.enabled,
        secretHashes: row.secret_hashes,
        mayRegisterAgreements: row.may_register_agreements,
        mayReadEvents: row.may_read_events,
        mayUseOpenid: row.may_use_openid,
        redirectUris: row.redirect_uris,
        postLogoutRedirectUris: row.post_logout_redirect_uris,
        authentication:
          row.jwks === null ? { method: 'client_secret_basic' } : { method: 'private_key_jwt', jwks: row.jwks },
        requirePkce: row.require_pkce,
        idTokenAlgorithm: row.id_token_alg,
        purposes: row.purposes,
      };
}

const SAVE = sql<never>(
  'client_save',
  `insert into client (id, name, organisation_number, enabled, secret_hashes, may_register_agreements, may_read_events,
                       may_use_openid, redirect_uris, created_at, auth_method, jwks, require_pkce, id_token_alg, post_logout_redirect_uris)
   values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
   on conflict (id) do update set name = excluded.name, secret_hashes = excluded.secret_hashes,
     may_register_agreements = excluded.may_register_agreements, may_read_events = excluded.may_read_events,
     may_use_openid = excluded.may_use_openid, redirect_uris = excluded.redirect_uris, auth_method = excluded.auth_method,
     jwks = excluded.jwks, require_pkce = excluded.require_pkce, id_token_alg = excluded.id_token_alg,
     post_logout_redirect_uris = excluded.post_logout_redirect_uris`,
);

const SAVE_PURPOSES = sql<never>(
  'client_save_purposes',
  `insert into client_purpose (client_id, purpose, open)
   select $1, p.purpose, true from unnest($2::text[]) as p (purpose)
   on conflict do nothing`,
);

/** Makes a client, or brings one up to date; whether it is enabled is left alone then, and purposes are added, never taken away here (that ends consents: `switch-permission.ts`). */
export async function saveClient(tx: Transaction, client: Client, now: Date): Promise<void> {
  await tx.query(TAKE_TURNS);
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
    client.authentication.method,
    client.authentication.method === 'private_key_jwt' ? JSON.stringify(client.authentication.jwks) : null,
    client.requirePkce,
    client.idTokenAlgorithm,
    client.postLogoutRedirectUris,
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
  'select id from client where secret_hashes && $1::bytea[]',
);

/** Ids of clients for which one of these secrets (as SHA-256) is good: production asks for the sandbox's (R4). */
export async function clientsWithSecrets(db: Queryable, hashes: readonly Buffer[]): Promise<readonly string[]> {
  return (await db.query(WITH_SECRETS, [hashes])).map((row) => row.id);
}

/** What the operator can switch off and on (C9): consent as such, a purpose, or a client. */
export type Permission =
  | { readonly kind: 'consent' }
  | { readonly kind: 'purpose'; readonly purpose: string }
  | { readonly kind: 'client'; readonly clientId: string };

const TAKE_TURNS = sql<never>('permission_take_turns', "select pg_advisory_xact_lock(hashtext('permission_switch'))");
const SWITCH = sql<{ name: string }>(
  'permission_switch',
  'update permission_switch set is_on = $2 where name = $1 returning name',
);
const SWITCH_CLIENT = sql<{ name: string }>(
  'permission_switch_client',
  'update client set enabled = $2 where id = $1 returning name',
);
const REOPEN = sql<never>(
  'permission_reopen',
  `update client_purpose p set open = wanted.open
   from (select cp.client_id, cp.purpose, c.enabled and s.is_on and everything.is_on as open
         from client_purpose cp
         join client c on c.id = cp.client_id
         join permission_switch s on s.name = cp.purpose
         join permission_switch everything on everything.name = 'consent') wanted
   where p.client_id = wanted.client_id and p.purpose = wanted.purpose and p.open is distinct from wanted.open`,
);

/**
 * Throws a switch, and brings `open` of every client's purposes in line with all switches. Two switches thrown at once take
 * turns. Waits for registrations under way, and makes later ones see it. Answers false when there is no such client or purpose.
 */
export async function throwSwitch(tx: Transaction, what: Permission, on: boolean): Promise<boolean> {
  await tx.query(TAKE_TURNS);
  const changed =
    what.kind === 'client'
      ? await tx.query(SWITCH_CLIENT, [what.clientId, on])
      : await tx.query(SWITCH, [what.kind === 'purpose' ? what.purpose : 'consent', on]);
  await tx.query(REOPEN);
  return changed.length > 0;
}
