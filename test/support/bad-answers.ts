import { gzipSync } from 'node:zlib';
import {
  brokenLoans,
  card,
  customerText,
  doubledLoans,
  facility,
  objectText,
  pageText,
  repayment,
} from './broken-deliveries.ts';
import type { Told } from './told-server.ts';

/** A way to answer badly about one customer, and what is said of it: the reason why the creditor is missing. */
export interface BadAnswer {
  readonly what: string;
  readonly told: Told;
  readonly reason: string;
}

/** Loans that are in order, as text. */
export const soundLoans: readonly string[] = [facility, repayment, card].map((loan) => objectText(loan));

/** Answers with this body, as creditors do. */
export const json =
  (body: string | Buffer, type = 'application/json; charset=utf-8'): Told =>
  (response) =>
    response.writeHead(200, { 'content-type': type }).end(body);

/**
 * Bodies that break a rule of delivery, each in one way, at the first, a middle and the last loan where it is about one. `asked`:
 * whom and which institution the question is about.
 */
export function brokenAnswers(asked: Asked): readonly BadAnswer[] {
  const broken = (what: string, body: string | Buffer, rule: string): BadAnswer => ({
    what: `${what}: ${body.slice(0, 300).toString()}`,
    told: json(body),
    reason: `rule of delivery: ${rule}`,
  });
  const answer = (loans: readonly string[], changes: Readonly<Record<string, string | undefined>> = {}): string =>
    customerText(asked.nin, asked.creditorId, loans, changes);
  const whole = answer(soundLoans);
  const inPlaces = [0, 1, 3].flatMap((place) =>
    brokenLoans.map(({ rule, text }) =>
      broken('a loan', answer(soundLoans.toSpliced(place, 0, text)), `${rule}, loan ${place}`),
    ),
  );
  const inHead = (
    [
      ['customerID', `"${asked.nin.slice(0, 6)} ${asked.nin.slice(6)}"`, 'another_customer'],
      ['customerID', `" ${asked.nin}"`, 'another_customer'],
      ['customerID', asked.nin, 'another_customer'],
      ['customerID', '"29868099311"', 'another_customer'],
      ['customerID', undefined, 'another_customer'],
      ['financialInstitutionID', '"316882544"', 'another_institution'],
      ['financialInstitutionID', undefined, 'another_institution'],
      ['loans', '{}', 'loans_missing'],
      ['loans', undefined, 'loans_missing'],
    ] as const
  ).map(([name, value, rule]) => broken(name, answer(soundLoans, { [name]: value }), rule));
  return [
    ...inPlaces,
    broken('an account twice', answer([...soundLoans, ...soundLoans.slice(0, 1)]), 'duplicate_account, loan 3'),
    ...doubledLoans.map((text) => broken('a key twice', answer([text]), 'duplicate_key')),
    broken('a key twice', whole.replace('{', `{"customerID":"29868099311",`), 'duplicate_key'),
    ...inHead,
    broken('a page', pageText('9908:210437185', [whole]), 'another_customer'),
    broken('a list', `[${whole}]`, 'not_an_object'),
    broken('nothing', '', 'broken_json'),
    ...[0.3, 0.7].map((part) => broken('cut off', whole.slice(0, whole.length * part), 'broken_json')),
    broken('cut off', whole.slice(0, -1), 'broken_json'),
    broken('more behind it', `${whole}{}`, 'broken_json'),
    broken('a mark in front', `\uFEFF${whole}`, 'broken_json'),
    broken('too deep', answer(soundLoans, { x: '['.repeat(1_000) + ']'.repeat(1_000) }), 'too_deep'),
    broken('Latin-1', Buffer.from(whole.replace('a-1', 'å'), 'latin1'), 'not_utf8'),
    broken('half a sign', Buffer.concat([Buffer.from(whole), Buffer.from([0xe2, 0x82])]), 'not_utf8'),
    broken('UTF-16', Buffer.from(`\uFEFF${whole}`, 'utf16le'), 'not_utf8'),
    broken('packed without a word', gzipSync(whole), 'not_utf8'),
  ];
}

interface Asked {
  readonly nin: string;
  readonly creditorId: string;
}

/**
 * Answers that would be in order, but for how they come. `elsewhere`: where redirects lead, which answers as it should.
 */
export function badlySent(asked: Asked, elsewhere: string): readonly BadAnswer[] {
  const whole = customerText(asked.nin, asked.creditorId, soundLoans);
  const type = { 'content-type': 'application/json' };
  const raw =
    (...parts: readonly string[]): Told =>
    (response) => {
      for (const part of parts) response.socket?.write(part);
      setTimeout(() => response.socket?.destroy(), 30);
    };
  const head = 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n';
  const chunked = `${head}transfer-encoding: chunked\r\n\r\n`;
  const statuses = [201, 203, 206, 300, 400, 401, 403, 404, 418, 429, 500, 503];
  const types = ['text/html', 'text/json', 'application/jsonp', 'application/problem+json', 'x; application/json', ''];
  const packed = gzipSync(Buffer.alloc(20_000_000, ' '));
  const large = Buffer.alloc(1_048_577, ' ');
  return [
    ...statuses.map((status): BadAnswer => ({
      what: `status ${status}`,
      told: (response) => response.writeHead(status, type).end(whole),
      reason: `status ${status}`,
    })),
    ...[301, 302, 303, 307, 308].map((status): BadAnswer => ({
      what: `redirect ${status}`,
      told: (response, { url = '' }) =>
        response.writeHead(status, { ...type, location: `${elsewhere}${url}` }).end(whole),
      reason: `status ${status}`,
    })),
    ...types.map((contentType) => ({
      what: `type '${contentType}'`,
      told: json(whole, contentType),
      reason: 'the answer is not application/json',
    })),
    {
      what: 'no type',
      told: (response) => response.writeHead(200).end(whole),
      reason: 'the answer is not application/json',
    },
    ...['gzip', 'br', 'deflate', 'x'].map((encoding): BadAnswer => ({
      what: `packed as ${encoding}`,
      told: (response) => response.writeHead(200, { ...type, 'content-encoding': encoding }).end(packed),
      reason: 'the answer is encoded, which was not asked for',
    })),
    {
      what: 'too large, and says so',
      told: (response) => response.writeHead(200, { ...type, 'content-length': large.length }).end(large),
      reason: 'the answer is larger than 1048576 bytes',
    },
    {
      what: 'without an end',
      told: (response) => {
        const more = (): void => {
          while (!response.destroyed && response.write(large));
        };
        response.writeHead(200, type).on('drain', more);
        more();
      },
      reason: 'the answer is larger than 1048576 bytes',
    },
    ...(
      [
        ['shorter than it says', raw(`${head}content-length: ${whole.length + 1}\r\n\r\n`, whole)],
        ['cut in the midst', raw(`${head}content-length: ${whole.length}\r\n\r\n`, whole.slice(0, 60))],
        ['cut between chunks', raw(chunked, `${whole.length.toString(16)}\r\n${whole}\r\n`)],
        ['garbage for chunks', raw(chunked, `${whole.length.toString(16)}\r\n${whole}\r\n${whole}`)],
        ['two lengths', raw(`${head}content-length: 1\r\ncontent-length: 2\r\n\r\n`, whole)],
        ['no HTTP', raw(`${whole}\r\n\r\n`)],
        ['endless headers', raw(`${head}x: ${'x'.repeat(200_000)}\r\n\r\n`, whole)],
        ['cut at once', raw()],
      ] as const
    ).map(([what, told]) => ({ what, told, reason: 'the connection failed: ' })),
  ];
}
