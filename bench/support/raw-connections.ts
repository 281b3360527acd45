import { connect, type Socket } from 'node:net';
import { percentile } from './statistics.ts';

/** What is asked for over and over, of a server on this machine. */
export interface Plan {
  readonly port: number;
  /** Connections that are kept, each with one request under way. */
  readonly clients: number;
  readonly method: 'GET' | 'PUT' | 'POST';
  readonly headers: Readonly<Record<string, string>>;
  /** Asked for in turn; `{n}` becomes another number of 12 digits each time, in path and body. */
  readonly requests: readonly { readonly path: string; readonly body?: string }[];
  /** What every answer must be: a status, and a body of this form; of a long one `pattern` is about the first 400 signs, and it ends with `tail`, and `contains` is in it. */
  readonly expect: {
    readonly status: number;
    readonly pattern: string;
    readonly tail?: string;
    readonly contains?: string;
  };
}

/** What one round saw. Milliseconds, from a request being written to its answer being read to the end and found right. */
export interface Asked {
  readonly operations: number;
  readonly seconds: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  /** CPU milliseconds of whoever asked; 0 where nobody asks, as the same process does the work. */
  readonly asking: number;
}

const HEAD_END = Buffer.from('\r\n\r\n');
const LOOKED_AT = 400;

/**
 * Asks by HTTP/1.1 over bare sockets, and as little of it as is needed, so that whoever asks takes little of the machine away from whoever
 * answers. A closed loop: each connection asks again as soon as it was answered. Any answer that is not as expected ends the run.
 */
export function openConnections(plan: Plan): { run(milliseconds: number): Promise<Asked>; close(): void } {
  const ask = requestsOf(plan);
  const isRight = checkOf(plan.expect);
  let sockets: Socket[] = [];
  let times: number[] = [];
  let until = 0;
  let running = 0;
  let finish: () => void = () => undefined;
  let fail: (error: Error) => void = () => undefined;

  const open = (): Promise<() => void> =>
    new Promise((resolve, reject) => {
      let begun = 0;
      let chunks: Buffer[] = [];
      let received = 0;
      let wanted = 0;
      const next = (): void => {
        begun = performance.now();
        if (begun >= until) {
          running -= 1;
          if (running === 0) finish();
          return;
        }
        socket.write(ask());
      };
      const take = (bytes: Buffer): void => {
        received += bytes.length;
        const whole = chunks.length === 0 ? bytes : wanted > received ? undefined : Buffer.concat([...chunks, bytes]);
        if (wanted === 0 && whole !== undefined) wanted = lengthOf(whole);
        if (wanted === 0 || received < wanted || whole === undefined) {
          chunks.push(Buffer.from(bytes)); // what is read next overwrites it
          return;
        }
        if (received > wanted || !isRight(whole)) {
          fail(new Error(`not the right answer: ${whole.toString('latin1', 0, 1_000)}`));
          return;
        }
        times.push(performance.now() - begun);
        chunks = [];
        received = 0;
        wanted = 0;
        next();
      };
      const buffer = Buffer.allocUnsafeSlow(262_144);
      const socket = connect({
        port: plan.port,
        host: '127.0.0.1',
        noDelay: true,
        onread: {
          buffer,
          callback: (length) => {
            take(buffer.subarray(0, length));
            return true;
          },
        },
      });
      sockets.push(socket);
      const broken = (error: Error): void => {
        if (!sockets.includes(socket)) return; // closed by us
        reject(error);
        fail(error);
      };
      socket.once('error', broken);
      socket.once('close', () => broken(new Error('a connection was closed')));
      socket.once('connect', () => resolve(next));
    });

  const close = (): void => {
    fail = () => undefined;
    for (const socket of sockets) socket.destroy();
    sockets = [];
  };
  return {
    run: async (milliseconds) => {
      // New ones for each round: a server closes those that lay idle while the other side had its turn.
      const starts = await Promise.all(Array.from({ length: plan.clients }, open));
      times = [];
      const cpu = process.cpuUsage();
      const begin = performance.now();
      until = begin + milliseconds;
      running = starts.length;
      await new Promise<void>((resolve, reject) => {
        finish = resolve;
        fail = reject;
        for (const start of starts) start();
      });
      const seconds = (performance.now() - begin) / 1_000;
      const { user, system } = process.cpuUsage(cpu);
      close();
      const [p50 = NaN, p95 = NaN, p99 = NaN] = [50, 95, 99].map((part) => percentile(times, part));
      return { operations: times.length, seconds, p50, p95, p99, asking: (user + system) / 1_000 };
    },
    close,
  };
}

let numbers = 0;

/** Each request as it goes over the wire, made before where nothing in it changes. */
function requestsOf({ method, headers, requests }: Plan): () => string | Buffer {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const texts = requests.map(({ path, body = '' }) => {
    // As long as it will be when the number is in it.
    const length = Buffer.byteLength(body.replaceAll('{n}', '000000000000'));
    const about = method === 'GET' ? '' : `content-length: ${length}\r\n`;
    return `${method} ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\n${lines.join('')}${about}\r\n${body}`;
  });
  const ready = texts.map((text) => (text.includes('{n}') ? text : Buffer.from(text)));
  if (ready.length === 0) throw new Error('there is nothing to ask for');
  let place = 0;
  return () => {
    const text = ready[(place += 1) % ready.length] ?? '';
    if (typeof text !== 'string') return text;
    numbers += 1;
    return text.replaceAll('{n}', String(numbers).padStart(12, '0'));
  };
}

/** How long the answer is that begins so, with its head; 0: that cannot be said yet. */
function lengthOf(bytes: Buffer): number {
  const end = bytes.indexOf(HEAD_END);
  if (end < 0) return 0;
  const [, length] = /\r\ncontent-length: *(\d+)/i.exec(bytes.toString('latin1', 0, end)) ?? [];
  if (length === undefined)
    throw new Error(`an answer that does not say its length: ${bytes.toString('latin1', 0, end)}`);
  return end + HEAD_END.length + Number(length);
}

function checkOf({ status, pattern, tail, contains }: Plan['expect']): (answer: Buffer) => boolean {
  const form = new RegExp(pattern);
  const begin = `HTTP/1.1 ${status} `;
  const end = tail === undefined ? undefined : Buffer.from(tail);
  const inside = contains === undefined ? undefined : Buffer.from(contains);
  return (answer) => {
    const body = answer.indexOf(HEAD_END) + HEAD_END.length;
    return (
      answer.toString('latin1', 0, begin.length) === begin &&
      form.test(answer.toString('latin1', body, body + LOOKED_AT)) &&
      (inside === undefined || answer.includes(inside, body)) &&
      (end === undefined || answer.subarray(Math.max(body, answer.length - end.length)).equals(end))
    );
  };
}
