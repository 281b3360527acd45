import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  useFolder,
  newFolder,
  startHere,
  newDatabase,
  query,
  until,
  processesOf,
  nothingLeft,
  pidsOf,
  supervisors,
  kill,
  startOther,
  startedOther,
} from '../../test/support/embedded.ts';
import { DataFolderInUseError, takeDataFolder } from './data-folder.ts';
import { type EmbeddedPostgresOptions } from './embedded-postgres.ts';

useFolder();

describe('the embedded PostgreSQL', { skip: process.platform === 'linux' ? false : 'looks into /proc' }, () => {
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
      const all = [other.child.pid, ...(await pidsOf(dataDir, supervisors))];
      // First held still, so that none of them sees another one die.
      for (const signal of ['SIGSTOP', 'SIGKILL'] as const) for (const pid of all) kill(pid, signal);
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

    test('R1: what somebody leaves behind who is killed while taking the folder is removed by the next one, and nothing of the living', async () => {
      const dataDir = await newFolder();
      const dead = spawn('true');
      await once(dead, 'exit');
      const drafts = [dead.pid, process.ppid].map((pid) => `owner.${pid}.a`);
      for (const draft of drafts) {
        await writeFile(path.join(dataDir, draft), '');
        await writeFile(path.join(dataDir, `${draft}.b`), '{"pid":');
      }
      const release = await takeDataFolder(dataDir);
      const living = `owner.${process.ppid}.a`;
      assert.deepEqual((await readdir(dataDir)).sort(), [living, `${living}.b`, 'owner.json']);
      await release();
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
