import { isIP } from 'node:net';
import { resolve } from 'node:path';
import type { Population } from '../person/nin.ts';
import { VARIABLES, type Variable } from './variables.ts';

export type Mode = 'sandbox' | 'production';

/** Every variable that is read here, with what it means and its default. */
export const variables: readonly Variable[] = VARIABLES;

type Name = (typeof VARIABLES)[number]['name'];
export type Env = Readonly<Partial<Record<string, string>>>;

export interface Config {
  readonly mode: Mode;
  readonly port: number;
  readonly host: string;
  readonly accessUrl: string;
  readonly apiUrl: string;
  readonly portalUrl: string;
  readonly databaseUrl: string | undefined;
  readonly databaseOwnerUrl: string | undefined;
  /** Told: `databaseUrl` leads through a pooler in transaction mode, and this past it. */
  readonly databaseDirectUrl: string | undefined;
  readonly databasePoolSize: number;
  readonly dataDir: string;
  readonly keysFile: string;
  readonly loginIssuer: string;
  readonly loginClientId: string;
  /** Undefined: private_key_jwt instead. */
  readonly loginClientSecret: string | undefined;
  /** Levels (`acr`) that are good enough, lowest first; none: not asked for, not checked. */
  readonly loginLevels: readonly string[];
  readonly loginNinClaim: string;
  readonly loginScope: string;
  readonly operatorName: string;
  readonly operatorEmail: string;
  /** A path, or `-` for standard output. */
  readonly logFile: string;
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error';
  /** Undefined: nothing is traced. */
  readonly tracesEndpoint: string | undefined;
  /** May hold a secret. */
  readonly tracesHeaders: Readonly<Record<string, string>>;
  /** 0 to 1. */
  readonly tracesRatio: number;
  readonly serviceName: string;
  readonly lookupDeadlineMs: number;
  readonly creditorConnections: number;
  /** Paths of PEM files; undefined in production, where not told. The authorities: then the public ones that Node knows. */
  readonly creditorCaFile: string | undefined;
  readonly creditorCertFile: string | undefined;
  readonly creditorKeyFile: string | undefined;
  /** A folder with further ones by their names; undefined: there are none. */
  readonly creditorCertsDir: string | undefined;
  /** Undefined: nobody can push. */
  readonly pushPort: number | undefined;
  readonly pushHost: string;
  readonly pushCertFile: string | undefined;
  readonly pushKeyFile: string | undefined;
  readonly pushCaFile: string | undefined;
  readonly pushProxies: readonly string[];
  /** In lower case. */
  readonly pushCertHeader: string;
  readonly collectAtOnce: number;
  readonly collectPageMb: number;
  readonly collectStallSeconds: number;
  readonly collectMinutes: number;
  readonly deliveredStaleHours: number;
  readonly deliveredRetentionDays: number;
  readonly deliveryRunRetentionDays: number;
  readonly rateLimitPerMinute: number;
  readonly trustedProxies: readonly string[];
  readonly drainSeconds: number;
  readonly shutdownSeconds: number;
  readonly feedWaitingPerClient: number;
  readonly feedWaiting: number;
  readonly webhooksAtOnce: number;
  readonly webhookTimeoutSeconds: number;
  readonly feedReadableDays: number;
  readonly feedRetentionDays: number;
  readonly consentRetentionDays: number;
  readonly logRetentionDays: number;
  readonly sandboxPersons: number;
  readonly population: Population;
  readonly ninRule2032: boolean;
}

/** ID-porten's levels that satisfy us; other providers have levels of their own, or none. */
const presetLevels = {
  idporten: ['idporten-loa-substantial', 'idporten-loa-high'],
  generic: [],
} as const satisfies Record<string, readonly string[]>;

/** Of these, whoever has the first needs the second. */
const pairs: readonly (readonly [Name, Name])[] = [
  ['DATABASE_DIRECT_URL', 'DATABASE_URL'],
  ['CREDITOR_CERT_FILE', 'CREDITOR_KEY_FILE'],
  ['CREDITOR_KEY_FILE', 'CREDITOR_CERT_FILE'],
  ['PUSH_PORT', 'PUSH_CERT_FILE'],
  ['PUSH_PORT', 'PUSH_KEY_FILE'],
  ['PUSH_PORT', 'PUSH_CA_FILE'],
  ['PUSH_CERT_FILE', 'PUSH_PORT'],
  ['PUSH_CA_FILE', 'PUSH_PORT'],
];

