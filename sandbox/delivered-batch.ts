import { setImmediate } from 'node:timers/promises';
import { type WireBatch, wireCustomer } from './creditor-answers.ts';
import type { SandboxCreditor } from './creditor-list.ts';
import { dated, lastNight } from './holding.ts';
import { testPersons } from './people.ts';
import { type GeneratedPopulation, generatePersons, holdingsOf } from './people-generator.ts';
import type { PushedLoans } from './pushed-loans.ts';

/** How many customers a page of a nightly batch has, unless it is the last. */
export const customersPerPage = 500;

/** How many persons are drawn before others get their turn at the processor. */
const DRAWN_AT_ONCE = 1000;

/** The nightly batches of the sandbox's creditors. */
export interface DeliveredBatches {
  /** Page `page` (0-based; past the end it has no customers) of what the creditor drew last night, seen from `now`. */
  page(creditor: SandboxCreditor, page: number, now: Date): Promise<WireBatch>;
}

/**
 * The batches of the test persons and, when there are any, of the generated ones. The first page asked for with a generated
 * population draws all of it once and remembers who is whose customer: some 50 bytes a person. What was pushed is in them too.
 */
export function deliveredBatches(generated: GeneratedPopulation | undefined, pushed: PushedLoans): DeliveredBatches {
  let customers: Promise<Map<string, string[]>> | undefined;
  return {
    async page(creditor, page, now) {
      customers ??= customersByCreditor(generated);
      const known = (await customers).get(creditor.id) ?? [];
      const all = known.concat(pushed.customersOf(creditor.id).filter((nin) => !known.includes(nin)));
      const drawn = lastNight(now);
      const onPage = all.slice(page * customersPerPage, (page + 1) * customersPerPage);
      return {
        providerID: creditor.providerId,
        customers: onPage.map((nin) => {
          const holding = holdingsOf(nin, generated).find((held) => held.creditorId === creditor.id);
          // Who has not delivered any loans of a customer yet tells that it has the customer: otherwise nobody would ask it.
          const loans = holding?.delivered === true ? dated(holding.loans, drawn) : [];
          return wireCustomer(nin, creditor.id, pushed.merged(creditor.id, nin, loans));
        }),
      };
    },
  };
}

async function customersByCreditor(generated: GeneratedPopulation | undefined): Promise<Map<string, string[]>> {
  const customers = new Map<string, string[]>();
  const enter = (nin: string, creditorId: string): void => {
    const known = customers.get(creditorId);
    if (known === undefined) customers.set(creditorId, [nin]);
    else known.push(nin);
  };
  for (const { nin, holdings } of testPersons) {
    for (const holding of holdings) enter(nin, holding.creditorId);
  }
  if (generated === undefined) return customers;
  let drawn = 0;
  for (const { nin, holdings } of generatePersons(generated)) {
    for (const holding of holdings) enter(nin, holding.creditorId);
    drawn += 1;
    if (drawn % DRAWN_AT_ONCE === 0) await setImmediate();
  }
  return customers;
}
