import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmbeddedPostgres } from '../../src/platform/embedded-postgres.ts';
import { generateKeysFile } from '../../src/platform/keys.ts';
import { prepareCluster } from './database.ts';

/** What the files of one run share. */
export interface Cluster {
  /** Variables for the processes of the run: with these `createDatabase` and everything that starts a node work. */
  readonly env: Readonly<Record<string, string>>;
  /** The folder for what is logged and answered. */
  readonly evidence: string;
}

/**
 * Starts one real PostgreSQL for a run, from which each file clones its own database, with new keys beside it. When `work` is done,
 * or fails, nothing of it is left.
 */
export async function withCluster<Result>(work: (cluster: Cluster) => Promise<Result>): Promise<Result> {
  const folder = mkdtempSync(join(tmpdir(), 'samtykke-test-'));
  const evidence = mkdtempSync(join(folder, 'evidence-'));
  const keysFile = join(folder, 'keys.json');
  writeFileSync(keysFile, generateKeysFile({ sandbox: true }), { mode: 0o600 });
  const postgres = await startEmbeddedPostgres({ dataDir: join(folder, 'data'), settings: { max_connections: '300' } });
  try {
    const logins = await prepareCluster(postgres);
    const env = {
      SAMTYKKE_TEST_CLUSTER: JSON.stringify({ superuserUrl: postgres.superuserUrl, ...logins }),
      SAMTYKKE_TEST_EVIDENCE: evidence,
      SAMTYKKE_TEST_KEYS: keysFile,
      // Hundreds of processes load the same modules: each strips and compiles those that none did before it.
      NODE_COMPILE_CACHE: join(folder, 'compiled'),
    };
    return await work({ env, evidence });
  } finally {
    await postgres.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Runs Node in a process of its own, which prints where this one does; answers with its exit code. */
export function runNode(args: readonly string[], env: Readonly<Record<string, string>>): Promise<number> {
  const child = spawn(process.execPath, args, { stdio: 'inherit', env: { ...process.env, ...env } });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? 1));
  });
}
