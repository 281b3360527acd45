import { readFileSync } from 'node:fs';
import type { Json } from '../../support/world.ts';

/** What is asked with a call, as the documents tell it: read from them, so that a new call is met without anybody adding it. */

export interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly required: boolean;
  readonly schema: Json;
  readonly example: string | undefined;
}

export type BodyKind = 'json' | 'form';

export interface Operation {
  readonly document: string;
  /** As `PUT /v1/consent/agreement`. */
  readonly name: string;
  readonly method: string;
  readonly path: string;
  readonly parameters: readonly Parameter[];
  readonly body: { readonly kind: BodyKind; readonly schema: Json; readonly examples: readonly Json[] } | undefined;
  /** The security schemes of which one is enough; none: it is open to everybody. */
  readonly security: readonly string[];
  /** A 2xx; or a redirect, where no 2xx is described. */
  isGood(status: number): boolean;
}

export interface Documents {
  readonly operations: readonly Operation[];
  /** The security schemes by name, as described. */
  readonly schemes: Readonly<Record<string, Json>>;
}

export const documents = ['docs/openapi.json', 'docs/deliveries.openapi.json'] as const;

/** Reads the documents: every operation of theirs. */
export function readOperations(): Documents {
  const operations: Operation[] = [];
  const schemes: Record<string, Json> = {};
  for (const file of documents) {
    const document = JSON.parse(readFileSync(file, 'utf8'));
    const resolved = (value: Json): Json =>
      typeof value?.$ref === 'string'
        ? value.$ref
            .slice(2)
            .split('/')
            .reduce((at: Json, key: string) => at[key], document)
        : value;
    Object.assign(schemes, document.components.securitySchemes);
    for (const [path, methods] of Object.entries(document.paths)) {
      for (const [method, told] of Object.entries(methods as Json)) {
        const operation = told as Json;
        const statuses = Object.keys(operation.responses);
        const good = statuses.some((status) => status.startsWith('2')) ? '2' : '3';
        operations.push({
          document: file,
          name: `${method.toUpperCase()} ${path}`,
          method: method.toUpperCase(),
          path,
          parameters: (operation.parameters ?? []).map(resolved).map((parameter: Json) => ({
            name: parameter.name,
            in: parameter.in,
            required: parameter.required === true,
            schema: resolved(parameter.schema),
            example: firstExample(parameter),
          })),
          body: bodyOf(resolved(operation.requestBody), resolved),
          security: (operation.security ?? document.security ?? []).flatMap((needed: Json) => Object.keys(needed)),
          isGood: (status) => String(status).startsWith(good),
        });
      }
    }
  }
  return { operations, schemes };
}

function firstExample(parameter: Json): string | undefined {
  const [first] = Object.values(parameter.examples ?? {}) as Json[];
  const value = parameter.example ?? first?.value;
  return value === undefined ? undefined : String(value);
}

function bodyOf(requestBody: Json, resolved: (value: Json) => Json): Operation['body'] {
  for (const [type, content] of Object.entries((requestBody?.content ?? {}) as Record<string, Json>)) {
    const kind =
      type === 'application/json' ? 'json' : type === 'application/x-www-form-urlencoded' ? 'form' : undefined;
    if (kind === undefined) throw new Error(`the fuzzing knows no bodies of type ${type} yet: teach it`);
    const examples = Object.values(content.examples ?? {}).map((example) => (example as Json).value);
    return { kind, schema: resolved(content.schema), examples };
  }
  return undefined;
}
