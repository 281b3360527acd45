import { globSync } from 'node:fs';
import { runNode, withCluster, type Cluster } from './support/cluster.ts';
import { checkContract } from './support/contract.ts';
import { scanEvidence } from './support/scan.ts';

const describedIn = ['docs/openapi.json', 'docs/deliveries.openapi.json'];

/**
 * Runs the tests: all of them, or the files that are named. Starts one real PostgreSQL for the run, from which every test file
 * clones its own database, and afterwards reads through everything that was logged and answered (E1).
 */
async function runTests({ env, evidence }: Cluster, named: readonly string[]): Promise<number> {
  const files = named.length > 0 ? named : globSync(['{src,sandbox,test}/**/*.test.ts']).sort();
  // Fuzzing goes on longer by hand (test/fuzz/support/rounds.ts).
  const timeout = 240_000 * Math.max(1, Number(process.env['FUZZ_RUNS'] ?? 1));
  const flags = ['--test', '--test-concurrency=3', `--test-timeout=${timeout}`, '--test-reporter=spec'];
  const code = await runNode([...flags, ...files], env);
  const findings = scanEvidence(evidence);
  process.stdout.write(
    `\nread ${findings.linesRead} lines of logs and answers for what must not be there: ${findings.found.length} found\n`,
  );
  for (const finding of findings.found.slice(0, 20)) process.stdout.write(`  ${finding}\n`);
  const contract = checkContract(evidence, describedIn, process.env['NGI_OPENAPI'] || undefined);
  const { own, published } = contract.checked;
  process.stdout.write(
    `held ${own} answers against ${describedIn.join(' and ')}, and ${published} against NGI's description: ${contract.problems.length} differ\n`,
  );
  for (const problem of contract.problems.slice(0, 20)) process.stdout.write(`  ${problem}\n`);
  const whole = named.length === 0;
  if (whole) for (const name of contract.unseen) process.stdout.write(`  described, but seen in no test: ${name}\n`);
  const incomplete = whole && (findings.linesRead === 0 || own === 0 || contract.unseen.length > 0);
  return code !== 0 || findings.found.length > 0 || contract.problems.length > 0 || incomplete ? 1 : 0;
}

process.exitCode = await withCluster((cluster) => runTests(cluster, process.argv.slice(2)));
