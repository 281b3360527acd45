import { isIP } from 'node:net';
import { resolve } from 'node:path';
import type { Population } from '../person/nin.ts';

export type Mode = 'sandbox' | 'production';

/** One variable of the environment: documentation and default come from here, and nowhere else. */
interface Variable {
  readonly name: string;
  readonly what: string;
  /** As shown to people; undefined: none. */
  readonly fallback?: string;
}

const VARIABLES = [
  {
    name: 'SAMTYKKE_MODE',
    what: '`sandbox` or `production`; when not set, `production` if NODE_ENV says so',
    fallback: 'sandbox',
  },
  { name: 'PORT', what: 'port to listen on; 0 takes a free one; --port is the same', fallback: '4000' },
  { name: 'HOST', what: 'address to listen on', fallback: 'localhost; production 0.0.0.0' },
  {
    name: 'PUBLIC_URL',
    what: 'address by which the world reaches us, without a path',
    fallback: 'http://localhost:PORT',
  },
  {
    name: 'ACCESS_URL',
    what: 'the authorization server (issuer), where it has a name of its own',
    fallback: 'PUBLIC_URL',
  },
  {
    name: 'API_URL',
    what: 'the APIs, where they have a name of their own; the audiences begin with it',
    fallback: 'PUBLIC_URL',
  },
  { name: 'PORTAL_URL', what: 'the portal, where it has a name of its own', fallback: 'PUBLIC_URL' },
  {
    name: 'DATABASE_URL',
    what: 'an own PostgreSQL (15 or newer): the login that serves',
    fallback: 'an embedded PostgreSQL in DATA_DIR',
  },
  { name: 'DATABASE_OWNER_URL', what: 'the login that owns the schema and migrates it', fallback: 'DATABASE_URL' },
  { name: 'DATABASE_POOL_SIZE', what: 'connections to the database', fallback: '10' },
  { name: 'DATA_DIR', what: 'folder for the embedded PostgreSQL, the sandbox keys and logs', fallback: '.data' },
  {
    name: 'KEYS_FILE',
    what: 'file with all keys; production needs one that it did not get from a sandbox',
    fallback: 'sandbox: DATA_DIR/keys.json, made at first start',
  },
  {
    name: 'LOGIN_ISSUER',
    what: 'OpenID Connect provider that people log in with; production needs it',
    fallback: 'sandbox: its own TestID',
  },
  {
    name: 'LOGIN_CLIENT_ID',
    what: 'the id under which the login provider knows us; production needs it',
    fallback: 'sandbox: samtykke',
  },
  {
    name: 'LOGIN_CLIENT_SECRET',
    what: 'our secret there; without one we prove ourselves with the `login` key of KEYS_FILE (private_key_jwt)',
    fallback: 'none',
  },
  {
    name: 'LOGIN_PRESET',
    what: '`idporten`, or `generic` for any other OpenID Connect provider: what LOGIN_LEVELS is when not set',
    fallback: 'idporten',
  },
  {
    name: 'LOGIN_LEVELS',
    what: 'levels of login (`acr`) that are good enough, lowest first, with commas between',
    fallback: 'idporten: idporten-loa-substantial,idporten-loa-high; generic: not asked, not checked',
  },
  { name: 'LOGIN_NIN_CLAIM', what: 'claim of the ID token that holds the personal number', fallback: 'pid' },
  { name: 'LOGIN_SCOPE', what: 'scopes that the login asks for', fallback: 'openid profile' },
  {
    name: 'OPERATOR_NAME',
    what: 'who runs this installation, as people are told on the privacy page; production needs it',
    fallback: 'sandbox: an invented one',
  },
  {
    name: 'OPERATOR_EMAIL',
    what: 'where people write about their data, as told there; production needs it',
    fallback: 'sandbox: an invented one',
  },
  {
    name: 'LOG_FILE',
    what: 'file for the log, or `-` for standard output',
    fallback: 'sandbox: DATA_DIR/samtykke.log; production -',
  },
  { name: 'LOG_LEVEL', what: '`debug`, `info`, `warn` or `error`', fallback: 'info' },
  { name: 'LOOKUP_DEADLINE_MS', what: 'how long a lookup waits for creditors', fallback: '3000' },
  { name: 'CREDITOR_CONNECTIONS', what: 'requests under way at once to one creditor', fallback: '16' },
  {
    name: 'RATE_LIMIT_PER_MINUTE',
    what: 'requests a minute for each client, and for pages from each address, on each node; 0: no limit',
    fallback: 'sandbox 600000; production 6000',
  },
  {
    name: 'TRUSTED_PROXIES',
    what: 'addresses or networks of proxies in front, with commas between: who sends is then read from X-Forwarded-For',
    fallback: 'none',
  },
  { name: 'SHUTDOWN_SECONDS', what: 'how long SIGTERM waits for what is in flight', fallback: '20' },
  { name: 'FEED_READABLE_DAYS', what: 'how long events can be read', fallback: '7' },
  { name: 'FEED_RETENTION_DAYS', what: 'how long events are kept', fallback: '30' },
  { name: 'CONSENT_RETENTION_DAYS', what: 'how long the proof of a consent is kept after its end', fallback: '1096' },
  { name: 'LOG_RETENTION_DAYS', what: 'how long the log of accesses and changes is kept', fallback: '1096' },
  {
    name: 'SANDBOX_PERSONS',
    what: 'generated persons with debt, besides the test persons (sandbox only)',
    fallback: '0',
  },
  { name: 'NIN_RULE_2032', what: '`true` accepts the control digits that come in 2032', fallback: 'false' },
] as const satisfies readonly Variable[];

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
  readonly lookupDeadlineMs: number;
  readonly creditorConnections: number;
  readonly rateLimitPerMinute: number;
  readonly trustedProxies: readonly string[];
  readonly shutdownSeconds: number;
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

