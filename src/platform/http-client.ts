import { lookup, type LookupAddress } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { checkServerIdentity, type PeerCertificate } from 'node:tls';
import { Pool, type Dispatcher } from 'undici';
import { refusedAddress } from './address-ranges.ts';
import type { Config } from './config.ts';
import { isInsideTransaction } from './db.ts';
import { readClientTls, type ClientTls } from './tls.ts';
import type { Attributes, OpenSpan } from './tracing-span.ts';
import { noTracing, type Tracing } from './tracing.ts';

export interface HttpCall {
  /** Scheme, host and port. */
  readonly origin: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Ends the call, wherever it is: waiting for a connection, for headers, or in the midst of the body. */
  readonly signal: AbortSignal;
  /** Of the body; a call whose answer grows beyond that fails. */
  readonly maxBytes: number;
  /** Whom the server must be. With it the call is over mutual TLS; without, over ordinary TLS that tells nobody who we are. */
  readonly identity?: ServerIdentity;
  /** How the call is told of in traces, where it is. */
  readonly span?: CallSpan;
}

export interface CallSpan {
  /** What kind of call it is; the address is not told. */
  readonly name: string;
  readonly attributes: Attributes;
  /** Whether the other side hears which trace it belongs to (`traceparent`). */
  readonly handOn: boolean;
}

export interface HttpMessage extends HttpCall {
  readonly body: string;
  /** For whom it is sent: calls for others share no connections with these, and so wait for none of them. */
  readonly sender: string;
}

/** What became of a message. Of the answer's body a little is read, so that the connection can be kept, and nothing is told. */
export interface HttpReceipt {
  readonly status: number;
  /** As it was sent; undefined: not, or more than once. */
  readonly retryAfter: string | undefined;
}

/** Whom a server must be, beside the host that its certificate is for; and who we are to it. */
export interface ServerIdentity {
  /** Calls with another key share no connections with these. */
  readonly key: string;
  /** The name of the certificate by which it knows us; null: the usual one. Calls with another one share no connections either. */
  readonly certificate: string | null;
  /** What is wrong with a certificate of a known authority (its subject's organizationIdentifier as Node reads it), in a word. */
  refuse(organizationIdentifier: unknown): string | undefined;
}

export interface HttpAnswer {
  readonly status: number;
  /** As the server wrote it; empty: not at all, or more than once. */
  readonly contentType: string;
  readonly body: Buffer;
}

export interface HttpStream {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /**
   * As it arrives, and no faster than it is read. Can be read once, and holds its connection until it has been read to its end, left
   * (`break`), or discarded. Throws as the call does.
   */
  readonly body: AsyncIterable<Buffer>;
  /** Instead of reading it. */
  discard(): Promise<void>;
}

/**
 * `not_reached`: no connection, or no TLS over it; `wrong_server`: the server's certificate is not good, or not its own;
 * `not_allowed`: we may not ask there; `cut`: the connection ended, or spoke no HTTP; `encoded`: packed, which nobody asked for.
 */
export type HttpFailure = 'not_reached' | 'wrong_server' | 'not_allowed' | 'cut' | 'encoded' | 'too_large';

/** Why a call failed. Holds nothing of what was sent or received, and no cause that might. */
export class HttpCallError extends Error {
  readonly failure: HttpFailure;
  constructor(failure: HttpFailure, message: string) {
    super(message);
    this.name = 'HttpCallError';
    this.failure = failure;
  }
}

/**
 * Speaks HTTP to others. Redirects are answered as they are, and not followed. Packed answers are not asked for, and not taken. One
 * pool of kept-alive connections for each origin, identity and certificate of ours. Refuses inside a database transaction.
 *
 * Both calls throw HttpCallError when the call fails, or the reason of the signal when that ended it.
 */
export interface HttpClient {
  /** Reads the whole answer. */
  get(call: HttpCall): Promise<HttpAnswer>;
  /** Answers when the headers are there. */
  stream(call: HttpCall): Promise<HttpStream>;
  /** Sends a body. Answers when the headers are there; of an answer's body that is longer than `maxBytes` the connection is closed. */
  post(message: HttpMessage): Promise<HttpReceipt>;
  close(): Promise<void>;
}

export interface HttpClientOptions {
  /** Calls under way at once to one server; more of them wait for their turn (or their signal). */
  readonly connections: number;
  /** Whether servers may be spoken to in the clear. */
  readonly plainHttp: boolean;
  /**
   * What calls with an identity prove us with, by its name; asked for when the first one is made. What it throws is that call's
   * failure, and the next one asks again.
   */
  readonly mutualTls: (certificate: string | null) => ClientTls;
  /** Whether an IP address may be connected to; asked after names have been looked up. All may, unless told. */
  readonly mayReach?: (address: string) => boolean;
  readonly tracing?: Tracing;
}

/**
 * The client of an installation. Outside of a sandbox it speaks TLS only, and to nobody in a network of our own, whatever the names of
 * creditors have come to stand for since they were registered.
 */
