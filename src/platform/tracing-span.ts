/** What is told of a span: words of closed lists, numbers and ids. Never a personal number, a token, an address, SQL or a value. */
export type Attributes = Readonly<Record<string, string | number>>;

/** Something that takes time: a request that has come in, a statement, a call to others. */
export interface OpenSpan {
  /** Whether somebody will see it; else nothing of it is kept. */
  readonly isKept: boolean;
  /** As the header `traceparent` says it (W3C Trace Context, version 00). */
  readonly traceparent: string;
  tell(attributes: Attributes): void;
  /** Ends it; `failure`: what failed, in a word. */
  end(failure?: string): void;
}

export interface SpanOf {
  readonly kind: 'request' | 'sql' | 'call';
  readonly name: string;
  readonly attributes?: Attributes;
  /** What an error is called; undefined: only that there was one. */
  failure?(error: unknown): string | undefined;
}

/** Starts spans and sends what has ended; `tracing-otlp.ts` is the one. */
export interface SpanSource {
  /** `parent`: a span of ours, or where a caller said that it is; undefined: it is the first. */
  start(what: SpanOf, parent: OpenSpan | string | undefined): OpenSpan;
  /** Sends what has not been sent, or gives it up. */
  close(): Promise<void>;
}
