import { EmbeddedJWK, calculateJwkThumbprint, jwtVerify } from 'jose';
import { sha256 } from '../platform/crypto.ts';
import { signingAlgorithms } from './public-keys.ts';

/** How far the time in a proof may be from ours, in seconds, either way: clocks differ, and a request takes a while to arrive. */
const PROOF_SECONDS = 60;
/** Longer than any proof with a key that is taken; so whoever sends one decides little of what checking it costs. */
const MOST_CHARACTERS = 4_000;

/** What a proof has to be a proof of: one request with one token, made by whoever has one key. */
export interface Possession {
  readonly method: string;
  /** Of the request, as we are known outside; without its query. */
  readonly address: string;
  readonly token: string;
  /** SHA-256 thumbprint (RFC 7638) of the key that the token is bound to. */
  readonly boundTo: string;
  readonly realNow: Date;
}

/** A proof that is good, once: see `spendProof`. */
export interface Proof {
  readonly hash: Buffer;
  readonly until: Date;
}

/**
 * Checks the proof of possession that came with a token that is bound to a key (RFC 9449, section 4.3). `header`: as it was sent; more
 * than one is none. Answers what to spend, or why it is refused, as a sentence for whoever made it.
 */
export async function checkProof(header: unknown, of: Possession): Promise<Proof | { readonly refused: string }> {
  if (header === undefined || header === '') {
    return { refused: 'the access token is bound to a key: send a proof of it in a header DPoP' };
  }
  if (typeof header !== 'string' || header.length > MOST_CHARACTERS)
    return { refused: 'the header DPoP holds no proof' };
  const read = await jwtVerify(header, EmbeddedJWK, {
    algorithms: [...signingAlgorithms],
    typ: 'dpop+jwt',
    currentDate: of.realNow,
  }).catch(() => undefined);
  const jwk = read?.protectedHeader.jwk;
  if (read === undefined || jwk === undefined) {
    return {
      refused: `the DPoP proof is no JWT of type dpop+jwt, signed (${signingAlgorithms.join(', ')}) with the key in it`,
    };
  }
  const { htm, htu, ath, iat, jti } = read.payload;
  const thumbprint = await calculateJwkThumbprint(jwk, 'sha256');
  if (thumbprint !== of.boundTo)
    return { refused: 'the DPoP proof is made with another key than the token is bound to' };
  if (htm !== of.method) return { refused: `the DPoP proof is for another method (htm): this is a ${of.method}` };
  if (addressIn(htu) !== addressIn(of.address)) return { refused: 'the DPoP proof is for another address (htu)' };
  if (ath !== sha256(of.token).toString('base64url')) return { refused: 'the DPoP proof is for another token (ath)' };
  const age = of.realNow.getTime() / 1000 - (iat ?? Number.NaN);
  if (!(Math.abs(age) <= PROOF_SECONDS)) {
    return {
      refused: `the DPoP proof was made more than ${PROOF_SECONDS} seconds from now (iat): make one for each request`,
    };
  }
  if (typeof jti !== 'string' || jti === '') return { refused: 'the DPoP proof has no id (jti)' };
  return {
    hash: sha256(`${thumbprint} ${jti}`),
    until: new Date(((iat ?? 0) + PROOF_SECONDS + 1) * 1000),
  };
}

/** An address as it is compared: spelt as usual, without query and fragment. */
function addressIn(text: unknown): string | undefined {
  const url = typeof text === 'string' ? URL.parse(text) : null;
  return url === null ? undefined : `${url.origin}${url.pathname}`;
}