export const configuredHttpClient = (config: Config, tracing: Tracing = noTracing): HttpClient =>
  httpClient({
    tracing,
    connections: config.creditorConnections,
    plainHttp: config.mode === 'sandbox',
    mutualTls: (certificate) => readClientTls(config, certificate),
    ...(config.mode === 'sandbox' ? {} : { mayReach: (address) => refusedAddress(address) === undefined }),
  });

/** Whether a `content-type` says that this is JSON. */
export const isJsonType = (contentType: string): boolean => /^application\/json\s*(?:;|$)/i.test(contentType);

/** Opens no connection before the first call. */
export function httpClient(options: HttpClientOptions): HttpClient {
  const pools = new Map<string, Pool>();
  const known = new Map<string | null, ClientTls>();

  const ours = (certificate: string | null): ClientTls => {
    const tls = known.get(certificate) ?? options.mutualTls(certificate);
    known.set(certificate, tls);
    return tls;
  };

  const poolOf = ({ origin, identity, sender }: HttpCall & Partial<HttpMessage>): Pool => {
    const name = `${origin} ${identity?.key ?? ''} ${identity?.certificate ?? ''} ${sender ?? ''}`;
    const open = pools.get(name);
    if (open !== undefined) return open;
    checkAllowed(new URL(origin), options);
    const isMutual = identity !== undefined && origin.startsWith('https:');
    // Undici's own timeouts fire a second late; every call brings a signal instead.
    const pool = new Pool(origin, {
      connections: options.connections,
      headersTimeout: 0,
      bodyTimeout: 0,
      pipelining: 1,
      connect: {
        minVersion: 'TLSv1.2',
        lookup: lookupWithin(options.mayReach),
        ...(isMutual ? mutual(identity, ours(identity.certificate)) : {}),
      },
    });
    pools.set(name, pool);
    // Others name the servers, and change the names: what nobody has a connection to any more is forgotten.
    const forgetUnused = (): void => {
      if (pool.destroyed || pool.stats.connected > 0 || pool.stats.size > 0) return;
      if (pools.get(name) === pool) pools.delete(name);
      void pool.destroy();
    };
    pool.on('disconnect', forgetUnused).on('connectionError', () => setImmediate(forgetUnused));
    return pool;
  };

  const tracing = options.tracing ?? noTracing;
  const toldOf = <Result>(
    call: HttpCall & Partial<HttpMessage>,
    work: (span: OpenSpan | undefined) => Promise<Result>,
  ): Promise<Result> => {
    if (call.span === undefined || !tracing.isOn) return work(undefined);
    const method = call.body === undefined ? 'GET' : 'POST';
    const { name, attributes } = call.span;
    const failure = (error: unknown): string =>
      error instanceof HttpCallError ? error.failure : call.signal.aborted ? 'ended' : 'failed';
    return tracing.call(
      { kind: 'call', name, attributes: { ...attributes, 'http.request.method': method }, failure },
      work,
    );
  };

  const request = async (call: HttpCall & Partial<HttpMessage>, span?: OpenSpan): Promise<Dispatcher.ResponseData> => {
    if (isInsideTransaction()) throw new Error('no HTTP call may be made while a database transaction is open');
    const { body = null, headers, path, signal } = call;
    const answer = await poolOf(call)
      .request({
        method: body === null ? 'GET' : 'POST',
        path,
        body,
        headers: {
          ...headers,
          ...(span !== undefined && call.span?.handOn === true ? { traceparent: span.traceparent } : {}),
          'accept-encoding': 'identity',
        },
        signal,
      })
      .catch((error: unknown) => {
        throw failureOf(error, call);
      });
    span?.tell({ 'http.response.status_code': answer.statusCode });
    return answer;
  };

  const ask = async (call: HttpCall, span?: OpenSpan): Promise<Dispatcher.ResponseData> => {
    const answer = await request(call, span);
    const encoding = answer.headers['content-encoding'] ?? 'identity';
    if (encoding !== 'identity') {
      await discard(answer, call);
      throw new HttpCallError('encoded', 'the answer is encoded, which was not asked for');
    }
    return answer;
  };

  return {
    get: (call) =>
      toldOf(call, async (span) => {
        const answer = await ask(call, span);
        const type = answer.headers['content-type'];
        return {
          status: answer.statusCode,
          contentType: typeof type === 'string' ? type : '',
          body: await wholeBody(answer, call),
        };
      }),
    stream: async (call) => {
      const answer = await ask(call);
      return {
        status: answer.statusCode,
        headers: answer.headers,
        body: bodyOf(answer, call),
        discard: () => discard(answer, call),
      };
    },
    post: async (message) => {
      const answer = await toldOf(message, (span) => request(message, span));
      const { 'retry-after': retryAfter } = answer.headers;
      // Whether it ends is nothing that anybody waits for: a server that drips its body holds up its own next message only.
      const enough = AbortSignal.any([message.signal, AbortSignal.timeout(REST_MS)]);
      await discard(answer, { signal: enough, maxBytes: message.maxBytes });
      return { status: answer.statusCode, retryAfter: typeof retryAfter === 'string' ? retryAfter : undefined };
    },
    close: async () => {
      await Promise.all([...pools.values()].map((pool) => pool.destroy()));
    },
  };
}

