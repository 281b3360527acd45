import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { DomainError } from '../errors/domain-error.ts';
import type { Html } from '../html/html.ts';
import type { Frame } from '../html/layout.ts';
import { frameOf, pageHeaders, sendPage } from '../html/send-page.ts';
import type { Platform } from '../platform/platform.ts';
import { sandboxClient } from './code-samples.ts';
import { deliveriesDescription } from './deliveries.ts';
import { callsOf, type Description } from './description.ts';
import { errorPage } from './error.page.ts';
import { explained } from './error-names.ts';
import { errorsPage } from './errors.page.ts';
import { readExamples } from './examples.ts';
import { kept, keptZipped, keepFor, sendKept, type Kept } from './kept.ts';
import { REFERENCE_POLICY, referencePage, startAddress, startScript } from './reference.page.ts';
import { scalarAddress, scalarScript } from './scalar.ts';
import { developers } from './site.ts';
import type { Presenters } from './spelling.ts';

export interface DocsOptions {
  /** What the server says of itself, once all routes are there. */
  readonly describe: () => Description;
  readonly presenters: Presenters;
}

const SCRIPT = 'text/javascript; charset=utf-8';
const FIVE_MINUTES = 300;

/**
 * `/docs` and all below it: the API reference, the documents that it shows, and a page for each error. Open to everybody, in production too:
 * there is nothing in it about anybody, and nothing that is not in the source. All of it is made when it is first asked for.
 */
export function docsRoutes(app: FastifyInstance, platform: Platform, options: DocsOptions): void {
  const { config } = platform;
  const hidden = { schema: { hide: true } };
  const page = { ...hidden, config: { page: true } as object };

  const references = {
    '/docs': {
      describe: once(options.describe),
      title: 'Samtykke API',
      description: 'Consents to share debt information: for organisations that ask for consents and look up debt.',
    },
    '/docs/deliveries': {
      describe: once(() => deliveriesDescription(config)),
      title: 'Samtykke: deliveries',
      description: 'What creditors deliver, and how: for those who run the systems of creditors.',
    },
  } as const;
  const others = [...developers.about];
  for (const [path, { describe, title, description }] of Object.entries(references)) {
    const document = `${path}/openapi.json`;
    const listed = once(() =>
      callsOf(describe()).map(({ path: of, method, operation }) => ({
        method: method.toUpperCase(),
        path: of,
        summary: operation.summary,
      })),
    );
    // Requests from a browser would take the client's secret into it. In a sandbox secrets are known to everybody.
    const tryAs = config.mode === 'sandbox' && path === '/docs' ? sandboxClient : undefined;
    app.get(path, page, async (request, reply) => {
      frameOf(platform, request); // so that the headers know whether it came over https
      const made = referencePage({ title, description, document, others, calls: listed(), tryAs });
      return sendReference(request, reply, made);
    });
    const written = once(() => kept('application/json; charset=utf-8', `${JSON.stringify(describe(), null, 2)}\n`));
    serve(app, document, written, keepFor(FIVE_MINUTES));
  }

  const script = scalarScript();
  serve(app, scalarAddress, async () => keptZipped(SCRIPT, await script()), keepFor('good'));
  serve(
    app,
    startAddress,
    once(() => kept(SCRIPT, startScript)),
    keepFor('good'),
  );

  const examples = once(() => readExamples(config));
  const frame = (request: FastifyRequest): Frame => ({
    ...frameOf(platform, request, { language: 'en' }),
    site: developers,
  });
  app.get('/docs/errors', page, async (request, reply) => sendPage(reply, errorsPage(frame(request))));
  app.get<{ Params: { name: string } }>('/docs/errors/:name', page, async (request, reply) => {
    const error = explained(request.params.name);
    if (error === undefined) throw new DomainError('not_found', 'there is no error of this name');
    const { presenters } = options;
    return sendPage(
      reply,
      errorPage(frame(request), error, { presenters, examples: examples(), apiUrl: config.apiUrl }),
    );
  });
}

function serve(
  app: FastifyInstance,
  address: string,
  make: () => Kept | Promise<Kept>,
  onSend: ReturnType<typeof keepFor>,
): void {
  app.get(address, { schema: { hide: true }, onSend }, async (request, reply) =>
    sendKept(request, reply, await make()),
  );
}

function sendReference(request: FastifyRequest, reply: FastifyReply, made: Html): FastifyReply {
  return reply
    .headers({ ...pageHeaders(request), 'content-security-policy': REFERENCE_POLICY })
    .type('text/html; charset=utf-8')
    .send(made.text);
}

/** What is made when it is first needed, and kept. */
function once<Made>(make: () => Made): () => Made {
  let made: { readonly it: Made } | undefined;
  return () => (made ??= { it: make() }).it;
}
