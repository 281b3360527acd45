import { writeFileSync } from 'node:fs';
import { runNode, withCluster } from './cluster.ts';
import { makeExamples } from './examples/make.ts';

/**
 * `npm run examples`: asks a sandbox of its own, and writes src/docs/examples.json. Starts a PostgreSQL for it, and itself once more with
 * where that is.
 */
if (process.env['SAMTYKKE_TEST_CLUSTER'] === undefined) {
  process.exitCode = await withCluster(({ env }) => runNode([import.meta.filename], env));
} else {
  writeFileSync('src/docs/examples.json', `${JSON.stringify(await makeExamples(), null, 2)}\n`);
}
