import { serverOf } from '../creditors/certificate.ts';
import type { HttpClient, HttpFailure, HttpStream } from '../platform/http-client.ts';
import { HttpCallError, isJsonType } from '../platform/http-client.ts';
import { DeliveryStopped, isSameProvider, type Failed, type Failure, type Pair } from './delivery-run.ts';
import { DeliveryError, pageSplitter, type PageSplitter } from './page-splitter.ts';

/** Where a pair is collected. */
export interface Source extends Pair {
  readonly baseUrl: string;
  /** The name of our certificate by which it knows us; null: the usual one. */
  readonly clientCertificate: string | null;
}

export interface ReadLimits {
  readonly pageBytes: number;
  readonly pages: number;
  /** How long nothing may come. */
  readonly stallMs: number;
}

/** Some customers of a page, in order, parsed and not looked into. */
export interface Batch {
  readonly page: number;
  /** Which customer of the page the first one is. */
  readonly firstRecord: number;
  readonly customers: readonly unknown[];
}

/**
 * Reads all pages of a delivery (getalldata) as they arrive, and hands each batch to `take`; nothing more is read until that is done.
 * The number of customers on page 0 is the size of a page: one with fewer, or none, is the last. Until this has returned, nothing
 * of what was handed over may be believed.
 *
 * Throws DeliveryStopped, the reason of `signal`, or what `take` throws.
 */
export async function readPages(
  http: HttpClient,
  source: Source,
  how: { limits: ReadLimits; signal: AbortSignal; traceId: string; take: (batch: Batch) => Promise<void> },
): Promise<void> {
  let size = 0;
  for (let page = 0; page < how.limits.pages; page++) {
    const records = await readPage(http, source, page, how);
    if (page === 0) size = records;
    if (records === 0 || records < size) return;
  }
  throw failed('too_many_pages');
}

type How = Parameters<typeof readPages>[2];

/** Reads one page; answers how many customers it has. */
async function readPage(http: HttpClient, source: Source, page: number, how: How): Promise<number> {
  const { origin, basePath, identity } = serverOf({ id: source.creditorId, ...source });
  const patience = patienceOf(how.limits.stallMs);
  try {
    const answer = await patience.during(
      http.stream({
        origin,
        identity,
        path: `${basePath}/debt-information/v1/loans/${source.creditorId}?page=${page}`,
        headers: { accept: 'application/json', 'x-trace-id': how.traceId },
        signal: AbortSignal.any([how.signal, patience.signal]),
        maxBytes: how.limits.pageBytes,
      }),
    );
    const refusal = refusalOf(answer);
    if (refusal !== undefined) {
      await answer.discard();
      throw new DeliveryStopped(refusal);
    }
    return await readBody(answer.body, source, page, { take: how.take, patience });
  } catch (error) {
    throw stoppedBy(error, page);
  } finally {
    patience.end();
  }
}

async function readBody(
  body: AsyncIterable<Buffer>,
  source: Source,
  page: number,
  { take, patience }: { take: How['take']; patience: Patience },
): Promise<number> {
  const splitter: PageSplitter = pageSplitter();
  let records = 0;
  const handOver = async (customers: readonly unknown[]): Promise<void> => {
    const firstRecord = records;
    records += customers.length;
    await take({ page, firstRecord, customers });
  };
  const chunks = body[Symbol.asyncIterator]();
  try {
    for (;;) {
      const chunk = await patience.during(chunks.next());
      if (chunk.done === true) break;
      for (const customers of splitter.push(chunk.value)) await handOver(customers);
    }
  } finally {
    await chunks.return?.(); // closes what has not been read to its end
  }
  const { rest, providerId } = splitter.end();
  if (!isSameProvider(providerId, source.providerId)) {
    throw new DeliveryStopped({ kind: 'rejected', rule: 'another_provider', place: { page } });
  }
  await handOver(rest);
  return records;
}

interface Patience {
  readonly signal: AbortSignal;
  /** Waits for the other side, but not for longer than that. Time that we take ourselves is not counted. */
  during<Result>(work: Promise<Result>): Promise<Result>;
  end(): void;
}

function patienceOf(ms: number): Patience {
  const over = new AbortController();
  let waiting = false;
  const timer = setTimeout(() => {
    if (waiting) over.abort(failed('timeout'));
  }, ms);
  return {
    signal: over.signal,
    during: async (work) => {
      waiting = true;
      timer.refresh();
      try {
        return await work;
      } finally {
        waiting = false;
      }
    },
    end: () => clearTimeout(timer),
  };
}

const failed = (failure: Failure): DeliveryStopped => new DeliveryStopped({ kind: 'failed', failure });

/** What keeps an answer from being a page, by its status and headers. */
function refusalOf({ status, headers }: HttpStream): Failed | undefined {
  if (status !== 200) {
    const wait = Number(headers['retry-after']);
    const waitSeconds = Number.isSafeInteger(wait) && wait > 0 ? { waitSeconds: wait } : {};
    return { kind: 'failed', failure: failureOfStatus(status), status, ...waitSeconds };
  }
  const type = headers['content-type'];
  return typeof type === 'string' && isJsonType(type) ? undefined : { kind: 'failed', failure: 'wrong_content_type' };
}

function failureOfStatus(status: number): Failure {
  if (status === 429 || status >= 500) return 'server_error';
  return status >= 300 && status < 400 ? 'redirected' : 'refused';
}

const FAILURE_OF_CALL = {
  not_reached: 'unreachable',
  wrong_server: 'wrong_server',
  not_allowed: 'not_allowed',
  cut: 'connection_cut',
  encoded: 'compressed',
  too_large: 'page_too_large',
} as const satisfies Record<HttpFailure, Failure>;

/** What goes wrong in reading a page, in a delivery's words; anything else is not about the delivery. */
function stoppedBy(error: unknown, page: number): unknown {
  if (error instanceof DeliveryError) {
    return new DeliveryStopped({ kind: 'rejected', rule: error.rule, place: { page, record: error.record } });
  }
  return error instanceof HttpCallError ? failed(FAILURE_OF_CALL[error.failure]) : error;
}
