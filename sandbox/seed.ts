import { saveClient } from '../src/clients/client-registry.ts';
import type { Creditor } from '../src/creditors/creditor.ts';
import { saveCreditor } from '../src/creditors/creditor-registry.ts';
import { holdingsOf, replaceDelivered } from '../src/creditors/delivered-loans.ts';
import { Nin } from '../src/person/nin.ts';
import type { Transaction } from '../src/platform/db.ts';
import type { Platform } from '../src/platform/platform.ts';
import { sandboxClients } from './clients.ts';
import { dated, lastNight, type Holding } from './holding.ts';
import { generatePersons, type GeneratedPopulation } from './people-generator.ts';
import { testPersons } from './people.ts';

/**
 * Puts the sandbox's clients, creditors and persons in place (X1, X2), the same at every start; safe to repeat, and when two
 * start at once. What clients have registered is left alone.
 */
export async function seed(
  platform: Platform,
  creditors: readonly Creditor[],
  generated: GeneratedPopulation,
): Promise<void> {
  const now = platform.clock.now();
  const night = lastNight(now);
  await platform.db.transaction(async (tx) => {
    for (const { client } of sandboxClients(platform.config.portalUrl)) await saveClient(tx, client, now);
    for (const creditor of creditors) await saveCreditor(tx, creditor);
    for (const { nin, holdings } of testPersons) await deliver(platform, tx, creditors, { nin, holdings, at: night });
  });
  await seedGenerated(platform, creditors, generated, night);
}

const PORTION = 200;

/** Persons are made in order, so that the last one being there says that all of them are. */
async function seedGenerated(
  platform: Platform,
  creditors: readonly Creditor[],
  population: GeneratedPopulation,
  night: Date,
): Promise<void> {
  let portion: { nin: string; holdings: readonly Holding[] }[] = [];
  const flush = async () => {
    const persons = portion;
    portion = [];
    const last = persons.at(-1);
    if (last === undefined) return;
    if ((await holdingsOf(platform.db, platform.vault, syntheticNin(last.nin), new Date(0))).length > 0) return;
    await platform.db.transaction(async (tx) => {
      for (const { nin, holdings } of persons) await deliver(platform, tx, creditors, { nin, holdings, at: night });
    });
  };
  for (const person of generatePersons(population)) {
    portion.push(person);
    if (portion.length === PORTION) await flush();
  }
  await flush();
}

async function deliver(
  platform: Platform,
  tx: Transaction,
  creditors: readonly Creditor[],
  delivery: { nin: string; holdings: readonly Holding[]; at: Date },
): Promise<void> {
  const { at } = delivery;
  for (const { creditorId, loans, delivered } of delivery.holdings) {
    const creditor = creditors.find((candidate) => candidate.id === creditorId);
    if (creditor === undefined) throw new Error(`a person of the sandbox owes an unknown creditor: ${creditorId}`);
    await replaceDelivered(tx, platform.vault, {
      nin: syntheticNin(delivery.nin),
      creditor,
      loans: delivered ? dated(loans, at) : [],
      at,
    });
  }
}

function syntheticNin(digits: string): Nin {
  const nin = Nin.parse(digits, 'synthetic');
  if (!(nin instanceof Nin)) throw new Error(`a person of the sandbox has a number that is refused: ${nin}`);
  return nin;
}