/** What is wrong with the configuration, a line for each; the message is all of them. */
export class ConfigError extends Error {
  readonly problems: readonly string[];
  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.name = 'ConfigError';
    this.problems = problems;
  }
}

/** Who migrates, and past any pooler: locks are held and settings made for a whole connection. Undefined: DATABASE_URL, if there is one. */
export const migratingUrl = (config: Pick<Config, 'databaseOwnerUrl' | 'databaseDirectUrl'>): string | undefined =>
  config.databaseOwnerUrl ?? config.databaseDirectUrl;

/** The mode that the environment asks for; whatever is neither word is a ConfigError. */
export function modeOf(env: Env): Mode {
  const asked = env['SAMTYKKE_MODE'] ?? (env['NODE_ENV'] === 'production' ? 'production' : 'sandbox');
  if (asked === 'sandbox' || asked === 'production') return asked;
  throw new ConfigError([`SAMTYKKE_MODE is '${asked}': write 'sandbox' or 'production'`]);
}

/** Whether a text is an IP address, or a network as `10.0.0.0/8`. */
function isNetwork(text: string): boolean {
  const [, address = '', bits = '0'] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const family = isIP(address);
  return family !== 0 && Number(bits) <= (family === 4 ? 32 : 128);
}

/** Undefined: it is not percent-encoded UTF-8, or has what no header may have. */
function percentDecoded(text: string): string | undefined {
  try {
    const decoded = decodeURIComponent(text);
    return /^[\x20-\x7e]*$/.test(decoded) ? decoded : undefined;
  } catch {
    return undefined;
  }
}

