import {
  access,
  constants,
  link,
  lchown,
  lstat,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { newId } from './ids.ts';
import { errorCode, processExists, processStart } from './processes.ts';

/** Somebody else uses the folder; the message is one line that names the folder, the process and what to do. */
export class DataFolderInUseError extends Error {
  override readonly name = 'DataFolderInUseError';

  constructor(folder: string, pid: number) {
    super(
      `the data folder ${folder} is in use by process ${pid}: stop that process, or choose another folder with DATA_DIR`,
    );
  }
}

/** Whose process this is: root has to give files away, and PostgreSQL does not run as root. Undefined off POSIX. */
export const ourUid = (): number | undefined => process.geteuid?.();

/**
 * Makes the folder (0700) where it is missing. What root makes in somebody's checkout becomes theirs, so that they can run
 * without root later. Throws one line when it cannot be made or written to.
 */
export async function makeDataFolder(dataDir: string): Promise<void> {
  try {
    const made = await mkdir(dataDir, { recursive: true, mode: 0o700 });
    if (made !== undefined && ourUid() === 0) {
      const parent = await stat(path.dirname(made));
      await giveTree(made, parent.uid, parent.gid);
    }
    await access(dataDir, constants.W_OK | constants.X_OK);
  } catch (error) {
    throw new Error(
      `the data folder ${dataDir} cannot be written to (${errorCode(error) ?? 'unknown'}): choose another one with DATA_DIR`,
      {
        cause: error,
      },
    );
  }
}

/** Gives a file or a folder with all that is in it to a user, if it is not theirs; symbolic links are not followed. */
export async function giveTree(top: string, uid: number, gid: number): Promise<void> {
  const before = await lstat(top);
  if (before.uid === uid) return;
  await lchown(top, uid, gid);
  if (!before.isDirectory()) return;
  for (const entry of await readdir(top, { recursive: true })) await lchown(path.join(top, entry), uid, gid);
}

/** Writes a file that only its owner reads (0600), whole or not at all; when root writes, it belongs to the folder's owner. */
export async function writePrivate(file: string, text: string): Promise<void> {
  const draft = `${file}.${newId()}`;
  await writeFile(draft, text, { mode: 0o600, flag: 'wx', flush: true });
  if (ourUid() === 0) {
    const folder = await stat(path.dirname(file));
    await lchown(draft, folder.uid, folder.gid);
  }
  await rename(draft, file);
}

interface Owner {
  readonly pid: number;
  /** When the process started, as the system tells it: a process number alone comes back after a reboot or in a container. */
  readonly started: string | null;
  readonly token: string;
}

/**
 * Takes `dataDir` for this process by its file `owner.json`; answers with the function that releases it.
 * Throws DataFolderInUseError when a living process has it. A dead owner's file is replaced, never deleted: of several who
 * find it dead at once, only the one who holds that owner's `.heir` file, and still sees that owner, may put its own there. What those
 * left behind who were killed while they tried is removed.
 */
export async function takeDataFolder(dataDir: string): Promise<() => Promise<void>> {
  const file = path.join(dataDir, 'owner.json');
  const started = (await processStart(process.pid)) ?? null;
  const mine: Owner = { pid: process.pid, started, token: newId() };
  const draft = path.join(dataDir, `owner.${mine.pid}.${mine.token}`);
  await writePrivate(draft, JSON.stringify(mine));
  try {
    for (;;) {
      // A link appears with its whole content or not at all (EEXIST), so nobody ever reads half an owner.
      if (await linked(draft, file)) break;
      const owner = await readOwner(file);
      if (owner === undefined) continue;
      if (owner.token === mine.token) break;
      if (await staysAlive(owner)) throw new DataFolderInUseError(dataDir, owner.pid);
      const seat = path.join(dataDir, `owner.${owner.token}.heir`);
      if (await linked(draft, seat)) {
        if ((await readOwner(file))?.token === owner.token) await rename(seat, file).catch(ignoreMissing);
        else await rm(seat, { force: true });
      } else {
        const heir = await readOwner(seat);
        if (heir !== undefined && !(await isAlive(heir))) await rm(seat, { force: true });
        await sleep(10);
      }
    }
    await removeDraftsOfTheDead(dataDir);
  } finally {
    await rm(draft, { force: true });
  }
  return async () => {
    if ((await readOwner(file))?.token === mine.token) await rm(file, { force: true });
  };
}

/** Drafts bear the number of their process, since one that was killed may have written nothing into it yet. */
async function removeDraftsOfTheDead(dataDir: string): Promise<void> {
  for (const name of await readdir(dataDir)) {
    const pid = /^owner\.(\d+)\./.exec(name)?.[1];
    if (pid === undefined || (await isAlive({ pid: Number(pid), started: null }))) continue;
    await rm(path.join(dataDir, name), { force: true });
  }
}

async function linked(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false;
    throw error;
  }
}

function ignoreMissing(error: unknown): void {
  if (errorCode(error) !== 'ENOENT') throw error;
}

async function readOwner(file: string): Promise<Owner | undefined> {
  const text = await readFile(file, 'utf8').catch(ignoreMissing);
  if (text === undefined) return undefined;
  try {
    const { pid, started, token } = JSON.parse(text) as Partial<Owner>;
    if (Number.isInteger(pid) && pid !== undefined && token !== undefined && /^[\w-]+$/.test(token))
      return { pid, started: started ?? null, token };
  } catch {
    // Falls through: whole files are linked in, so a broken one was left by a power failure, and its writer is gone.
  }
  return { pid: 0, started: null, token: 'broken' };
}

/** A process that was killed a moment ago still looks alive: "kill -9 and start again" is no conflict. */
async function staysAlive(owner: Owner): Promise<boolean> {
  for (let looks = 0; await isAlive(owner); looks += 1) {
    if (looks === 10 || owner.pid === process.pid) return true;
    await sleep(50);
  }
  return false;
}

async function isAlive(owner: Pick<Owner, 'pid' | 'started'>): Promise<boolean> {
  if (!processExists(owner.pid)) return false;
  const started = await processStart(owner.pid);
  return started === undefined || owner.started === null ? started !== 'ended' : started === owner.started;
}
