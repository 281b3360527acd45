import type { FastifyReply, FastifyRequest } from 'fastify';
import { callerOf, checkTokenAgain } from '../clients/require-token.ts';
import type { Platform } from '../platform/platform.ts';
import type { OpenRequests } from './open-requests.ts';
import type { ReadPage } from './read-page.ts';
import type { WakeUps } from './wake-ups.ts';

/**
 * Reads a page of a client's events. When there are none, holds until there are, or the time is over, and then answers as a
 * request that is made at that moment would be answered: also with a refusal, when the token has ended meanwhile. When this node closes
 * it answers at once that there were none. While it holds, it uses no connection to the database. Errors: `rate_limited` (too many that wait), `invalid_token`, `unavailable`.
 */
export async function readOrWait(
  platform: Platform,
  waiting: OpenRequests,
  wakeUps: WakeUps,
  asked: { waitSeconds: number; readPage: () => Promise<ReadPage> },
  { request, reply }: { request: FastifyRequest; reply: FastifyReply },
): Promise<ReadPage> {
  let read = await asked.readPage();
  if (read.events !== undefined || asked.waitSeconds === 0) return read;
  const { clientId } = callerOf(request);
  const open = waiting.open(clientId, reply);
  const time = setTimeout(() => open.stop(), asked.waitSeconds * 1000);
  try {
    while (read.events === undefined && !open.signal.aborted) {
      await wakeUps.wait(clientId, { after: read.last, signal: open.signal });
      // Nobody is there to be answered; or this node closes, and the next one is asked.
      if (open.over() === 'cut' || open.over() === 'closing') break;
      await checkTokenAgain(platform, request, 'events');
      read = await asked.readPage();
    }
    return read;
  } finally {
    clearTimeout(time);
    open.leave();
  }
}
