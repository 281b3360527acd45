import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { errorNames } from '../../src/docs/error-names.ts';

export interface Recorded {
  readonly method: string;
  readonly url: string;
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
}

type Json = Record<string, any>; // eslint-disable-line typescript/no-explicit-any -- an OpenAPI document, walked through

export interface ContractReport {
  /** Answers held against our description, and against the published one. */
  readonly checked: { readonly own: number; readonly published: number };
  readonly problems: readonly string[];
  /** Described answers that no test has seen. */
  readonly unseen: readonly string[];
}

/**
 * Holds every answer that a test run has recorded against the descriptions that we serve, and, where a copy of it is at hand,
 * against the one that Norsk Gjeldsinformasjon publishes: its members, their types, and no others. Errors at addresses that are not
 * described have the shape of their API all the same, and every error leads to a page that there is.
 */
export function checkContract(
  evidence: string,
  ownFiles: readonly string[],
  publishedFile: string | undefined,
): ContractReport {
  const ownChecks = describedOperations(ownFiles);
  const published =
    publishedFile === undefined
      ? undefined
      : compile(strictly(JSON.parse(readFileSync(publishedFile, 'utf8')) as Json));
  const problems = new Set<string>();
  const seen = new Set<string>();
  const checked = { own: 0, published: 0 };

  for (const answer of recordedIn(evidence)) {
    const place = `${answer.method} ${answer.url.split('?', 1)[0]} ${answer.status}`;
    const described = ownChecks.find((operation) => operation.fits(answer));
    if (described !== undefined) {
      checked.own += 1;
      const check = described.answers.get(String(answer.status));
      if (check === undefined) problems.add(`${place}: this status is not described`);
      else {
        seen.add(`${described.name} ${answer.status}`);
        for (const problem of check(answer)) problems.add(`${place}: ${problem}`);
      }
    } else if (answer.status >= 400 && answer.method !== 'HEAD') {
      // By another method, or at an address that there is not: as the API's other errors.
      const api = apis.find(({ below }) => answer.url.startsWith(below));
      const likeOthers = ownChecks.find(({ name }) => name === api?.like)?.answers.get('403');
      for (const problem of likeOthers?.(answer) ?? []) problems.add(`${place}: ${problem}`);
    }
    for (const name of errorsTold(answer)) {
      if (!errorNames.includes(name)) problems.add(`${place}: the error ${name} has no page in src/docs`);
    }
    const theirs = published?.find((operation) => operation.fits(answer))?.answers.get(String(answer.status));
    if (theirs !== undefined) {
      checked.published += 1;
      for (const problem of theirs(answer)) problems.add(`${place}, as published: ${problem}`);
    }
  }
  const unseen = ownChecks
    .flatMap((operation) => [...operation.answers.keys()].map((status) => `${operation.name} ${status}`))
    .filter((name) => !seen.has(name));
  return { checked, problems: [...problems], unseen };
}

/** The APIs, and a call of each. */
const apis = [
  { below: '/v1/debt', like: 'GET /v1/debt' },
  { below: '/v1/consent', like: 'PUT /v1/consent/agreement' },
  { below: '/feed/v1/consent', like: 'GET /feed/v1/consent' },
];

/** The errors that an answer names: by where it leads for help, or with what it sends a browser back. */
function errorsTold({ url, headers, body }: Recorded): readonly string[] {
  if (url.startsWith('/docs')) return [];
  const back = URL.parse(String(headers['location'] ?? ''), 'http://localhost');
  const told = [...`${String(headers['link'] ?? '')} ${body.slice(0, 10_000)}`.matchAll(/\/docs\/errors\/(\w+)/g)];
  const sent = [back?.searchParams, new URLSearchParams(back?.hash.slice(1))].map((it) => it?.get('error') ?? '');
  return [...told.map(([, name = '']) => name), ...sent].filter((name) => name !== '');
}

function recordedIn(folder: string): readonly Recorded[] {
  return readdirSync(folder)
    .filter((file) => file.startsWith('answers-'))
    .flatMap((file) => readFileSync(join(folder, file), 'utf8').split('\n'))
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Recorded);
}

/** What documents say of the answers of their operations. */
export const describedOperations = (files: readonly string[]): readonly DescribedOperation[] =>
  files.flatMap((file) => compile(JSON.parse(readFileSync(file, 'utf8')) as Json));

export interface DescribedOperation {
  readonly name: string;
  fits(answer: Recorded): boolean;
  readonly answers: ReadonlyMap<string, (answer: Recorded) => readonly string[]>;
}

