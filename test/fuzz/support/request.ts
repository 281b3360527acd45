import { gzipSync } from 'node:zlib';
import type { BodyKind } from './operations.ts';
import { inAddress } from './hostile.ts';
import { requestText } from './wire.ts';

/** JSON as it is written, so that it can be written wrongly: a member twice, a number that is none, a text that is no JSON. */
export type Written =
  { readonly raw: string } | { readonly array: Written[] } | { readonly object: [name: string, value: Written][] };

/** A request before it is sent. It is changed in place: each case has a copy of its own. */
export interface Draft {
  method: string;
  /** With `{name}` where a parameter stands. */
  path: string;
  readonly inPath: Map<string, string>;
  query: [name: string, value: string][];
  headers: [name: string, value: string][];
  contentType: string | undefined;
  body: { kind: 'json'; value: Written } | { kind: 'form'; fields: [string, string][] } | undefined;
  /** What is done to the body when it is written down. */
  bytes: ((body: Buffer) => Buffer)[];
}

/** JSON as it is written well. */
export function written(value: unknown): Written {
  if (Array.isArray(value)) return { array: value.map(written) };
  if (typeof value === 'object' && value !== null) {
    return { object: Object.entries(value).map(([name, member]) => [name, written(member)]) };
  }
  return { raw: JSON.stringify(value) };
}

export function textOf(value: Written): string {
  if ('raw' in value) return value.raw;
  if ('array' in value) return `[${value.array.map(textOf).join(',')}]`;
  return `{${value.object.map(([name, member]) => `${JSON.stringify(name)}:${textOf(member)}`).join(',')}}`;
}

/** Every place of some JSON that can be written anew: values by their setters, with the name of the member that they are of. */
export function placesIn(
  root: Written,
  set: (value: Written) => void,
  name = '',
): { name: string; set(value: Written): void }[] {
  const here = { name, set };
  if ('raw' in root) return [here];
  if ('array' in root) {
    return [here, ...root.array.flatMap((item, at) => placesIn(item, (value) => (root.array[at] = value), name))];
  }
  return [here, ...root.object.flatMap((member) => placesIn(member[1], (value) => (member[1] = value), member[0]))];
}

/** Every object in some JSON. */
export function objectsIn(root: Written): Extract<Written, { object: unknown }>[] {
  if ('raw' in root) return [];
  if ('array' in root) return root.array.flatMap(objectsIn);
  return [root, ...root.object.flatMap(([, value]) => objectsIn(value))];
}

export const typeOf = (kind: BodyKind): string =>
  kind === 'json' ? 'application/json' : 'application/x-www-form-urlencoded';

/** What goes over the wire: its bytes, its method, its address and its body as sent. */
export interface Rendered {
  readonly bytes: Buffer;
  readonly method: string;
  readonly target: string;
  readonly body: Buffer | undefined;
}

export function render(draft: Draft): Rendered {
  const path = draft.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => draft.inPath.get(name) ?? '');
  const search = draft.query.map(([name, value]) => `${name}=${value}`).join('&');
  const target = search === '' ? path : `${path}?${search}`;
  let body = bodyOf(draft);
  if (body !== undefined) for (const change of draft.bytes) body = change(body);
  const headers: [string, string][] = [...draft.headers];
  if (draft.contentType !== undefined) headers.push(['Content-Type', draft.contentType]);
  if (body !== undefined) headers.push(['Content-Length', String(body.length)]);
  return {
    bytes: requestText(`${draft.method} ${target} HTTP/1.1`, headers, body ?? ''),
    method: draft.method,
    target,
    body,
  };
}

function bodyOf({ body }: Draft): Buffer | undefined {
  switch (body?.kind) {
    case 'json':
      return Buffer.from(textOf(body.value), 'utf8');
    case 'form':
      return Buffer.from(body.fields.map((pair) => pair.map((part) => inAddress(part, 'once')).join('=')).join('&'));
    case undefined:
      return undefined;
  }
}

/** The body, packed. */
export const packed = (body: Buffer): Buffer => gzipSync(body);