/** Where traces go. Of what is wrong nothing is repeated: address and headers may hold a password. */
function tracesOf(
  read: (name: Name) => string | undefined,
  problems: string[],
): Pick<Config, 'tracesEndpoint' | 'tracesHeaders' | 'tracesRatio' | 'serviceName'> {
  const tracesEndpoint = read('OTEL_EXPORTER_OTLP_ENDPOINT');
  if (tracesEndpoint !== undefined && !/^https?:$/.test(URL.parse(tracesEndpoint)?.protocol ?? '')) {
    problems.push('OTEL_EXPORTER_OTLP_ENDPOINT is malformed: write it as http://localhost:4318');
  }
  const pairs = (read('OTEL_EXPORTER_OTLP_HEADERS') ?? '').split(',').filter((pair) => pair.trim() !== '');
  const headers = pairs.map((pair) => {
    const [, name, value] = /^\s*([\w!#$&^`|~.+*'-]+)\s*=\s*([\x21-\x7e]*)\s*$/.exec(pair) ?? [];
    const decoded = value === undefined ? undefined : percentDecoded(value);
    return name === undefined || decoded === undefined ? undefined : ([name, decoded] as const);
  });
  const good = headers.filter((header) => header !== undefined);
  if (good.length < headers.length) {
    problems.push('OTEL_EXPORTER_OTLP_HEADERS is malformed: write it as name=value,name=value, percent-encoded');
  }
  const ratio = read('OTEL_TRACES_SAMPLER_ARG') ?? '1';
  if (!/^(0(\.\d+)?|1(\.0+)?)$/.test(ratio)) {
    problems.push(`OTEL_TRACES_SAMPLER_ARG is '${ratio}': write a number from 0 to 1, as 0.1`);
  }
  return {
    tracesEndpoint,
    tracesHeaders: Object.fromEntries(good),
    tracesRatio: Number(ratio),
    serviceName: read('OTEL_SERVICE_NAME') ?? 'samtykke',
  };
}

/**
 * Turns the environment into a configuration, or throws a ConfigError that names every variable which is wrong and how to mend
 * it (R3, R4). Pure. With `PORT=0` the caller finds a free port and calls again with it.
 */
export function toConfig(env: Env): Config {
  const mode = modeOf(env);
  const production = mode === 'production';
  const problems: string[] = [];
  const read = (name: Name): string | undefined =>
    env[name] === undefined || env[name] === '' ? undefined : env[name];

  const whole = (name: Name, fallback: number, least: number, most: number): number => {
    const text = read(name);
    if (text === undefined) return fallback;
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= least && value <= most) return value;
    problems.push(`${name} is '${text}': write a whole number from ${least} to ${most}`);
    return fallback;
  };
  const oneOf = <Word extends string>(name: Name, fallback: Word, words: readonly Word[]): Word => {
    const text = read(name);
    if (text === undefined) return fallback;
    const word = words.find((candidate) => candidate === text);
    if (word === undefined) problems.push(`${name} is '${text}': write one of ${words.join(', ')}`);
    return word ?? fallback;
  };
  const origin = (name: Name, fallback: string): string => {
    const text = read(name);
    if (text === undefined) return fallback;
    const url = URL.parse(text);
    const plain = url !== null && url.pathname === '/' && url.search === '' && url.hash === '' && url.username === '';
    if (url === null || !plain || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
      problems.push(`${name} is '${text}': write an address without path or query, as https://samtykke.example`);
      return fallback;
    }
    if (production && url.protocol !== 'https:') problems.push(`${name} is plain http: production needs https`);
    return url.origin;
  };
  /** What stands between commas. */
  const parts = (name: Name): readonly string[] =>
    (read(name) ?? '')
      .split(',')
      .map((part) => part.trim())
      .filter((part) => part !== '');
  const addresses = (name: Name): readonly string[] => {
    const named = parts(name);
    if (named.every(isNetwork)) return named;
    problems.push(`${name} must hold IP addresses or networks with commas between, as 10.0.0.5,192.168.0.0/16`);
    return [];
  };
  /** Words that are sent to others as they are: no spaces or commas in them. */
  const words = (name: Name, fallback: readonly string[]): readonly string[] => {
    const named = parts(name);
    if (named.some((part) => /\s/.test(part))) problems.push(`${name} must hold words with commas between`);
    return named.length > 0 ? named : fallback;
  };
  /** What production needs, and a sandbox has a value for. */
  const needed = (name: Name, sandbox: string, why: string): string => {
    if (production && read(name) === undefined) problems.push(`${name} is missing: production needs ${why}`);
    return read(name) ?? sandbox;
  };
  const postgres = (name: Name): string | undefined => {
    const text = read(name);
    if (text === undefined) return undefined;
    const url = URL.parse(text);
    if (url !== null && /^postgres(ql)?:$/.test(url.protocol)) return text;
    // The value is not repeated: it may hold a password.
    problems.push(`${name} is malformed: write postgresql://user:password@host:5432/database`);
    return undefined;
  };

  const folder = (name: Name): string | undefined => {
    const path = read(name);
    return path === undefined ? undefined : resolve(path);
  };
  /** A file of a certificate, a key or authorities; `ours`: where the sandbox keeps its own. */
  const certificate = (name: Name, ours: string): string | undefined => {
    const path = read(name) ?? (production ? undefined : `${dataDir}/certificates/${ours}`);
    return path === undefined ? undefined : resolve(path);
  };

  const port = whole('PORT', 4000, 0, 65_535);
  const host = read('HOST') ?? (production ? '0.0.0.0' : 'localhost');
  /** Where the sandbox takes deliveries: a free port where its own is one too. */
  const besidePort = port === 0 ? 0 : port + 443 <= 65_535 ? port + 443 : port - 443;
  const publicUrl = origin('PUBLIC_URL', `http://localhost:${port}`);
  const accessUrl = origin('ACCESS_URL', publicUrl);
  const dataDir = resolve(read('DATA_DIR') ?? '.data');
  const loginIssuer = read('LOGIN_ISSUER') ?? (production ? '' : `${accessUrl}/testid`);

  if (production) {
    const splitUp = (['ACCESS_URL', 'API_URL', 'PORTAL_URL'] as const).every((name) => read(name) !== undefined);
    if (read('PUBLIC_URL') === undefined && !splitUp) {
      problems.push('PUBLIC_URL is missing: production needs the https address by which it is reached');
    }
    if (read('DATABASE_URL') === undefined) {
      problems.push(
        'DATABASE_URL is missing: production needs an own PostgreSQL (15 or newer), the embedded one is for the sandbox',
      );
    }
    if (read('KEYS_FILE') === undefined) problems.push('KEYS_FILE is missing: production needs a file with its keys');
    if (loginIssuer === '')
      problems.push('LOGIN_ISSUER is missing: production needs an OpenID Connect provider for people to log in with');
    else if (URL.parse(loginIssuer)?.protocol !== 'https:')
      problems.push('LOGIN_ISSUER is not an https address: production needs one');
    else if (loginIssuer.startsWith(`${accessUrl}/testid`))
      problems.push('LOGIN_ISSUER is the sandbox login TestID: production never uses it');
    for (const [one, other] of pairs) {
      if (read(one) !== undefined && read(other) === undefined) problems.push(`${other} is missing: ${one} needs it`);
    }
  }

  const config: Config = {
    mode,
    port,
    host,
    accessUrl,
    apiUrl: origin('API_URL', publicUrl),
    portalUrl: origin('PORTAL_URL', publicUrl),
    databaseUrl: postgres('DATABASE_URL'),
    databaseOwnerUrl: postgres('DATABASE_OWNER_URL'),
    databaseDirectUrl: postgres('DATABASE_DIRECT_URL'),
    databasePoolSize: whole('DATABASE_POOL_SIZE', 10, 2, 500),
    dataDir,
    keysFile: resolve(read('KEYS_FILE') ?? `${dataDir}/keys.json`),
    loginIssuer,
    loginClientId: needed('LOGIN_CLIENT_ID', 'samtykke', 'the id under which the login provider knows it'),
    loginClientSecret: read('LOGIN_CLIENT_SECRET'),
    loginLevels: words('LOGIN_LEVELS', presetLevels[oneOf('LOGIN_PRESET', 'idporten', ['idporten', 'generic'])]),
    loginNinClaim: read('LOGIN_NIN_CLAIM') ?? 'pid',
    loginScope: read('LOGIN_SCOPE') ?? 'openid profile',
    operatorName: needed('OPERATOR_NAME', 'Samtykke Sandkasse', 'the name of who runs it, for the privacy page'),
    operatorEmail: needed('OPERATOR_EMAIL', 'personvern@samtykke.example', 'an address for people to write to'),
    logFile: read('LOG_FILE') ?? (production ? '-' : `${dataDir}/samtykke.log`),
    logLevel: oneOf('LOG_LEVEL', 'info', ['debug', 'info', 'warn', 'error']),
    ...tracesOf(read, problems),
    lookupDeadlineMs: whole('LOOKUP_DEADLINE_MS', 3_000, 50, 60_000),
    creditorConnections: whole('CREDITOR_CONNECTIONS', 16, 1, 1_000),
    creditorCaFile: certificate('CREDITOR_CA_FILE', 'authority.pem'),
    creditorCertFile: certificate('CREDITOR_CERT_FILE', 'samtykke.pem'),
    creditorKeyFile: certificate('CREDITOR_KEY_FILE', 'samtykke.key'),
    creditorCertsDir: folder('CREDITOR_CERTS_DIR'),
    pushPort: production && read('PUSH_PORT') === undefined ? undefined : whole('PUSH_PORT', besidePort, 0, 65_535),
    pushHost: read('PUSH_HOST') ?? host,
    pushCertFile: certificate('PUSH_CERT_FILE', 'push.pem'),
    pushKeyFile: certificate('PUSH_KEY_FILE', 'push.key'),
    pushCaFile: certificate('PUSH_CA_FILE', 'authority.pem'),
    pushProxies: addresses('PUSH_PROXIES'),
    pushCertHeader: (read('PUSH_CERT_HEADER') ?? 'client-cert').toLowerCase(),
    collectAtOnce: whole('COLLECT_AT_ONCE', 4, 0, 64),
    collectPageMb: whole('COLLECT_PAGE_MB', 500, 1, 100_000),
    collectStallSeconds: whole('COLLECT_STALL_SECONDS', production ? 60 : 5, 1, 3_600),
    collectMinutes: whole('COLLECT_MINUTES', 180, 1, 1_440),
    deliveredStaleHours: whole('DELIVERED_STALE_HOURS', 48, 1, 8_784),
    deliveredRetentionDays: whole('DELIVERED_RETENTION_DAYS', 30, 3, 3_660),
    deliveryRunRetentionDays: whole('DELIVERY_RUN_RETENTION_DAYS', 366, 8, 36_600),
    rateLimitPerMinute: whole('RATE_LIMIT_PER_MINUTE', production ? 6_000 : 600_000, 0, 100_000_000),
    trustedProxies: addresses('TRUSTED_PROXIES'),
    drainSeconds: whole('DRAIN_SECONDS', production ? 5 : 0, 0, 600),
    shutdownSeconds: whole('SHUTDOWN_SECONDS', 20, 1, 600),
    feedWaitingPerClient: whole('FEED_WAITING_PER_CLIENT', 20, 1, 100_000),
    feedWaiting: whole('FEED_WAITING', 2_000, 1, 1_000_000),
    webhooksAtOnce: whole('WEBHOOKS_AT_ONCE', 64, 0, 10_000),
    webhookTimeoutSeconds: whole('WEBHOOK_TIMEOUT_SECONDS', 15, 1, 120),
    feedReadableDays: whole('FEED_READABLE_DAYS', 7, 1, 365),
    feedRetentionDays: whole('FEED_RETENTION_DAYS', 30, 8, 3_660),
    consentRetentionDays: whole('CONSENT_RETENTION_DAYS', 1_096, 30, 36_600),
    logRetentionDays: whole('LOG_RETENTION_DAYS', 1_096, 30, 36_600),
    sandboxPersons: whole('SANDBOX_PERSONS', 0, 0, 10_000_000),
    population: production ? 'real' : 'synthetic',
    ninRule2032: oneOf('NIN_RULE_2032', 'false', ['true', 'false']) === 'true',
  };
  if (config.feedRetentionDays <= config.feedReadableDays) {
    problems.push('FEED_RETENTION_DAYS must be more than FEED_READABLE_DAYS');
  }
  if (config.deliveredRetentionDays * 24 <= config.deliveredStaleHours) {
    problems.push('DELIVERED_RETENTION_DAYS must be more than DELIVERED_STALE_HOURS');
  }
  if (config.pushPort === config.port && config.port !== 0) {
    problems.push('PUSH_PORT is the same as PORT: deliveries need a port of their own');
  }
  if (!/^[\w-]{1,64}$/.test(config.pushCertHeader)) {
    problems.push('PUSH_CERT_HEADER is not the name of a header: write it as client-cert');
  }
  if (!production && !/^https?:$/.test(URL.parse(loginIssuer)?.protocol ?? '')) {
    problems.push(`LOGIN_ISSUER is '${loginIssuer}': write the address of an OpenID Connect provider`);
  }
  if (!config.loginScope.split(/\s+/).includes('openid')) {
    problems.push('LOGIN_SCOPE must hold the word openid: without it there is no login');
  }
  if (!/^[^\s@]+@[^\s@]+$/.test(config.operatorEmail)) {
    problems.push('OPERATOR_EMAIL is not an address: write it as personvern@samtykke.example');
  }
  if (problems.length > 0) throw new ConfigError(problems);
  return Object.freeze(config);
}

/** The environment, with the flags of the command line laid over it. Unknown flags are a ConfigError. */
export function readEnv(args: readonly string[]): Env {
  const env: Record<string, string | undefined> = { ...process.env };
  for (let at = 0; at < args.length; at++) {
    const [flag, inline] = (args[at] ?? '').split('=', 2);
    if (flag !== '--port') throw new ConfigError([`'${flag ?? ''}' is not a flag: see --help`]);
    const value = inline ?? args[++at];
    if (value === undefined) throw new ConfigError(['--port needs a number']);
    env['PORT'] = value;
  }
  return env;
}
