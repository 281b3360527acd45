import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { createGunzip, gzipSync } from 'node:zlib';
import type { FastifyReply, FastifyRequest } from 'fastify';

/** An answer that is the same for everybody, and that browsers may keep. */
export interface Kept {
  readonly type: string;
  readonly zipped: Buffer;
  readonly etag: string;
}

export const kept = (type: string, body: string): Kept => keptZipped(type, gzipSync(body, { level: 9 }));

export const keptZipped = (type: string, zipped: Buffer): Kept => ({
  type,
  zipped,
  etag: `"${createHash('sha256').update(zipped).digest('base64url').slice(0, 22)}"`,
});

/** The zipped form, or unzipped on the way for the few that do not take it; 304 to who has it already (RFC 9110, section 13.1.2). */
export function sendKept(request: FastifyRequest, reply: FastifyReply, { type, zipped, etag }: Kept): FastifyReply {
  const { 'if-none-match': known, 'accept-encoding': encodings } = request.headers;
  // Weak comparison: a proxy that zips anew marks the tag with W/.
  const has = (known ?? '').split(',').some((tag) => tag.trim() === '*' || tag.trim().replace(/^W\//, '') === etag);
  reply.headers({ etag, vary: 'accept-encoding' });
  if (has) return reply.code(304).send();
  reply.type(type);
  const takesZipped = /\bgzip\b(?!\s*;\s*q=0(?:\.0+)?\s*(?:,|$))/.test(encodings ?? '');
  if (takesZipped) return reply.header('content-encoding', 'gzip').send(zipped);
  return reply.send(Readable.from([zipped]).pipe(createGunzip()));
}

/** How long browsers keep it without asking: for good where the address changes with it. */
export const keepFor = (seconds: 'good' | number) => async (_request: FastifyRequest, reply: FastifyReply) => {
  // Of the route itself, so that it comes after the hook that forbids to keep any answer.
  if (reply.statusCode !== 200 && reply.statusCode !== 304) return;
  reply.header(
    'cache-control',
    seconds === 'good' ? 'public, max-age=31536000, immutable' : `public, max-age=${seconds}`,
  );
};