function compile(document: Json): readonly DescribedOperation[] {
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  addFormats.default(ajv);
  ajv.addSchema({ $id: 'doc', ...document });
  return Object.entries(document['paths'] as Json).flatMap(([path, methods]) =>
    Object.entries(methods as Json).map(([method, operation]) => {
      const pattern = new RegExp(`^${path.replaceAll(/\{\w+\}/g, '[^/]+')}$`);
      return {
        name: `${method.toUpperCase()} ${path}`,
        // The last pattern that fits would be the more general one; addresses without parameters come first in `paths` that clash.
        fits: (answer: Recorded) =>
          answer.method.toLowerCase() === method && pattern.test(answer.url.split('?', 1)[0] ?? ''),
        answers: new Map(
          Object.entries(operation.responses as Json).map(([status, response]) => {
            const [[type, content] = []] = Object.entries((response.content ?? {}) as Record<string, Json>);
            const validate = content === undefined ? undefined : ajv.compile(withDocument(content['schema'] as Json));
            return [
              status,
              (answer: Recorded) => {
                const wrong = [...headerProblems(answer, response as Json, type)];
                // Nothing is told of a token that was not sent (RFC 6750, section 3.1).
                const mayBeEmpty = validate === undefined || status === '401';
                if (validate === undefined || (mayBeEmpty && answer.body === '')) {
                  // The way on is in a header; what else there is nobody reads.
                  const isEmpty = answer.body === '' || status.startsWith('3');
                  return isEmpty ? wrong : [...wrong, 'the body should be empty'];
                }
                if (type === 'text/html') return wrong;
                const unfit = valuesIn(answer.body, type).flatMap((value) =>
                  validate(value) ? [] : (validate.errors ?? []),
                );
                return [
                  ...wrong,
                  ...unfit.map(
                    ({ instancePath, message, params }) => `${instancePath} ${message ?? ''} ${JSON.stringify(params)}`,
                  ),
                ];
              },
            ] as const;
          }),
        ),
      };
    }),
  );
}

/** What is wrong with the headers of an answer, where they have been kept: the type of what it holds, and those that must be there. */
function headerProblems({ headers, body }: Recorded, response: Json, type: string | undefined): readonly string[] {
  if (Object.keys(headers).length === 0) return [];
  const problems: string[] = [];
  const sent = String(headers['content-type'] ?? '').split(';', 1)[0];
  if (type !== undefined && type !== '*/*' && body !== '' && sent !== type)
    problems.push(`is ${sent}, and not ${type}`);
  for (const [name, header] of Object.entries((response['headers'] ?? {}) as Record<string, Json>)) {
    if (header['required'] === true && headers[name.toLowerCase()] === undefined) problems.push(`has no ${name}`);
  }
  return problems;
}

/** What a schema is about: the body; or each line of it, or the data of each event, where there are many. */
export function valuesIn(body: string, type: string | undefined): readonly unknown[] {
  const lines = body.split('\n');
  switch (type) {
    case 'application/x-ndjson':
      return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as unknown);
    case 'text/event-stream':
      return lines.flatMap((line) => (line.startsWith('data: ') ? [JSON.parse(line.slice(6)) as unknown] : []));
    default:
      return [JSON.parse(body)];
  }
}

/** `#/components/…` points into the document that was added as `doc`. */
const withDocument = (schema: Json): Json => JSON.parse(JSON.stringify(schema).replaceAll('"#/', '"doc#/')) as Json;

// What we add to the published answers; docs/divergences.md says why.
const additions: Record<string, readonly string[]> = { SamtykkeArkivertEventDTO: ['reason'] };

/**
 * OpenAPI 3.0 as JSON Schema, and stricter: no members but those published and the additions above. `nullable` becomes a type;
 * the two event members may be null, as the published examples show; a path is an address without a host.
 */
function strictly(document: Json): Json {
  const schemas = document['components'].schemas as Json;
  for (const [name, schema] of Object.entries(schemas)) {
    if (schema.type === 'object') schema.additionalProperties = false;
    for (const addition of additions[name] ?? []) schema.properties[addition] = {};
  }
  const event = schemas['SamtykkeFeedEventDTO'].properties as Json;
  for (const member of ['samtykkeOpprettetEvent', 'samtykkeArkivertEvent'])
    event[member] = { anyOf: [event[member], { type: 'null' }] };
  schemas['SpringErrorSchema'].properties.path.format = 'uri-reference';
  return JSON.parse(JSON.stringify(document), (_key, value: unknown) => {
    const schema = value as Json | null;
    if (typeof schema !== 'object' || schema === null || schema['nullable'] !== true) return value;
    const { nullable: _nullable, ...rest } = schema;
    return { anyOf: [rest, { type: 'null' }] };
  }) as Json;
}
