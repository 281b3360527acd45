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
  /** Aborted when it is over, for one of the reasons that `over` tells. */
  readonly signal: AbortSignal;
  /** Why it is over: whoever asked has gone, this node is closing, or it was stopped; undefined while it is not. */
  over(): 'cut' | 'closing' | 'stopped' | undefined;
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
  /** What ends those that are open, when this node closes. */
  const closings = new Set<() => void>();
  let closed = false;
  return {
    open: (clientId, reply) => {
      const before = ofClient.get(clientId) ?? 0;
      if (before >= perClient) throw tooMany(`a client may have ${perClient} ${what} on a node`);
      if (closings.size >= inAll) throw tooMany(`this node has as many ${what} as it may`);
      const ending = new AbortController();
      let over: ReturnType<OpenRequest['over']>;
      const end = (why: 'cut' | 'closing' | 'stopped'): void => {
        over ??= why;
        ending.abort();
      };
      const gone = (): void => end('cut');
      const closing = (): void => end('closing');
      reply.raw.once('close', gone);
      if (reply.raw.destroyed) gone();
      if (closed) closing();
      ofClient.set(clientId, before + 1);
      closings.add(closing);
      return {
        signal: ending.signal,
        over: () => over,
        stop: () => end('stopped'),
        leave: () => {
          reply.raw.off('close', gone);
          if (!closings.delete(closing)) return;
          const left = (ofClient.get(clientId) ?? 1) - 1;
          if (left === 0) ofClient.delete(clientId);
          else ofClient.set(clientId, left);
        },
      };
    },
    close: () => {
      closed = true;
      for (const closing of closings) closing();
    },
  };
}

const tooMany = (which: string): DomainError =>
  new DomainError('rate_limited', `${which}: end one of them, or wait for as long as Retry-After says`, {
    retryAfterSeconds: RETRY_SECONDS,
  });
