import { Pool } from 'undici';
import { isInsideTransaction } from './db.ts';

export interface HttpAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

export interface HttpGet {
  /** Scheme, host and port. */
  readonly origin: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Ends the call, wherever it is: waiting for a connection, for headers, or in the midst of the body. */
  readonly signal: AbortSignal;
  readonly maxBytes: number;
}

/** Speaks HTTP to others. Redirects are not followed. One pool of kept-alive connections for each origin. */
export interface HttpClient {
  /** Throws when the call fails, is aborted, or the body is larger than `maxBytes`. Refuses inside a database transaction. */
  get(call: HttpGet): Promise<HttpAnswer>;
  close(): Promise<void>;
}

/** `connections`: calls under way at once to one origin; more of them wait for their turn (or their signal). */
export function httpClient(options: { connections: number }): HttpClient {
  const pools = new Map<string, Pool>();
  const poolOf = (origin: string): Pool => {
    const known = pools.get(origin);
    if (known !== undefined) return known;
    // Undici's own timeouts fire a second late; every call brings a signal instead.
    const pool = new Pool(origin, {
      connections: options.connections,
      headersTimeout: 0,
      bodyTimeout: 0,
      pipelining: 1,
    });
    pools.set(origin, pool);
    return pool;
  };

  return {
    get: async (call) => {
      if (isInsideTransaction()) throw new Error('no HTTP call may be made while a database transaction is open');
      const { statusCode, headers, body } = await poolOf(call.origin).request({
        method: 'GET',
        path: call.path,
        headers: call.headers,
        signal: call.signal,
      });
      const chunks: Buffer[] = [];
      let bytes = 0;
      for await (const chunk of body as AsyncIterable<Buffer>) {
        bytes += chunk.length;
        if (bytes > call.maxBytes) throw new Error(`the answer is larger than ${call.maxBytes} bytes`); // leaving the loop closes the body
        chunks.push(chunk);
      }
      const type = headers['content-type'];
      return {
        status: statusCode,
        contentType: typeof type === 'string' ? type : '',
        body: Buffer.concat(chunks).toString('utf8'),
      };
    },
    close: async () => {
      await Promise.all([...pools.values()].map((pool) => pool.destroy()));
    },
  };
}
