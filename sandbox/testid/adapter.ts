import type { Adapter } from 'oidc-provider';
import { postgresAdapter } from '../../src/authorization-server/adapter.ts';
import { sha256, type NinVault, type Sealed } from '../../src/platform/crypto.ts';
import { loginKeys, publicPart } from '../../src/platform/keys.ts';
import type { Platform } from '../../src/platform/platform.ts';

/**
 * Where TestID keeps things: beside those of the authorization server, under names of its own, so that several nodes share them.
 * Who is signed in, and who was asked for, stands in them; they are encrypted as all that holds a personal number.
 */
export function testIdAdapter(platform: Platform): (model: string) => Adapter {
  const inDatabase = postgresAdapter(platform);
  return (model) => {
    if (model === 'Client') return { ...inDatabase('TestID Client'), find: async (id) => clientOf(platform, id) };
    // Assertions are seen once whoever they are for, which is said there.
    return model === 'ReplayDetection' ? inDatabase(model) : sealed(platform, inDatabase(`TestID ${model}`));
  };
}

function sealed({ vault }: Platform, inner: Adapter): Adapter {
  const ownerOf = (id: string) => `testid ${sha256(id).toString('hex')}`;
  return {
    ...inner,
    upsert: async (id, payload, expiresIn) => {
      const { keyId, cipher } = vault.sealText(JSON.stringify(payload), ownerOf(id));
      const { grantId } = payload;
      const kept = { sealed: cipher.toString('base64'), keyId, ...(grantId === undefined ? {} : { grantId }) };
      await inner.upsert(id, kept, expiresIn);
    },
    find: async (id) => {
      const found = await inner.find(id);
      if (found === undefined || found === null) return undefined;
      const { sealed: cipher, keyId, consumed } = found;
      const text = opened(vault, { keyId: String(keyId), cipher: Buffer.from(String(cipher), 'base64') }, ownerOf(id));
      if (text === undefined) return undefined;
      return { ...(JSON.parse(text) as object), ...(consumed === undefined ? {} : { consumed }) };
    },
  };
}

/** What was sealed; undefined when its key has been retired since, as if it had expired. */
function opened(vault: NinVault, sealed: Sealed, owner: string): string | undefined {
  try {
    return vault.openText(sealed, owner);
  } catch {
    return undefined;
  }
}

/** We are its one client, and prove ourselves to it as to any login provider. */
function clientOf({ config, keys }: Platform, id: string) {
  if (id !== config.loginClientId) return undefined;
  const faces = [...new Set([config.accessUrl, config.portalUrl])];
  const authentication =
    config.loginClientSecret === undefined
      ? { token_endpoint_auth_method: 'private_key_jwt' as const, jwks: { keys: loginKeys(keys).map(publicPart) } }
      : { token_endpoint_auth_method: 'client_secret_basic' as const, client_secret: config.loginClientSecret };
  return {
    client_id: id,
    ...authentication,
    grant_types: ['authorization_code'],
    response_types: ['code' as const],
    redirect_uris: faces.map((face) => `${face}/login/callback`),
    post_logout_redirect_uris: [`${config.accessUrl}/signed-out`, `${config.portalUrl}/signed-out`],
    require_pushed_authorization_requests: true,
    subject_type: 'pairwise' as const,
    sector_identifier_uri: 'https://sector.invalid/',
  };
}
