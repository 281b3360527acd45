import type { FastifyReply, FastifyRequest } from 'fastify';
import { callerOf, checkTokenAgain } from '../clients/require-token.ts';
import { DomainError } from '../errors/domain-error.ts';
import type { Platform } from '../platform/platform.ts';
import type { OpenRequest, OpenRequests } from './open-requests.ts';
import { openOutflow, ReaderGone, type Outflow } from './outflow.ts';
import { missedBefore, readOn, type ReadOn } from './read-on.ts';
import type { WakeUps } from './wake-ups.ts';
import { sentEvent, sentFeedEvent, type EndReason } from './wire.ts';

const PAGE = 200;
/** How long nothing may be said: proxies close what is silent, and a reader that waits in vain is to know that we are there. */
const HEARTBEAT_MS = 15_000;
const STALL_SECONDS = 60;
/** What a reader is told to wait before it connects again. */
const RETRY_MS = 2_000;

/** What to do when a stream ends, by why. */
const endings: Record<EndReason, string> = {
  token_ended:
    'the access token is expired or revoked: fetch a new one from /oauth2/token, and go on from your last number',
  closing: 'this node is closing: connect again, and go on from your last number',
  unavailable:
    'the service cannot reach its database right now: connect again in a few seconds, and go on from your last number',
  server_error: 'an unexpected server error occurred: connect again in a few seconds, and go on from your last number',
};

/**
 * Answers with a client's events from number `from` on, as they come (server-sent events), in order and each at least once: whoever
 * goes on from the last number that it saw misses nothing, whatever cut the connection (F2). What cannot be read any more is never
 * passed over in silence: an event `gap` is told first. It ends, with an event `end`, when the token does, when this node closes, or
 * when the database is away. A page is read when its reader has taken the one before, with no connection to the database in between.
 *
 * Before the first word is said errors are answered as ever: `rate_limited`, `unavailable`.
 */
export async function streamEvents(
  platform: Platform,
  waiting: OpenRequests,
  wakeUps: WakeUps,
  from: number,
  { request, reply }: { request: FastifyRequest; reply: FastifyReply },
): Promise<void> {
  const { clock, log } = platform;
  const { clientId } = callerOf(request);
  const open = waiting.open(clientId, reply);
  const begun = clock.stopwatch();
  let told = 0;
  let ended = 'cut';
  try {
    let next = from;
    const readNext = async (): Promise<ReadOn & { gap: number | undefined }> => {
      const read = await readOn(platform, { clientId, from: next, limit: PAGE });
      return { ...read, gap: await missedBefore(platform, { clientId, from: next }, read) };
    };
    const first = await readNext();
    const out = openOutflow(reply, { type: 'text/event-stream', stallSeconds: STALL_SECONDS });
    await out.write(`retry: ${RETRY_MS}\n\n`);
    try {
      let spoke = clock.stopwatch();
      for (let read = first; !open.signal.aborted; read = await readNext()) {
        const text = wordsOf(read);
        if (text !== '') {
          await out.write(text);
          spoke = clock.stopwatch();
          told += read.events.length;
          const last = read.events.at(-1);
          next = last === undefined ? Math.max(next, read.gap ?? 0) : last.sequenceNr + 1;
        }
        if (read.events.length === 0) {
          await pause(wakeUps, clientId, read.last, open, spoke + HEARTBEAT_MS - clock.stopwatch());
          if (clock.stopwatch() - spoke >= HEARTBEAT_MS) {
            await out.write(':\n\n');
            spoke = clock.stopwatch();
          }
        }
        if (!open.signal.aborted) await checkTokenAgain(platform, request, 'events');
      }
      if (open.over() !== 'cut') ended = await end(out, 'closing');
    } catch (error) {
      if (error instanceof ReaderGone) return;
      const reason = reasonOf(error);
      if (reason === 'server_error') log.error({ error, traceId: request.id, clientId }, 'a stream failed');
      ended = await end(out, reason);
    }
  } finally {
    open.leave();
    const seconds = Math.round((clock.stopwatch() - begun) / 1000);
    log.info({ traceId: request.id, clientId, events: told, seconds, ended }, 'stream ended');
  }
}

/** What is told of what was read; nothing when there is nothing. */
function wordsOf({ gap, events }: ReadOn & { gap: number | undefined }): string {
  const message = `events before ${gap} cannot be read any more: take /feed/v1/consent/snapshot, and go on from its number`;
  // Without an id: a reader that is cut off here and goes on from its last number is to be told again.
  const missed = gap === undefined ? '' : sentEvent({ name: 'gap', data: { firstSequenceNr: gap, message } });
  return missed + events.map(sentFeedEvent).join('');
}

/** Waits for news, but no longer than that. */
async function pause(wakeUps: WakeUps, clientId: string, after: number, open: OpenRequest, ms: number): Promise<void> {
  const over = new AbortController();
  const stop = (): void => over.abort();
  const timer = setTimeout(stop, Math.max(0, ms));
  open.signal.addEventListener('abort', stop);
  if (open.signal.aborted) stop();
  await wakeUps.wait(clientId, { after, signal: over.signal });
  clearTimeout(timer);
  open.signal.removeEventListener('abort', stop);
}

function reasonOf(error: unknown): EndReason {
  if (!(error instanceof DomainError)) return 'server_error';
  if (error.code === 'unavailable') return 'unavailable';
  return error.code === 'invalid_token' ? 'token_ended' : 'server_error';
}

async function end(out: Outflow, reason: EndReason): Promise<EndReason> {
  await out.write(sentEvent({ name: 'end', data: { reason, message: endings[reason] } })).catch(() => undefined);
  out.end();
  return reason;
}
