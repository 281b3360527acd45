import type { Adapter, AdapterPayload } from 'oidc-provider';
import { findClient } from '../clients/client-registry.ts';
import { registeredScopes, secretsGoodAt, type Client } from '../clients/client.ts';
import { apis } from '../clients/audience.ts';
import { DomainError } from '../errors/domain-error.ts';
import { sha256 } from '../platform/crypto.ts';
import { sql, type SqlValue, type Statement } from '../platform/db-statement.ts';
import type { Platform } from '../platform/platform.ts';
import { errors } from './oidc-provider.ts';
import { saveToken } from './store.ts';

const UPSERT = sql<{ saved: boolean }>(
  'oauth_upsert',
  `insert into oauth_artefact (model, id_hash, payload, grant_id, expires_at) values ($1, $2, $3, $4, $5)
   on conflict (model, id_hash) do update set payload = excluded.payload, grant_id = excluded.grant_id, expires_at = excluded.expires_at
   returning true as saved`,
);

/** For what may be seen once only: it is saved unless it is there already and has not expired ($6: real time). */
const SAVE_ONCE = sql<{ saved: boolean }>(
  'oauth_save_once',
  `insert into oauth_artefact (model, id_hash, payload, grant_id, expires_at) values ($1, $2, $3, $4, $5)
   on conflict (model, id_hash) do update set payload = excluded.payload, expires_at = excluded.expires_at
     where oauth_artefact.expires_at < $6
   returning true as saved`,
);

/** For tokens of a grant: only while the grant is there, which a replay of its code takes away (A11). $6: hash of the grant's id */
const SAVE_GRANTED = sql<{ saved: boolean }>(
  'oauth_save_granted',
  `insert into oauth_artefact (model, id_hash, payload, grant_id, expires_at)
   select $1, $2::bytea, $3::jsonb, $4, $5::timestamptz
   from (select 1 from oauth_artefact where model = 'Grant' and id_hash = $6 for key share) as granted
   returning true as saved`,
);

// The library allows clocks to differ by 15 s; it decides what is expired, from the payload.
const FIND = sql<{ payload: AdapterPayload; consumed_at: Date | null }>(
  'oauth_find',
  `select payload, consumed_at from oauth_artefact
   where model = $1 and id_hash = $2 and (expires_at is null or expires_at > $3::timestamptz - interval '30 seconds')`,
);

const CONSUME = sql<{ consumed: boolean }>(
  'oauth_consume',
  // Kept for as long as what was given for it may be used, so that a replay is known for one.
  `update oauth_artefact set consumed_at = $3::timestamptz, expires_at = $3::timestamptz + interval '1 hour'
   where model = $1 and id_hash = $2 and consumed_at is null returning true as consumed`,
);

const DESTROY = sql<{ gone: boolean }>(
  'oauth_destroy',
  'delete from oauth_artefact where model = $1 and id_hash = $2 returning true as gone',
);
const REVOKE_GRANT = sql<never>('oauth_revoke_grant', 'delete from oauth_artefact where model = $1 and grant_id = $2');

const SWEEP = sql<{ swept: boolean }>(
  'oauth_sweep',
  // By where they lie, as they are locked: joined to them, all tokens would be read where the planner does not know how few have expired.
  `delete from oauth_artefact where ctid = any (array(
     select ctid from oauth_artefact where expires_at < $1::timestamptz - interval '1 minute'
     order by expires_at limit $2 for update skip locked
   )) returning true as swept`,
);

/** Removes tokens, codes and the like that have expired. Any number of nodes may run it at once. Answers how many went. */
export async function sweepArtefacts(platform: Platform): Promise<number> {
  const PORTION = 5_000;
  let total = 0;
  for (;;) {
    const swept = (await platform.db.query(SWEEP, [platform.clock.realNow(), PORTION])).length;
    total += swept;
    if (swept < PORTION) return total;
  }
}

/** The library's own sessions are not kept: every authorization request logs in anew (A10). */
const noSessions: Adapter = {
  upsert: async () => undefined,
  find: async () => undefined,
  consume: async () => undefined,
  destroy: async () => undefined,
  revokeByGrantId: async () => undefined,
  findByUid: async () => undefined,
  findByUserCode: async () => undefined,
};

/** The models whose ids are kept in full anyway, because they are no credentials: our consent's id, a replayed `jti`. */
const withIds = new Set(['Grant', 'ReplayDetection']);

/**
 * Where `oidc-provider` keeps things: PostgreSQL. The id of a token or code *is* the token or code, so it is kept as its SHA-256
 * only, and left out of the payload. What may happen once (a code exchanged, an assertion seen) is one conditional statement,
 * since the library reads first and writes then. Clients come from our registry.
 */
export function postgresAdapter(platform: Platform): (model: string) => Adapter {
  return (model) => {
    if (model === 'Client') return clientAdapter(platform);
    return model === 'Session' ? noSessions : artefactAdapter(platform, model);
  };
}

/**
 * A failure of the database as an error of the library's: anything else would be answered as a page of its own, without the
 * redirect or the JSON that the client waits for. What is not an outage stays hidden behind the library's `server_error`.
 */
export function databaseAway(cause: unknown): Error {
  if (!(cause instanceof DomainError)) return new errors.OIDCProviderError(500, 'server_error', { cause });
  return Object.assign(new errors.OIDCProviderError(503, 'temporarily_unavailable', { cause }), {
    expose: true,
    error_description: cause.detail,
  });
}

