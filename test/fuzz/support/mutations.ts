import type { Json } from '../../support/world.ts';
import { inAddress } from './hostile.ts';
import type { Operation } from './operations.ts';
import { objectsIn, packed, placesIn, type Draft, type Written } from './request.ts';

/** One thing done to a good request. Numbers stand for a place, counted round and round: a case fits any request, and can be told. */
export type Mutation =
  | { readonly do: 'path'; readonly at: number; readonly text: string; readonly how: 'once' | 'twice' | 'raw' }
  | { readonly do: 'respell'; readonly at: number; readonly how: 'percent' | 'slash' | 'dot' | 'case' | 'suffix' }
  | { readonly do: 'query'; readonly at: number; readonly text: string; readonly how: 'once' | 'twice' | 'raw' }
  | { readonly do: 'query-again'; readonly at: number; readonly text: string }
  | { readonly do: 'query-without'; readonly at: number }
  | { readonly do: 'unknown'; readonly name: string; readonly text: string; readonly times: number }
  | { readonly do: 'value'; readonly at: number; readonly json: string }
  | { readonly do: 'limit'; readonly at: number; readonly which: number }
  | {
      readonly do: 'member';
      readonly at: number;
      readonly name: string;
      readonly json: string;
      readonly how: MemberChange;
    }
  | { readonly do: 'field'; readonly at: number; readonly text: string; readonly how: 'set' | 'again' | 'without' }
  | { readonly do: 'field-named'; readonly name: string; readonly text: string; readonly times: number }
  | {
      readonly do: 'bytes';
      readonly at: number;
      readonly byte: number;
      readonly how: 'cut' | 'set' | 'insert' | 'bom' | 'gzip' | 'empty';
    }
  | { readonly do: 'type'; readonly type: string | undefined }
  | { readonly do: 'header'; readonly name: string; readonly value: string; readonly times: number }
  | { readonly do: 'authorization'; readonly values: readonly string[] }
  | { readonly do: 'method'; readonly method: string };

export type MemberChange = 'add' | 'without' | 'again' | 'rename';

const nth = <Item>(items: readonly Item[], place: number): Item | undefined =>
  items.length === 0 ? undefined : items[place % items.length];

/** What stands at the edges of what a schema takes, on both sides: as JSON. */
function limitsOf(schema: Json): readonly string[] {
  if (schema === undefined) return [];
  const text = (length: number): string => JSON.stringify('x'.repeat(Math.max(0, length)));
  return [
    ...['minimum', 'maximum'].flatMap((name) =>
      schema[name] === undefined ? [] : [schema[name] - 1, schema[name], schema[name] + 1].map(String),
    ),
    ...['minLength', 'maxLength'].flatMap((name) =>
      schema[name] === undefined ? [] : [schema[name] - 1, schema[name], schema[name] + 1].map(text),
    ),
    ...(schema.maxLength === undefined ? [] : [JSON.stringify('😀'.repeat(schema.maxLength))]),
    ...((schema.enum ?? []) as Json[]).flatMap((value) =>
      [value, `${value} `, `${value}`.toUpperCase()].map((one) => JSON.stringify(one)),
    ),
    ...((schema.anyOf ?? schema.oneOf ?? []) as Json[]).flatMap(limitsOf),
  ];
}

