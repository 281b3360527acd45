import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sandboxClients } from '../../sandbox/clients.ts';
import { saveClient } from '../../src/clients/client-registry.ts';
import { followKeys } from '../../src/keys/follow.ts';
import { joinInstallation, leaveInstallation } from '../../src/keys/join.ts';
import { retireKeys, removeRetired, type RetireOrder, type Retired } from '../../src/keys/retire.ts';
import { beginRotation, type Begun, type RotationOrder } from '../../src/keys/rotate.ts';
import { movableClock } from '../../src/platform/clock.ts';
import { toConfig, type Env } from '../../src/platform/config.ts';
import type { KeyKind } from '../../src/platform/keys-kinds.ts';
import { generateKeysFile, readKeysFile } from '../../src/platform/keys.ts';
import type { Platform } from '../../src/platform/platform.ts';
import { openPlatform } from '../../src/serve.ts';
import type { TestDatabase } from './database.ts';
import { evidenceLog } from './evidence.ts';
import { API } from './world.ts';

/** A node as far as keys go, in this process: on a machine of its own, with a keys file of its own. */
export interface KeyNode {
  readonly platform: Platform;
  readonly file: string;
  /** Real time as it sees it, moved on by so many seconds. */
  readonly time: { ahead: number };
  /** What a node does every other second. */
  follow(): Promise<void>;
  /** As an operator on its machine. */
  rotate(kind: KeyKind, order?: Partial<RotationOrder>): Promise<Begun>;
  retire(kind: KeyKind, order?: Partial<RetireOrder>): Promise<readonly Retired[]>;
  removeRetired(kind: KeyKind): Promise<readonly string[]>;
  close(): Promise<void>;
}

/** Machines with copies of one keys file. */
export interface KeyMachines {
  /** Starts a node on a new machine, with the file of another one or the first. Throws what `joinInstallation` throws. */
  start(from?: Pick<KeyNode, 'file'>, options?: { join?: boolean; env?: Env }): Promise<KeyNode>;
  /** Brings the file of one machine to others. */
  give(from: Pick<KeyNode, 'file'>, ...to: readonly Pick<KeyNode, 'file'>[]): void;
  /** Where a file may be put. */
  readonly folder: string;
  close(): Promise<void>;
}

/** Machines for nodes over a database, with the sandbox's clients in it. */
export function keyMachines(database: TestDatabase): KeyMachines {
  const folder = mkdtempSync(join(tmpdir(), 'samtykke-machines-'));
  const first = join(folder, 'first.json');
  writeFileSync(first, generateKeysFile({ sandbox: true }), { mode: 0o600 });
  const nodes: KeyNode[] = [];
  let machines = 0;
  return {
    folder,
    start: async (from = { file: first }, { join: joins = true, env = {} } = {}) => {
      const file = join(folder, `machine-${++machines}.json`);
      copyFileSync(from.file, file);
      const time = { ahead: 0 };
      const clock = movableClock();
      const platform = openPlatform({
        config: toConfig({
          SAMTYKKE_MODE: 'sandbox',
          KEYS_FILE: file,
          LOG_FILE: evidenceLog(),
          PORT: String(5_000 + machines),
          DATABASE_POOL_SIZE: '4',
          ...env,
        }),
        keys: readKeysFile(file),
        clock: { ...clock, realNow: () => new Date(clock.realNow().getTime() + time.ahead * 1_000) },
        servingUrl: database.servingUrl,
        takeOnServingRole: false,
      });
      let closed = false;
      const tools = { clock: platform.clock, db: platform.db, file };
      const node: KeyNode = {
        platform,
        file,
        time,
        follow: () => followKeys(platform),
        rotate: (kind, order) => beginRotation(tools, { kind, ordered: true, anew: false, dryRun: false, ...order }),
        retire: (kind, order) => retireKeys(tools, { kind, atOnce: false, lost: false, dryRun: false, ...order }),
        removeRetired: (kind) => removeRetired(tools, kind),
        close: async () => {
          if (closed) return;
          closed = true;
          await leaveInstallation(platform);
          await platform.http.close();
          await platform.db.close();
          platform.log.flush();
        },
      };
      nodes.push(node);
      await platform.db.transaction(async (tx) => {
        for (const { client } of sandboxClients(API)) await saveClient(tx, client, platform.clock.now());
      });
      if (joins) await joinInstallation(platform);
      return node;
    },
    give: (from, ...to) => {
      for (const { file } of to) copyFileSync(from.file, file);
    },
    close: async () => {
      for (const node of nodes) await node.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