/** What is wrong with the configuration, a line for each; the message is all of them. */
export class ConfigError extends Error {
  readonly problems: readonly string[];
  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.name = 'ConfigError';
    this.problems = problems;
  }
}

/** The mode that the environment asks for; whatever is neither word is a ConfigError. */
export function modeOf(env: Env): Mode {
  const asked = env['SAMTYKKE_MODE'] ?? (env['NODE_ENV'] === 'production' ? 'production' : 'sandbox');
  if (asked === 'sandbox' || asked === 'production') return asked;
  throw new ConfigError([`SAMTYKKE_MODE is '${asked}': write 'sandbox' or 'production'`]);
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
  const addresses = (name: Name): readonly string[] => {
    const parts = (read(name) ?? '').split(',').map((part) => part.trim());
    const named = parts.filter((part) => part !== '');
    if (named.every((part) => isIP(part.replace(/\/\d{1,3}$/, '')) !== 0)) return named;
    problems.push(`${name} must hold IP addresses or networks with commas between, as 10.0.0.5,192.168.0.0/16`);
    return [];
  };
  /** Words that are sent to others as they are: no spaces or commas in them. */
  const words = (name: Name, fallback: readonly string[]): readonly string[] => {
    const parts = (read(name) ?? '').split(',').map((part) => part.trim());
    const named = parts.filter((part) => part !== '');
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

  const port = whole('PORT', 4000, 0, 65_535);
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
  }

  const config: Config = {
    mode,
    port,
    host: read('HOST') ?? (production ? '0.0.0.0' : 'localhost'),
    accessUrl,
    apiUrl: origin('API_URL', publicUrl),
    portalUrl: origin('PORTAL_URL', publicUrl),
    databaseUrl: postgres('DATABASE_URL'),
    databaseOwnerUrl: postgres('DATABASE_OWNER_URL'),
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
    lookupDeadlineMs: whole('LOOKUP_DEADLINE_MS', 3_000, 50, 60_000),
    creditorConnections: whole('CREDITOR_CONNECTIONS', 16, 1, 1_000),
    rateLimitPerMinute: whole('RATE_LIMIT_PER_MINUTE', production ? 6_000 : 600_000, 0, 100_000_000),
    trustedProxies: addresses('TRUSTED_PROXIES'),
    shutdownSeconds: whole('SHUTDOWN_SECONDS', 20, 1, 600),
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
