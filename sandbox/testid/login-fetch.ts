import type { Config } from '../../src/platform/config.ts';
import { outgoingFetch } from '../../src/platform/fetch.ts';

/**
 * What a sandbox logs in with: requests to its own TestID go to its own port, whatever the address is by which the world reaches it
 * (another port, a proxy in front, a name that only browsers resolve). Requests to other providers are left alone.
 */
export const loginFetch =
  (config: Config): typeof fetch =>
  async (input, init) => {
    const url = new URL(input instanceof Request ? input.url : input);
    if (!url.href.startsWith(`${config.accessUrl}/testid/`)) return outgoingFetch(input, init);
    const host = ['0.0.0.0', '::'].includes(config.host) ? 'localhost' : config.host;
    const own = `http://${host.includes(':') ? `[${host}]` : host}:${config.port}`;
    return outgoingFetch(new URL(`${url.pathname}${url.search}`, own), init);
  };
