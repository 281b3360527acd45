import { Agent } from 'undici';
import { recordAnswer } from './evidence.ts';
import type { Json } from './world.ts';

/** One event of a stream, as it came. */
export interface Sent {
  readonly id: number | undefined;
  readonly name: string;
  readonly data: Json;
}

/** A stream of server-sent events that is read as slowly as one likes. */
export interface EventStream {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  /** The next event; undefined when the stream has ended, or was cut. */
  next(): Promise<Sent | undefined>;
  /** All that has been read so far. */
  text(): string;
  /** Cuts the connection. */
  cut(): void;
}

/**
 * Opens a stream over HTTP and a connection of its own. Rejects when it is refused or cut. Whatever it says is kept as evidence when it
 * ends, unless `evidence` is false: where it is very much.
 */
export async function openEventStream(
  origin: string,
  path: string,
  headers: Readonly<Record<string, string>>,
  options: { evidence?: boolean } = {},
): Promise<EventStream> {
  const agent = new Agent({ connections: 1, headersTimeout: 60_000, bodyTimeout: 60_000 });
  const close = (): void => void agent.destroy().catch(() => undefined);
  const answer = await agent.request({ origin, path, method: 'GET', headers }).catch((error: unknown) => {
    close();
    throw error;
  });
  const { statusCode: status, body } = answer;
  body.on('error', () => undefined); // cut
  let text = '';
  async function* read(): AsyncGenerator<Sent> {
    let rest = '';
    try {
      for await (const piece of body.setEncoding('utf8')) {
        text += String(piece);
        const blocks = (rest + String(piece)).split('\n\n');
        rest = blocks.pop() ?? '';
        for (const block of blocks) {
          const event = eventOf(block);
          if (event !== undefined) yield event;
        }
      }
    } catch {
      // The connection was cut: what came whole was told.
    } finally {
      const whole = status === 200 ? text.slice(0, text.lastIndexOf('\n\n') + 2) : text;
      if (options.evidence !== false)
        recordAnswer({ method: 'GET', url: path, status, headers: answer.headers, body: whole });
      close();
    }
  }
  const events = read();
  return {
    status,
    headers: answer.headers,
    next: async () => {
      const { value, done } = await events.next();
      return done === true ? undefined : value;
    },
    text: () => text,
    cut: () => body.destroy(),
  };
}

/** As the specification reads it; undefined for what is no event: comments, and the time to wait before connecting again. */
function eventOf(block: string): Sent | undefined {
  const fields = new Map(
    block.split('\n').map((line) => {
      const at = line.indexOf(':');
      return [line.slice(0, at), line.slice(at + 1).replace(/^ /, '')] as const;
    }),
  );
  const data = fields.get('data');
  if (data === undefined) return undefined;
  const id = fields.get('id');
  return {
    id: id === undefined ? undefined : Number(id),
    name: fields.get('event') ?? 'message',
    data: JSON.parse(data),
  };
}
