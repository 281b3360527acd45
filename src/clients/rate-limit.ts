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

/** Counts credentials that are no good against the address that they come from, whoever they pretend to be. */
export interface FailureLimit {
  /** Throws `rate_limited` when there were too many from this address within a minute. */
  check(address: string): Promise<void>;
  count(address: string): Promise<void>;
}

/** `perMinute` 0: no limit. */
function failureLimit(perMinute: number): FailureLimit {
  if (perMinute === 0) return { check: async () => undefined, count: async () => undefined };
  const failed = new RateLimiterMemory({ points: perMinute, duration: 60 });
  // Of whom anything is counted: every request is asked about, and nearly all of them come from others.
  const known = new Set<string>();
  return {
    check: async (address) => {
      const sender = senderOf(address);
      const spent = known.has(sender) ? await failed.get(sender) : null;
      if (spent !== null && spent.consumedPoints >= perMinute) throw tooMany(perMinute, spent);
    },
    count: async (address) => {
      const sender = senderOf(address);
      if (!known.has(sender)) setTimeout(() => known.delete(sender), 60_000).unref();
      known.add(sender);
      await failed.penalty(sender);
    },
  };
}

/** What requests to an API are held to. */
export interface ApiLimits {
  /** By client, once a token has told which. */
  readonly client: ClientLimit;
  readonly failures: FailureLimit;
}

export const apiLimits = (perMinute: number): ApiLimits => ({
  client: clientLimit(perMinute),
  failures: failureLimit(perMinute),
});

interface Sender {
  /** As claimed where that can be seen before it is proved; empty when none that could be ours is claimed. */
  readonly clientId: string;
  readonly address: string;
}

/**
 * Limits of the endpoints where clients prove who they are by the asking itself. What succeeds counts against the client. What fails,
 * for whatever reason, counts against the sender's address: together with the client that it names, so that nobody can lock a client
 * out by sending nonsense in its name from elsewhere; and where it names none of ours, or only within the body, with all else that
 * this address sends so.
 */
export interface TokenLimits {
  /** Throws `rate_limited` when this sender has to wait. */
  check(sender: Sender): Promise<void>;
  /** Throws `rate_limited` when this client has to wait, which has just proved who it is. */
  checkProved(clientId: string): Promise<void>;
  /** `client`: who it was, if that is one of ours. `proved`: whether it was let in. */
  count(sender: Sender, outcome: { readonly client: string | undefined; readonly proved: boolean }): Promise<void>;
}

export function tokenLimits(perMinute: number): TokenLimits {
  const unlimited = async () => undefined;
  if (perMinute === 0) return { check: unlimited, checkProved: unlimited, count: unlimited };
  const proved = new RateLimiterMemory({ keyPrefix: 'proved', points: perMinute, duration: 60 });
  const failed = new RateLimiterMemory({ keyPrefix: 'failed', points: perMinute, duration: 60 });
  const failedKey = (address: string, clientId: string) => `${senderOf(address)} ${clientId}`;
  const refuse = (spent: RateLimiterRes | null): void => {
    if (spent !== null && spent.consumedPoints >= perMinute) throw tooMany(perMinute, spent);
  };
  return {
    check: async ({ clientId, address }) => {
      const known = clientId === '' ? null : await proved.get(clientId);
      refuse(known);
      refuse(await failed.get(failedKey(address, clientId)));
      // Names may be made up for each request. Who has just been let in under one is not held to what others here make up.
      if (known === null) refuse(await failed.get(failedKey(address, '')));
    },
    checkProved: async (clientId) => refuse(await proved.get(clientId)),
    count: async ({ clientId, address }, outcome) => {
      if (outcome.proved && outcome.client !== undefined) await proved.penalty(outcome.client);
      else await failed.penalty(failedKey(address, outcome.client === clientId ? clientId : ''));
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
