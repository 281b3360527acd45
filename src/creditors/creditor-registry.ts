import { sql } from '../platform/db-statement.ts';
import type { Queryable, Transaction } from '../platform/db.ts';
import { organisationOf, type Creditor, type RegisteredCreditor, type RegisteredProvider } from './creditor.ts';
import type { RegistryChange } from './registration.ts';

interface RegistryRow {
  id: string;
  name: string;
  enabled: boolean;
  contact_email: string | null;
  contact_phone: string | null;
  /** Null, as all that follows: nobody delivers for it. */
  provider_id: string | null;
  base_url: string;
  organisations: string[];
  client_certificate: string | null;
  provider_enabled: boolean;
  delivered_at: Date | null;
}

/** $1 one creditor, or null for all of them */
const FIND = sql<RegistryRow>(
  'creditor_find',
  `select c.id, c.name, c.enabled, c.contact_email, c.contact_phone, p.provider_id, p.base_url, p.organisations,
          p.client_certificate, p.enabled as provider_enabled, p.delivered_at
   from creditor c left join creditor_provider p on p.creditor_id = c.id
   where $1::text is null or c.id = $1
   order by c.name, c.id, p.provider_id`,
);

/** All creditors by name, those that are switched off too. */
export async function listCreditors(db: Queryable): Promise<readonly RegisteredCreditor[]> {
  return grouped(await db.query(FIND, [null]));
}

/** The creditor with this organisation number, on or off; undefined when there is none. */
export async function findCreditor(db: Queryable, id: string): Promise<RegisteredCreditor | undefined> {
  return grouped(await db.query(FIND, [id]))[0];
}

function grouped(rows: readonly RegistryRow[]): readonly RegisteredCreditor[] {
  const creditors = new Map<string, RegisteredCreditor & { readonly providers: RegisteredProvider[] }>();
  for (const row of rows) {
    const contact = { email: row.contact_email, phone: row.contact_phone };
    const { id, name, enabled } = row;
    const creditor = creditors.get(id) ?? { id, name, contact, enabled, providers: [] };
    creditors.set(id, creditor);
    if (row.provider_id === null) continue;
    creditor.providers.push({
      providerId: row.provider_id,
      baseUrl: row.base_url,
      organisations: row.organisations,
      clientCertificate: row.client_certificate,
      enabled: row.provider_enabled,
      deliveredAt: row.delivered_at,
    });
  }
  return [...creditors.values()];
}

const SAVE = sql<never>(
  'creditor_save',
  `insert into creditor (id, name, contact_email, contact_phone) values ($1, $2, $3, $4)
   on conflict (id) do update set name = excluded.name, contact_email = excluded.contact_email, contact_phone = excluded.contact_phone`,
);

const SAVE_PROVIDER = sql<never>(
  'creditor_save_provider',
  `insert into creditor_provider (creditor_id, provider_id, base_url, organisations, client_certificate) values ($1, $2, $3, $4, $5)
   on conflict (creditor_id, provider_id) do update
   set base_url = excluded.base_url, organisations = excluded.organisations, client_certificate = excluded.client_certificate`,
);

type Provider = Pick<RegisteredProvider, 'providerId' | 'baseUrl' | 'organisations' | 'clientCertificate'>;

/** Adds a creditor, or brings name and contact up to date; whether it is on is left alone. */
export async function saveName(
  tx: Transaction,
  creditor: Pick<RegisteredCreditor, 'id' | 'name' | 'contact'>,
): Promise<void> {
  const { id, name, contact } = creditor;
  await tx.query(SAVE, [id, name, contact.email, contact.phone]);
}

/**
 * Adds somebody who delivers for a creditor, or brings address, organisations and certificate up to date; whether it is on is left
 * alone. Waits for a delivery that is being swapped in at this moment.
 */
export async function saveProvider(tx: Transaction, creditorId: string, provider: Provider): Promise<void> {
  const { providerId, baseUrl, organisations, clientCertificate } = provider;
  await tx.query(SAVE_PROVIDER, [creditorId, providerId, baseUrl, organisations, clientCertificate]);
}

/**
 * For sandboxes, whose creditors are the same at every start: a creditor that delivers through one provider, and knows us by the
 * usual certificate. Leaves no log.
 */
export async function saveCreditor(tx: Transaction, creditor: Omit<Creditor, 'clientCertificate'>): Promise<void> {
  const { id, providerId, baseUrl } = creditor;
  await saveName(tx, creditor);
  const organisations = [organisationOf(providerId)];
  await saveProvider(tx, id, { providerId, baseUrl, organisations, clientCertificate: null });
}

const SWITCH = sql<{ id: string }>(
  'creditor_switch',
  'update creditor set enabled = $2 where id = $1 and enabled <> $2 returning id',
);

const SWITCH_PROVIDER = sql<{ id: string }>(
  'creditor_switch_provider',
  `update creditor_provider set enabled = $3 where creditor_id = $1 and provider_id = $2 and enabled <> $3 returning creditor_id as id`,
);

/** Switches a creditor, or one who delivers for it, off or on; answers whether it was otherwise. */
export async function saveSwitch(
  tx: Transaction,
  which: { id: string; providerId: string | undefined },
  on: boolean,
): Promise<boolean> {
  const { id, providerId } = which;
  const switched =
    providerId === undefined ? await tx.query(SWITCH, [id, on]) : await tx.query(SWITCH_PROVIDER, [id, providerId, on]);
  return switched.length > 0;
}

const TAKE_TURNS = sql<never>('creditor_take_turns', "select pg_advisory_xact_lock(hashtext('creditor registry'))");

const CERTIFICATES = sql<{ name: string }>(
  'creditor_certificates',
  `select distinct p.client_certificate as name from creditor_provider p join creditor c on c.id = p.creditor_id
   where c.enabled and p.enabled and p.client_certificate is not null order by name`,
);

/** The names of our certificates, beside the usual one, by which those know us who are called. */
export async function certificatesInUse(db: Queryable): Promise<readonly string[]> {
  return (await db.query(CERTIFICATES, [])).map(({ name }) => name);
}

/** Those who change the registry take turns: what they decide by is true until they have committed. */
export async function takeTurns(tx: Transaction): Promise<void> {
  await tx.query(TAKE_TURNS);
}

const LOG_CHANGE = sql<never>(
  'creditor_log_change',
  `insert into audit_log (at, kind, actor, creditor_id, reason, change) values ($1, 'creditor_changed', 'operator', $2, $3, $4)`,
);

/** The log row of a change of the registry, in the transaction that makes it (C7): each thing with what it was and what it is. */
export async function logChange(
  tx: Transaction,
  change: {
    at: Date;
    creditorId: string;
    reason: 'added' | 'changed' | 'switched_on' | 'switched_off';
    changes: readonly RegistryChange[];
  },
): Promise<void> {
  await tx.query(LOG_CHANGE, [change.at, change.creditorId, change.reason, JSON.stringify(change.changes)]);
}
