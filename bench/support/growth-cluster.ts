import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmbeddedPostgres } from '../../src/platform/embedded-postgres.ts';
import { generateKeysFile } from '../../src/platform/keys.ts';
import { prepareCluster } from '../../test/support/database.ts';

/**
 * Settings of a server that has a machine of its own, as far as this one allows, but for `wal_level`: what fills a table that is made
 * in the same transaction then writes no log, which halves the time of filling. What is measured afterwards is logged and synced.
 */
const SETTINGS = {
  max_connections: '100',
  shared_buffers: '1GB',
  max_wal_size: '2GB',
  wal_level: 'minimal',
  max_wal_senders: '0',
} as const;

/**
 * Starts a PostgreSQL for databases that are large, and tells this process and those that it starts where it is. `keepIn`: a folder in
 * which it stays, with its databases, for the next run; else nothing of it is left when the answer is called.
 */
export async function startGrowthCluster(keepIn: string | undefined): Promise<() => Promise<void>> {
  const folder = keepIn ?? mkdtempSync(join(tmpdir(), 'samtykke-growth-'));
  mkdirSync(folder, { recursive: true });
  const [keysFile, loginsFile] = [join(folder, 'keys.json'), join(folder, 'logins.json')];
  if (!existsSync(keysFile)) writeFileSync(keysFile, generateKeysFile({ sandbox: true }), { mode: 0o600 });
  const postgres = await startEmbeddedPostgres({ dataDir: join(folder, 'data'), settings: SETTINGS });
  if (!existsSync(loginsFile)) {
    writeFileSync(loginsFile, JSON.stringify(await prepareCluster(postgres)), { mode: 0o600 });
  }
  const evidence = mkdtempSync(join(folder, 'evidence-'));
  Object.assign(process.env, {
    SAMTYKKE_TEST_CLUSTER: JSON.stringify({
      superuserUrl: postgres.superuserUrl,
      ...(JSON.parse(readFileSync(loginsFile, 'utf8')) as object),
    }),
    SAMTYKKE_TEST_EVIDENCE: evidence,
    SAMTYKKE_TEST_KEYS: keysFile,
  });
  return async () => {
    await postgres.stop();
    rmSync(keepIn === undefined ? folder : evidence, { recursive: true, force: true });
  };
}
