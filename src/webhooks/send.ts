import { HttpCallError, type HttpReceipt } from '../platform/http-client.ts';
import type { Platform } from '../platform/platform.ts';
import { version } from '../platform/version.ts';
import { outcomeOf, retryAfterSeconds, type Attempt, type Outcome } from './attempt.ts';
import type { Message, Sign } from './signature.ts';

/** Where messages go, and in whose name. */
export interface Endpoint {
  readonly subscriptionId: string;
  readonly url: string;
  readonly sign: Sign;
}

/** Of an answer's body nothing is of use to us; so much of it is read that the connection can be kept. */
const MOST_BYTES = 1_024;
/** A connection that ends so soon, in milliseconds, had been given up by the receiver while nothing was sent. */
const AT_ONCE_MS = 1_000;

const USER_AGENT = `Samtykke/${version()}`;

/**
 * Sends one message once, and answers what became of it, however it failed. A redirect is not followed. Where the receiver had closed
 * the connection that was kept, it is sent again over another one.
 *
 * Throws the reason of `signal` when that ended it: nobody knows then whether the message has been taken.
 */
export async function sendMessage(
  { http, clock, config }: Pick<Platform, 'http' | 'clock' | 'config'>,
  endpoint: Endpoint,
  message: Message,
  signal: AbortSignal,
): Promise<Attempt> {
  const { origin, pathname, search } = new URL(endpoint.url);
  const deadline = AbortSignal.timeout(config.webhookTimeoutSeconds * 1000);
  const post = (): Promise<HttpReceipt> =>
    http.post({
      origin,
      path: `${pathname}${search}`,
      sender: endpoint.subscriptionId,
      headers: {
        'content-type': 'application/json',
        'user-agent': USER_AGENT,
        ...endpoint.sign(message, clock.realNow()),
      },
      body: message.body,
      signal: AbortSignal.any([signal, deadline]),
      maxBytes: MOST_BYTES,
      span: { name: 'webhook message', attributes: { 'samtykke.webhook': endpoint.subscriptionId }, handOn: false },
    });
  const begun = clock.stopwatch();
  const mayBeStale = (error: unknown): boolean =>
    error instanceof HttpCallError && error.failure === 'cut' && clock.stopwatch() - begun < AT_ONCE_MS;
  try {
    const { status, retryAfter } = await post().catch((error: unknown) => {
      if (mayBeStale(error)) return post();
      throw error;
    });
    const wait = retryAfterSeconds(retryAfter, clock.realNow());
    return {
      at: clock.now(),
      outcome: outcomeOf(status),
      status,
      ...(wait === undefined ? {} : { retryAfterSeconds: wait }),
    };
  } catch (error) {
    signal.throwIfAborted();
    return { at: clock.now(), outcome: outcomeOfFailure(error, deadline), status: null };
  }
}

function outcomeOfFailure(error: unknown, deadline: AbortSignal): Outcome {
  if (deadline.aborted) return 'timed_out';
  if (!(error instanceof HttpCallError)) throw error;
  switch (error.failure) {
    case 'not_reached':
    case 'wrong_server':
    case 'not_allowed':
    case 'cut':
      return error.failure;
    case 'encoded':
    case 'too_large':
      throw error; // said of bodies that are read, and none is
  }
}
