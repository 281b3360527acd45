import { fastify } from 'fastify';
import { serve } from './served.ts';

/** A page that is sent as it is. */
export interface PreparedPage {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** The baseline: Fastify, a route for each page, no hooks, no log, nothing to find out. Answers with its origin. */
const open = async (pages: readonly PreparedPage[]): Promise<string> => {
  const app = fastify();
  for (const { path, headers, body } of pages)
    app.get(path, async (_request, reply) => reply.headers(headers).send(body));
  return app.listen({ host: '127.0.0.1', port: 0 });
};

export type OpenBare = typeof open;
serve(open);
