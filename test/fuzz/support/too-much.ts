import { agreement, clientOf } from '../../support/world.ts';
import { requestText } from './wire.ts';

/** Requests that have too much of something; each with the statuses that it may be answered with. */

type TooMuch = readonly [name: string, bytes: Buffer, ...statuses: number[]];

/** Of the APIs and pages. `token`: one for agreements. */
export function tooMuch(token: string): readonly TooMuch[] {
  const bearer: [string, string] = ['Authorization', `Bearer ${token}`];
  const put = (body: string, more: [string, string][] = []): Buffer =>
    requestText(
      'PUT /v1/consent/agreement HTTP/1.1',
      [bearer, ['Content-Type', 'application/json'], ['Content-Length', String(Buffer.byteLength(body))], ...more],
      body,
    );
  const form = (address: string, body: string): Buffer =>
    requestText(
      `POST ${address} HTTP/1.1`,
      [
        ['Authorization', clientOf(1).basic],
        ['Content-Type', 'application/x-www-form-urlencoded'],
        ['Content-Length', String(body.length)],
      ],
      body,
    );
  const get = (path: string, headers: [string, string][] = [bearer]): Buffer =>
    requestText(`GET ${path} HTTP/1.1`, headers);
  const many = (count: number, of: (at: number) => string): string =>
    Array.from({ length: count }, (_, at) => of(at)).join('&');
  const keys = (count: number): string => `{${Array.from({ length: count }, (_, at) => `"k${at}":1`).join(',')}}`;
  return [
    ['a long path', get(`/v1/debt/${'x'.repeat(15_000)}`), 400, 404, 414],
    ['a path of many parts', get(`/${'a/'.repeat(7_000)}`), 404],
    ['a long query', get(`/feed/v1/consent?fromSequenceNr=1&limit=1&x=${'x'.repeat(15_000)}`), 403],
    ['a path beyond all', get(`/${'x'.repeat(20_000)}`), 431],
    ['many parameters', get(`/oauth2/auth?${many(1_900, (at) => `a${at}=1`)}`), 400],
    ['a parameter many times', get(`/oauth2/auth?${many(1_000, () => 'client_id=x')}`), 400],
    ['a long header', get('/health/live', [['X', 'x'.repeat(16_384)]]), 431],
    [
      'many headers',
      get(
        '/health/live',
        Array.from({ length: 120 }, (_, at) => [`X-${at}`, '1']),
      ),
      431,
    ],
    [
      'one header many times',
      get(
        '/health/live',
        Array.from({ length: 120 }, () => ['X', '1']),
      ),
      431,
    ],
    ['a long cookie', get('/', [['Cookie', `samtykke=${'x'.repeat(15_000)}`]]), 200],
    ['many cookies', get('/', [['Cookie', many(2_000, (at) => `a=${at}`).replaceAll('&', '; ')]]), 200],
    [
      'many cookies of our names',
      get(
        '/',
        Array.from({ length: 90 }, (_, at) => ['Cookie', `samtykke-session=${at}; lang=${at}`]),
      ),
      200,
    ],
    ['a large body', put(`"${'x'.repeat(70_000)}"`), 413],
    ['deep arrays', put(`${'['.repeat(32_000)}${']'.repeat(32_000)}`), 400],
    ['deep objects', put(`${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`), 400],
    ['many keys', put(keys(5_500)), 400],
    ['one key many times', put(`{${'"nin":"1",'.repeat(6_000)}"nin":"1"}`), 400],
    [
      'a long number',
      put(
        `{"nin":"1","scope_of_consent":"debt.unsecured.processing","consent_duration_days":${'9'.repeat(60_000)},"client_consent_id":"x"}`,
      ),
      400,
    ],
    ['a packed body', put(JSON.stringify(agreement()), [['Content-Encoding', 'gzip']]), 415],
    [
      'many fields',
      form(
        '/oauth2/token',
        many(9_000, (at) => `a${at}`),
      ),
      400,
    ],
    [
      'one field many times',
      form(
        '/oauth2/token',
        many(3_000, () => 'scope=x'),
      ),
      400,
    ],
    ['a large form', form('/oauth2/token', 'x'.repeat(60_000)), 413],
    [
      'a form to the login',
      form(
        '/testid/sign-in/x',
        many(9_000, (at) => `a${at}`),
      ),
      403,
    ],
  ];
}

/** Of deliveries. */
export function tooMuchDelivered(): readonly (readonly [bytes: Buffer, status: number])[] {
  const delivery = (body: string): Buffer =>
    requestText(
      'POST /loans HTTP/1.1',
      [
        ['Content-Type', 'application/json'],
        ['Content-Length', String(body.length)],
      ],
      body,
    );
  const keys = (count: number): string => `{${Array.from({ length: count }, (_, at) => `"k${at}":1`).join(',')}}`;
  return [
    [delivery(`{"providerID":"${'x'.repeat(1_100_000)}"}`), 413],
    [delivery(`${'['.repeat(300_000)}${']'.repeat(300_000)}`), 400],
    [delivery(keys(80_000)), 400],
    [delivery(`{"providerID":"9908:318465711","customers":[${'{},'.repeat(200_000)}{}]}`), 400],
  ];
}
