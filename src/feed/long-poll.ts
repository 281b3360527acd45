import type { FastifyReply, FastifyRequest } from 'fastify';
import { callerOf, checkTokenAgain } from '../clients/require-token.ts';
import type { Platform } from '../platform/platform.ts';
import type { OpenRequests } from './open-requests.ts';
import { readOn, type ReadOn } from './read-on.ts';
import type { WakeUps } from './wake-ups.ts';

/**
 * Reads a client's events from a number on. When there are none, holds until there are, or the time is over, and then answers as a
 * request that is made at that moment would be answered: also with a refusal, when the token has ended meanwhile. When this node closes
 * it answers at once that there were none. While it holds, it uses no connection to the database. Errors: `rate_limited` (too many that wait), `invalid_token`, `unavailable`.
 */
export async function readOrWait(
  platform: Platform,
  waiting: OpenRequests,
  wakeUps: WakeUps,
  asked: { clientId: string; from: number; limit: number; waitSeconds: number },
  { request, reply }: { request: FastifyRequest; reply: FastifyReply },
): Promise<ReadOn> {
  let read = await readOn(platform, asked);
  if (read.events.length > 0 || asked.waitSeconds === 0) return read;
  const { clientId } = callerOf(request);
  const open = waiting.open(clientId, reply);
  const time = setTimeout(() => open.stop(), asked.waitSeconds * 1000);
  try {
    while (read.events.length === 0 && !open.signal.aborted) {
      await wakeUps.wait(clientId, { after: read.last, signal: open.signal });
      // Nobody is there to be answered; or this node closes, and the next one is asked.
      if (open.over() === 'cut' || open.over() === 'closing') break;
      await checkTokenAgain(platform, request, 'events');
      read = await readOn(platform, asked);
    }
    return read;
  } finally {
    clearTimeout(time);
    open.leave();
  }
}
