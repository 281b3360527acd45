import { sandboxCertificates } from '../../sandbox/authority.ts';
import type { Env } from '../../src/platform/config.ts';
import { apiPaths, apiScopes, type Api } from '../../src/clients/audience.ts';
import type { Platform } from '../../src/platform/platform.ts';
import { openBarePlatform } from '../../test/support/bare-platform.ts';
import { createDatabase, type TestDatabase } from '../../test/support/database.ts';
import { freePort } from '../../test/support/node-process.ts';
import { API, clientOf, type ClientNumber } from '../../test/support/world.ts';
import type { OpenSamtykke } from './samtykke-server.ts';
import { certificatesFolder, sandboxEnv } from './sandbox-env.ts';
import { startServer, type ServerProcess } from './server-process.ts';

/** A node in a process of its own over a database of its own, with the sandbox's clients and no creditors. */
export interface NodeWorld {
  readonly database: TestDatabase;
  readonly platform: Platform;
  readonly node: ServerProcess<string>;
  /** One more node over the same database. */
  startNode(env?: Env, more?: { readonly keepsTokensInMemory: boolean }): Promise<ServerProcess<string>>;
  close(): Promise<void>;
}

/** It counts requests as in production, but nobody comes to the limit; `env`: over that. */
export async function openNodeWorld(env: Env = {}): Promise<NodeWorld> {
  const database = await createDatabase();
  const world = await openBarePlatform(database);
  // Where creditors push to needs one.
  await sandboxCertificates(certificatesFolder, world.clock.realNow());
  const nodes: ServerProcess<string>[] = [];
  const startNode: NodeWorld['startNode'] = async (more = {}, kept) => {
    const node = await startServer<OpenSamtykke>('samtykke-server.ts', {
      servingUrl: database.servingUrl,
      ...kept,
      env: {
        ...sandboxEnv(),
        HOST: '127.0.0.1',
        PORT: String(await freePort()),
        PUSH_PORT: '0',
        PUBLIC_URL: API,
        RATE_LIMIT_PER_MINUTE: '100000000',
        ...env,
        ...more,
      },
    });
    nodes.push(node);
    return node;
  };
  return {
    database,
    platform: world.platform,
    node: await startNode(),
    startNode,
    close: async () => {
      for (const node of nodes) await node.end();
      await world.close();
      await database.drop();
    },
  };
}

/** A token of one of the sandbox's clients, as the header that it is sent in. */
export async function bearerOf(
  origin: string,
  api: Api,
  client: ClientNumber = 1,
): Promise<{ readonly authorization: string }> {
  const answer = await fetch(`${origin}/oauth2/token`, {
    method: 'POST',
    headers: { authorization: clientOf(client).basic },
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      audience: `${API}${apiPaths[api]}`,
      scope: apiScopes[api].join(' '),
    }),
  });
  if (!answer.ok) throw new Error(`no token: ${answer.status}`);
  const { access_token: token } = (await answer.json()) as { access_token: string };
  return { authorization: `Bearer ${token}` };
}

/** The headers of an answer, but for those that each answer gets anew: a baseline sends the same. */
export async function headersOf(origin: string, path: string, init: RequestInit): Promise<Record<string, string>> {
  const answer = await fetch(`${origin}${path}`, init);
  const body = await answer.text();
  if (!answer.ok) throw new Error(`${path} was answered ${answer.status}: ${body.slice(0, 300)}`);
  const anew = new Set(['connection', 'content-length', 'date', 'keep-alive', 'transfer-encoding']);
  return Object.fromEntries([...answer.headers].filter(([name]) => !anew.has(name)));
}
