import { createHash } from 'node:crypto';

/**
 * Takes out of exchanges what is another one at each run (ids, instants, tokens), and puts in what could have come as well and is always the
 * same. What is equal stays equal, and what is different stays so.
 */
export function stable<Exchanges>(exchanges: Exchanges, began: Date): Exchanges {
  const ids = numbering();
  const secrets = numbering();

  const instant = (ms: number): number => {
    const since = ms - began.getTime();
    // Drawn in the night before, whatever time it is now.
    if (since < -MINUTE) return LAST_NIGHT;
    return MORNING + Math.floor((since + MINUTE) / (10 * MINUTE)) * 10 * MINUTE;
  };
  const inText = (text: string): string =>
    text
      .split('\n')
      .map((line) => (line.startsWith('data: {') ? `data: ${inJson(line.slice(6))}` : inLine(line)))
      .join('\n');
  const inJson = (text: string): string => JSON.stringify(walked('', JSON.parse(text)));
  const inLine = (text: string): string =>
    text
      .replaceAll(/\b(?!a0000000-)[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g, (id) => uuid(ids(id)))
      .replaceAll(/\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g, (at, fraction) => {
        const iso = new Date(instant(Date.parse(at))).toISOString();
        return fraction === undefined ? iso.replace(/\.\d+/, '') : iso;
      })
      .replaceAll(/(?<=\/interaction\/|request_uri:)[\w-]{20,}/g, (word) => base64url(secrets(word), word.length));
  const ofKey = (key: string, value: string): string | undefined => {
    if (key === 'trace_id' || key === 'requestId') return TRACE_ID;
    if (key === 'id_token') return idToken(value);
    if (key === 'retry-after') return '30';
    if (key === 'webhook-signature') return `v1,${base64url(0, 43).replaceAll('-', '+').replaceAll('_', '/')}=`;
    if (key === 'webhook-timestamp') return String(Math.floor(instant(Number(value) * 1_000) / 1_000));
    if (key === 'webhook-id')
      return value
        .replace(/[0-9a-f]{32}/, (hex) => uuid(ids(dashed(hex))).replaceAll('-', ''))
        .replace(/test_.*/, 'test_1');
    // Names of errors are codes too.
    if (!OPAQUE.has(key) || /^[a-z_]+$/.test(value)) return undefined;
    const [, prefix = '', word = ''] = /^(whsec_|urn:[\w:-]*:)?(.*)$/s.exec(value) ?? [];
    return `${prefix}${base64url(secrets(word), word.length)}`;
  };
  const idToken = (token: string): string => {
    const [header = '', payload = ''] = token.split('.');
    const again = (part: string): string =>
      Buffer.from(JSON.stringify(walked('', JSON.parse(Buffer.from(part, 'base64url').toString('utf8'))))).toString(
        'base64url',
      );
    return `${again(header)}.${again(payload)}.${base64url(0, 342)}`;
  };
  const walked = (key: string, value: unknown): unknown => {
    if (typeof value === 'string') return ofKey(key, value) ?? inText(value);
    if (typeof value === 'number') {
      if (SECONDS.has(key)) return Math.floor(instant(value * 1_000) / 1_000);
      if (key === 'milliseconds') return 12;
      return key === 'expires_in' && value === 3_599 ? 3_600 : value;
    }
    if (Array.isArray(value)) return value.map((item) => walked('', item));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, walked(name, item)]));
  };
  return walked('', exchanges) as Exchanges;
}

const MINUTE = 60_000;
const MORNING = Date.parse('2026-11-23T09:12:30.412Z');
const LAST_NIGHT = Date.parse('2026-11-23T02:00:00.000Z');
const TRACE_ID = '4f1d2c7a-9e35-4b60-8a1f-6c0e57d3b982';
const SECONDS = new Set(['exp', 'iat', 'auth_time', 'expires_at']);
const OPAQUE = new Set(['access_token', 'at_hash', 'code', 'jti', 'kid', 'n', 'secret', 'sub', 'token', 'x', 'y']);

/** Counts what is new, and knows again what is not. */
function numbering(): (text: string) => number {
  const known = new Map<string, number>();
  return (text) => {
    const number = known.get(text) ?? known.size + 1;
    known.set(text, number);
    return number;
  };
}

const digest = (number: number) => createHash('sha256').update(`example ${number}`).digest();

/** The nth id, like those that begin with the time. */
function uuid(number: number): string {
  const hex = digest(number).toString('hex');
  return `019aaf5c-9d1c-7${hex.slice(0, 3)}-9${hex.slice(3, 6)}-${hex.slice(6, 18)}`;
}

/** An id as ids are written. */
const dashed = (hex: string): string => hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');

/** The nth secret. */
function base64url(number: number, length: number): string {
  let text = '';
  for (let part = 0; text.length < length; part += 1) text += digest(number * 1_000 + part).toString('base64url');
  return text.slice(0, length);
}
