import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { ROOT } from '../support/sources.ts';

const run = promisify(execFile);
const SDK = join(ROOT, 'sdk');

/** A new folder of somebody who uses the package: installed from its tarball, by npm, without the network. */
export interface UserFolder {
  readonly path: string;
  /** Bytes of the tarball. */
  readonly tarballBytes: number;
  write(name: string, text: string): void;
  /** Runs a file of the folder to its end; fails when its exit code is not 0. */
  node(program: string, ...args: readonly string[]): Promise<string>;
  /** Starts a file of the folder that goes on until it is stopped, at the latest by `remove`. */
  start(program: string, ...args: readonly string[]): Running;
  /** Checks files of the folder by the compiler; answers what it says. */
  check(files: readonly string[], options: readonly string[]): Promise<string>;
  remove(): Promise<void>;
}

export interface Running {
  /** Everything that it has printed, standard error too. */
  output(): string;
  /** Waits until it has printed this. */
  until(pattern: RegExp): Promise<RegExpMatchArray>;
  /** Sends SIGTERM, and waits until it has ended. Answers its exit code; null: the signal ended it. */
  stop(): Promise<number | null>;
}

/**
 * Packs a copy of `sdk/`, so that nothing is made in the checkout, as `npm pack` does it when it is published; its one dependency is packed as it
 * lies in `node_modules`; and installs both into a new folder.
 */
export async function newUserFolder(): Promise<UserFolder> {
  const path = mkdtempSync(join(tmpdir(), 'samtykke-user-'));
  const copy = join(path, 'packed');
  mkdirSync(copy);
  for (const part of ['src', 'examples', 'package.json', 'prepack.mjs', 'tsconfig.json', 'README.md', 'LICENSE']) {
    cpSync(join(SDK, part), join(copy, part), { recursive: true });
  }
  symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'), 'junction');
  const client = join(copy, await pack(copy, []));
  const dependency = await pack(join(ROOT, 'node_modules/oauth4webapi'), [
    '--ignore-scripts',
    '--pack-destination',
    path,
  ]);
  writeFileSync(join(path, 'package.json'), JSON.stringify({ private: true, type: 'module' }));
  await npm(path, ['install', '--offline', '--no-audit', '--no-fund', '--ignore-scripts', `./${dependency}`, client]);
  const started: Running[] = [];
  return {
    path,
    tarballBytes: readFileSync(client).length,
    write: (name, text) => writeFileSync(join(path, name), text),
    node: async (program, ...args) =>
      (await run(usersNode(), [program, ...args], { cwd: path, timeout: 120_000 })).stdout,
    // Examples are TypeScript, which an older Node does not run.
    start: (program, ...args) => {
      const one = running(spawn(process.execPath, [program, ...args], { cwd: path }));
      started.push(one);
      return one;
    },
    check: async (files, options) => {
      const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
      const all = [tsc, '--noEmit', '--strict', '--target', 'es2022', '--module', 'nodenext', ...options, ...files];
      return run(process.execPath, all, { cwd: path }).then(
        ({ stdout }) => stdout,
        (failed: { stdout: string }) => failed.stdout,
      );
    },
    remove: async () => {
      await Promise.all(started.map((one) => one.stop()));
      rmSync(path, { recursive: true, force: true });
    },
  };
}

async function pack(folder: string, options: readonly string[]): Promise<string> {
  const told = await npm(folder, ['pack', '--json', ...options]);
  const [{ filename }] = JSON.parse(told) as [{ filename: string }];
  return filename;
}

/** `npm`, without what an `npm` around the tests has put into the environment. */
async function npm(cwd: string, args: readonly string[]): Promise<string> {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name)));
  const { stdout } = await run('npm', [...args], { cwd, env, timeout: 120_000 });
  return stdout;
}

/**
 * The Node that a user of the package has: the machine's own, which may be older than the one of the packages here, if it is one of those that
 * the package is for; otherwise ours.
 */
function usersNode(): string {
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => !folder.includes('node_modules'));
  const node = folders.map((folder) => join(folder, 'node')).find((file) => existsSync(file));
  return node ?? process.execPath;
}

/** Whichever that is, as `v20.1.0`. */
export async function versionOfUsersNode(): Promise<string> {
  return (await run(usersNode(), ['--version'])).stdout.trim();
}

function running(child: ChildProcess): Running {
  let output = '';
  const read = (chunk: Buffer): void => void (output += chunk.toString());
  child.stdout?.on('data', read);
  child.stderr?.on('data', read);
  // Whatever becomes of the test, it does not outlive it.
  process.once('exit', () => child.kill('SIGKILL'));
  return {
    output: () => output,
    until: async (pattern) => {
      for (const until = Date.now() + 60_000; ;) {
        const found = output.match(pattern);
        if (found !== null) return found;
        if (child.exitCode !== null || Date.now() > until) throw new Error(`${pattern} was not printed: ${output}`);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    },
    stop: async () => {
      if (child.exitCode === null && child.signalCode === null) {
        const ended = once(child, 'exit');
        child.kill('SIGTERM');
        await ended;
      }
      return child.exitCode;
    },
  };
}

/** The pieces of code in the package's README, in order. */
export function codeOfReadme(): readonly string[] {
  const text = readFileSync(join(SDK, 'README.md'), 'utf8');
  return [...text.matchAll(/^```ts\n([^]*?)^```/gm)].map(([, code = '']) => code);
}