/** Reads a body into memory, if it is no longer than it may be. */
async function wholeBody(answer: Dispatcher.ResponseData, call: HttpCall): Promise<Buffer> {
  // One that has told its length is never longer than that (RFC 9112, 6.3): it is read in one piece, at a third of the cost.
  const length = Number(answer.headers['content-length'] ?? Number.NaN);
  if (length <= call.maxBytes) {
    const bytes = await answer.body.bytes().catch((error: unknown) => {
      throw failureOf(error, call);
    });
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }
  const chunks: Buffer[] = [];
  for await (const chunk of bodyOf(answer, call)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** Reads a body, for as long as it may be. Whoever leaves the loop closes the connection. */
async function* bodyOf({ body }: Dispatcher.ResponseData, call: HttpCall): AsyncGenerator<Buffer, void> {
  let bytes = 0;
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > call.maxBytes) {
        throw new HttpCallError('too_large', `the answer is larger than ${call.maxBytes} bytes`);
      }
      yield chunk;
    }
  } catch (error) {
    throw failureOf(error, call);
  }
}

/** As large as a rest may be to be read; and how long a body may take that nobody reads, in milliseconds. */
const REST_BYTES = 65_536;
const REST_MS = 1_000;

/** A small rest is read, so that the connection can be used again; of a larger one the connection is closed. */
async function discard(
  { body }: Dispatcher.ResponseData,
  { signal, maxBytes }: Pick<HttpCall, 'signal' | 'maxBytes'>,
): Promise<void> {
  await body.dump({ limit: Math.min(maxBytes, REST_BYTES), signal }).catch(() => undefined);
}

function checkAllowed(url: URL, options: HttpClientOptions): void {
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && options.plainHttp)) {
    throw new HttpCallError('not_allowed', 'the address is not https');
  }
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  // What is an address already is never looked up.
  if (isIP(host) !== 0 && options.mayReach?.(host) === false) throw addressRefused();
}

const addressRefused = (): HttpCallError =>
  new HttpCallError('not_allowed', 'the host has an address that may not be connected to');

/** Looks up names as usual; but where any of their addresses may not be connected to, none is. */
const lookupWithin =
  (mayReach: HttpClientOptions['mayReach']): LookupFunction =>
  (hostname, options, done) => {
    lookup(hostname, options, (error, found: string | LookupAddress[], family) => {
      const addresses = typeof found === 'string' ? [found] : (found ?? []).map(({ address }) => address);
      const refused = error === null && mayReach !== undefined && !addresses.every((address) => mayReach(address));
      done(refused ? addressRefused() : error, found, family);
    });
  };

/** Authorities of creditors, our certificate, and after the usual checks of theirs (chain, dates, purpose, host) whose it is. */
const mutual = (identity: ServerIdentity, { ca, cert, key }: ClientTls) => ({
  cert,
  key,
  ...(ca === undefined ? {} : { ca }),
  checkServerIdentity: (host: string, certificate: PeerCertificate): Error | undefined => {
    const wrongHost = checkServerIdentity(host, certificate);
    if (wrongHost !== undefined) return wrongHost;
    const { organizationIdentifier } = certificate.subject as { organizationIdentifier?: unknown };
    const refusal = identity.refuse(organizationIdentifier);
    return refusal === undefined
      ? undefined
      : new HttpCallError('wrong_server', `the server's certificate is refused: ${refusal}`);
  },
});

/** Errors of TLS that are about the other side's certificate, by the names that OpenSSL and Node give them. */
const CERTIFICATE_CODE =
  /^(CERT_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|INVALID_(CA|PURPOSE)|HOSTNAME_MISMATCH|ERR_TLS_CERT_)/;

/** What became of a call, without what others put into their messages: those may quote what was sent or received. */
function failureOf(error: unknown, call: HttpCall): unknown {
  if (call.signal.aborted) return call.signal.reason;
  if (error instanceof HttpCallError) return error;
  const { code, syscall } = (error ?? {}) as { code?: unknown; syscall?: unknown };
  const word = typeof code === 'string' && /^[A-Z0-9_]{1,60}$/.test(code) ? code : 'unknown error';
  if (CERTIFICATE_CODE.test(word))
    return new HttpCallError('wrong_server', `the server's certificate is refused: ${word}`);
  const connecting = syscall === 'connect' || syscall === 'getaddrinfo' || word === 'UND_ERR_CONNECT_TIMEOUT';
  return connecting
    ? new HttpCallError('not_reached', `the server cannot be reached: ${word}`)
    : new HttpCallError('cut', `the connection failed: ${word}`);
}
