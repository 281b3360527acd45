import { createServer as createHttpsServer } from 'node:https';
import { request as requestOverHttp } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser } from 'playwright-core';
import { apiPaths, apiScopes, type Api } from '../../../src/clients/audience.ts';
import type { Env } from '../../../src/platform/config.ts';
import { createDatabase, withClient } from '../database.ts';
import { freePort, nodeOver, startNode, type NodeProcess } from '../node-process.ts';
import { clientOf, tokenRequest, type ClientNumber, type Json } from '../world.ts';
import { recordToken } from '../evidence.ts';
import { startOrganisation, type Organisation } from './organisation.ts';
import { selfSigned } from './self-signed.ts';
import { newVisitor, type How, type Visitor } from './visitor.ts';

/** A whole Samtykke in a process of its own as browsers meet it, and the web site of its first two clients. */
export interface Sandbox {
  readonly node: NodeProcess;
  /** Where people are sent to log in and to answer. */
  readonly accessUrl: string;
  readonly portalUrl: string;
  readonly organisation: Organisation;
  /** Somebody with a browser, who may go to us and to the organisation and nowhere else. */
  newVisitor(browser: Browser, how?: Omit<How, 'origins'>): Promise<Visitor>;
  /** Looks into the database, or changes it, past all privileges. */
  inspect(text: string, values?: readonly unknown[]): Promise<Json[]>;
  close(): Promise<void>;
}

/**
 * Starts one. `https`: as in production, with HTTPS in front and a name of its own for the portal, so that cookies are those of
 * production, and what is an origin's own is told apart. Otherwise as `npm start` does it.
 */
export async function startSandbox(options: { https?: boolean; env?: Env } = {}): Promise<Sandbox> {
  const database = await createDatabase();
  const port = await freePort();
  const front = options.https === true ? await startHttps(port) : undefined;
  const accessUrl = front === undefined ? `http://localhost:${port}` : `https://tilgang.localhost:${front.port}`;
  const portalUrl = front === undefined ? accessUrl : `https://mingjeld.localhost:${front.port}`;
  const urls = { PUBLIC_URL: accessUrl, PORTAL_URL: portalUrl };
  const node = await startNode({ ...nodeOver(database), ...urls, ...options.env }, port);
  const organisation = await startOrganisation();
  const inspect = async (text: string, values: readonly unknown[] = []): Promise<Json[]> => {
    let rows: Json[] = [];
    await withClient(database.superuserUrl, async (client) => {
      ({ rows } = await client.query(text, [...values]));
    });
    return rows;
  };
  await inspect('update client set redirect_uris = redirect_uris || $1 where id = any ($2)', [
    [organisation.callback],
    [clientOf(1).id, clientOf(2).id],
  ]);
  return {
    node,
    accessUrl,
    portalUrl,
    organisation,
    newVisitor: (browser, how = {}) => {
      const origins = [accessUrl, portalUrl, organisation.origin];
      const more = { ...how.more, ignoreHTTPSErrors: options.https === true };
      return newVisitor(browser, { ...how, more, origins });
    },
    inspect,
    close: async () => {
      await node.end('SIGTERM');
      await organisation.close();
      await front?.close();
      await database.drop();
    },
  };
}

/** HTTPS in front of a node. Names below `localhost` lead to this machine in every browser. */
async function startHttps(to: number): Promise<{ port: number; close(): Promise<void> }> {
  const server = createHttpsServer(selfSigned('localhost'), (request, response) => {
    const { method, url, headers } = request;
    const passed = requestOverHttp({ host: 'localhost', port: to, method, path: url, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
      answer.pipe(response);
    });
    passed.on('error', () => response.destroy());
    request.pipe(passed);
  });
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

/** A token of a client for an API, for looking up debt unless told. */
export async function tokenOf(
  { node }: Pick<Sandbox, 'node'>,
  client: ClientNumber,
  api: Api = 'debt',
): Promise<string> {
  // By NGI's name of the API, which is ours too, whatever the address is that this sandbox is reached by.
  const audience = `https://api-preprod.norskgjeld.no${apiPaths[api]}`;
  const form = { grant_type: 'client_credentials', audience, scope: apiScopes[api].join(' ') };
  const answer = await node.call(tokenRequest(form, clientOf(client).basic));
  if (answer.status !== 200) throw new Error(`no token: ${answer.status} ${answer.text}`);
  recordToken(answer.json.access_token);
  return answer.json.access_token;
}

/** The address of an authorization request of a client that leads back to the organisation's web site. */
export function requestAddress(
  { accessUrl, organisation }: Pick<Sandbox, 'accessUrl' | 'organisation'>,
  asked: { client?: ClientNumber; scope?: string; more?: Readonly<Record<string, string>> } = {},
): string {
  const parameters = new URLSearchParams({
    client_id: clientOf(asked.client ?? 2).id,
    response_type: 'code',
    scope: asked.scope ?? 'debt.unsecured.processing.28',
    redirect_uri: organisation.callback,
    state: 's1',
    ...asked.more,
  });
  return `${accessUrl}/oauth2/auth?${parameters}`;
}
