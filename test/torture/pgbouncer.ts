import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { runNode, withCluster } from '../support/cluster.ts';
import { freePort } from '../support/node-process.ts';

/*
 * Runs tests with PgBouncer in transaction mode between nodes and PostgreSQL: `node test/torture/pgbouncer.ts [files]`. It needs
 * PgBouncer 1.21 or newer, in PATH or named by PGBOUNCER; without it this fails and says so. Sixty connections of the server serve everybody.
 */

/** The interfaces, the races, and what kills and cuts. */
const USUAL = [
  'test/torture/pgbouncer.int.ts',
  'test/api/agreement.int.test.ts',
  'test/api/debt.int.test.ts',
  'test/api/status-and-revocation.int.test.ts',
  'test/api/feed.int.test.ts',
  'test/api/feed-stream.int.test.ts',
  'test/api/feed-snapshot.int.test.ts',
  'test/api/code-flow.int.test.ts',
  'test/api/webhooks.int.test.ts',
  'test/torture/single-use.int.test.ts',
  'test/torture/revocation.int.test.ts',
  'test/torture/feed-seal.int.test.ts',
  'test/torture/feed-order.int.test.ts',
  'test/torture/feed-push.int.test.ts',
];

interface Login {
  readonly user: string;
  readonly password: string;
}

/** Starts PgBouncer in front of a server; answers its port, and how to end it. */
async function startPooler(
  folder: string,
  server: { port: string; logins: readonly Login[]; more?: string },
): Promise<{ port: number; end(): Promise<void> }> {
  const port = await freePort();
  const users = join(folder, 'users.txt');
  const settings = join(folder, 'pgbouncer.ini');
  writeFileSync(users, server.logins.map(({ user, password }) => `"${user}" "${password}"\n`).join(''), {
    mode: 0o644,
  });
  writeFileSync(
    settings,
    `[databases]
* = host=127.0.0.1 port=${server.port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = ${users}
pool_mode = transaction
max_prepared_statements = 300
max_client_conn = 2000
default_pool_size = 60
server_round_robin = 1
log_connections = 0
log_disconnections = 0
${server.more ?? ''}
`,
  );
  const asRoot = process.getuid?.() === 0 ? ['-u', 'nobody'] : [];
  const child = spawn(process.env['PGBOUNCER'] ?? 'pgbouncer', ['-q', ...asRoot, settings], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  process.once('exit', () => child.kill('SIGKILL'));
  const failed = once(child, 'exit').then(([code]) => {
    throw new Error(`pgbouncer ended with ${String(code)}: is 1.21 or newer installed, or named by PGBOUNCER?`);
  });
  failed.catch(() => undefined);
  const answers = (): Promise<boolean> =>
    new Promise((resolve) => {
      const socket = connect(port, '127.0.0.1', () => resolve(true));
      socket.on('error', () => resolve(false));
      socket.on('connect', () => socket.destroy());
    });
  for (let tries = 0; !(await Promise.race([answers(), failed])); tries++) {
    if (tries > 100) throw new Error('pgbouncer does not listen');
    await sleep(50);
  }
  return {
    port,
    end: async () => {
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    },
  };
}

process.exitCode = await withCluster(async ({ env }) => {
  const folder = mkdtempSync(join(tmpdir(), 'samtykke-pgbouncer-'));
  chmodSync(folder, 0o755);
  const cluster = JSON.parse(env['SAMTYKKE_TEST_CLUSTER'] ?? '{}') as Record<string, string>;
  const superuser = new URL(cluster['superuserUrl'] ?? '');
  const logins = [
    { user: 'postgres', password: decodeURIComponent(superuser.password) },
    { user: 'samtykke_owner', password: cluster['ownerPassword'] ?? '' },
    { user: 'samtykke_serving', password: cluster['servingPassword'] ?? '' },
  ];
  const good = await startPooler(folder, { port: superuser.port, logins });
  const careless = mkdtempSync(join(tmpdir(), 'samtykke-pgbouncer-'));
  chmodSync(careless, 0o755);
  const bad = await startPooler(careless, {
    port: superuser.port,
    logins,
    more: 'ignore_startup_parameters = options,statement_timeout,idle_in_transaction_session_timeout\nmax_prepared_statements = 0',
  });
  try {
    const files = process.argv.slice(2);
    const flags = ['--test', '--test-concurrency=2', '--test-timeout=240000', '--test-reporter=spec'];
    return await runNode([...flags, ...(files.length > 0 ? files : USUAL)], {
      ...env,
      SAMTYKKE_TEST_CLUSTER: JSON.stringify({ ...cluster, poolerPort: good.port }),
      SAMTYKKE_TEST_CARELESS_POOLER: String(bad.port),
    });
  } finally {
    await good.end();
    await bad.end();
    for (const made of [folder, careless]) rmSync(made, { recursive: true, force: true });
  }
});
