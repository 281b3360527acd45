import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { drawsFrom } from '../../../sandbox/random.ts';
import { generateKeysFile } from '../../../src/platform/keys.ts';
import { scanEvidence } from '../../support/scan.ts';
import { checkFolder } from './checks/all.ts';
import { schedule } from './faults.ts';
import { startInstallation, startOwnPostgres } from './installation.ts';
import { asMarkdown, asText, summarise } from './summary.ts';
import { torture } from './torture.ts';

const HELP = `npm run torture [-- options]: clients work while nodes and database are killed; then it is checked what they were told

  --minutes N    how long faults are done (5)
  --seed S       another order of faults and calls (1)
  --nodes N      how many nodes (3)
  --json FILE    the summary as JSON
  --markdown FILE  the same for docs/reliability.md
  --keep FOLDER  keeps the history there, and the logs of the nodes: node test/torture/mixed/check-history.ts FOLDER checks it again
`;

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      minutes: { type: 'string', default: '5' },
      seed: { type: 'string', default: '1' },
      nodes: { type: 'string', default: '3' },
      json: { type: 'string' },
      markdown: { type: 'string' },
      keep: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const [minutes, seed, nodes] = [values.minutes, values.seed, values.nodes].map(Number);
  if (
    minutes === undefined ||
    seed === undefined ||
    nodes === undefined ||
    !(minutes > 0 && minutes <= 600 && nodes >= 1 && nodes <= 8 && Number.isInteger(seed))
  ) {
    process.stderr.write(HELP);
    return 2;
  }
  const scratch = mkdtempSync(join(tmpdir(), 'samtykke-torture-'));
  const folder = values.keep ?? join(scratch, 'history');
  mkdirSync(folder, { recursive: true });
  const evidence = join(scratch, 'evidence');
  mkdirSync(evidence);
  const keysFile = join(scratch, 'keys.json');
  writeFileSync(keysFile, generateKeysFile({ sandbox: true }), { mode: 0o600 });
  process.env['SAMTYKKE_TEST_EVIDENCE'] = evidence;
  process.env['SAMTYKKE_TEST_KEYS'] = keysFile;
  const postgres = await startOwnPostgres(join(scratch, 'data'));
  try {
    const installation = await startInstallation(postgres, nodes);
    const say = (line: string): void => void process.stdout.write(`${line}\n`);
    say(`${nodes} nodes and PostgreSQL run; seed ${seed}, ${minutes} minutes`);
    try {
      const how = { seed, folder, say, seconds: minutes * 60, calm: 3_000, stays: 2_500, pause: 40, workers: 3 };
      await torture(installation, { ...how, faults: schedule(drawsFrom(seed)) });
    } finally {
      await installation.stop();
    }
    if (values.keep !== undefined) cpSync(evidence, join(folder, 'logs'), { recursive: true });
    const commit = spawnSync('git', ['describe', '--always', '--dirty'], { encoding: 'utf8' }).stdout;
    return judge(folder, evidence, {
      ...values,
      run: `Seed ${seed}, ${nodes} nodes, commit ${commit?.trim() || 'unknown'}.`,
    });
  } finally {
    await postgres.stop();
    rmSync(scratch, { recursive: true, force: true });
  }
}

function judge(
  folder: string,
  evidence: string,
  of: { run: string; json?: string | undefined; markdown?: string | undefined },
): number {
  const { history, checked } = checkFolder(folder);
  const scanned = scanEvidence(evidence);
  const leaks = {
    rule: 'no log of a node holds a personal number, a secret, a token or a stack',
    looked: scanned.linesRead,
    findings: scanned.found.map((what) => ({ what, consents: [], calls: [] })),
  };
  const all = [...checked, leaks];
  const made = summarise(history, all);
  const summary = { ...made, about: [...made.about, of.run] };
  process.stdout.write(`\n${asText(summary)}`);
  if (of.json !== undefined) writeFileSync(of.json, `${JSON.stringify(summary, undefined, 2)}\n`);
  if (of.markdown !== undefined) writeFileSync(of.markdown, asMarkdown(summary));
  return all.some(({ findings }) => findings.length > 0) ? 1 : 0;
}

process.exitCode = await main();
