import { readdirSync, readFileSync } from 'node:fs';
import { cpus } from 'node:os';

/** Milliseconds of CPU since some moment: of all that this machine does, and of what belongs to this run. */
export interface Used {
  readonly all: number;
  /** This run with all that it has started, PostgreSQL included. */
  readonly own: number;
  /** What there was to be used. */
  readonly there: number;
}

const TICK_MS = 10;

/**
 * How much CPU has been used until now. `postmaster`: the process id of the PostgreSQL of this run. Only on Linux; elsewhere what others
 * use is not known, and `own` is NaN.
 */
export function usedSoFar(postmaster: string | undefined): Used {
  const times = cpus().map((cpu) => cpu.times);
  const all = times.reduce((sum, { user, nice, sys, irq }) => sum + user + nice + sys + irq, 0);
  const there = all + times.reduce((sum, { idle }) => sum + idle, 0);
  return { all, there, own: ownWork(postmaster) };
}

/** The part of the machine that others took between two moments, from 0 to 1. */
export const othersBetween = (before: Used, after: Used): number =>
  Math.max(0, after.all - before.all - (after.own - before.own)) / Math.max(1, after.there - before.there);

/** Of the run that this process belongs to, which is all that `bench/run.ts` has started, and of what has ended of it. */
function ownWork(postmaster: string | undefined): number {
  if (process.platform !== 'linux') return Number.NaN;
  const children = new Map<string, string[]>();
  const work = new Map<string, number>();
  for (const pid of readdirSync('/proc')) {
    if (!/^\d+$/.test(pid)) continue;
    const stat = statOf(pid);
    if (stat === undefined) continue;
    work.set(pid, stat.cpu + stat.cpuOfEnded);
    children.set(stat.parent, [...(children.get(stat.parent) ?? []), pid]);
  }
  const ours = new Set([String(process.ppid), ...(postmaster === undefined ? [] : [postmaster])]);
  for (const pid of ours) for (const child of children.get(pid) ?? []) ours.add(child);
  return [...ours].reduce((sum, pid) => sum + (work.get(pid) ?? 0), 0);
}

/** What the system says of a process: who started it, its CPU, and that of those it started which have ended. Milliseconds. */
export function statOf(pid: string): { parent: string; cpu: number; cpuOfEnded: number } | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The second field is a name, which may hold anything.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    const ticks = (from: number): number => (Number(fields[from]) + Number(fields[from + 1])) * TICK_MS;
    return { parent: fields[1] ?? '', cpu: ticks(11), cpuOfEnded: ticks(13) };
  } catch {
    return undefined; // it has ended, or this is no Linux
  }
}
