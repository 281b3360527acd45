import { personIdsOf } from '../audit/person-registry.ts';
import { Nin, ninRefusalSentence } from '../person/nin.ts';
import type { Config } from '../platform/config.ts';
import { ninVault } from '../platform/crypto.ts';
import { readKeysFile, type Keys } from '../platform/keys.ts';
import { CommandProblem, EXIT } from './command-problem.ts';
import type { Connected } from './connect.ts';
import { readAll } from './streams.ts';
import type { Tools } from './tools.ts';

/** The keys of an installation, as a node reads them (R4). Throws a CommandProblem that says what is wrong with the file. */
export function keysOf({ keysFile, mode }: Config): Keys {
  let keys: Keys;
  try {
    keys = readKeysFile(keysFile);
  } catch (error) {
    throw new CommandProblem([(error as Error).message]);
  }
  if (keys.sandbox && mode === 'production') {
    throw new CommandProblem(['KEYS_FILE holds keys that a sandbox made: production needs keys of its own']);
  }
  return keys;
}

/** The ids of the person whose national identity number comes by standard input. Throws a CommandProblem, also as `keysOf`. */
export async function personIdsFrom(tools: Tools, { config, db }: Connected['platform']): Promise<readonly string[]> {
  const { ninEncryption, ninIndex } = keysOf(config);
  return personIdsOf(db, ninVault({ encryption: ninEncryption, index: ninIndex }), await ninFrom(tools, config));
}

/**
 * The national identity number that comes by standard input: an argument could be read by everybody on the machine, and would stay in
 * the history of the shell. Throws a CommandProblem, which never repeats it.
 */
async function ninFrom({ stdin }: Tools, config: Config): Promise<Nin> {
  const nin = Nin.parse((await readAll(stdin())).trim(), config.population, { from2032: config.ninRule2032 });
  if (nin instanceof Nin) return nin;
  throw new CommandProblem([`what comes by standard input ${ninRefusalSentence(nin)}`], EXIT.usage);
}
