import type { CryptoKey, JWK } from 'jose';
import { publicPart } from '../../platform/keys.ts';
import { canonicalJson } from './canonical-json.ts';
import { statementIn, type SealStatement } from './seal.ts';

/** What a JWS of ours is about: so that no other text which the same key may have signed passes for a seal. */
const TYPE = 'samtykke-log-seal';

/** Loaded when it is needed: the command line has seals in its reach whatever it is called for, and is to begin at once. */
const jose = () => import('jose');

/** Signs a statement: the seal as a JWS in its compact form, whose payload is the statement's canonical JSON. */
export async function signSeal(statement: SealStatement, key: JWK): Promise<string> {
  const { alg, kid } = key;
  if (alg === undefined || kid === undefined) throw new Error('a key that signs seals needs alg and kid');
  const { CompactSign, importJWK } = await jose();
  return new CompactSign(new TextEncoder().encode(canonicalJson({ ...statement })))
    .setProtectedHeader({ alg, kid, typ: TYPE })
    .sign(await importJWK(key, alg));
}

/** What a seal says of itself, before anybody has checked its signature; undefined when it cannot be read. */
export function readSeal(jws: string): { readonly statement: SealStatement; readonly keyId: string } | undefined {
  try {
    const [header = '', payload = ''] = jws.split('.').map((part) => Buffer.from(part, 'base64url').toString('utf8'));
    const { kid, typ } = JSON.parse(header) as { kid?: unknown; typ?: unknown };
    const statement = statementIn(payload);
    return statement === undefined || typeof kid !== 'string' || typ !== TYPE ? undefined : { statement, keyId: kid };
  } catch {
    return undefined;
  }
}

/** Whose signature a seal bears. `unknown_key`: of a key that is not among ours, and so nothing can be said. */
export type Signature = 'good' | 'bad' | 'unknown_key';

/** Checks signatures with these keys, of which the public parts are enough. A key that cannot be used is none. */
export function sealVerifier(keys: readonly JWK[]): (jws: string) => Promise<Signature> {
  const imported = new Map(
    keys.flatMap((key) => (key.kid === undefined || key.alg === undefined ? [] : [[key.kid, key] as const])),
  );
  const usable = new Map<string, Promise<CryptoKey | Uint8Array>>();
  return async (jws) => {
    const { keyId } = readSeal(jws) ?? {};
    const key = keyId === undefined ? undefined : imported.get(keyId);
    if (key?.kid === undefined || key.alg === undefined) return 'unknown_key';
    const { kid, alg } = key;
    const { compactVerify, importJWK } = await jose();
    try {
      const opened = usable.get(kid) ?? importJWK(publicPart(key), alg);
      usable.set(kid, opened);
      await compactVerify(jws, await opened, { algorithms: [alg] });
      return 'good';
    } catch {
      return 'bad';
    }
  };
}
