import { Session } from 'node:inspector';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { profileFolder } from './length.ts';
import type { Profile } from './served.ts';

/** What a process had cost when it ended. */
export interface Cost {
  /** Of all its threads, in milliseconds. */
  readonly cpu: number;
  /** The most memory that it ever had resident, in megabytes (10^6 bytes). */
  readonly peakMb: number;
  /** Where its time went, where that is wanted (`--profile`). */
  readonly profile?: Profile;
}

const FOLDER = 'SAMTYKKE_BENCH_WITNESS';

/**
 * Does something that starts processes of Node which end by themselves, and answers what each of them cost. They are the real ones,
 * started by whoever starts them: this file is loaded into them beside their program, and writes that down when they end.
 */
export async function witness<Result>(
  work: () => Promise<Result>,
): Promise<{ result: Result; costs: readonly Cost[] }> {
  const folder = mkdtempSync(join(tmpdir(), 'samtykke-bench-'));
  const before = process.env['NODE_OPTIONS'];
  process.env[FOLDER] = folder;
  process.env['NODE_OPTIONS'] = `${before ?? ''} --import=${import.meta.url}`;
  try {
    const result = await work();
    const costs = readdirSync(folder).map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as Cost);
    return { result, costs };
  } finally {
    delete process.env[FOLDER];
    if (before === undefined) delete process.env['NODE_OPTIONS'];
    else process.env['NODE_OPTIONS'] = before;
    rmSync(folder, { recursive: true, force: true });
  }
}

const folder = process.env[FOLDER];
if (folder !== undefined) {
  const takeProfile = profileFolder === undefined ? undefined : beginProfile();
  process.once('exit', () => {
    const { user, system } = process.cpuUsage();
    const cost: Cost = { cpu: (user + system) / 1_000, peakMb: peakKib() * 0.001024, ...takeProfile?.() };
    writeFileSync(join(folder, String(process.pid)), JSON.stringify(cost));
  });
}

/** What the system counts as `maxRSS` includes, on Linux, what the process that started this one had. */
function peakKib(): number {
  if (process.platform !== 'linux') return process.resourceUsage().maxRSS;
  const [, kib] = /^VmHWM:\s*(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
  return Number(kib);
}

/** A process that ends waits for nothing: over a session of its own it is answered at once. */
function beginProfile(): () => { profile?: Profile } {
  const session = new Session();
  session.connect();
  session.post('Profiler.enable');
  session.post('Profiler.start');
  return () => {
    const taken: { profile?: Profile } = {};
    session.post('Profiler.stop', (error, stopped) => {
      if (error === null) taken.profile = stopped.profile;
    });
    return taken;
  };
}
