import type { PublicKeys } from './client.ts';

/** What a client may sign with, assertions (A2) and request objects alike; by the type of key. */
export const signingAlgorithms = ['RS256', 'PS256', 'ES256'] as const;

const MOST_KEYS = 10;
/** Bits of an RSA modulus. Longer ones make each check dear, and that is asked for by whoever sends a request. */
const RSA_BITS = { least: 2_048, most: 4_096 } as const;
/** Members of which each one belongs to a key that signs, or to one that both sides know. */
const PRIVATE = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'];

/**
 * Reads the keys that a client tells us, as a JWK Set or a single JWK: what is kept of them, or all that is wrong with them as ends of
 * a sentence whose subject is the set. Taken are RSA keys of 2048 to 4096 bits and those of the curve P-256. Members that say nothing
 * of the key itself (certificates, comments) are left out. No value is ever repeated: it may be a private key.
 */
export function publicKeysFrom(value: unknown): PublicKeys | { readonly refused: readonly string[] } {
  const told = (value ?? {}) as { keys?: unknown; kty?: unknown };
  const keys: unknown = told.keys ?? (told.kty === undefined ? undefined : [told]);
  const refused = (...whats: readonly string[]) => ({ refused: whats });
  if (!Array.isArray(keys) || keys.length === 0) {
    return refused('are no JWK Set: write {"keys": [ … ]} with at least one key');
  }
  if (keys.length > MOST_KEYS) return refused(`are more than ${MOST_KEYS}`);
  const read = keys.map((key: unknown) => keyFrom(key));
  const problems = read.flatMap((key, place) =>
    typeof key === 'string' ? [`have a key (number ${place + 1}) that ${key}`] : [],
  );
  if (problems.length > 0) return refused(...problems);
  const good = read.filter((key) => typeof key !== 'string');
  const names = good.map((key) => key['kid']);
  if (good.length > 1 && names.includes(undefined)) {
    return refused('have a key without kid: name each one where there are several');
  }
  return new Set(names).size === names.length ? { keys: good } : refused('have two keys with the same kid');
}

type Key = Readonly<Record<string, unknown>>;

function keyFrom(value: unknown): Key | string {
  if (typeof value !== 'object' || value === null) return 'is no JWK';
  const jwk = value as Record<string, unknown>;
  if (PRIVATE.some((member) => member in jwk)) {
    return 'is private: send us the public part only, and take this key out of use, since others have seen it now';
  }
  const { kid, use, key_ops: operations, alg } = jwk;
  if (kid !== undefined && (typeof kid !== 'string' || !/^[\x21-\x7e]{1,100}$/.test(kid)))
    return 'has a kid that is not 1 to 100 plain characters';
  if (use !== undefined && use !== 'sig') return 'is not for signatures (use)';
  if (operations !== undefined && !(Array.isArray(operations) && operations.includes('verify')))
    return 'is not for checking signatures (key_ops)';
  const named = { ...(kid === undefined ? {} : { kid }), ...(alg === undefined ? {} : { alg }), use: 'sig' };
  switch (jwk['kty']) {
    case 'RSA':
      return rsaProblem(jwk) ?? { kty: 'RSA', n: jwk['n'], e: jwk['e'], ...named };
    case 'EC':
      return curveProblem(jwk) ?? { kty: 'EC', crv: 'P-256', x: jwk['x'], y: jwk['y'], ...named };
    default:
      return 'is neither RSA nor EC';
  }
}

function rsaProblem({ n, e, alg }: Key): string | undefined {
  const bits = bitsOf(n);
  if (bits === undefined) return 'has no modulus (n)';
  if (bits < RSA_BITS.least || bits > RSA_BITS.most)
    return `has ${bits} bits: ${RSA_BITS.least} to ${RSA_BITS.most} are taken`;
  // The one exponent that everybody uses; a long one is a way to make our checks dear.
  if (e !== 'AQAB') return 'has an exponent (e) other than 65537';
  return alg === undefined || alg === 'RS256' || alg === 'PS256'
    ? undefined
    : 'has an alg that is neither RS256 nor PS256';
}

function curveProblem({ crv, x, y, alg }: Key): string | undefined {
  if (crv !== 'P-256') return 'is of another curve than P-256';
  if (![x, y].every((coordinate) => typeof coordinate === 'string' && /^[\w-]{43}$/.test(coordinate))) {
    return 'has no coordinates (x, y) of 32 bytes';
  }
  return alg === undefined || alg === 'ES256' ? undefined : 'has an alg other than ES256';
}

/** How long a number is that is written in base64url; undefined: it is none. */
function bitsOf(text: unknown): number | undefined {
  if (typeof text !== 'string' || !/^[\w-]{1,2000}$/.test(text) || text.length % 4 === 1) return undefined;
  const bytes = Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (sign) => sign.charCodeAt(0));
  const first = bytes.findIndex((byte) => byte !== 0);
  return first < 0 ? undefined : (bytes.length - first) * 8 - Math.clz32(bytes[first] ?? 0) + 24;
}
