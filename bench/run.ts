import { globSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { cpus, tmpdir, totalmem } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { runNode, withCluster } from '../test/support/cluster.ts';
import { figuresIn, isReached, readFigures, summary, type Figure } from './support/figures.ts';
import { median } from './support/statistics.ts';

const USAGE = `npm run bench -- [MEASUREMENT…] [--long] [--json FILE] [--profile FOLDER]

  --long            longer rounds and more of them: the careful figures. Without it all of which something is wanted take less than ten minutes
  --json FILE       writes every figure
  --profile FOLDER  writes a CPU profile of the server that is measured, and prints its top lines; the figures are worth less then
`;

/** Comes last, so that the others are there when somebody has waited long enough. */
const LONGEST = 'collection';
/** Nothing is wanted of it: it is measured by its name, or with `--long`. */
const TOLD_FOR_ITSELF = new Set(['portal-page']);

/**
 * Runs the measurements: all files of this folder, or those that are named, one after another, with one real PostgreSQL for all of
 * them. Each prints what it measured, and at the end stands one table of all; nothing is judged. 1: a name is unknown, or a measurement
 * could not be made.
 */
async function main(): Promise<number> {
  const { values, positionals: named } = parseArgs({
    allowPositionals: true,
    options: {
      long: { type: 'boolean' },
      json: { type: 'string' },
      profile: { type: 'string' },
      help: { type: 'boolean' },
    },
  });
  const known = globSync('bench/*.ts')
    .map((path) => basename(path, '.ts'))
    .filter((name) => name !== 'run')
    .toSorted((a, b) => Number(a === LONGEST) - Number(b === LONGEST) || a.localeCompare(b));
  const unknown = named.filter((name) => !known.includes(name));
  if (values.help === true || unknown.length > 0) {
    const problem = unknown.length > 0 ? `no measurement is called ${unknown.join(' or ')}\n` : '';
    process.stderr.write(`${problem}${USAGE}  MEASUREMENT       ${known.join(', ')}\n`);
    return unknown.length > 0 ? 1 : 0;
  }
  const folder = mkdtempSync(join(tmpdir(), 'samtykke-figures-'));
  const file = join(folder, 'figures.ndjson');
  writeFileSync(file, '');
  const more = {
    ...figuresIn(file),
    ...(values.long === true ? { SAMTYKKE_BENCH_LONG: '1' } : {}),
    ...(values.profile === undefined ? {} : { SAMTYKKE_BENCH_PROFILE: resolve(values.profile) }),
  };
  const begin = performance.now();
  try {
    return await withCluster(async ({ env }) => {
      const failed: string[] = [];
      const usual = known.filter((name) => values.long === true || !TOLD_FOR_ITSELF.has(name));
      for (const name of named.length > 0 ? named : usual) {
        if ((await runNode([`bench/${name}.ts`], { ...env, ...more })) !== 0) failed.push(name);
      }
      const minutes = ((performance.now() - begin) / 60_000).toFixed(1);
      const figures = readFigures(file);
      if (figures.length > 0) {
        process.stdout.write(`Summary\n\n${madeOn()} ${minutes} minutes.\n\n${summary(figures)}\n`);
      }
      if (values.json !== undefined) writeFileSync(values.json, jsonOf(figures));
      if (failed.length > 0) process.stderr.write(`could not be measured: ${failed.join(', ')}\n`);
      return failed.length > 0 ? 1 : 0;
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What this was measured on: a line for people. */
function madeOn(): string {
  const { date, commit, machine } = made();
  const { processor, cores, memoryGb, node, system } = machine;
  return `${date}, commit ${commit}, ${cores} × ${processor}, ${memoryGb} GB, ${system}, Node ${node}.`;
}

function made() {
  return {
    date: new Date().toISOString().slice(0, 16).replace('T', ' '),
    commit: commit(),
    machine: {
      processor: cpus()[0]?.model.trim() ?? 'unknown',
      cores: cpus().length,
      memoryGb: Math.round(totalmem() / 1e9),
      system: `${process.platform} ${process.arch}`,
      node: process.versions.node,
    },
  };
}

function commit(): string {
  try {
    const git = (...args: string[]): string => execFileSync('git', args, { encoding: 'utf8', stdio: 'pipe' }).trim();
    return `${git('rev-parse', '--short', 'HEAD')}${git('status', '--porcelain', 'src', 'db') === '' ? '' : ' with changes'}`;
  } catch {
    return 'unknown';
  }
}

const jsonOf = (figures: readonly Figure[]): string => {
  const told = figures.map((figure) => ({
    ...figure,
    median: median(figure.rounds),
    spread: [Math.min(...figure.rounds), Math.max(...figure.rounds)],
    reached: isReached(figure) ?? null,
  }));
  return `${JSON.stringify({ ...made(), figures: told }, null, 2)}\n`;
};

process.exitCode = await main();
