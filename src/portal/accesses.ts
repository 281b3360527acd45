import { Readable } from 'node:stream';
import type { FastifyReply } from 'fastify';
import { accessChoices, countAccesses, readAccesses, type Access, type AccessFilter } from '../audit/access-log.ts';
import type { Place } from '../audit/place.ts';
import type { Language } from '../html/language.ts';
import { sendPage } from '../html/send-page.ts';
import type { Platform } from '../platform/platform.ts';
import { accessesCsv, accessesCsvHead } from './accesses-csv.ts';
import { accessesPage } from './accesses.page.ts';
import { placeOf, placeText } from './addresses.ts';
import { dateOf } from './days.ts';
import { texts } from './texts.ts';
import { logFrom, parameter, personsOf, type Visit } from './visit.ts';

const ON_A_PAGE = 25;
const PORTION = 1_000;

/** B5: who has looked, the newest first. */
export async function showAccesses(visit: Visit): Promise<FastifyReply> {
  const { platform } = visit.portal;
  const persons = await personsOf(visit);
  const choices = await accessChoices(platform.db, persons);
  const filter = filterOf(visit, choices);
  const from = placeOf(parameter(visit.request, 'before'));
  const [page, count] = await Promise.all([
    readAccesses(platform.db, { persons, filter, from, atMost: ON_A_PAGE }),
    countAccesses(platform.db, persons, filter),
  ]);
  return sendPage(
    visit.reply,
    accessesPage(visit.frame, {
      accesses: page.accesses,
      count,
      filter,
      choices,
      logFrom: logFrom(platform),
      older: page.next === undefined ? null : addressOf('/accesses', filter, placeText(page.next)),
      newest: from === undefined ? null : addressOf('/accesses', filter),
      csv: addressOf('/accesses.csv', filter),
    }),
  );
}

/** The same as a file: all that the page's filter means, however many they are. */
export async function sendAccesses(visit: Visit): Promise<FastifyReply> {
  const { platform } = visit.portal;
  const { language } = visit.frame;
  const persons = await personsOf(visit);
  const filter = filterOf(visit, await accessChoices(platform.db, persons));
  const name = `${texts[language].accesses.csv.name}-${dateOf(platform.clock.now())}.csv`;
  return visit.reply
    .header('content-disposition', `attachment; filename="${name}"`)
    .type('text/csv; charset=utf-8')
    .send(Readable.from(csvIn(language, everyAccess(platform, persons, filter))));
}

async function* csvIn(language: Language, portions: AsyncIterable<readonly Access[]>): AsyncGenerator<string> {
  yield accessesCsvHead(language);
  for await (const portion of portions) yield accessesCsv(language, portion);
}

/** All accesses that are meant, the newest first, in portions; the first one may be empty. */
export async function* everyAccess(
  { db }: Pick<Platform, 'db'>,
  persons: readonly string[],
  filter: AccessFilter,
): AsyncGenerator<readonly Access[]> {
  let from: Place | undefined;
  do {
    const page = await readAccesses(db, { persons, filter, from, atMost: PORTION });
    yield page.accesses;
    from = page.next;
  } while (from !== undefined);
}

/** What the form asked for, as far as it is among what can be chosen; anything else is not asked for. */
function filterOf({ request }: Visit, choices: Awaited<ReturnType<typeof accessChoices>>): AccessFilter {
  const wanted = parameter(request, 'by');
  const looker = choices.by.find((choice) => (choice === null ? 'me' : choice.clientId) === wanted);
  return {
    by: looker === undefined ? undefined : looker === null ? 'person' : { clientId: looker.clientId },
    year: choices.years.find((year) => String(year) === parameter(request, 'year')),
  };
}

function addressOf(path: string, { by, year }: AccessFilter, before?: string): string {
  const query = new URLSearchParams({
    ...(by === undefined ? {} : { by: by === 'person' ? 'me' : by.clientId }),
    ...(year === undefined ? {} : { year: String(year) }),
    ...(before === undefined ? {} : { before }),
  });
  return query.size === 0 ? path : `${path}?${query}`;
}
