import { sql } from '../platform/db-statement.ts';
import type { Queryable } from '../platform/db.ts';

/** Whether consents may be given at all, and for a purpose (C9). */
export interface PermissionState {
  /** `consent` as such, or a purpose. */
  readonly name: string;
  readonly on: boolean;
  /** Consents that are active now, and that switching it off would end. */
  readonly active: number;
}

/** One purpose of one client. */
export interface ClientPermissionState {
  readonly clientId: string;
  readonly clientName: string;
  readonly purpose: string;
  /** Whether the client is registered for it. */
  readonly registered: boolean;
  /** Whether it may ask for it now: registered, and nothing that it needs is switched off. */
  readonly open: boolean;
  readonly active: number;
}

/** $1 now */
const SWITCHES = sql<PermissionState>(
  'permission_list',
  `select s.name, s.is_on as on,
          (select count(*) from consent c where c.archived_at is null and c.expires_at > $1 and s.name in ('consent', c.purpose)) as active
   from permission_switch s order by s.name <> 'consent', s.name`,
);

/** All switches that hold for everybody. */
export async function readPermissions(db: Queryable, now: Date): Promise<readonly PermissionState[]> {
  return db.query(SWITCHES, [now]);
}

/** $1 client or null, $2 now */
const OF_CLIENTS = sql<ClientPermissionState>(
  'permission_list_of_clients',
  `select c.id as "clientId", c.name as "clientName", p.purpose, p.registered, p.open,
          (select count(*) from consent k
           where k.client_id = c.id and k.purpose = p.purpose and k.archived_at is null and k.expires_at > $2) as active
   from client_purpose p join client c on c.id = p.client_id
   where $1::uuid is null or c.id = $1 order by c.name, c.id, p.purpose`,
);

/** The purposes of all clients, or of one. */
export async function readClientPermissions(
  db: Queryable,
  clientId: string | undefined,
  now: Date,
): Promise<readonly ClientPermissionState[]> {
  return db.query(OF_CLIENTS, [clientId ?? null, now]);
}
