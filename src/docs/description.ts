/** An OpenAPI 3.1 document, as far as it is worked on here. */
export interface Description {
  readonly openapi: string;
  readonly info: Readonly<Record<string, unknown>>;
  readonly servers?: readonly Server[];
  readonly tags?: readonly { readonly name: string; readonly description?: string }[];
  readonly paths: Readonly<Record<string, PathItem>>;
  readonly webhooks?: Readonly<Record<string, PathItem>>;
  readonly components?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly security?: Security;
}

export interface Server {
  readonly url: string;
  readonly description?: string;
}

export const methods = ['get', 'put', 'post', 'patch', 'delete'] as const;
export type Method = (typeof methods)[number];
export type PathItem = Readonly<Partial<Record<Method, Operation>>>;
export type Security = readonly Readonly<Record<string, readonly string[]>>[];
export type JsonSchema = Readonly<Record<string, unknown>>;

export interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly description?: string;
  readonly tags: readonly string[];
  readonly servers?: readonly Server[];
  readonly security?: Security;
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: RequestBody;
  readonly responses: Readonly<Record<string, Response>>;
  readonly 'x-codeSamples'?: readonly { readonly lang: string; readonly label: string; readonly source: string }[];
}

export interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly required?: boolean;
  readonly description?: string;
  readonly schema: JsonSchema;
  readonly examples?: Examples;
}

export interface RequestBody {
  readonly required?: boolean;
  readonly description?: string;
  readonly content: Readonly<Record<string, MediaType>>;
}

export interface Response {
  readonly description: string;
  readonly headers?: Readonly<Record<string, Header>>;
  readonly content?: Readonly<Record<string, MediaType>>;
}

export interface Header {
  readonly description?: string;
  readonly required?: boolean;
  readonly schema: JsonSchema;
}

export interface MediaType {
  readonly schema: JsonSchema;
  readonly examples?: Examples;
}

export type Examples = Readonly<Record<string, { readonly summary?: string; readonly value: unknown }>>;

/** One call of a document. */
export interface Call {
  readonly path: string;
  readonly method: Method;
  readonly operation: Operation;
}

/** All calls of a document, in its order. */
export const callsOf = ({ paths }: Description): Call[] =>
  Object.entries(paths).flatMap(([path, item]) =>
    methods.flatMap((method) => {
      const operation = item[method];
      return operation === undefined ? [] : [{ path, method, operation }];
    }),
  );

/** The same document with each of its calls changed. */
export function withCalls(description: Description, change: (call: Call) => Operation): Description {
  const paths = Object.entries(description.paths).map(([path, item]) => {
    const changed = Object.entries(item).map(([method, operation]) => [
      method,
      change({ path, method: method as Method, operation }),
    ]);
    return [path, Object.fromEntries(changed) as PathItem] as const;
  });
  return { ...description, paths: Object.fromEntries(paths) };
}
