import { STATUS_CODES } from 'node:http';
import { plainAddress } from '../../../src/platform/http-server.ts';
import { describedOperations } from '../../support/contract.ts';
import { innardsIn, leaksIn, withoutLawful } from '../../support/scan.ts';
import { documents } from './operations.ts';
import type { WireAnswer } from './wire.ts';

/** What must be true of every answer, whatever was asked. */

export interface Asked {
  readonly method: string;
  /** As it was sent. */
  readonly target: string;
  /** All that was sent, for what an answer may repeat of it. */
  readonly sent: string;
}

export interface Judged extends Asked {
  readonly answer: WireAnswer;
}

const described = describedOperations([...documents]);

/** Tokens that are good, which must be in no answer but those that give them. */
export type Tokens = ReadonlySet<string>;

/**
 * What is wrong with an answer; nothing is as it should be. `push`: it came from the port where creditors deliver, which speaks problem details
 * only.
 */
export function faultsOf(
  { method, target, sent, answer }: Judged,
  tokens: Tokens,
  options: { push?: boolean } = {},
): string[] {
  const faults: string[] = [];
  const { status, headers, body } = answer;
  const header = (name: string): string => headers.get(name)?.[0] ?? '';
  if (status >= 500) faults.push(`${status} is ours to avoid`);
  if (STATUS_CODES[status] === undefined) faults.push(`${status} is no status`);
  for (const name of ['content-type', 'content-length', 'location', 'x-trace-id', 'cache-control', 'connection']) {
    if ((headers.get(name)?.length ?? 0) > 1) faults.push(`${name} is there twice`);
  }
  for (const name of ['server', 'x-powered-by', 'x-injected'])
    if (headers.has(name)) faults.push(`there is a header ${name}`);
  if ((headers.get('set-cookie') ?? []).some((line) => line.startsWith('injected'))) faults.push('a cookie was put in');
  if (!/^[\w.:/+=-]{1,128}$/.test(header('x-trace-id')))
    faults.push(`the trace id is '${header('x-trace-id').slice(0, 200)}'`);
  if (header('x-content-type-options') !== 'nosniff') faults.push('types may be guessed at (no nosniff)');
  const path = pathOf(target);
  const isKept = status < 400 && /^\/(docs|assets|\.well-known)\//.test(path);
  if (!isKept && !/\bno-store\b/.test(header('cache-control')))
    faults.push(`it may be kept: '${header('cache-control')}'`);
  const type = header('content-type').split(';', 1)[0] ?? '';
  if (body !== '' && type === '') faults.push('it has a body of no type');
  // What stands in a redirect no browser shows.
  if (type === 'text/html' && (status < 300 || status >= 400)) faults.push(...pageFaults(answer, sent));
  faults.push(...leakFaults({ method, target, sent, answer }, tokens));
  faults.push(...shapeFaults({ method, target, sent, answer }, type, options.push === true));
  return faults;
}

/** The path of an address, in its one spelling. */
const pathOf = (target: string): string => plainAddress(target).split('?', 1)[0] ?? '';

