import { recordToken } from '../../support/evidence.ts';
import { tokenFromFlow } from '../../support/flow.ts';
import { clientOf, newConsent, tokenRequest, type Json, type World } from '../../support/world.ts';
import { inAddress } from './hostile.ts';
import type { Door, House } from './house.ts';
import type { Documents, Operation } from './operations.ts';
import { render, typeOf, written, type Draft } from './request.ts';

/** Good requests, made from what the documents show: with tokens as their security says, and ids of what there is. */
export interface Seeds {
  /** The tokens that were fetched. */
  readonly tokens: ReadonlySet<string>;
  /** How many things and tokens have been made until now. */
  readonly made: number;
  /** A good request, to be changed. `example`: which of the document's bodies; the one that was answered well, unless told. */
  draft(operation: Operation, example?: number): Promise<Draft>;
  /** Tells that this body is answered well. */
  prefer(operation: Operation, example: number): void;
  /** Tells how a request was answered: what it has used up is made anew, and what it has made is put away. */
  answered(operation: Operation, method: string, status: number, body: string): Promise<void>;
}

const keyOf = ({ name, method, path }: Operation): string =>
  ['PATCH', 'PUT', 'DELETE'].includes(method) ? name : path.slice(0, path.indexOf('/{'));

/** Through which door an operation is met. */
export const doorOf = ({ path, document }: Operation): Door =>
  path.startsWith('/debt-information/') ? 'creditor' : document.includes('deliveries') ? 'push' : 'main';

export function seedsFor(house: House, { operations, schemes }: Documents): Seeds {
  const { world, sink } = house;
  const tokens = new Set<string>();
  const authorizations = new Map<string, string | undefined>();
  /** What addresses are about: one thing for all that only look, and one for each that changes it or uses it up. */
  const ids = new Map<string, string>();
  const good = new Map<string, number>();
  let made = 0;

  const authorizationFor = async (scheme: string): Promise<string | undefined> => {
    if (!authorizations.has(scheme)) {
      authorizations.set(scheme, await authorizationOf(world, scheme, schemes[scheme]));
      made += 1;
    }
    const authorization = authorizations.get(scheme);
    if (authorization?.startsWith('Bearer ') === true) tokens.add(authorization.slice('Bearer '.length));
    return authorization;
  };

  /** Something that there is: made by a POST to where such things are, where the document has one. */
  const thingAt = async (collection: string): Promise<string | undefined> => {
    made += 1;
    const maker = operations.find(({ method, path }) => method === 'POST' && path === collection);
    if (maker === undefined) return thingsByPath[collection]?.(world);
    const { bytes, method } = render(await draft(maker));
    const answer = await house.ask(doorOf(maker), bytes, method);
    const { id } = JSON.parse(answer.body) as { id?: string };
    if (id === undefined) throw new Error(`${maker.name} has made nothing: ${answer.status} ${answer.body}`);
    return id;
  };

  const draft: Seeds['draft'] = async (operation, example = good.get(operation.name) ?? 0) => {
    const { body, parameters, path } = operation;
    const inPath: Draft['inPath'] = new Map();
    const query: Draft['query'] = [];
    const headers: Draft['headers'] = [];
    for (const { in: place, name, example: shown } of parameters) {
      if (place === 'path') {
        const key = keyOf(operation);
        const known = ids.get(key) ?? (await thingAt(path.slice(0, path.indexOf(`/{${name}}`)))) ?? shown ?? 'x';
        ids.set(key, known);
        inPath.set(name, known);
      } else if (shown !== undefined) {
        if (place === 'query') query.push([name, inAddress(shown, 'once')]);
        else headers.push([name, shown]);
      }
    }
    const [scheme] = operation.security;
    const authorization = scheme === undefined ? undefined : await authorizationFor(scheme);
    if (authorization !== undefined) headers.push(['Authorization', authorization]);
    const shown = body?.examples[example % Math.max(1, body.examples.length)];
    return {
      method: operation.method,
      path,
      inPath,
      query,
      headers,
      contentType: body === undefined ? undefined : typeOf(body.kind),
      body:
        body === undefined
          ? undefined
          : body.kind === 'json'
            ? { kind: 'json', value: written(reachable(shown, sink)) }
            : { kind: 'form', fields: Object.entries(shown as object).map(([name, value]) => [name, String(value)]) },
      bytes: [],
    };
  };

  return {
    tokens,
    get made() {
      return made;
    },
    draft,
    prefer: (operation, example) => void good.set(operation.name, example),
    answered: async (operation, method, status, body) => {
      if (status >= 300) return;
      if (method === 'DELETE') ids.delete(keyOf(operation));
      const ender = operations.find(
        (other) => other.method === 'DELETE' && other.path.startsWith(`${operation.path}/{`),
      );
      if (method !== 'POST' || operation.method !== 'POST' || ender === undefined) return;
      // The newest is there for the call that ends things; the one before goes.
      if (ids.has(keyOf(ender))) await house.ask(doorOf(ender), render(await draft(ender)).bytes, 'DELETE');
      ids.set(keyOf(ender), String((JSON.parse(body) as { id?: string }).id));
    },
  };
}

/** What an address is about where the document has no call that makes it. A new one of that kind is added here. */
const thingsByPath: Readonly<Record<string, (world: World) => Promise<string>>> = {
  '/v1/debt': (world) => newConsent(world),
};

/** The documents show addresses where nobody is; ours takes what is sent. */
const reachable = (shown: unknown, sink: string): unknown =>
  JSON.parse(JSON.stringify(shown ?? {}).replaceAll(/"https:\/\/bank\.example[^"]*"/g, JSON.stringify(sink)));

/** What is sent for a security scheme, as the document describes it; undefined: it is not a header. */
async function authorizationOf(world: World, scheme: string, described: Json): Promise<string | undefined> {
  if (described.type === 'mutualTLS') return undefined;
  if (described.type === 'http' && described.scheme === 'basic') return clientOf(1).basic;
  const { clientCredentials } = described.flows ?? {};
  if (clientCredentials === undefined) {
    return `Bearer ${await tokenFromFlow(world, { scope: 'debt.unsecured.presentation.30 openid' })}`;
  }
  const scope = Object.keys(clientCredentials.scopes).join(' ');
  const { audience } = clientCredentials['x-scalar-security-body'];
  const answer = await world.call(
    tokenRequest({ grant_type: 'client_credentials', audience, scope }, clientOf(1).basic),
  );
  if (answer.status !== 200) throw new Error(`no token for ${scheme}: ${answer.text}`);
  recordToken(answer.json.access_token);
  return `Bearer ${answer.json.access_token}`;
}
