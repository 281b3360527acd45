import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { bareEnvironment } from './bare-environment.ts';

const folders: string[] = [];
after(() => {
  for (const made of folders) rmSync(made, { recursive: true, force: true });
});

/** A new folder, gone when the tests of this file are done. */
export function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'samtykke-start-'));
  folders.push(made);
  return made;
}

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `sandbox/main.ts` to its end; whatever is still running after half a minute is stopped, and so fails. */
export async function runToEnd(args: readonly string[], env: Record<string, string | undefined>): Promise<Ended> {
  const child = spawn(process.execPath, ['sandbox/main.ts', ...args], {
    env: { ...bareEnvironment(), DATA_DIR: folder(), ...env },
    stdio: 'pipe',
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const timer = setTimeout(() => child.kill('SIGTERM'), 30_000);
  const [code] = (await once(child, 'exit')) as [number | null];
  clearTimeout(timer);
  return { code, stdout, stderr };
}
