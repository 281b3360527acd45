import {
  chmodSync,
  chownSync,
  closeSync,
  fsyncSync,
  linkSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import type { KeyKind } from './keys-kinds.ts';
import { idOf, memberOf } from './keys-order.ts';
import { KeysFileProblem, newEntries, parseKeys } from './keys.ts';

type File = Record<string, unknown>;

/** The text of a keys file; throws KeysFileProblem where it cannot be read or is none. */
export function keysFileText(path: string): string {
  try {
    const text = readFileSync(path, 'utf8');
    parseKeys(text);
    return text;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new KeysFileProblem(
      code === undefined ? `the keys file ${path}: ${message}` : `the keys file ${path} cannot be read (${code})`,
      { cause: error },
    );
  }
}

/** The text with a new key of this kind behind all others, so that it is known and not used yet; and the ids that are new. */
export function withNewKeys(text: string, kind: KeyKind): { text: string; ids: readonly string[] } {
  const file = JSON.parse(text) as File;
  const member = memberOf[kind];
  const made = newEntries(member);
  const before = file[member];
  file[member] = [...(Array.isArray(before) ? (before as unknown[]) : []), ...made];
  const written = `${JSON.stringify(file, null, 2)}\n`;
  const entries = parseKeys(written)[member];
  return { text: written, ids: entries.slice(-made.length).map(idOf) };
}

/** The text without these keys; what it has besides stays as it is. */
export function withoutKeys(text: string, kind: KeyKind, ids: readonly string[]): string {
  const file = JSON.parse(text) as File;
  const member = memberOf[kind];
  const entries = parseKeys(text)[member];
  const list = file[member] as unknown[];
  file[member] = list.filter((_entry, place) => {
    const entry = entries[place];
    return entry === undefined || !ids.includes(idOf(entry));
  });
  if ((file[member] as unknown[]).length === 0) delete file[member];
  const written = `${JSON.stringify(file, null, 2)}\n`;
  parseKeys(written);
  return written;
}

/** Makes a file that was not there, for its owner only; throws KeysFileProblem, also when it is there. */
export function makeKeysFile(path: string, text: string): void {
  const draft = `${path}.${process.pid}.new`;
  try {
    write(draft, text);
    linkSync(draft, path);
    flushFolder(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new KeysFileProblem(
      code === 'EEXIST'
        ? `${path} is there already, and is not overwritten: who loses keys loses what they keep`
        : `${path} cannot be written (${code ?? 'unknown error'})`,
      { cause: error },
    );
  } finally {
    rmSync(draft, { force: true });
  }
}

/**
 * Puts another text in the place of a keys file, at one instant and on the disk: whoever reads it has the one or the other, and so does
 * a machine that loses its power. Owner and rights stay as they were. `out`: it becomes a file of its own there instead, for whoever
 * puts it in place. Throws KeysFileProblem when it cannot, and then nothing has changed.
 */
export function replaceKeysFile(path: string, text: string, out?: string): void {
  parseKeys(text);
  if (out !== undefined) {
    makeKeysFile(out, text);
    return;
  }
  let draft: string | undefined;
  try {
    const target = realpathSync(path);
    const { uid, gid, mode } = statSync(target);
    // One name for all: what a killed one has left behind is overwritten by the next.
    draft = `${target}.new`;
    write(draft, text);
    // Else the nodes, who may be another user, could read it no more.
    const own = statSync(draft);
    if (own.uid !== uid || own.gid !== gid) chownSync(draft, uid, gid);
    chmodSync(draft, mode & 0o7777);
    renameSync(draft, target);
    flushFolder(target);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown error';
    const why =
      code === 'EPERM'
        ? ', since it belongs to another user: do this as that user, or as root'
        : code === 'EROFS' || code === 'EACCES' || code === 'EBUSY'
          ? ': where something else puts it in place, --out writes the new one to a file of its own'
          : '';
    throw new KeysFileProblem(`the keys file ${path} cannot be written (${code})${why}`, { cause: error });
  } finally {
    if (draft !== undefined) rmSync(draft, { force: true });
  }
}

function write(path: string, text: string): void {
  rmSync(path, { force: true });
  const file = openSync(path, 'wx', 0o600);
  try {
    writeFileSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** The name in the folder, too, is then on the disk; where the system lets a folder be opened. */
function flushFolder(path: string): void {
  const folder = openSync(dirname(path), 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
