import {
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  trace,
  type Context,
  type Span,
  type SpanContext,
} from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  BatchSpanProcessor,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
  type SpanExporter,
} from '@opentelemetry/sdk-trace';
import { systemClock } from './clock.ts';
import type { Log } from './log.ts';
import type { OpenSpan, SpanOf, SpanSource } from './tracing-span.ts';
import { version } from './version.ts';

/** Loaded only where traces are wanted: nothing but a dynamic import in `tracing.ts` may name this file. */

export interface OtlpSettings {
  /** Where a collector listens, without `/v1/traces`. */
  readonly endpoint: string;
  /** Sent with each message to it; may hold a secret. */
  readonly headers: Readonly<Record<string, string>>;
  /** Of how many requests a trace is kept, 0 to 1. */
  readonly ratio: number;
  readonly serviceName: string;
}

/** What has ended is sent each second. More than this many spans are not kept: those that come then are lost. */
const SEND_EVERY_MS = 1_000;
const MOST_WAITING = 4_096;
/** How long one message to the collector is tried. */
const SEND_MS = 5_000;
const TELL_EVERY_MS = 60_000;

const kinds = { request: SpanKind.SERVER, sql: SpanKind.CLIENT, call: SpanKind.CLIENT } as const;

/** Spans that are sent to a collector over OTLP/HTTP, as JSON. A collector that does not take them costs nobody anything but them. */
export function openOtlpSpans(settings: OtlpSettings, log: Log): SpanSource {
  const exporter = new OTLPTraceExporter({
    url: new URL('v1/traces', settings.endpoint.replace(/\/?$/, '/')).href,
    headers: { ...settings.headers },
    timeoutMillis: SEND_MS,
  });
  // A caller may say that it is not to be traced, but not that it is: how much we send is for us to say.
  const sampler = new TraceIdRatioBasedSampler(settings.ratio);
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ 'service.name': settings.serviceName, 'service.version': version() }),
    sampler: new ParentBasedSampler({ root: sampler, remoteParentSampled: sampler }),
    spanLimits: { attributeCountLimit: 16, attributeValueLengthLimit: 256 },
    spanProcessors: [
      new BatchSpanProcessor({
        exporter: tellingOfLoss(exporter, log),
        scheduledDelayMillis: SEND_EVERY_MS,
        exportTimeoutMillis: SEND_MS + 1_000,
        maxQueueSize: MOST_WAITING,
      }),
    ],
  });
  const tracer = provider.getTracer('samtykke', version());
  const spans = new WeakMap<OpenSpan, Span>();

  const contextOf = (parent: OpenSpan | string | undefined): Context => {
    if (parent === undefined) return ROOT_CONTEXT;
    if (typeof parent === 'string') {
      const caller = spanContextFrom(parent);
      return caller === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, caller);
    }
    const span = spans.get(parent);
    return span === undefined ? ROOT_CONTEXT : trace.setSpan(ROOT_CONTEXT, span);
  };

  return {
    start: ({ kind, name, attributes = {} }: SpanOf, parent) => {
      const span = tracer.startSpan(name, { kind: kinds[kind], attributes: { ...attributes } }, contextOf(parent));
      const open = openSpan(span);
      spans.set(open, span);
      return open;
    },
    close: () => provider.shutdown(),
  };
}

const openSpan = (span: Span): OpenSpan => {
  const { traceId, spanId, traceFlags } = span.spanContext();
  return {
    isKept: span.isRecording(),
    traceparent: `00-${traceId}-${spanId}-${(traceFlags & TraceFlags.SAMPLED) === 0 ? '00' : '01'}`,
    tell: (attributes) => void span.setAttributes({ ...attributes }),
    end: (failure) => {
      if (failure !== undefined) {
        span.setAttribute('error.type', failure);
        span.setStatus({ code: SpanStatusCode.ERROR });
      }
      span.end();
    },
  };
};

/**
 * Where a caller says that it is (W3C Trace Context, section 3.2); undefined: not in that form. Two ids and one bit are all that is taken
 * from outside.
 */
export function spanContextFrom(header: string): SpanContext | undefined {
  const found = /^(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/.exec(
    header,
  );
  const [, ofVersion, traceId, spanId, flags = '00', more] = found ?? [];
  if (traceId === undefined || spanId === undefined || (ofVersion === '00' && more !== undefined)) return undefined;
  const isSampled = (Number.parseInt(flags, 16) & TraceFlags.SAMPLED) !== 0;
  return { traceId, spanId, traceFlags: isSampled ? TraceFlags.SAMPLED : TraceFlags.NONE, isRemote: true };
}

/** The same exporter; that spans were lost is logged, once a minute at most, with how many since the last time. */
function tellingOfLoss(exporter: SpanExporter, log: Log): SpanExporter {
  let lost = 0;
  let toldAt = -Infinity;
  return {
    export: (spans, done) =>
      exporter.export(spans, (result) => {
        if (result.error !== undefined || result.code !== 0) {
          lost += spans.length;
          const now = systemClock.stopwatch();
          if (now - toldAt >= TELL_EVERY_MS) {
            // Of the error only its code: its message may repeat what a stranger at that address said.
            const { code, name } = (result.error ?? {}) as { code?: unknown; name?: unknown };
            log.warn({ spans: lost, reason: code ?? name }, 'the collector did not take traces; they are lost');
            [lost, toldAt] = [0, now];
          }
        }
        done(result);
      }),
    forceFlush: () => exporter.forceFlush?.() ?? Promise.resolve(),
    shutdown: () => exporter.shutdown(),
  };
}
