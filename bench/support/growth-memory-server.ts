import { channel } from 'node:diagnostics_channel';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
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

/** Keeps something of each request, as somebody does who fills a map that nobody empties. */
function leak(): void {
  channel('http.server.response.finish').subscribe((message) => {
    leaked.push({ message, own: Buffer.alloc(16_000) });
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
      if (told.leaking === true) leak();
    },
  });
  return `http://${config.host}:${config.port}`;
};

export type OpenMemoryNode = typeof open;
serve(open);
