import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmbeddedPostgres } from '../../src/platform/embedded-postgres.ts';
import { migrate } from '../../src/platform/migrate.ts';
import { withClient } from './database.ts';
import { schemaText } from './schema-text.ts';
import { ROOT } from './sources.ts';

/** `npm run schema`: migrates an empty database of its own, and writes db/schema.sql from what came of it. */
const folder = mkdtempSync(join(tmpdir(), 'samtykke-schema-'));
try {
  const postgres = await startEmbeddedPostgres({ dataDir: join(folder, 'data') });
  try {
    const url = postgres.superuserUrl;
    await migrate({ ownerUrl: url, servingUrl: url, mode: 'sandbox' });
    await withClient(url, async (client) => writeFileSync(join(ROOT, 'db/schema.sql'), await schemaText(client)));
  } finally {
    await postgres.stop();
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
