import { gzipSync } from 'node:zlib';
import scalar from '@scalar/fastify-api-reference';
import { fastify } from 'fastify';

/**
 * Takes Scalar's script out of its package and prints it, zipped: the package holds five megabytes as a text, which with all that comes of
 * it stay in the memory of whatever process loaded it. `scalar.ts` runs this.
 */
if (import.meta.main) {
  const app = fastify();
  await app.register(scalar, { routePrefix: '/', configuration: { url: '/' } });
  const { statusCode, rawPayload } = await app.inject('/js/scalar.js');
  if (statusCode !== 200) throw new Error(`the package answers ${statusCode} where its script should be`);
  process.stdout.write(gzipSync(rawPayload, { level: 9 }));
  await app.close();
}
