import { channel } from 'node:diagnostics_channel';
import type { IncomingMessage } from 'node:http';
import { Session, type Profiler } from 'node:inspector/promises';

/** What a process has done since it was last asked. */
export interface Work {
  /** How long each request took inside: from its head being parsed to its answer being handed to the system, in milliseconds. */
  readonly times: readonly number[];
  /** Of all its threads, in milliseconds. */
  readonly cpu: number;
}

export type Order =
  | { readonly kind: 'open'; readonly told: unknown }
  | { readonly kind: 'work' }
  | { readonly kind: 'do'; readonly told: unknown }
  | { readonly kind: 'profile' };

export type Report =
  | { readonly kind: 'ready'; readonly ready: unknown }
  | { readonly kind: 'work'; readonly work: Work }
  | { readonly kind: 'done'; readonly result: unknown }
  | { readonly kind: 'profiled'; readonly profile: Profile | undefined };

export type Profile = Profiler.Profile;

/** Opens what a program serves: what it is told, and what it says when it is open, as messages between processes can be. */
export type Opening = (told: never) => Promise<unknown>;

/** What a program does when it is told to: what it is told, and what comes of it. */
type Doing = (told: never) => Promise<unknown>;

/**
 * What a program that `startServer` starts does: opens what it serves when it is told how, does what it is told to, and tells what it
 * has cost when it is asked. It ends when the process that started it does, or is done with it.
 */
export function serve(open: Opening, act?: Doing): void {
  const takeWork = watchWork();
  const takeProfile = watchProfile();
  const answer = async (order: Order): Promise<Report> => {
    switch (order.kind) {
      case 'open':
        return { kind: 'ready', ready: await open(order.told as never) };
      case 'do':
        if (act === undefined) throw new Error('this program does nothing but serve');
        return { kind: 'done', result: await act(order.told as never) };
      case 'work':
        return { kind: 'work', work: takeWork() };
      case 'profile':
        return { kind: 'profiled', profile: await takeProfile() };
    }
  };
  process.on('message', (order: Order) => {
    answer(order).then(
      (report) => process.send?.(report),
      (error: unknown) => {
        process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
        process.exit(1);
      },
    );
  });
  process.once('disconnect', () => process.exit(0));
}

/** Asked once it begins to sample; asked again it answers what it has seen since. */
function watchProfile(): () => Promise<Profile | undefined> {
  let session: Session | undefined;
  return async () => {
    if (session === undefined) {
      session = new Session();
      session.connect();
      await session.post('Profiler.enable');
      await session.post('Profiler.start');
      return undefined;
    }
    const { profile } = await session.post('Profiler.stop');
    session.disconnect();
    session = undefined;
    return profile;
  };
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