function pageFaults({ headers, body }: WireAnswer, sent: string): string[] {
  const faults: string[] = [];
  const policy = headers.get('content-security-policy')?.[0] ?? '';
  if (!policy.includes("default-src 'none'") || !policy.includes("frame-ancestors 'none'"))
    faults.push('a page without its policy');
  for (const name of ['referrer-policy', 'x-frame-options', 'permissions-policy']) {
    if (!headers.has(name)) faults.push(`a page without ${name}`);
  }
  if (/<script>alert|onerror=alert|onmouseover='x'/.test(body.replaceAll(/&#?\w+;/g, '')))
    faults.push('markup got into a page');
  const isEchoed = /undefined|object/i.test(decoded(sent));
  if (!isEchoed && /\b(undefined|\[object Object\])\b/.test(body.replaceAll(/<[^>]*>/g, ' ')))
    faults.push('a page says undefined');
  return faults;
}

/** Words of PostgreSQL, of Node and of this machine that are nothing to tell. */
const innerWords =
  /syntax error at|invalid input syntax|invalid byte sequence|duplicate key value|violates \w+ constraint|relation "|column "|ECONN\w+|ENOENT|EPIPE|node:internal|node:net|TypeError|RangeError|SyntaxError|Cannot read propert|is not a function|Unexpected token|Unexpected end of|fastify|FST_ERR|HPE_|pg_\w+|\/home\/|\/root\/|\/work\/|\/tmp\/|src\/\w+\/|\.data\b/i;

function leakFaults({ method, target, sent, answer }: Judged, tokens: Tokens): string[] {
  const { status, headers, head, body } = answer;
  const path = pathOf(target);
  // The reference speaks of the persons and clients of the sandbox, as does the console; login hints of a sandbox hold numbers.
  if (status < 400 && /^\/(docs|assets|sandbox|testid|debt-information|oauth2\/auth|login)\b/.test(path)) return [];
  const isLocation = /^location: /i;
  const ownHead = head
    .split('\r\n')
    .filter((line) => !isLocation.test(line) && !/^(set-cookie|access-control-allow-origin): /i.test(line))
    .join('\n');
  const text = `${ownHead}\n${withoutLawful({ method, url: path, status, body: lawfulBody(answer, body) })}`;
  // Good answers hold what may look like anything: keys, tokens, names.
  const words = status < 400 ? [] : (innerWords.exec(text) ?? []);
  const innards = [...innardsIn(text), ...words.map((word) => `the words '${word}'`)];
  const echoed = [
    ...innardsIn(sent),
    ...innardsIn(decoded(sent)),
    ...(innerWords.exec(`${sent} ${decoded(sent)}`) ?? []).map((word) => `the words '${word}'`),
  ];
  const location = headers.get('location')?.[0] ?? '';
  return [
    ...leaksIn(text, tokens),
    ...innards.filter((one) => !echoed.some((other) => other === one)),
    ...(/[^\x21-\x7e]/.test(location) ? [`a Location with other signs than an address has`] : []),
  ].map((leak) => `it tells ${leak}`);
}

/** A code or token of an answer whose JSON cannot be read as such by `withoutLawful` stays as it is. */
const lawfulBody = ({ headers }: WireAnswer, body: string): string =>
  headers.get('content-type')?.[0]?.startsWith('application/json') === true && !isJson(body)
    ? '{}'
    : body === ''
      ? '{}'
      : body;

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function decoded(text: string): string {
  return text.replaceAll(/(%[\da-f]{2})+/gi, (run) => {
    try {
      return decodeURIComponent(run);
    } catch {
      return run;
    }
  });
}

type ErrorShape = Readonly<Record<string, (value: unknown, answer: WireAnswer) => boolean>>;

const isText = (value: unknown): boolean => typeof value === 'string' && value !== '';
const isTrace = (value: unknown, { headers }: WireAnswer): boolean => value === headers.get('x-trace-id')?.[0];
const isStatus = (value: unknown, { status }: WireAnswer): boolean => value === status;
const isInstant = (value: unknown): boolean => typeof value === 'string' && !Number.isNaN(Date.parse(value));

const problemShape: ErrorShape = {
  type: isText,
  title: isText,
  status: isStatus,
  detail: isText,
  code: isText,
  trace_id: isTrace,
};
const debtShape: ErrorShape = { error: isText, 'error_description?': isText, timestamp: isInstant, trace_id: isTrace };
const agreementShape: ErrorShape = {
  status: isStatus,
  timestamp: isInstant,
  path: isText,
  error: isText,
  message: isText,
  requestId: isTrace,
};
const oauthShape: ErrorShape = {
  error: isText,
  'error_description?': isText,
  'error_uri?': isText,
  'scope?': isText,
  'state?': () => true,
  'iss?': isText,
};

/** How errors look below an address (docs/contract.md); the first that fits. */
const shapes: readonly (readonly [below: string, shape: ErrorShape])[] = [
  ['/v1/debt', debtShape],
  ['/v1/consent', agreementShape],
  ['/feed/v1/consent', agreementShape],
  ['/oauth2', oauthShape],
  ['/userinfo', oauthShape],
  ['/', problemShape],
];

function shapeFaults({ method, target, answer }: Judged, type: string, push: boolean): string[] {
  const { status, headers, body, whole } = answer;
  const path = pathOf(target);
  if (!whole) return [];
  // What is no HTTP came to no API: it is answered over the bare connection, which ends with that.
  if (!headers.has('date')) {
    const isEnd = headers.get('connection')?.[0] === 'close' && [400, 408, 417, 431].includes(status);
    return isEnd && (status === 417 || type === 'application/problem+json')
      ? misshapen(body, problemShape, answer)
      : ['an answer without a date'];
  }
  const operation = described.find((one) => one.fits({ method, url: path, status, headers: {}, body }));
  const check = operation?.answers.get(String(status));
  if (operation !== undefined && check === undefined && !ofHttp.includes(status))
    return [`${operation.name} ${status} is not described`];
  const seen = {
    method,
    url: path,
    status,
    headers: Object.fromEntries([...headers].map(([name, values]) => [name, values.join(', ')])),
    body,
  };
  const unfit =
    check === undefined || type === 'text/html'
      ? []
      : check(seen).map((problem) => `${operation?.name} ${status}: ${problem}`);
  if (status < 400 || method === 'HEAD') return unfit;
  const faults = [...unfit];
  if (status === 405 && !headers.has('allow')) faults.push('405 without Allow');
  if ([429, 503].includes(status) && !/^[1-9]\d*$/.test(headers.get('retry-after')?.[0] ?? ''))
    faults.push(`${status} without Retry-After`);
  if (type === 'text/html') return faults;
  if (body === '') return [401, 417].includes(status) ? faults : [...faults, `${status} says nothing`];
  const below = push
    ? problemShape
    : (shapes.find(([prefix]) => prefix === '/' || path === prefix || path.startsWith(`${prefix}/`))?.[1] ??
      problemShape);
  const wanted = /^application\/problem\+json$/.test(type) && ofHttp.includes(status) ? problemShape : below;
  // The login provider of a sandbox is a world of its own, with a library's words.
  if (path.startsWith('/testid/') && type === 'application/json')
    return [...faults, ...misshapen(body, oauthShape, answer)];
  const mime = wanted === problemShape ? 'application/problem+json' : 'application/json';
  if (type !== mime) return [...faults, `an error of ${type}, and not ${mime}`];
  return [...faults, ...misshapen(body, wanted, answer)];
}

/** Statuses of what never became a request of an API: the connection's own. */
const ofHttp = [400, 404, 405, 408, 413, 414, 415, 417, 431, 501];

/** Members that are told by the rule that a push breaks. */
const ofPushes = ['rule', 'record', 'loan'];

function misshapen(body: string, shape: ErrorShape, answer: WireAnswer): string[] {
  if (!isJson(body)) return ['the error is not JSON'];
  const value = JSON.parse(body) as Record<string, unknown>;
  const known = Object.keys(shape).map((name) => name.replace('?', ''));
  const others = Object.keys(value).filter(
    (name) => !known.includes(name) && !(shape === problemShape && ofPushes.includes(name)),
  );
  const wrong = Object.entries(shape).filter(([name, check]) => {
    const told = value[name.replace('?', '')];
    return told === undefined ? !name.endsWith('?') : !check(told, answer);
  });
  return [...others, ...wrong.map(([name]) => name)].map(
    (name) => `the error's member ${name.slice(0, 50)} is not of this API's shape: ${body.slice(0, 300)}`,
  );
}
