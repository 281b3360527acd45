import fc from 'fast-check';
import { families, hostileJson, hostileName, hostileText } from './hostile.ts';
import type { MemberChange, Mutation } from './mutations.ts';

/** Mutations, made up. */

const at = fc.nat({ max: 1_000 });
const how = fc.constantFrom('once', 'twice', 'raw');
const times = fc.constantFrom(1, 1, 2, 3, 100, 2_000);

/** What may stand in a header without ending it; what ends it is what the families of connections are about. */
const headerText = hostileText.map((text) => text.toWellFormed().replaceAll(/(?!\t)\p{Cc}/gu, ' '));

const contentTypes = [
  undefined,
  '',
  'application/json',
  'application/json; charset=utf-8',
  'application/json; charset=utf-16',
  'application/json;charset="utf-7"',
  'application/json; charset=utf-8; charset=latin1',
  'APPLICATION/JSON',
  'application/json, application/json',
  'application/json;;;',
  'application/jsonp',
  'application/json/x',
  'application/problem+json',
  'text/json',
  'text/plain',
  'text/html',
  'application/xml',
  'multipart/form-data',
  'multipart/form-data; boundary=x',
  'application/x-www-form-urlencoded',
  'application/x-www-form-urlencoded; charset=utf-7',
  'application/x-www-form-urlencoded;charset=UTF-8',
  'application/octet-stream',
  '*/*',
  'x',
  '/',
  'application/json\tx',
  '__proto__',
  'constructor/constructor',
];

const headerNames = [
  'Accept',
  'Accept-Encoding',
  'Accept-Language',
  'Content-Encoding',
  'Cookie',
  'DPoP',
  'Expect',
  'Forwarded',
  'From',
  'If-Modified-Since',
  'If-None-Match',
  'Last-Event-ID',
  'Link',
  'Origin',
  'Prefer',
  'Range',
  'Referer',
  'Sec-Fetch-Site',
  'TE',
  'Traceparent',
  'Tracestate',
  'Via',
  'X-Forwarded-For',
  'X-Forwarded-Host',
  'X-Forwarded-Proto',
  'X-HTTP-Method-Override',
  'X-Original-URL',
  'X-Trace-ID',
  '__proto__',
  'constructor',
  'client-cert',
];

const headerValues = fc.oneof(
  headerText,
  fc.constantFrom(
    'text/html',
    'application/json;q=0',
    'gzip',
    'identity',
    'br, gzip',
    '100-continue',
    'nonsense',
    'GET',
    '127.0.0.1',
    'evil.example',
    'lang=nn; lang=xx',
    `samtykke=${'x'.repeat(43)}`,
    '__proto__=1; constructor=2; =; ;;;=%',
    '%zz',
    '00-00000000000000000000000000000000-0000000000000000-00',
    '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    '14842249091',
    'bytes=0-',
    '*',
  ),
);

const authorizations = fc.oneof(
  fc.constantFrom<readonly string[]>(
    [],
    [''],
    ['Bearer'],
    ['Bearer '],
    ['Bearer  x'],
    ['Basic'],
    ['Basic Og=='],
    ['Basic ====='],
    ['Basic AAAA'],
    ['Basic __proto__'],
    ['DPoP x'],
    ['Digest username="x"'],
    ['Negotiate abc'],
    [`Bearer ${'x'.repeat(6_000)}`],
    ['Bearer x', 'Bearer y'],
    ["Bearer ' OR '1'='1"],
  ),
  headerText.map((text) => [`Bearer ${text}`]),
  hostileText.map((text) => [`Basic ${Buffer.from(text).toString('base64')}`]),
  fc
    .tuple(hostileText, hostileText)
    .map(([id, secret]) => [
      `Basic ${Buffer.from(`${encodeURIComponent(id.toWellFormed())}:${secret}`).toString('base64')}`,
    ]),
);

/** One thing to do; a place that the request does not have leaves it as it is. */
export const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('path' as const), at, text: hostileText, how }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('respell' as const),
      at,
      how: fc.constantFrom('percent', 'slash', 'dot', 'case', 'suffix'),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('query' as const),
      at,
      text: fc.oneof(hostileText, fc.constantFrom(...families.numbers)),
      how,
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('query-again' as const), at, text: hostileText }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('query-without' as const), at }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('unknown' as const), name: hostileName, text: hostileText, times }),
  },
  { weight: 8, arbitrary: fc.record({ do: fc.constant('value' as const), at, json: hostileJson }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('limit' as const), at, which: at }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('member' as const),
      at,
      name: hostileName,
      json: hostileJson,
      how: fc.constantFrom<MemberChange>('add', 'without', 'again', 'rename'),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('field' as const),
      at,
      text: hostileText,
      how: fc.constantFrom('set', 'set', 'again', 'without'),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('field-named' as const), name: hostileName, text: hostileText, times }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('bytes' as const),
      at,
      byte: fc.nat({ max: 255 }),
      how: fc.constantFrom('cut', 'set', 'insert', 'bom', 'gzip', 'empty'),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('type' as const), type: fc.constantFrom(...contentTypes) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('header' as const),
      name: fc.constantFrom(...headerNames),
      value: headerValues,
      times: fc.constantFrom(1, 1, 2, 90),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('authorization' as const), values: authorizations }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('method' as const),
      method: fc.constantFrom(
        'GET',
        'HEAD',
        'POST',
        'PUT',
        'PATCH',
        'DELETE',
        'OPTIONS',
        'TRACE',
        'PROPFIND',
        'QUERY',
        'PURGE',
        'SEARCH',
      ),
    }),
  },
);
