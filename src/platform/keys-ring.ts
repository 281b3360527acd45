import { hostname } from 'node:os';
import { statSync } from 'node:fs';
import { ninVault, type NinVault } from './crypto.ts';
import { newId } from './ids.ts';
import type { KeyIds } from './keys-kinds.ts';
import { idsOf, inOrderOfUse } from './keys-order.ts';
import { readKeysFile, type Keys } from './keys.ts';

/** The keys that this process works with. They change while it runs: the file is looked at again and again, and so is which are in use. */
export interface Keyring {
  /** This process, as other nodes know it. */
  readonly node: { readonly id: string; readonly name: string };
  /** All keys as of now, those in use first. The value never changes; another one takes its place. */
  current(): Keys;
  /** The ids of all keys of the file, those included that nothing is done with yet. */
  known(): KeyIds;
  /** What the file holds, when it has changed since it was taken; undefined: it has not. */
  look(): Looked | undefined;
  /** From now on these are the keys. */
  take(looked: Keys): void;
  /** From now on these are in use, of the kinds of which that is known. */
  use(used: Partial<KeyIds>): void;
}

/** A changed file: its keys, or what is wrong with it. `again`: it was looked at before, and has not changed since. */
export type Looked = { readonly again: boolean } & ({ readonly keys: Keys } | { readonly problem: string });

/** A keyring with the keys that were read from this file. `port`: what tells nodes of one machine apart; undefined: the process does. */
export function openKeyring(keys: Keys, file: string, port?: number): Keyring {
  let all = keys;
  let used: Partial<KeyIds> = {};
  let current = keys;
  let taken = stateOf(file);
  let last: { readonly state: string; readonly looked: Looked } | undefined;
  const arrange = (): void => {
    current = inOrderOfUse(all, used);
  };
  return {
    node: { id: newId(), name: `${hostname()}:${port === undefined || port === 0 ? process.pid : port}` },
    current: () => current,
    known: () => idsOf(all),
    look: () => {
      const state = stateOf(file);
      if (state === taken) return undefined;
      const looked: Looked = last?.state === state ? { ...last.looked, again: true } : { ...read(file), again: false };
      last = { state, looked };
      return looked;
    },
    take: (next) => {
      if (last !== undefined && 'keys' in last.looked && last.looked.keys === next) taken = last.state;
      all = next;
      arrange();
    },
    use: (next) => {
      if (JSON.stringify(next) === JSON.stringify(used)) return;
      used = next;
      arrange();
    },
  };
}

function read(file: string): { keys: Keys } | { problem: string } {
  try {
    return { keys: readKeysFile(file) };
  } catch (error) {
    return { problem: (error as Error).message };
  }
}

/** What changes when a file is written or put in place of another. */
function stateOf(file: string): string {
  const state = statSync(file, { bigint: true, throwIfNoEntry: false });
  return state === undefined ? 'none' : `${state.dev} ${state.ino} ${state.size} ${state.mtimeNs} ${state.ctimeNs}`;
}

/**
 * Something that is made from what changes now and then: made anew when that is another value than before. Whoever holds what was made
 * before goes on with it.
 */
export function remade<Source, Made>(source: () => Source, make: (source: Source) => Made): () => Made {
  let last: { readonly from: Source; readonly made: Made } | undefined;
  return () => {
    const from = source();
    if (last === undefined || last.from !== from) last = { from, made: make(from) };
    return last.made;
  };
}

/** A vault that always works with the keys as of now. */
export function currentVault(ring: Pick<Keyring, 'current'>): NinVault {
  const now = remade(
    () => ring.current(),
    (keys) => ninVault({ encryption: keys.ninEncryption, index: keys.ninIndex }),
  );
  return {
    index: (nin) => now().index(nin),
    indexes: (nin) => now().indexes(nin),
    seal: (nin, ownerId) => now().seal(nin, ownerId),
    open: (sealed, ownerId) => now().open(sealed, ownerId),
    sealText: (text, ownerId) => now().sealText(text, ownerId),
    openText: (sealed, ownerId) => now().openText(sealed, ownerId),
    encryptionKeys: () => now().encryptionKeys(),
    indexKeys: () => now().indexKeys(),
    asOfNow: () => now(),
  };
}
