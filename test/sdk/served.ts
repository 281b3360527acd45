import { Samtykke, type SamtykkeOptions } from '../../sdk/src/entry.ts';
import { recordToken } from '../support/evidence.ts';
import { API, clientOf, startWorld, type ClientNumber, type World } from '../support/world.ts';

/** A world on a port, spoken to over HTTP by the package. */
export interface Served extends World {
  /** The package in the hands of one of the sandbox's clients, or with other options. */
  connect(client?: ClientNumber, options?: Partial<SamtykkeOptions>): Samtykke;
}

/** The world is known to itself by the address that tests know it by, so requests are led from there to the port that was free. */
export async function serveWorld(options: Parameters<typeof startWorld>[0] = {}): Promise<Served> {
  const world = await startWorld(options);
  const address = await world.app.listen({ port: 0, host: '127.0.0.1' });
  return {
    ...world,
    connect: (client = 1, more = {}) => {
      const { id, secret } = clientOf(client);
      return new Samtykke({
        baseUrl: API,
        clientId: id,
        clientSecret: secret,
        fetch: fetchFrom(address),
        ...more,
      } as SamtykkeOptions);
    },
  };
}

/** Remembers each token: it must be in no log. */
const fetchFrom =
  (address: string): typeof fetch =>
  async (input, init) => {
    const url = input instanceof Request ? input.url : String(input);
    const response = await fetch(url.replace(API, address), init);
    if (!url.endsWith('/oauth2/token') || !response.ok) return response;
    const { access_token: token } = (await response.clone().json()) as { access_token: string };
    recordToken(token);
    return response;
  };
