import { connect, type Socket } from 'node:net';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';

/** An answer as it came over a connection, read by the rules of RFC 9112 and by nothing of Node's own client. */
export interface WireAnswer {
  readonly status: number;
  /** Names in lower case; each value as often as it came. */
  readonly headers: ReadonlyMap<string, readonly string[]>;
  readonly head: string;
  readonly body: string;
  /** Whether the answer has an end that was told (a length, or a last chunk), and has come to it. */
  readonly whole: boolean;
}

/** A bare connection, over which anything can be said. */
export interface Wire {
  say(bytes: string | Buffer): void;
  /**
   * The next answer. `method`: of the request, for HEAD has no body. Undefined: the other side ended the connection instead. Throws
   * when nothing comes within `ms`, or when what comes is no answer.
   */
  answer(method?: string, ms?: number): Promise<WireAnswer | undefined>;
  /** Waits until the other side has ended the connection; answers what came that was no part of an answer that was read. */
  ended(ms?: number): Promise<string>;
  /** Whether the other side has ended it by now. */
  readonly isOver: boolean;
  /** Says that no more comes, and goes on listening. */
  half(): void;
  drop(): void;
}

/** Longer than any answer takes on a slow machine; what takes longer hangs. */
export const PATIENCE_MS = 20_000;

/** Opens a connection to this machine; `tls`: with these options. */
export async function openWire(port: number, tls?: ConnectionOptions): Promise<Wire> {
  const socket: Socket =
    tls === undefined
      ? connect({ port, host: '127.0.0.1', noDelay: true, allowHalfOpen: true })
      : connectTls({ host: '127.0.0.1', servername: 'localhost', port, ...tls });
  let heard: Buffer = Buffer.alloc(0);
  let over = false;
  let wake: () => void = () => undefined;
  socket.on('data', (bytes: Buffer) => {
    heard = heard.length === 0 ? bytes : Buffer.concat([heard, bytes]);
    wake();
  });
  const finish = (): void => {
    over = true;
    wake();
  };
  socket.on('error', finish);
  socket.on('end', finish);
  socket.on('close', finish);
  await new Promise<void>((resolve, reject) => {
    socket.once(tls === undefined ? 'connect' : 'secureConnect', resolve);
    socket.once('error', reject);
  });

  const until = async (met: () => boolean, ms: number): Promise<boolean> => {
    const end = performance.now() + ms;
    while (!met()) {
      const left = end - performance.now();
      if (left <= 0) return false;
      let timer: NodeJS.Timeout | undefined;
      await new Promise<void>((resolve) => {
        wake = resolve;
        timer = setTimeout(resolve, left);
      });
      clearTimeout(timer);
    }
    return true;
  };

  return {
    get isOver() {
      return over;
    },
    say: (bytes) => void socket.write(bytes),
    half: () => void socket.end(),
    drop: () => void socket.destroy(),
    ended: async (ms = PATIENCE_MS) => {
      if (!(await until(() => over, ms))) {
        socket.destroy();
        throw new Error(`the connection is still open; it said: ${heard.toString('latin1').slice(0, 500)}`);
      }
      socket.destroy();
      return heard.toString('latin1');
    },
    answer: async (method = 'GET', ms = PATIENCE_MS) => {
      let read: ReturnType<typeof readAnswer>;
      const came = await until(() => {
        read = readAnswer(heard, method, over);
        return read !== undefined || over;
      }, ms);
      if (read === undefined) {
        socket.destroy(over ? undefined : new Error('no answer'));
        if (came && heard.length === 0) return undefined;
        const what = heard.toString('latin1').slice(0, 500);
        throw new Error(came ? `the connection ended within an answer: ${what}` : `no answer came in time: ${what}`);
      }
      heard = heard.subarray(read.length);
      return read.answer;
    },
  };
}

/** The answer at the beginning of some bytes; undefined: it is not all there yet. Of a stream of events, its beginning is enough. */
function readAnswer(bytes: Buffer, method: string, over: boolean): { answer: WireAnswer; length: number } | undefined {
  const end = bytes.indexOf('\r\n\r\n');
  if (end === -1) return undefined;
  const head = bytes.subarray(0, end).toString('latin1');
  const [first = '', ...lines] = head.split('\r\n');
  const status = Number(/^HTTP\/1\.1 (\d{3})( |$)/.exec(first)?.[1] ?? Number.NaN);
  if (Number.isNaN(status)) throw new Error(`this is no answer: ${head.slice(0, 200)}`);
  const headers = new Map<string, string[]>();
  for (const line of lines) {
    const [, name, value = ''] = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*?)[ \t]*$/s.exec(line) ?? [];
    if (name === undefined || /[\0\r\n]/.test(value)) throw new Error(`this is no header: ${JSON.stringify(line)}`);
    const key = name.toLowerCase();
    headers.set(key, [...(headers.get(key) ?? []), value]);
  }
  const from = end + 4;
  const made = (body: Buffer, length: number, whole = true) => ({
    answer: { status, headers, head, body: body.toString('utf8'), whole },
    length,
  });
  if (status < 200) return readAnswer(bytes.subarray(from), method, over) && later(bytes, from, method, over);
  // What was no HTTP had no method either: then HEAD is told why, too, over the bare connection, where no date is told.
  const isEmpty = (method === 'HEAD' && headers.has('date')) || status === 204 || status === 304;
  if (isEmpty) return made(Buffer.alloc(0), from);
  const [told, ...moreLengths] = headers.get('content-length') ?? [];
  const chunked = headers.get('transfer-encoding')?.join() === 'chunked';
  if (moreLengths.length > 0 || (told !== undefined && chunked)) throw new Error(`two lengths in one answer: ${head}`);
  if (told !== undefined) {
    const to = from + Number(told);
    return bytes.length >= to ? made(bytes.subarray(from, to), to) : undefined;
  }
  if (!chunked) return over ? made(bytes.subarray(from), bytes.length) : undefined;
  const parts: Buffer[] = [];
  for (let at = from; ;) {
    const eol = bytes.indexOf('\r\n', at);
    const size = eol === -1 ? Number.NaN : Number.parseInt(bytes.subarray(at, eol).toString('latin1'), 16);
    if (Number.isNaN(size) || bytes.length < eol + 2 + size + 2) {
      const isStream = headers.get('content-type')?.[0]?.startsWith('text/event-stream') === true;
      return isStream ? made(Buffer.concat(parts), bytes.length, false) : undefined;
    }
    if (size === 0) return made(Buffer.concat(parts), eol + 4);
    parts.push(bytes.subarray(eol + 2, eol + 2 + size));
    at = eol + 2 + size + 2;
  }
}

/** What comes after an interim answer (100). */
function later(bytes: Buffer, from: number, method: string, over: boolean) {
  const read = readAnswer(bytes.subarray(from), method, over);
  return read === undefined ? undefined : { answer: read.answer, length: read.length + from };
}

/** A request as text, with a Host unless one is among the headers. Headers are sent as they stand, in order. */
export function requestText(
  first: string,
  headers: readonly (readonly [string, string])[] = [],
  body: string | Buffer = '',
): Buffer {
  const named = headers.some(([name]) => name.toLowerCase() === 'host');
  const all = named ? headers : [['Host', 'localhost:4000'] as const, ...headers];
  const head = `${first}\r\n${all.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`;
  return Buffer.concat([Buffer.from(head, 'utf8'), Buffer.from(body)]);
}
