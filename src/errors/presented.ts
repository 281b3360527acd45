import type { DomainError } from './domain-error.ts';

/** What an API's presenter needs to know of the request, besides the error. */
export interface ErrorContext {
  /** ISO 8601. */
  readonly timestamp: string;
  readonly traceId: string;
  /** Without the query. */
  readonly path: string;
  /** Where the APIs are: the pages that explain errors are below it. */
  readonly apiUrl: string;
}

/** An error as it leaves. No body: an empty one. */
export interface PresentedError {
  readonly status: number;
  readonly contentType?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: object;
}

/** The one place of an API that says how each error looks there. */
export type Presenter = (error: DomainError, context: ErrorContext) => PresentedError;
