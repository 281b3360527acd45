import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConfigError, modeOf, readEnv, toConfig, type Env } from './config.ts';

const production: Env = {
  SAMTYKKE_MODE: 'production',
  PUBLIC_URL: 'https://samtykke.example',
  DATABASE_URL: 'postgresql://samtykke:word@db.example/samtykke',
  KEYS_FILE: '/etc/samtykke/keys.json',
  LOGIN_ISSUER: 'https://login.example',
  LOGIN_CLIENT_ID: 'our-id-there',
  OPERATOR_NAME: 'Prøveregisteret AS',
  OPERATOR_EMAIL: 'personvern@register.example',
};

function problemsOf(env: Env): readonly string[] {
  try {
    toConfig(env);
  } catch (error) {
    assert.ok(error instanceof ConfigError);
    return error.problems;
  }
  return [];
}

test('R3: every malformed variable is named with how to mend it, all of them at once', () => {
  const problems = problemsOf({
    PORT: 'http',
    PUBLIC_URL: 'localhost',
    LOG_LEVEL: 'loud',
    LOOKUP_DEADLINE_MS: '-1',
    DATABASE_URL: 'mysql://root:hunter2@x/y',
  });
  assert.equal(problems.length, 5);
  for (const name of ['PORT', 'PUBLIC_URL', 'LOG_LEVEL', 'LOOKUP_DEADLINE_MS', 'DATABASE_URL']) {
    assert.ok(
      problems.some((problem) => problem.startsWith(`${name} `)),
      name,
    );
  }
  assert.ok(!problems.join().includes('hunter2'), 'a password is not repeated');
});

test('R3: addresses follow PORT, PUBLIC_URL, or names of their own', () => {
  assert.equal(toConfig({ PORT: '4711' }).apiUrl, 'http://localhost:4711');
  assert.equal(toConfig({ PUBLIC_URL: 'http://sam.test:80/' }).accessUrl, 'http://sam.test');
  const split = toConfig({
    ACCESS_URL: 'http://access.test',
    API_URL: 'http://api.test',
    PORTAL_URL: 'http://portal.test',
  });
  assert.deepEqual(
    [split.accessUrl, split.apiUrl, split.portalUrl],
    ['http://access.test', 'http://api.test', 'http://portal.test'],
  );
});

test('R3: a misspelt flag is an error, --port is PORT', () => {
  assert.equal(readEnv(['--port', '4444'])['PORT'], '4444');
  assert.equal(readEnv(['--port=4445'])['PORT'], '4445');
  assert.throws(() => readEnv(['--prot', '4444']), ConfigError);
  assert.throws(() => readEnv(['--port']), ConfigError);
});

test('R4: a whole production configuration is accepted, and takes real numbers only', () => {
  const config = toConfig(production);
  assert.equal(config.mode, 'production');
  assert.equal(config.population, 'real');
  assert.equal(toConfig({}).population, 'synthetic');
  assert.equal(modeOf({ NODE_ENV: 'production' }), 'production');
  assert.throws(() => modeOf({ SAMTYKKE_MODE: 'prod' }), ConfigError);
});

test('R4: production names each thing that is missing or only good for a sandbox', () => {
  const nothing = problemsOf({ SAMTYKKE_MODE: 'production' });
  for (const name of [
    'PUBLIC_URL',
    'DATABASE_URL',
    'KEYS_FILE',
    'LOGIN_ISSUER',
    'LOGIN_CLIENT_ID',
    'OPERATOR_NAME',
    'OPERATOR_EMAIL',
  ]) {
    assert.ok(
      nothing.some((problem) => problem.startsWith(`${name} is missing`)),
      name,
    );
  }
  for (const name of ['PUBLIC_URL', 'ACCESS_URL', 'API_URL', 'PORTAL_URL']) {
    assert.deepEqual(problemsOf({ ...production, [name]: 'http://samtykke.example' }), [
      `${name} is plain http: production needs https`,
    ]);
  }
  assert.match(
    problemsOf({ ...production, LOGIN_ISSUER: 'https://samtykke.example/testid' }).join(),
    /sandbox login TestID/,
  );
  assert.match(problemsOf({ ...production, LOGIN_ISSUER: 'http://login.example' }).join(), /https/);
});

test("R4: levels of login are ID-porten's unless others are named, or another provider has none", () => {
  assert.deepEqual(toConfig({}).loginLevels, ['idporten-loa-substantial', 'idporten-loa-high']);
  assert.deepEqual(toConfig({ LOGIN_PRESET: 'generic' }).loginLevels, []);
  assert.deepEqual(toConfig({ LOGIN_PRESET: 'generic', LOGIN_LEVELS: ' urn:low , urn:high ' }).loginLevels, [
    'urn:low',
    'urn:high',
  ]);
  assert.deepEqual(toConfig({ LOGIN_LEVELS: 'idporten-loa-high' }).loginLevels, ['idporten-loa-high']);
});

test('R3: settings of the login that could not work are named, and a secret is not repeated', () => {
  const problems = problemsOf({
    ...production,
    LOGIN_CLIENT_SECRET: 'hunter2',
    LOGIN_PRESET: 'bankid',
    LOGIN_LEVELS: 'high low',
    LOGIN_SCOPE: 'profile',
    OPERATOR_EMAIL: 'nobody',
  });
  assert.equal(problems.length, 4);
  for (const name of ['LOGIN_PRESET', 'LOGIN_LEVELS', 'LOGIN_SCOPE', 'OPERATOR_EMAIL']) {
    assert.ok(
      problems.some((problem) => problem.startsWith(`${name} `)),
      name,
    );
  }
  assert.ok(!problems.join().includes('hunter2'));
  assert.match(problemsOf({ LOGIN_ISSUER: 'testid' }).join(), /^LOGIN_ISSUER is 'testid': write the address/);
  assert.deepEqual(problemsOf({ LOGIN_ISSUER: 'http://localhost:8080/realms/test' }), []);
});

