import { AsyncLocalStorage } from 'node:async_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Config } from './config.ts';
import type { Log } from './log.ts';
import type { OpenSpan, SpanOf, SpanSource } from './tracing-span.ts';

/** Traces (ADR 21). What is under way is known to everything that is called, or waited for, within it. Never throws by itself. */
export interface Tracing {
  readonly isOn: boolean;
  /** From then on it traces. */
  readonly ready: Promise<void>;
  /** A request begins; `traceparent`: what its header says. The caller ends it. Undefined: nobody traces. */
  request(what: SpanOf, traceparent: unknown): OpenSpan | undefined;
  /** Does something within a span. */
  within<Result>(span: OpenSpan, work: () => Result): Result;
  /** Does a part of what is under way here. Where nothing is, it is done and not told of. */
  part<Result>(what: SpanOf, work: () => Promise<Result>): Promise<Result>;
  /** Speaks to others, as a part of what is under way here or by itself. */
  call<Result>(what: SpanOf, work: (span: OpenSpan | undefined) => Promise<Result>): Promise<Result>;
  /** Sends what has not been sent, for some seconds at most. */
  close(): Promise<void>;
}

/** Traces nothing: a call more for each statement, and no library loaded. */
export const noTracing: Tracing = {
  isOn: false,
  ready: Promise.resolve(),
  request: () => undefined,
  within: (_span, work) => work(),
  part: (_what, work) => work(),
  call: (_what, work) => work(undefined),
  close: async () => undefined,
};

/** How long traces may hold up the end of the process. */
const CLOSE_MS = 3_000;

type Settings = Pick<Config, 'tracesEndpoint' | 'tracesHeaders' | 'tracesRatio' | 'serviceName'>;

/** Traces where an endpoint is configured. The library is loaded in the background: wait for `ready` before there is something to see. */
export function openTracing(settings: Settings, log: Log): Tracing {
  const { tracesEndpoint: endpoint, tracesHeaders: headers, tracesRatio: ratio, serviceName } = settings;
  if (endpoint === undefined) return noTracing;
  return tracingBy(async () => {
    const { openOtlpSpans } = await import('./tracing-otlp.ts');
    return openOtlpSpans({ endpoint, headers, ratio, serviceName }, log);
  });
}

function tracingBy(open: () => Promise<SpanSource>): Tracing {
  const underWay = new AsyncLocalStorage<OpenSpan>();
  let source: SpanSource | undefined;
  const ready = open().then((opened) => {
    source = opened;
  });
  ready.catch(() => undefined); // whoever waits for it is told

  const ended = async <Result>(span: OpenSpan, what: SpanOf, work: () => Promise<Result>): Promise<Result> => {
    try {
      const result = await underWay.run(span, work);
      span.end();
      return result;
    } catch (error) {
      span.end(what.failure?.(error) ?? 'failed');
      throw error;
    }
  };
  return {
    isOn: true,
    ready,
    request: (what, traceparent) => source?.start(what, typeof traceparent === 'string' ? traceparent : undefined),
    within: (span, work) => underWay.run(span, work),
    part: (what, work) => {
      const parent = underWay.getStore();
      if (source === undefined || parent?.isKept !== true) return work();
      return ended(source.start(what, parent), what, work);
    },
    call: (what, work) => {
      if (source === undefined) return work(undefined);
      const span = source.start(what, underWay.getStore());
      return ended(span, what, () => work(span));
    },
    close: async () => {
      const limit = new AbortController();
      const closed = ready.then(() => source?.close()).catch(() => undefined);
      await Promise.race([closed, sleep(CLOSE_MS, undefined, { signal: limit.signal }).catch(() => undefined)]);
      limit.abort();
    },
  };
}
