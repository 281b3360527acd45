import { globSync } from 'node:fs';
import { basename } from 'node:path';
import { runNode, withCluster } from '../test/support/cluster.ts';

/**
 * Runs the measurements: all files of this folder, or those that are named, one after another, with one real PostgreSQL for all of
 * them. Each prints what it measured; nothing is judged. 1: a name is unknown, or a measurement could not be made.
 */
async function main(named: readonly string[]): Promise<number> {
  const known = globSync('bench/*.ts')
    .map((path) => basename(path, '.ts'))
    .filter((name) => name !== 'run')
    .sort();
  const unknown = named.filter((name) => !known.includes(name));
  if (unknown.length > 0) {
    process.stderr.write(`no measurement is called ${unknown.join(' or ')}: there is ${known.join(', ')}\n`);
    return 1;
  }
  return withCluster(async ({ env }) => {
    let failed = 0;
    for (const name of named.length > 0 ? named : known) {
      if ((await runNode([`bench/${name}.ts`], env)) !== 0) failed += 1;
    }
    return failed > 0 ? 1 : 0;
  });
}

process.exitCode = await main(process.argv.slice(2));
