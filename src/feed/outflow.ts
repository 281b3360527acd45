import { PassThrough } from 'node:stream';
import type { FastifyReply } from 'fastify';

/** The body of an answer that is written piece by piece, no faster than its reader takes it. */
export interface Outflow {
  /** Resolves when there is room for more. Rejects with `ReaderGone` when there is nobody to write for any more. */
  write(text: string): Promise<void>;
  /** The answer is whole. */
  end(): void;
  /** It is not, and its reader is to notice: the connection is cut. */
  cut(): void;
}

/** Whoever read has gone, or has taken nothing for too long. */
export class ReaderGone extends Error {
  override readonly name = 'ReaderGone';
}

/** Begins to answer with 200 and a body of this type; a reader that takes nothing for `stallSeconds` is cut off. */
export function openOutflow(reply: FastifyReply, options: { type: string; stallSeconds: number }): Outflow {
  const body = new PassThrough();
  // It is destroyed when the connection is cut, and the connection when it is: both are told by `write`.
  body.on('error', () => undefined);
  // Proxies that gather an answer before they hand it on would hold back what is said now.
  void reply.type(options.type).header('x-accel-buffering', 'no').send(body);
  const gone = (): ReaderGone => new ReaderGone('nobody reads this answer any more');
  return {
    write: async (text) => {
      if (body.destroyed) throw gone();
      if (body.write(text)) return;
      const stalled = setTimeout(() => body.destroy(gone()), options.stallSeconds * 1000);
      await new Promise<void>((resolve) => {
        const done = (): void => {
          body.off('drain', done).off('close', done);
          resolve();
        };
        body.on('drain', done).on('close', done);
      });
      clearTimeout(stalled);
      if (body.destroyed) throw gone();
    },
    end: () => body.end(),
    cut: () => body.destroy(gone()),
  };
}
