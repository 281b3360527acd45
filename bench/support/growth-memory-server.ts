import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { FastifyInstance } from 'fastify';
import { loginFetch } from '../../sandbox/testid/login-fetch.ts';
import { testIdRoutes } from '../../sandbox/testid/routes.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { toConfig, type Env } from '../../src/platform/config.ts';
import { readKeysFile } from '../../src/platform/keys.ts';
import { openPlatform, serve as serveSamtykke } from '../../src/serve.ts';
import { serve } from './served.ts';

/** Where this node tells of its memory. */
export const MEMORY_PATH = '/bench/memory';

/** What a process has in memory, in bytes: resident, and of its heap what is still in use after everything else was let go. */
export interface Memory {
  readonly resident: number;
  readonly heap: number;
  /** Outside the heap: buffers. */
  readonly external: number;
}

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const leaked: unknown[] = [];

/** Keeps what belongs to each request, as somebody does who forgets a listener or fills a map that nobody empties. */
function leak(app: FastifyInstance): void {
  app.addHook('onResponse', async (request) => {
    leaked.push({
      headers: { ...request.raw.headers },
      url: request.url,
      at: new Date(),
      own: Buffer.alloc(16_000),
    });
  });
}

/** A node as it runs in the sandbox, which tells of its memory besides. `leaking`: something is wrong with it. */
const open = async (told: { env: Env; servingUrl: string; leaking?: boolean }): Promise<string> => {
  const config = toConfig(told.env);
  const platform = openPlatform({
    config,
    keys: readKeysFile(config.keysFile),
    clock: systemClock,
    servingUrl: told.servingUrl,
    takeOnServingRole: false,
  });
  await serveSamtykke(platform, {
    loginFetch: loginFetch(config),
    extend: (app) => {
      testIdRoutes(app, platform);
      app.get(MEMORY_PATH, { schema: { hide: true } }, async (): Promise<Memory> => {
        // What is let go by the first may be what the second can take.
        collectGarbage();
        collectGarbage();
        const { rss, heapUsed, external } = process.memoryUsage();
        return { resident: rss, heap: heapUsed, external };
      });
      if (told.leaking === true) leak(app);
    },
  });
  return `http://${config.host}:${config.port}`;
};

export type OpenMemoryNode = typeof open;
serve(open);
