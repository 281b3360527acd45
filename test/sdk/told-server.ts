import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { Samtykke, type SamtykkeOptions } from '../../sdk/src/entry.ts';

/** A request as it came. */
export interface Seen {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** What a server is told to answer. */
export interface Told {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly json?: unknown;
  readonly text?: string;
  /** Waits so long before it answers. */
  readonly afterMs?: number;
  /** Sends the text and cuts the connection before the answer is whole. */
  readonly cut?: boolean;
  /** Never answers. */
  readonly silent?: boolean;
}

export interface ToldServer {
  readonly url: string;
  /** Everything that was asked, but for discovery. */
  readonly seen: readonly Seen[];
  /** Those to a path. */
  to(path: string): readonly Seen[];
  close(): Promise<void>;
}

/** Tokens are `token-1`, `token-2`, … unless told otherwise, and good for an hour. */
export type Answers = (request: Seen, before: readonly Seen[]) => Told | undefined | Promise<Told | undefined>;

/**
 * A real server on a port that answers as told: misbehaviour that a sound server cannot be brought to. What is not told is a 404, but for
 * tokens; discovery is always answered.
 */
export async function startToldServer(answers: Answers): Promise<ToldServer> {
  const seen: Seen[] = [];
  const waiting = new Set<NodeJS.Timeout>();
  let tokens = 0;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { method = '', url: path = '', headers } = request;
      const one: Seen = { method, path, headers, body: Buffer.concat(chunks).toString() };
      const isDiscovery = path === '/.well-known/openid-configuration';
      const before = [...seen];
      if (!isDiscovery) seen.push(one);
      void (async () => {
        const told = isDiscovery ? { json: discovery(url) } : ((await answers(one, before)) ?? tokenFor(path));
        const timer = setTimeout(() => {
          waiting.delete(timer);
          send(response, told);
        }, told.afterMs ?? 0);
        waiting.add(timer);
      })();
    });
  });
  const tokenFor = (path: string): Told =>
    path === '/oauth2/token'
      ? { json: { access_token: `token-${++tokens}`, token_type: 'bearer', expires_in: 3599 } }
      : { status: 404, json: { error: 'not found' } };
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    seen,
    to: (path) => seen.filter((one) => one.path.split('?')[0] === path),
    close: async () => {
      for (const timer of waiting) clearTimeout(timer);
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

const discovery = (issuer: string) => ({
  issuer,
  authorization_endpoint: `${issuer}/oauth2/auth`,
  token_endpoint: `${issuer}/oauth2/token`,
  jwks_uri: `${issuer}/.well-known/jwks.json`,
});

function send(response: ServerResponse, told: Told): void {
  if (told.silent === true) return;
  const text = told.text ?? (told.json === undefined ? '' : JSON.stringify(told.json));
  const type: Record<string, string> = told.json === undefined ? {} : { 'content-type': 'application/json' };
  const length: Record<string, number> = told.cut === true ? { 'content-length': text.length + 100 } : {};
  response.writeHead(told.status ?? 200, { 'x-trace-id': 'trace-1', ...type, ...length, ...told.headers });
  if (told.cut !== true) {
    response.end(text);
    return;
  }
  response.write(text, () => setImmediate(() => response.destroy()));
}

export const SECRET = 'secret-that-nobody-may-read';

/** The package, connected to such a server. */
export const clientOf = (server: Pick<ToldServer, 'url'>, options: Partial<SamtykkeOptions> = {}): Samtykke =>
  new Samtykke({ baseUrl: server.url, clientId: 'client-1', clientSecret: SECRET, ...options } as SamtykkeOptions);

/** Runs a test with such a server, and closes it. */
export async function withToldServer<Result>(
  answers: Answers,
  work: (server: ToldServer) => Promise<Result>,
): Promise<Result> {
  const server = await startToldServer(answers);
  try {
    return await work(server);
  } finally {
    await server.close();
  }
}

export const CONSENT_ID = '0192a1b2-0000-7000-8000-000000000001';

/** An answer of the debt API. */
export const debtAnswer = {
  ssn: '14842249091',
  loans: [
    {
      creditorName: 'Fjordbanken ASA',
      loan: {
        type: 'creditFacility',
        timestamp: '2026-11-01T05:00:00.000Z',
        coBorrower: 2,
        creditLimit: 5_000_000,
        interestBearingBalance: 120_050,
        nonInterestBearingBalance: 0,
        nominalInterestRate: 1020,
        installmentCharges: 4_500,
        installmentChargePeriod: 'HALF-YEARLY',
      },
    },
    { creditorName: 'Taus Bank', loan: null },
  ],
  numberOfCreditorsAnswered: 1,
  numberOfcreditorsMissing: 1,
  consent: { id: CONSENT_ID, exp: 1_800_000_000, scope: 'debt.unsecured.processing' },
};
