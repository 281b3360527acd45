import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { checkEvidence, checkFolder } from './checks/all.ts';
import { gather, type Checked } from './checks/evidence.ts';
import { isDone, readHistory, type History, type Operation } from './history.ts';
import { startInstallation, startOwnPostgres, type OwnPostgres } from './installation.ts';
import { plantAll, plants, startCache } from './plants.ts';
import { asText, summarise } from './summary.ts';
import { torture } from './torture.ts';

// The long form is `npm run torture`. What is killed here are servers of this file alone.
let scratch: string;
let postgres: OwnPostgres;
before(async () => {
  scratch = mkdtempSync(join(tmpdir(), 'samtykke-mixed-'));
  postgres = await startOwnPostgres(join(scratch, 'data'));
});
after(async () => {
  await postgres.stop();
  rmSync(scratch, { recursive: true, force: true });
});

const historyFolder = (name: string): string => {
  const folder = join(scratch, name);
  mkdirSync(folder);
  return folder;
};

const lookedAt = (checked: readonly Checked[], rule: RegExp): number =>
  checked.find((check) => rule.test(check.rule))?.looked ?? 0;

const how = { calm: 400, stays: 500, pause: 50, workers: 2, clients: 2 };

const faults = [
  'a node is killed (kill -9)',
  'PostgreSQL is stopped (immediate)',
  'the clock goes a day forward',
  'busy connections are cut, one after another',
  'all connections are taken by others',
  'a flood of bad input',
];

test('C1, C5, F2: while nodes, connections and PostgreSQL are broken, clients are told nothing that is not so at the end', async (t) => {
  const folder = historyFolder('mixed');
  const installation = await startInstallation(postgres, 2);
  try {
    await torture(installation, { ...how, folder, seed: 1, seconds: 60, faults: faults.values() });
  } finally {
    await installation.stop();
  }
  const { history, checked } = checkFolder(folder);
  const summary = summarise(history, checked);
  t.diagnostic(asText(summary));
  assert.deepEqual(summary.broken, []);
  // It was a run: on a slow machine not all of it happens in time, and most of it is answered all the same.
  assert.ok(history.faults.length >= 3, `${history.faults.length} faults were done`);
  assert.ok(history.calls.filter((call) => call.status === 503).length > 0, 'somebody was told to come again');
  assert.ok(lookedAt(checked, /^every acknowledged change/) > 50);
  assert.ok(lookedAt(checked, /^every disclosed answer/) > 5);
  assert.ok(lookedAt(checked, /^status goes one way/) > 50);
});

test('the whole chain sees nine faults that are planted into a running installation, and blames nothing else', async (t) => {
  const folder = historyFolder('planted');
  const installation = await startInstallation(postgres, 1);
  const cache = await startCache(installation.addresses[0] ?? '');
  const planted = await plantAll(installation);
  try {
    const prefixes = ['sound', ...plants.map(({ name }) => name)];
    const run = {
      ...how,
      folder,
      seed: 2,
      seconds: 90,
      clients: 1,
      workers: 4,
      pause: 20,
      enough: () => hasMetAll(folder),
    };
    await torture(installation, { ...run, faults: undefined, prefixes, addresses: [cache.address] });
  } finally {
    await planted.stop();
    await cache.close();
    await installation.stop();
  }
  const { history, checked } = checkFolder(folder);
  const owners = ownersIn(history);
  const found = checked.flatMap(({ findings }) => findings);
  for (const { name, what, finds } of plants) {
    const those = found.filter((one) => one.consents.some((id) => owners.get(id) === name));
    const seen = those.filter((one) => finds.test(one.what));
    t.diagnostic(`${what}: found ${seen.length} times, as in "${seen[0]?.what}"`);
    assert.ok(seen.length > 0, `${name}: ${[...new Set(those.map((one) => one.what))].join('; ')}`);
  }
  const blamed = found.filter((one) => one.consents.some((id) => owners.get(id) === 'sound'));
  assert.deepEqual(
    blamed.map(({ what }) => what),
    [],
  );
});

/** Whose consent each is: the name of the plant that hits it. */
function ownersIn({ calls }: History): ReadonlyMap<string, string> {
  const owners = new Map<string, string>();
  for (const { op, asked, told } of calls) {
    if (told.consent === undefined) continue;
    if (op === 'give') owners.set(told.consent, asked.singleUse === true ? 'single-use' : 'sound');
    if (op === 'register') owners.set(told.consent, prefixOf(asked.externalId ?? ''));
  }
  return owners;
}

const nothingRead = { businessNow: 0, feeds: [], statuses: [], evidence: [] };

/** Whether clients have come across each plant: often enough to see it at the end, or, where that is a matter of chance, have seen it. */
function hasMetAll(folder: string): boolean {
  const history = readHistory(folder);
  const owners = ownersIn(history);
  const done = history.calls.filter((call) => call.asked.consent !== undefined && isDone(call));
  const times = (name: string, op: Operation): number =>
    done.filter((call) => call.op === op && owners.get(call.asked.consent ?? '') === name).length;
  const seen = checkEvidence(gather(history, nothingRead, [])).flatMap(({ findings }) => findings);
  return plants.every(({ name, finds }) =>
    ['unrevoked', 'single-use', 'cached'].includes(name)
      ? seen.some((one) => finds.test(one.what) && one.consents.some((id) => owners.get(id) === name))
      : times(name, 'look_up') >= 2 && times(name, 'revoke') >= 2,
  );
}

const prefixOf = (externalId: string): string =>
  ['sound', ...plants.map(({ name }) => name)].find((name) => externalId.startsWith(`${name}-`)) ?? '';
