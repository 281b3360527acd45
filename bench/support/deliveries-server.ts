import { createReadStream, openSync, closeSync, writeSync } from 'node:fs';
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { sandboxCertificates } from '../../sandbox/authority.ts';
import { wireCustomer } from '../../sandbox/creditor-answers.ts';
import { dated, lastNight, type UndatedLoan } from '../../sandbox/holding.ts';
import { generatePersons, largestPopulation } from '../../sandbox/people-generator.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { certificatesFolder, runFolder } from './sandbox-env.ts';
import { serve } from './served.ts';

/** What of the loans differs in the second night: one of so many. */
const CHANGED_OF = 100;
const DAY_MS = 86_400_000;
const WRITTEN_AT_ONCE = 4_000_000;

/** All customers of one night as text, between commas, and where each of them ends. */
interface Night {
  readonly file: string;
  readonly ends: number[];
}

/**
 * A creditor that delivers so many loans of persons as Norway has them, over mutual TLS. What it sends is written into files before, so
 * that sending it is hardly any work. The address says what is sent: `/<night, 1 or 2>/<MB of a page>/<pages at most>`.
 */
const open = async (told: { loans: number; creditorId: string; providerId: string }) => {
  const now = systemClock.realNow();
  const nights = writeNights({ ...told, second: lastNight(now) });
  const certificates = await sandboxCertificates(certificatesFolder, now);
  const tls = {
    ...certificates.creditorServer(told.creditorId),
    ca: certificates.authority.cert,
    requestCert: true,
    rejectUnauthorized: true,
  };
  const server = createServer(tls, (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'https://x');
    const [night = 1, megabytes = 0, pages = 0] = pathname.split('/').slice(1, 4).map(Number);
    const page = Number(searchParams.get('page') ?? 0);
    const asked = { megabytes, page: page < pages ? page : Infinity, providerId: told.providerId };
    sendPage(response, nights[night === 1 ? 0 : 1], asked).catch(() => response.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    origin: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    customers: nights[0].ends.length,
    bytes: nights[0].ends.at(-1) ?? 0,
  };
};

export type OpenDeliveries = typeof open;
serve(open);

function writeNights(of: { loans: number; creditorId: string; second: Date }): readonly [Night, Night] {
  const { loans, creditorId, second } = of;
  const first = new Date(second.getTime() - DAY_MS);
  const writers = [writer(join(runFolder, 'night-1.json')), writer(join(runFolder, 'night-2.json'))] as const;
  let written = 0;
  for (const { nin, holdings } of generatePersons({ count: largestPopulation, seed: 4 })) {
    const left = loans - written;
    if (left <= 0) break;
    const owed = holdings.flatMap((holding) => holding.loans).slice(0, left);
    const changed = owed.map((loan, place) => ((written + place) % CHANGED_OF === 0 ? another(loan) : loan));
    written += owed.length;
    writers[0].add(JSON.stringify(wireCustomer(nin, creditorId, dated(owed, first))));
    writers[1].add(JSON.stringify(wireCustomer(nin, creditorId, dated(changed, second))));
  }
  return [writers[0].end(), writers[1].end()];
}

/** The same loan a day later. */
function another(loan: UndatedLoan): UndatedLoan {
  return loan.type === 'repaymentLoan'
    ? { ...loan, balance: loan.balance + 100 }
    : { ...loan, nonInterestBearingBalance: loan.nonInterestBearingBalance + 100 };
}

function writer(file: string): { add(customer: string): void; end(): Night } {
  const descriptor = openSync(file, 'w');
  const ends: number[] = [];
  let text = '';
  let bytes = 0;
  const flush = (): void => {
    writeSync(descriptor, text);
    text = '';
  };
  return {
    add: (customer) => {
      const separator = ends.length === 0 ? '' : ',';
      text += separator + customer;
      bytes += separator.length + customer.length; // of ASCII
      ends.push(bytes);
      if (text.length > WRITTEN_AT_ONCE) flush();
    },
    end: () => {
      flush();
      closeSync(descriptor);
      return { file, ends };
    },
  };
}

/** Sends a page: all have as many customers as there are in the first so many megabytes. Past the end it has none. */
async function sendPage(
  response: ServerResponse,
  { file, ends }: Night,
  { megabytes, page, providerId }: { megabytes: number; page: number; providerId: string },
): Promise<void> {
  const fitting = ends.findIndex((end) => end > megabytes * 1_000_000);
  const size = fitting < 0 ? ends.length : fitting;
  const begin = `{"providerID":${JSON.stringify(providerId)},"customers":[`;
  response.writeHead(200, { 'content-type': 'application/json' });
  response.write(begin);
  if (page * size < ends.length) {
    const from = page === 0 ? 0 : (ends[page * size - 1] ?? 0) + 1;
    const to = ends[Math.min((page + 1) * size, ends.length) - 1] ?? 0;
    // Inclusive, as HTTP counts.
    const customers = createReadStream(file, { start: from, end: to - 1, highWaterMark: 262_144 });
    await pipeline(customers, response, { end: false });
  }
  response.end(']}');
}
