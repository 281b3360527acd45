import type { FastifyReply } from 'fastify';
import { DomainError } from '../errors/domain-error.ts';

/** Requests that stay open: how many there may be, and what ends them. */
export interface OpenRequests {
  /**
   * Takes a place for a request of this client, for as long as its answer is under way. Errors: `rate_limited`, when the client, or
   * all clients together, have as many as they may.
   */
  open(clientId: string, reply: FastifyReply): OpenRequest;
  /** Ends those that are open, and each later one as soon as it opens: this node is closing. */
  close(): void;
}

export interface OpenRequest {
  /** Aborted when nobody waits for the answer any more, when this node is closing, or by `stop`. */
  readonly signal: AbortSignal;
  /** Whether whoever asked has gone. */
  isCut(): boolean;
  stop(): void;
  /** Gives the place back. */
  leave(): void;
}

export interface OpenRequestLimits {
  /** What there are too many of then, for the sentence: `requests that wait for events`. */
  readonly what: string;
  readonly perClient: number;
  readonly inAll: number;
}

const RETRY_SECONDS = 5;

export function openRequests({ what, perClient, inAll }: OpenRequestLimits): OpenRequests {
  const ofClient = new Map<string, number>();
  const stops = new Set<() => void>();
  let closed = false;
  return {
    open: (clientId, reply) => {
      const before = ofClient.get(clientId) ?? 0;
      if (before >= perClient) throw tooMany(`a client may have ${perClient} ${what} on a node`);
      if (stops.size >= inAll) throw tooMany(`this node has as many ${what} as it may`);
      const over = new AbortController();
      let cut = false;
      const stop = (): void => over.abort();
      const gone = (): void => {
        cut = !reply.raw.writableFinished;
        stop();
      };
      reply.raw.once('close', gone);
      if (reply.raw.destroyed) gone();
      if (closed) stop();
      ofClient.set(clientId, before + 1);
      stops.add(stop);
      return {
        signal: over.signal,
        isCut: () => cut,
        stop,
        leave: () => {
          reply.raw.off('close', gone);
          if (!stops.delete(stop)) return;
          const left = (ofClient.get(clientId) ?? 1) - 1;
          if (left === 0) ofClient.delete(clientId);
          else ofClient.set(clientId, left);
        },
      };
    },
    close: () => {
      closed = true;
      for (const stop of stops) stop();
    },
  };
}

const tooMany = (which: string): DomainError =>
  new DomainError('rate_limited', `${which}: end one of them, or wait for as long as Retry-After says`, {
    retryAfterSeconds: RETRY_SECONDS,
  });
