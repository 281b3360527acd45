import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { DomainError } from '../errors/domain-error.ts';

/** Limits are for each node by itself (E4): what a client may do in all is its limit times the nodes. */

/** Counts a request of an authenticated client, or from an address. Throws `rate_limited` when there were too many within a minute. */
export type ClientLimit = (sender: string) => Promise<void>;

/** `perMinute` 0: no limit. */
export function clientLimit(perMinute: number): ClientLimit {
  if (perMinute === 0) return async () => undefined;
  const limiter = new RateLimiterMemory({ points: perMinute, duration: 60 });
  return async (sender) => {
    try {
      await limiter.consume(sender);
    } catch (spent) {
      if (!(spent instanceof RateLimiterRes)) throw spent;
      throw tooMany(perMinute, spent);
    }
  };
}

interface Sender {
  /** As claimed, not proved; empty when none that could be ours is claimed. */
  readonly clientId: string;
  readonly address: string;
}

/**
 * Limits of the token endpoint, where who asks is proved by the asking itself. What succeeds counts against the client. What fails,
 * for whatever reason, counts against the sender's address and the client it claims to be, so that nobody can lock a client out
 * by sending nonsense in its name from elsewhere.
 */
export interface TokenLimits {
  /** Throws `rate_limited` when this sender has to wait. */
  check(sender: Sender): Promise<void>;
  /** `proved`: the client that got a token; undefined when there was none. */
  count(sender: Sender, proved: string | undefined): Promise<void>;
}

export function tokenLimits(perMinute: number): TokenLimits {
  if (perMinute === 0) return { check: async () => undefined, count: async () => undefined };
  const proved = new RateLimiterMemory({ keyPrefix: 'proved', points: perMinute, duration: 60 });
  const failed = new RateLimiterMemory({ keyPrefix: 'failed', points: perMinute, duration: 60 });
  const failedKey = ({ clientId, address }: Sender) => `${address} ${clientId}`;
  return {
    check: async (sender) => {
      for (const spent of [await proved.get(sender.clientId), await failed.get(failedKey(sender))]) {
        if (spent !== null && spent.consumedPoints >= perMinute) throw tooMany(perMinute, spent);
      }
    },
    count: async (sender, client) => {
      await (client === undefined ? failed.penalty(failedKey(sender)) : proved.penalty(client));
    },
  };
}

const tooMany = (perMinute: number, spent: RateLimiterRes): DomainError =>
  new DomainError('rate_limited', `there may be ${perMinute} requests a minute: wait for as long as Retry-After says`, {
    retryAfterSeconds: spent.msBeforeNext / 1000,
  });

/**
 * What stands for whoever sends from an address: the address itself; of IPv6 the network of it (/64), since one household has as
 * many addresses there as it likes.
 */
export function senderOf(address: string): string {
  if (!address.includes(':') || address.includes('.')) return address;
  const [before = '', after] = address.split('::', 2);
  const groups = before === '' ? [] : before.split(':');
  const rest = after === undefined || after === '' ? [] : after.split(':');
  const zeros = after === undefined ? 0 : 8 - groups.length - rest.length;
  const all = [...groups, ...Array.from({ length: Math.max(0, zeros) }, () => '0'), ...rest];
  return `${all.slice(0, 4).join(':')}::/64`;
}
