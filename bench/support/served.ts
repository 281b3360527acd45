import { channel } from 'node:diagnostics_channel';
import type { IncomingMessage } from 'node:http';

/** What a process has done since it was last asked. */
export interface Work {
  /** How long each request took inside: from its head being parsed to its answer being handed to the system, in milliseconds. */
  readonly times: readonly number[];
  /** Of all its threads, in milliseconds. */
  readonly cpu: number;
}

export type Order<Told> = { readonly kind: 'open'; readonly told: Told } | { readonly kind: 'work' };

export type Report<Ready> =
  { readonly kind: 'ready'; readonly ready: Ready } | { readonly kind: 'work'; readonly work: Work };

/**
 * What a program that `startServer` starts does: opens what it serves when it is told how, and tells what it has done when it is
 * asked. It ends when the process that started it does, or is done with it.
 */
export function serve<Told, Ready>(open: (told: Told) => Promise<Ready>): void {
  const takeWork = watchWork();
  const report = (message: Report<Ready>): void => {
    process.send?.(message);
  };
  process.on('message', (order: Order<Told>) => {
    if (order.kind === 'work') {
      report({ kind: 'work', work: takeWork() });
      return;
    }
    open(order.told).then(
      (ready) => report({ kind: 'ready', ready }),
      (error: unknown) => {
        process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
        process.exit(1);
      },
    );
  });
  process.once('disconnect', () => process.exit(0));
}

/** Watches every HTTP server of this process in the same way, whatever it is made with. */
function watchWork(): () => Work {
  const begun = new WeakMap<IncomingMessage, number>();
  let times: number[] = [];
  let cpu = process.cpuUsage();
  channel('http.server.request.start').subscribe((message) => {
    begun.set((message as { request: IncomingMessage }).request, performance.now());
  });
  channel('http.server.response.finish').subscribe((message) => {
    const begin = begun.get((message as { request: IncomingMessage }).request);
    if (begin !== undefined) times.push(performance.now() - begin);
  });
  return () => {
    const { user, system } = process.cpuUsage(cpu);
    const work = { times, cpu: (user + system) / 1000 };
    times = [];
    cpu = process.cpuUsage();
    return work;
  };
}