/** The schema of a member of this name, wherever in a body it is described. */
function schemaNamed(schema: Json, name: string): Json {
  if (typeof schema !== 'object' || schema === null) return undefined;
  if (schema.properties?.[name] !== undefined) return schema.properties[name];
  for (const part of Object.values(schema as Record<string, Json>)) {
    const found = schemaNamed(part, name);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Does it to a request. */
export function mutate(draft: Draft, change: Mutation, operation: Pick<Operation, 'parameters' | 'body'>): void {
  switch (change.do) {
    case 'path': {
      const name = nth([...draft.inPath.keys()], change.at);
      if (name !== undefined)
        draft.inPath.set(name, inAddress(change.text, change.how).replaceAll(/[/?#]/g, encodeURIComponent));
      return;
    }
    case 'respell':
      draft.path = respelt(draft.path, change.at, change.how);
      return;
    case 'query': {
      const known = operation.parameters.filter((parameter) => parameter.in === 'query');
      const name = nth(known, change.at)?.name;
      if (name === undefined) return;
      draft.query = [...draft.query.filter((pair) => pair[0] !== name), [name, inAddress(change.text, change.how)]];
      return;
    }
    case 'query-again': {
      const pair = nth(draft.query, change.at);
      if (pair !== undefined) draft.query.push([pair[0], inAddress(change.text, 'once')]);
      return;
    }
    case 'query-without': {
      const pair = nth(draft.query, change.at);
      draft.query = draft.query.filter((other) => other !== pair);
      return;
    }
    case 'unknown':
      for (let time = 0; time < change.times && lengthOf(draft.query) < 8_000; time += 1) {
        const name = inAddress(change.times > 1 ? `${change.name}${time}` : change.name, 'once').slice(0, 600);
        draft.query.push([name, inAddress(change.text, 'once').slice(0, 300)]);
      }
      return;
    case 'header': {
      const times = Math.max(
        1,
        Math.min(change.times, Math.floor(8_000 / (change.value.length + change.name.length + 4))),
      );
      for (let time = 0; time < times; time += 1) draft.headers.push([change.name, change.value]);
      return;
    }
    case 'authorization':
      draft.headers = [
        ...draft.headers.filter(([name]) => name.toLowerCase() !== 'authorization'),
        ...change.values.map((value): [string, string] => ['Authorization', value]),
      ];
      return;
    case 'method':
      draft.method = change.method;
      return;
    case 'type':
      draft.contentType = change.type;
      return;
    case 'bytes':
      if (draft.body === undefined) return;
      if (change.how === 'gzip') draft.headers.push(['Content-Encoding', 'gzip']);
      draft.bytes.push((body) => changed(body, change));
      return;
    case 'field':
    case 'field-named':
      if (draft.body?.kind === 'form') changeForm(draft.body, change);
      return;
    case 'value':
    case 'limit':
    case 'member':
      if (draft.body?.kind === 'json') changeJson(draft.body, change, operation.body?.schema);
      return;
  }
}

const lengthOf = (pairs: Draft['query']): number =>
  pairs.reduce((sum, [name, value]) => sum + name.length + value.length + 2, 0);

function respelt(path: string, place: number, how: Extract<Mutation, { do: 'respell' }>['how']): string {
  const plain = [...path.matchAll(/[a-z](?![^{]*\})/gi)].map(({ index }) => index);
  const index = nth(plain, place) ?? 0;
  const put = (text: string): string => path.slice(0, index) + text + path.slice(index + 1);
  switch (how) {
    case 'percent':
      return put(`%${(path.codePointAt(index) ?? 0).toString(16)}`);
    case 'case':
      return put((path[index] ?? '').toUpperCase());
    case 'slash':
      return path.replace('/', '//');
    case 'dot':
      return `/.${path}`;
    case 'suffix':
      return `${path}/`;
  }
}

function changed(body: Buffer, { at: place, byte, how }: Extract<Mutation, { do: 'bytes' }>): Buffer {
  const index = body.length === 0 ? 0 : place % body.length;
  switch (how) {
    case 'cut':
      return body.subarray(0, index);
    case 'empty':
      return Buffer.alloc(0);
    case 'bom':
      return Buffer.concat([Buffer.from('\uFEFF'), body]);
    case 'gzip':
      return packed(body);
    case 'insert':
      return Buffer.concat([body.subarray(0, index), Buffer.from([byte]), body.subarray(index)]);
    case 'set': {
      const copy = Buffer.from(body);
      if (copy.length > 0) copy[index] = byte;
      return copy;
    }
  }
}

function changeForm(
  form: Extract<Draft['body'], { kind: 'form' }>,
  change: Extract<Mutation, { do: 'field' | 'field-named' }>,
): void {
  if (change.do === 'field-named') {
    for (let time = 0; time < change.times; time += 1) {
      form.fields.push([change.times > 1 ? `${change.name}${time}` : change.name, change.text.slice(0, 20)]);
    }
    return;
  }
  const field = nth(form.fields, change.at);
  if (field === undefined) return;
  if (change.how === 'set') field[1] = change.text;
  else if (change.how === 'again') form.fields.push([field[0], change.text]);
  else form.fields = form.fields.filter((other) => other !== field);
}

function changeJson(
  body: Extract<Draft['body'], { kind: 'json' }>,
  change: Extract<Mutation, { do: 'value' | 'limit' | 'member' }>,
  schema: Json,
): void {
  const places = placesIn(body.value, (value) => (body.value = value));
  switch (change.do) {
    case 'value':
      nth(places, change.at)?.set({ raw: change.json });
      return;
    case 'limit': {
      const place = nth(places, change.at);
      const limit = nth(limitsOf(schemaNamed(schema, place?.name ?? '')), change.which);
      if (limit !== undefined) place?.set({ raw: limit });
      return;
    }
    case 'member': {
      const object = nth(objectsIn(body.value), change.at);
      if (object === undefined) return;
      const member = nth(object.object, change.at);
      const value: Written = { raw: change.json };
      if (change.how === 'add' || member === undefined) object.object.push([change.name, value]);
      else if (change.how === 'again') object.object.push([member[0], value]);
      else if (change.how === 'rename') member[0] = change.name;
      else object.object.splice(object.object.indexOf(member), 1);
    }
  }
}
