import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { before, test } from 'node:test';
import { Validator } from '@seriousme/openapi-schema-validator';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { sandboxSecrets } from '../src/clients/sandbox-secrets.ts';
import { callsOf, type Description, type MediaType, type Operation } from '../src/docs/description.ts';
import { describeServer, type Descriptions } from './support/describe.ts';
import { valuesIn } from './support/contract.ts';

let sandbox: Descriptions;
let production: Descriptions;
before(async () => {
  sandbox = await describeServer();
  production = await describeServer({
    SAMTYKKE_MODE: 'production',
    PUBLIC_URL: 'https://api.samtykke.example',
    ACCESS_URL: 'https://tilgang.samtykke.example',
    DATABASE_URL: 'postgresql://nobody@localhost:1/none',
    KEYS_FILE: 'keys.json',
    LOGIN_ISSUER: 'https://login.example',
    LOGIN_CLIENT_ID: 'samtykke',
    OPERATOR_NAME: 'Eksempel',
    OPERATOR_EMAIL: 'post@samtykke.example',
  });
});

const documentsOf = ({ documents }: Descriptions): [string, Description][] =>
  Object.entries(documents).map(([file, text]) => [file, JSON.parse(text) as Description]);
const all = (): [string, Description][] => [...documentsOf(sandbox), ...documentsOf(production)];

test('the copies in docs/ are what the server says of itself', () => {
  for (const [file, text] of Object.entries(sandbox.documents)) {
    assert.equal(text, readFileSync(file, 'utf8'), 'run `npm run openapi`, and commit what it writes');
  }
});

test('A12: the documents are OpenAPI 3.1, by its own schema', async () => {
  for (const [file, document] of all()) {
    const validator = new Validator();
    const { valid, errors } = await validator.validate(JSON.parse(JSON.stringify(document)) as Record<string, unknown>);
    assert.deepEqual(errors ?? [], [], file);
    assert.ok(valid);
    assert.equal(validator.version, '3.1');
  }
});

test('A12: every reference within a document leads somewhere in it', () => {
  for (const [file, document] of all()) {
    const missing = referencesIn(document).filter((reference) => lookUp(document, reference) === undefined);
    assert.deepEqual(missing, [], file);
  }
  assert.ok(referencesIn(documentsOf(sandbox)[0]?.[1]).length > 50);
});

test('A12: every call has a name of its own, a group, a description, and says which token it takes', () => {
  for (const [file, document] of all()) {
    const calls = callsOf(document);
    const names = calls.map(({ operation }) => operation.operationId);
    assert.deepEqual(names.toSorted(), [...new Set(names)].toSorted(), file);
    const groups = document.tags?.map(({ name }) => name) ?? [];
    const schemes = Object.keys(document.components?.['securitySchemes'] ?? {});
    for (const { path, method, operation } of calls) {
      const place = `${file}: ${method} ${path}`;
      const { summary, description = '', tags, security, responses } = operation;
      assert.ok(summary.length > 5 && description.length + summary.length > 40, `${place} needs a description`);
      assert.ok(tags.length === 1 && groups.includes(tags[0] ?? ''), `${place} needs a group of src/docs/frame.ts`);
      const named = (security ?? document.security ?? []).flatMap((scheme) => Object.keys(scheme));
      for (const name of named) assert.ok(schemes.includes(name), `${place} names ${name}`);
      for (const [status, response] of Object.entries(responses)) {
        assert.notEqual(response.description, 'Default Response', `${place} ${status} needs a description`);
      }
    }
    const used = new Set(calls.map(({ operation }) => operation.tags[0]));
    assert.deepEqual(
      groups.filter((name) => !used.has(name)),
      [],
      'groups without a call',
    );
  }
});

test('X1: every call has an example of its success from the sandbox, and one of its errors, and can be tried by a sample', () => {
  for (const [file, document] of all()) {
    for (const call of callsOf(document)) {
      const place = `${file}: ${call.method} ${call.path}: run \`npm run examples\``;
      for (const [status, response] of Object.entries(call.operation.responses)) {
        if (Number(status) >= 400 || response.content === undefined) continue;
        for (const media of Object.values(response.content))
          assert.ok(media.examples !== undefined, `${place} ${status}`);
      }
      for (const media of Object.values(call.operation.requestBody?.content ?? {})) assert.ok(media.examples, place);
      if (UNSAMPLED.includes(call.operation.operationId)) continue;
      assert.ok(call.operation['x-codeSamples']?.length === 1, `${place}: a sample`);
    }
  }
});

/** What a browser does, and what others than us answer. */
const UNSAMPLED = ['logout', 'getDataForSSN', 'getalldata'];

test('X1: every example fits its schema', () => {
  let held = 0;
  for (const [file, document] of all()) {
    const ajv = new Ajv2020({ strict: false, allErrors: true });
    addFormats.default(ajv);
    ajv.addSchema({ $id: 'doc', ...document });
    for (const { place, media, type } of mediaOf(document)) {
      const validate = ajv.compile(
        JSON.parse(JSON.stringify(media.schema).replaceAll('"#/', '"doc#/')) as Record<string, unknown>,
      );
      for (const [name, { value }] of Object.entries(media.examples ?? {})) {
        for (const one of typeof value === 'string' ? valuesIn(value, type) : [value]) {
          held += 1;
          // Some show what is refused.
          if (isRefused(document, place, name)) continue;
          assert.ok(validate(one), `${file}: ${place} ${name}: ${ajv.errorsText(validate.errors)}`);
        }
      }
    }
    for (const { path, operation } of callsOf(document)) {
      for (const { name, schema, examples } of operation.parameters ?? []) {
        for (const { value } of Object.values(examples ?? {})) {
          assert.ok(ajv.validate(schema, value), `${file}: ${path} ${name}: ${ajv.errorsText()}`);
        }
      }
    }
  }
  assert.ok(held > 200);
  const [, { webhooks = {} } = {}] = documentsOf(sandbox)[0] ?? [];
  for (const type of ['consent.created', 'consent.archived', 'webhook.test']) {
    assert.ok(webhooks[type]?.post?.requestBody?.content['application/json']?.examples !== undefined, type);
  }
});

