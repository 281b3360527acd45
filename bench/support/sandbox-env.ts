import { dirname, join } from 'node:path';
import type { Env } from '../../src/platform/config.ts';
import { evidenceLog } from '../../test/support/evidence.ts';

const keysFile = process.env['SAMTYKKE_TEST_KEYS'] ?? '';

/** Where all that a run shares lies: keys, certificates, what is written and deleted again. It goes with the run. */
export const runFolder = dirname(keysFile);
export const certificatesFolder = join(runFolder, 'certificates');

/** What a node of this run is told: keys and certificates of the run, and a log of its own. */
export const sandboxEnv = (): Env => ({
  SAMTYKKE_MODE: 'sandbox',
  DATA_DIR: runFolder,
  KEYS_FILE: keysFile,
  LOG_FILE: evidenceLog(),
});
