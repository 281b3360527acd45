import { appendFileSync } from 'node:fs';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { evidenceFile } from './evidence.ts';

/** A span as it was sent. */
export interface SentSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | undefined;
  readonly name: string;
  readonly kind: number;
  readonly failed: boolean;
  readonly attributes: Readonly<Record<string, string>>;
}

export interface TraceCollector {
  readonly url: string;
  /** Everything that was sent, as it came. */
  readonly bodies: readonly string[];
  /** `authorization` of each message. */
  readonly authorizations: readonly (string | undefined)[];
  spans(): readonly SentSpan[];
  /** The names of the services that spans came from. */
  services(): readonly string[];
  /** What it answers from now on. */
  answer(status: number): void;
  close(): Promise<void>;
}

interface Attribute {
  readonly key: string;
  readonly value: Readonly<Record<string, unknown>>;
}
interface Sent {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly Attribute[] };
    readonly scopeSpans: readonly {
      readonly spans: readonly {
        readonly traceId: string;
        readonly spanId: string;
        readonly parentSpanId?: string;
        readonly name: string;
        readonly kind: number;
        readonly status: { readonly code?: number };
        readonly attributes: readonly Attribute[];
      }[];
    }[];
  }[];
}

const wordsOf = (attributes: readonly Attribute[]): Record<string, string> =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, String(Object.values(value)[0])]));

/**
 * A collector that takes spans over OTLP/HTTP at a free port. `evidence`: what it is sent is kept with the logs of the run, which are read
 * for personal numbers and secrets at its end.
 */
export async function startTraceCollector({ evidence = true } = {}): Promise<TraceCollector> {
  const bodies: string[] = [];
  const authorizations: (string | undefined)[] = [];
  let status = 200;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      if (request.url === '/v1/traces' && request.method === 'POST') {
        const body = Buffer.concat(chunks).toString();
        bodies.push(body);
        authorizations.push(request.headers.authorization);
        if (evidence) appendFileSync(evidenceFile(`traces-${process.pid}.log`), `${body}\n`);
      }
      response.writeHead(status, { 'content-type': 'application/json' }).end('{}');
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const sent = () => bodies.flatMap((body) => (JSON.parse(body) as Sent).resourceSpans);
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    bodies,
    authorizations,
    spans: () =>
      sent()
        .flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans))
        .map(({ traceId, spanId, parentSpanId, name, kind, status: { code }, attributes }) => ({
          traceId,
          spanId,
          parentSpanId,
          name,
          kind,
          failed: code === 2,
          attributes: wordsOf(attributes),
        })),
    services: () => sent().map(({ resource }) => wordsOf(resource.attributes)['service.name'] ?? ''),
    answer: (next) => (status = next),
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
