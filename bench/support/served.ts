import { channel } from 'node:diagnostics_channel';
import type { IncomingMessage } from 'node:http';

/** What a process has done since it was last asked. */
export interface Work {
  /** How long each request took inside: from its head being parsed to its answer being handed to the system, in milliseconds. */
  readonly times: readonly number[];
  /** Of all its threads, in milliseconds. */
  readonly cpu: number;
}

export type Order = { readonly kind: 'open'; readonly told: unknown } | { readonly kind: 'work' };

export type Report =
  { readonly kind: 'ready'; readonly ready: unknown } | { readonly kind: 'work'; readonly work: Work };

/** Opens what a program serves: what it is told, and what it says when it is open, as messages between processes can be. */
export type Opening = (told: never) => Promise<unknown>;

/**
 * What a program that `startServer` starts does: opens what it serves when it is told how, and tells what it has done when it is
 * asked. It ends when the process that started it does, or is done with it.
 */
export function serve(open: Opening): void {
  const takeWork = watchWork();
  const report = (message: Report): void => {
    process.send?.(message);
  };
  process.on('message', (order: Order) => {
    if (order.kind === 'work') {
      report({ kind: 'work', work: takeWork() });
      return;
    }
    open(order.told as never).then(
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