test('R3: the certificates of a sandbox are its own, in DATA_DIR; others may be named, in production all of them', () => {
  const sandbox = toConfig({ DATA_DIR: '/data', CREDITOR_CERT_FILE: '/mine.pem' });
  assert.deepEqual(
    [sandbox.creditorCaFile, sandbox.creditorCertFile, sandbox.creditorKeyFile],
    ['/data/certificates/authority.pem', '/mine.pem', '/data/certificates/samtykke.key'],
  );
  assert.equal(sandbox.creditorCertsDir, undefined);
  assert.equal(toConfig({ CREDITOR_CERTS_DIR: '/mine/' }).creditorCertsDir, '/mine');
  assert.deepEqual(
    [sandbox.pushCaFile, sandbox.pushCertFile, sandbox.pushKeyFile],
    ['/data/certificates/authority.pem', '/data/certificates/push.pem', '/data/certificates/push.key'],
  );
  const { creditorCaFile, creditorCertFile, pushPort, pushCaFile } = toConfig(production);
  assert.deepEqual(
    [creditorCaFile, creditorCertFile, pushPort, pushCaFile],
    [undefined, undefined, undefined, undefined],
  );
});

test('R3: deliveries have a port beside the other one, free where that is left to us, and another where it would not exist', () => {
  assert.deepEqual(
    [{}, { PORT: '0' }, { PORT: '65500' }, { PUSH_PORT: '5000' }, { PUSH_PORT: '0' }].map(
      (env) => toConfig(env).pushPort,
    ),
    [4443, 0, 65_057, 5000, 0],
  );
  assert.deepEqual(toConfig({}).pushHost, 'localhost');
  assert.deepEqual(toConfig({ HOST: '::1', PUSH_CERT_HEADER: 'X-SSL-Cert' }).pushHost, '::1');
  assert.deepEqual(toConfig({ PUSH_CERT_HEADER: 'X-SSL-Cert' }).pushCertHeader, 'x-ssl-cert');
  assert.match(problemsOf({ PORT: '4000', PUSH_PORT: '4000' }).join(), /^PUSH_PORT is the same as PORT/);
  assert.match(problemsOf({ PUSH_CERT_HEADER: 'a b' }).join(), /^PUSH_CERT_HEADER is not the name of a header/);
});

test('R3: proxies are addresses and networks that exist', () => {
  assert.deepEqual(toConfig({ PUSH_PROXIES: '10.0.0.5, fd00::/8 ' }).pushProxies, ['10.0.0.5', 'fd00::/8']);
  for (const odd of ['10.0.0.0/33', 'fd00::/129', '10.0.0', 'proxy', '10.0.0.0/', '10.0.0.0/8/8', '*']) {
    assert.match(problemsOf({ PUSH_PROXIES: odd }).join(), /^PUSH_PROXIES must hold IP addresses or networks/, odd);
  }
});

test('R4: production with a part of what deliveries need is told each of the others', () => {
  assert.deepEqual(problemsOf({ ...production, CREDITOR_CERT_FILE: '/x' }), [
    'CREDITOR_KEY_FILE is missing: CREDITOR_CERT_FILE needs it',
  ]);
  assert.deepEqual(problemsOf({ ...production, PUSH_PORT: '4443' }), [
    'PUSH_CERT_FILE is missing: PUSH_PORT needs it',
    'PUSH_KEY_FILE is missing: PUSH_PORT needs it',
    'PUSH_CA_FILE is missing: PUSH_PORT needs it',
  ]);
  assert.deepEqual(problemsOf({ ...production, PUSH_CA_FILE: '/x' }), ['PUSH_PORT is missing: PUSH_CA_FILE needs it']);
});

test('R4: where traces go is checked at the start, and nothing that may be secret is repeated', () => {
  const good = toConfig({
    OTEL_EXPORTER_OTLP_ENDPOINT: 'https://collector.example/otlp',
    OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Basic%20c2VjcmV0OnNlY3JldA==, x-tenant = 7 ',
    OTEL_TRACES_SAMPLER_ARG: '0.05',
  });
  assert.equal(good.tracesEndpoint, 'https://collector.example/otlp');
  assert.deepEqual(good.tracesHeaders, { authorization: 'Basic c2VjcmV0OnNlY3JldA==', 'x-tenant': '7' });
  assert.deepEqual([good.tracesRatio, good.serviceName], [0.05, 'samtykke']);
  assert.equal(toConfig({}).tracesEndpoint, undefined);
  for (const [name, bad] of [
    ['OTEL_EXPORTER_OTLP_ENDPOINT', 'my-secret-host:4318'],
    ['OTEL_EXPORTER_OTLP_ENDPOINT', 'my-secret'],
    ['OTEL_EXPORTER_OTLP_HEADERS', 'my-secret'],
    ['OTEL_EXPORTER_OTLP_HEADERS', 'a=my-secret%0d%0ab'],
    ['OTEL_EXPORTER_OTLP_HEADERS', 'a=my-secret%'],
    ['OTEL_TRACES_SAMPLER_ARG', '1.5'],
    ['OTEL_TRACES_SAMPLER_ARG', '-0'],
    ['OTEL_TRACES_SAMPLER_ARG', 'NaN'],
  ] as const) {
    assert.throws(
      () => toConfig({ [name]: bad }),
      (error: Error) => error.message.startsWith(name) && !error.message.includes('secret'),
      `${name}=${bad}`,
    );
  }
});
