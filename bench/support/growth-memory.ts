import { setTimeout as sleep } from 'node:timers/promises';
import { MEMORY_PATH, type Memory } from './growth-memory-server.ts';
import type { Side } from './growth-side.ts';
import { median } from './statistics.ts';

/** The memory of a node at a moment of its run. */
export interface Sample extends Memory {
  /** Requests that it had answered by then. */
  readonly requests: number;
  /** CPU of its Node since the sample before, in milliseconds. */
  readonly cpu: number;
  readonly seconds: number;
  /** Requests that were answered wrongly, or not in time. */
  readonly failed: number;
}

/** How much is asked, and how often the memory is looked at. */
export interface Watch {
  readonly samples: number;
  /** Requests between two looks. */
  readonly requestsEach: number;
  /** Requests a second, at most; as many as go when it is left out. */
  readonly rate?: number;
  readonly onSample?: (sample: Sample) => void;
}

/**
 * Asks a node of everything in turns, and looks at its memory at intervals, when what is not in use has been let go.
 * Throws when more than one of a hundred is answered wrongly.
 */
export async function watchMemory(
  side: Side,
  { samples, requestsEach, rate = Infinity, onSample }: Watch,
): Promise<readonly Sample[]> {
  const seen: Sample[] = [];
  const begin = performance.now();
  let failed = 0;
  for (let requests = 0; seen.length < samples; requests += 1) {
    const next = performance.now() + 1_000 / rate;
    const { ask } = side.operations[requests % side.operations.length] ?? {};
    await ask?.(requests).catch((error: unknown) => {
      failed += 1;
      if (failed > 20 + requests / 100) throw error;
    });
    if ((requests + 1) % requestsEach === 0) {
      const cpu = await side.nodeWork();
      const memory = (await (await fetch(`${side.origin}${MEMORY_PATH}`)).json()) as Memory;
      const seconds = (performance.now() - begin) / 1_000;
      const sample = { ...memory, requests: requests + 1, cpu, failed, seconds };
      seen.push(sample);
      onSample?.(sample);
    }
    await sleep(Math.max(0, next - performance.now()));
  }
  return seen;
}

/**
 * What each request leaves behind in the heap, in bytes: how much higher the last third of the samples is than the first one, each by its
 * median, over the requests between them. What warms up must have been left out.
 */
export function leftBehind(samples: readonly Sample[]): number {
  const third = Math.max(1, Math.floor(samples.length / 3));
  const [early, late] = [samples.slice(0, third), samples.slice(-third)];
  const of = (some: readonly Sample[], figure: (sample: Sample) => number): number => median(some.map(figure));
  const heap = ({ heap, external }: Sample): number => heap + external;
  const requests = of(late, (sample) => sample.requests) - of(early, (sample) => sample.requests);
  return (of(late, heap) - of(early, heap)) / Math.max(1, requests);
}