function artefactAdapter(platform: Platform, model: string): Adapter {
  const away = (error: unknown): never => {
    throw databaseAway(error);
  };
  const query = <Row>(statement: Statement<Row>, values: readonly SqlValue[]): Promise<Row[]> =>
    platform.db.query(statement, values).catch(away);
  const now = () => platform.clock.realNow();
  /** First the grant, which waits for a token that is being saved, and lets none be saved after it; then what was saved (A11). */
  const endGrant = async (of: string, grantId: string): Promise<void> => {
    await query(DESTROY, ['Grant', sha256(grantId)]);
    await query(REVOKE_GRANT, [of, grantId]);
  };

  return {
    upsert: async (id, payload, expiresIn) => {
      const { jti, ...rest } = payload;
      const kept = withIds.has(model) ? { ...rest, jti } : rest;
      const expiresAt = expiresIn !== undefined && expiresIn > 0 ? new Date(now().getTime() + expiresIn * 1000) : null;
      if (model === 'ClientCredentials') {
        await saveToken(platform, { model, idHash: sha256(id), payload: JSON.stringify(kept), expiresAt }).catch(away);
        return;
      }
      const values = [model, sha256(id), JSON.stringify(kept), payload.grantId ?? null, expiresAt];
      if (model === 'AccessToken' && payload.grantId !== undefined) {
        const saved = await query(SAVE_GRANTED, [...values, sha256(payload.grantId)]);
        if (saved.length === 0) throw new errors.InvalidGrant('the code was used twice');
        return;
      }
      if (model !== 'ReplayDetection') {
        await query(UPSERT, values);
        return;
      }
      const saved = await query(SAVE_ONCE, [...values, now()]);
      if (saved.length === 0) throw new errors.InvalidClientAuth('the client assertion or the proof was used before');
    },
    find: async (id) => {
      const [row] = await query(FIND, [model, sha256(id), now()]);
      if (row === undefined) return undefined;
      // A replay, whoever sends it and with whatever beside it: the library would look at that first, and leave the token alone.
      if (model === 'AuthorizationCode' && row.consumed_at !== null && row.payload.grantId !== undefined) {
        await endGrant('AccessToken', row.payload.grantId);
      }
      return {
        ...row.payload,
        jti: id,
        ...(row.consumed_at === null ? {} : { consumed: Math.floor(row.consumed_at.getTime() / 1000) }),
      };
    },
    consume: async (id) => {
      const [consumed] = await query(CONSUME, [model, sha256(id), now()]);
      if (consumed !== undefined) return;
      // Two came at once with the same code. Whoever was first gets no token either, or loses it (A11): the library sees to that
      // only for those that come later.
      const [used] = await query(FIND, [model, sha256(id), now()]);
      if (used?.payload.grantId !== undefined) {
        await endGrant('AccessToken', used.payload.grantId);
      }
      throw new errors.InvalidGrant('it was used before');
    },
    destroy: async (id) => {
      const [gone] = await query(DESTROY, [model, sha256(id)]);
      // Two that go back at once with one answer: the library reads first, and would give each of them a code.
      if (model === 'Interaction' && gone === undefined) throw new errors.SessionNotFound('it has been used');
    },
    revokeByGrantId: async (grantId) => {
      await endGrant(model, grantId);
    },
    findByUid: async () => undefined, // of sessions only
    findByUserCode: async () => undefined, // no device flow
  };
}

/** A secret is its hash here, which `compareClientSecret` knows; none at all is one that nothing equals. */
const authenticationOf = (client: Client, realNow: Date) => ({
  token_endpoint_auth_method: client.authentication,
  ...(client.jwks === null ? {} : { jwks: { keys: [...client.jwks.keys] } }),
  ...(client.authentication === 'private_key_jwt'
    ? {}
    : {
        client_secret:
          secretsGoodAt(client, realNow)
            .map((hash) => hash.toString('base64url'))
            .join(' ') || '-',
      }),
});

/** Clients as the library wants them. Changes go elsewhere. */
function clientAdapter(platform: Platform): Adapter {
  const refuse = async (): Promise<never> => {
    throw new Error('clients are changed in the registry, not by the authorization server');
  };
  return {
    find: async (id) => {
      const client = await findClient(platform.db, id).catch((error: unknown) => {
        throw databaseAway(error);
      });
      // As it was registered, to the letter: what is issued to another spelling could not be redeemed.
      if (client === undefined || !client.enabled || client.id !== id) return undefined;
      return {
        client_id: client.id,
        client_name: client.name,
        ...authenticationOf(client, platform.clock.realNow()),
        // Whom nobody can be sent back to asks nobody.
        ...(client.redirectUris.length === 0
          ? { grant_types: ['client_credentials'], response_types: [] }
          : { grant_types: ['authorization_code', 'client_credentials'], response_types: ['code'] }),
        response_modes: ['query', 'fragment'],
        redirect_uris: [...client.redirectUris],
        require_pkce: client.profile.pkce,
        require_pushed_authorization_requests: client.profile.par,
        require_signed_request_object: client.profile.signedRequests,
        dpop_bound_access_tokens: client.profile.dpop,
        id_token_signed_response_alg: client.idTokenAlgorithm,
        subject_type: 'pairwise',
        // With redirect addresses on several hosts the library wants one; the client's id is what subjects are told apart by.
        sector_identifier_uri: `https://sector.invalid/${client.id}`,
        registered_scopes: apis.flatMap((api) => registeredScopes(client, api)),
        consent_scopes: [...registeredScopes(client, 'debt'), ...(client.mayUseOpenid ? ['openid'] : [])],
      };
    },
    upsert: refuse,
    consume: refuse,
    destroy: refuse,
    revokeByGrantId: refuse,
    findByUid: refuse,
    findByUserCode: refuse,
  };
}
