import { listClients } from '../../src/clients/client-registry.ts';
import { readEvents, lastSequenceNr } from '../../src/consent/event-log.ts';
import { ninOf, readConsent } from '../../src/consent/find.ts';
import { overviewOfConsent, overviewOfConsents } from '../../src/consent/overview.ts';
import type { Consent } from '../../src/consent/consent.ts';
import { lastCollections } from '../../src/delivery/run-log.ts';
import { readableSince } from '../../src/feed/read-on.ts';
import type { Nin } from '../../src/person/nin.ts';
import type { Platform } from '../../src/platform/platform.ts';
import { sandboxClients } from '../clients.ts';
import { testPersons } from '../people.ts';
import type { SandboxWorld } from '../sandbox-world.ts';
import { flowAddress, portalAs } from './addresses.ts';
import type { ClientShown } from './clients.page.ts';
import type { ConsentShown } from './consents.page.ts';
import type { CreditorShown } from './creditors.page.ts';
import type { FeedOfClient } from './feed.page.ts';

/** What the pages of the console show, read from the installation and the world around it. Nothing here changes anything. */

/** What creditors do, and what became of the last collection from each. */
export async function creditorsNow(platform: Platform, { servers }: SandboxWorld): Promise<readonly CreditorShown[]> {
  const runs = await lastCollections(platform.db);
  return servers.creditors.map(({ id, name }) => ({
    id,
    name,
    behaviour: servers.behaviourOf(id) ?? 'normal',
    last: runs.find(({ creditorId }) => creditorId === id),
  }));
}

/** All clients, with the secrets of those that are the sandbox's own. */
export async function clientsNow({ config, db }: Platform): Promise<readonly ClientShown[]> {
  const own = sandboxClients(config.portalUrl);
  // Its own come first, in the order of the README.
  const place = (id: string): number =>
    own.map(({ client }) => client.id).indexOf(id) + own.length * Number(!isOwn(id));
  const isOwn = (id: string): boolean => own.some(({ client }) => client.id === id);
  return (await listClients(db))
    .toSorted((a, b) => place(a.id) - place(b.id))
    .map((client) => ({
      client,
      secret: own.find((known) => known.client.id === client.id)?.secret ?? null,
      flows: client.purposes.flatMap((purpose) => {
        const address = flowAddress(config, client, { purpose });
        return address === undefined ? [] : [{ purpose, address }];
      }),
    }));
}

/** The newest consents, with whose they are. */
export async function consentsNow(platform: Platform, atMost: number): Promise<readonly ConsentShown[]> {
  const consents = await overviewOfConsents(platform, { state: 'all', atMost });
  const numberOf = numbers(platform);
  return Promise.all(
    consents.map(async (overview) => {
      const nin = await numberOf(overview.consent);
      const portal = portalAs(platform.config, nin.reveal(), `/consents/${overview.consent.id}`);
      return { ...overview, person: personName(nin), portal };
    }),
  );
}

/** A consent that was named in an address, with whose it is; undefined when there is none. */
export async function consentNamed(platform: Platform, id: string | undefined) {
  const overview = id === undefined ? undefined : await overviewOfConsent(platform, id);
  return overview && { ...overview, person: personName(await ninOf(platform, overview.consent)) };
}

/** The newest events of each client that may read them, and whose consents they are about. */
export async function feedsNow(
  platform: Platform,
  atMost: number,
): Promise<{ feeds: readonly FeedOfClient[]; persons: ReadonlyMap<string, string> }> {
  const { clock, db } = platform;
  const now = clock.now();
  const readers = (await clientsNow(platform)).filter(({ client }) => client.mayReadEvents);
  const feeds = await Promise.all(
    readers.map(async ({ client }) => {
      const last = await lastSequenceNr(db, client.id, now);
      const from = Math.max(2, last - atMost + 1);
      const asked = { clientId: client.id, from, limit: atMost, now, readableSince: readableSince(platform, now) };
      return { client, events: (await readEvents(db, asked)).toReversed(), last };
    }),
  );
  const numberOf = numbers(platform);
  const ids = new Set(feeds.flatMap(({ events }) => events.map(({ consentId }) => consentId)));
  const named = await Promise.all(
    Array.from(ids, async (id) => {
      const consent = await readConsent(db, id);
      return consent === undefined ? [] : [[id, personName(await numberOf(consent))] as const];
    }),
  );
  return { feeds, persons: new Map(named.flat()) };
}

/** The number of a consent's person; of each person it is read once. */
function numbers(platform: Platform): (consent: Consent) => Promise<Nin> {
  const known = new Map<string, Promise<Nin>>();
  return (consent) => {
    const number = known.get(consent.personId) ?? ninOf(platform, consent);
    known.set(consent.personId, number);
    return number;
  };
}

/** The name of a test person; of anybody else when they were born, as far as a number says that. */
const personName = (nin: Nin): string =>
  testPersons.find((person) => person.nin === nin.reveal())?.name ?? `${nin.reveal().slice(0, 6)} •••••`;