test('X7: what production says of itself names its own addresses, and no client of the sandbox', () => {
  for (const [file, text] of Object.entries(production.documents)) {
    for (const secret of sandboxSecrets) assert.ok(!text.includes(secret), file);
    assert.ok(!text.includes('localhost:4000'), file);
  }
  const text = production.documents['docs/openapi.json'] ?? '';
  const [, document] = documentsOf(production)[0] ?? [];
  const samples = callsOf(document as Description).flatMap(({ operation }) => operation['x-codeSamples'] ?? []);
  assert.ok(samples.length > 20 && samples.every(({ source }) => !source.includes('a0000000-')));
  assert.ok(text.includes('https://tilgang.samtykke.example/oauth2/token'));
  assert.ok(text.includes('https://api.samtykke.example/v1/debt'));
});

test('X7: requests are sent from the page of a sandbox only, and production’s page knows no client', () => {
  const settings = ({ reference }: Descriptions): Record<string, unknown> =>
    JSON.parse(/<script type="application\/json" id="settings">(.*?)<\/script>/.exec(reference)?.[1] ?? '') as never;
  assert.equal(settings(sandbox)['hideTestRequestButton'], false);
  assert.ok(sandbox.reference.includes(sandboxSecrets[0]));
  assert.equal(settings(production)['hideTestRequestButton'], true);
  assert.equal(settings(production)['authentication'], undefined);
  for (const secret of sandboxSecrets) assert.ok(!production.reference.includes(secret));
});

/** Addresses that are for browsers, for whoever runs it, or parts of the reference itself. */
const UNDESCRIBED = [
  /^GET \/(|help|privacy|accessibility|signed-out|consents.*|accesses.*|my-data\.json)$/, // the portal
  /^POST \/consents\/\{id\}\/withdraw$/,
  /^(GET|POST) \/(login|logout)(\/.*)?$/,
  /^(GET|POST) \/interaction\/\{uid\}(\/\w+)?$/,
  /^GET \/oauth2\/auth\/\{uid\}$/, // the way on from the consent screen
  /^POST \/userinfo$/, // as GET
  /^GET \/assets\//,
  /^(GET|HEAD) \/(health\/\w+|metrics)$/,
  /^GET \/docs(\/.*)?$/,
];

test('A12: every address that is answered is described, or is for people and not for programs', () => {
  const document = documentsOf(sandbox)[0]?.[1];
  assert.ok(document !== undefined);
  const described = callsOf(document).map(({ method, path }) => `${method.toUpperCase()} ${path}`);
  const known = (route: string): boolean => UNDESCRIBED.some((pattern) => pattern.test(route));
  assert.deepEqual(
    sandbox.routes.filter((route) => !described.includes(route) && !known(route)),
    [],
    'describe these, or add them to the list of what is not',
  );
  assert.deepEqual(
    described.filter((route) => !sandbox.routes.includes(route)),
    [],
    'nothing answers these',
  );
  assert.deepEqual(
    sandbox.routes.filter((route) => described.includes(route) && known(route)),
    [],
  );
  assert.ok(sandbox.routes.length > 50);
});

function referencesIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    key === '$ref' && typeof inner === 'string' ? [inner] : referencesIn(inner),
  );
}

function lookUp(document: unknown, reference: string): unknown {
  assert.ok(reference.startsWith('#/'), reference);
  return reference
    .slice(2)
    .split('/')
    .reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], document);
}

/** All that has a schema and may have examples, with its place. */
function mediaOf(document: Description): { place: string; media: MediaType; type: string }[] {
  const messages = Object.values(document.webhooks ?? {}).flatMap(({ post }) => (post === undefined ? [] : [post]));
  const operations = [...callsOf(document).map(({ operation }) => operation), ...messages];
  return operations.flatMap((operation: Operation) => {
    const { operationId, requestBody, responses } = operation;
    const contents = [
      [`${operationId} request`, requestBody?.content] as const,
      ...Object.entries(responses).map(([status, { content }]) => [`${operationId} ${status}`, content] as const),
    ];
    return contents.flatMap(([place, content = {}]) =>
      Object.entries(content).map(([type, media]) => ({ place, media, type })),
    );
  });
}

/** Whether an example of a request is one of those that were refused: it may break its schema. */
function isRefused(document: Description, place: string, name: string): boolean {
  const [operationId = '', part] = place.split(' ');
  if (part !== 'request') return false;
  const call = callsOf(document).find(({ operation }) => operation.operationId === operationId);
  const errors = Object.entries(call?.operation.responses ?? {}).filter(([status]) => Number(status) >= 400);
  return errors.some(([, { content = {} }]) => Object.values(content).some(({ examples = {} }) => name in examples));
}
