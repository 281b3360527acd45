import { isOrganisationNumber } from '../person/organisation-number.ts';
import { apiScopes, purposeOfScope } from './audience.ts';
import {
  usualClient,
  type Authentication,
  type Client,
  type IdTokenAlgorithm,
  type SecurityProfile,
} from './client.ts';
import { publicKeysFrom } from './public-keys.ts';

/** What an operator says of a client; undefined: nothing, and so it stays as it is (of a new one: as most clients have it). */
export interface ClientChange {
  readonly name?: string | undefined;
  readonly redirectUris?: readonly string[] | undefined;
  readonly postLogoutRedirectUris?: readonly string[] | undefined;
  readonly mayRegisterAgreements?: boolean | undefined;
  readonly mayReadEvents?: boolean | undefined;
  readonly mayUseOpenid?: boolean | undefined;
  readonly authentication?: Authentication | undefined;
  /** A JWK Set or a JWK, parsed, of whatever it holds; null: it has none (any more). */
  readonly jwks?: unknown;
  readonly profile?: { readonly [Switch in keyof SecurityProfile]?: boolean | undefined } | undefined;
  readonly idTokenAlgorithm?: IdTokenAlgorithm | undefined;
}

/** A new client. Its secret, where it has one, is made by us. */
export interface NewClient extends ClientChange {
  /** A UUID; undefined: a new one. */
  readonly id?: string | undefined;
  readonly name: string;
  /** 9 digits with a valid check digit. Final: another number is another organisation, and so another client. */
  readonly organisationNumber: string;
  /** At least one of `presentation`, `processing`. Later ones are given and taken by `switchPermission`, which ends consents. */
  readonly purposes: readonly string[];
}

type Field = keyof NewClient;

/** What is wrong. `what` is the end of a sentence whose subject is the field. */
export interface ClientProblem {
  readonly field: Field;
  readonly what: string;
}

/** One thing that is not as it was. Null: there was, or is, none. Of keys these are their names; of a secret, until when the one before is good. */
export interface ClientDifference {
  readonly field:
    | Exclude<Field, 'id' | 'profile' | 'jwks'>
    | 'keys'
    | 'formerSecretGoodUntil'
    | 'requirePkce'
    | 'requirePar'
    | 'requireDpop'
    | 'requireSignedRequests';
  readonly before: Value;
  readonly after: Value;
}
type Value = string | boolean | readonly string[] | null;

/** A client as it is to be, and how that differs from what is. */
export interface ClientPlan {
  readonly client: Client;
  readonly differences: readonly ClientDifference[];
}

const MOST_ADDRESSES = 20;
const MOST_CHARACTERS = 500;

/**
 * Decides what a registration makes. Returns that, or all that is wrong with it. Secrets are not its business. `id`: of the new
 * client, unless it tells its own. `open`: the world is not ours, as it is in a sandbox.
 */
export function planNewClient(
  input: NewClient,
  id: string,
  where: { open: boolean },
): ClientPlan | readonly ClientProblem[] {
  const problems: ClientProblem[] = [];
  const organisationNumber = input.organisationNumber.trim();
  if (!isOrganisationNumber(organisationNumber)) {
    const what = 'is no Norwegian organisation number: 9 digits, of which the last one fits the others';
    problems.push({ field: 'organisationNumber', what });
  }
  if (input.id !== undefined && !/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(input.id)) {
    problems.push({ field: 'id', what: 'is no UUID in small letters; leave it out, and one is made' });
  }
  const purposes = [...new Set(input.purposes)].toSorted((one, other) => one.localeCompare(other));
  const known = apiScopes.debt.map((scope) => String(purposeOfScope(scope)));
  if (purposes.length === 0)
    problems.push({ field: 'purposes', what: `are none: a client asks for ${known.join(' or ')}, or both` });
  if (purposes.some((purpose) => !known.includes(purpose))) {
    problems.push({ field: 'purposes', what: `hold something else than ${known.join(' and ')}` });
  }
  const blank: Client = {
    ...usualClient,
    id: input.id ?? id,
    name: '',
    organisationNumber,
    enabled: true,
    secretHashes: [],
    mayRegisterAgreements: false,
    mayReadEvents: false,
    mayUseOpenid: false,
    redirectUris: [],
    purposes,
  };
  const plan = planChange(input, blank, where);
  if (!('client' in plan)) return [...problems, ...plan];
  if (problems.length > 0) return problems;
  const { client } = plan;
  const facts = [
    ...told(client),
    { field: 'organisationNumber', value: organisationNumber } as const,
    { field: 'purposes', value: purposes } as const,
  ];
  const said = facts.filter(({ value }) => value !== null);
  return { client, differences: said.map(({ field, value }) => ({ field, before: null, after: value })) };
}

/** Decides what a change makes of a client. Returns that, or all that is wrong with it. */
export function planChange(
  input: ClientChange,
  existing: Client,
  where: { open: boolean },
): ClientPlan | readonly ClientProblem[] {
  const problems: ClientProblem[] = [];
  const problem = (field: Field, whats: readonly string[]): void => {
    for (const what of whats) problems.push({ field, what });
  };

  const name = (input.name ?? existing.name).trim();
  problem('name', nameProblems(name));
  const redirectUris = input.redirectUris ?? existing.redirectUris;
  const postLogoutRedirectUris = input.postLogoutRedirectUris ?? existing.postLogoutRedirectUris;
  // What was good once is not looked at again: it would stand in the way of every other change.
  problem('redirectUris', addressProblems(input.redirectUris ?? [], where));
  problem('postLogoutRedirectUris', addressProblems(input.postLogoutRedirectUris ?? [], where));
  let jwks = input.jwks === null ? null : existing.jwks;
  if (input.jwks !== undefined && input.jwks !== null) {
    const read = publicKeysFrom(input.jwks);
    if ('refused' in read) problem('jwks', read.refused);
    else jwks = read;
  }
  const { profile: switches = {} } = input;
  const client: Client = {
    ...existing,
    name,
    redirectUris: [...new Set(redirectUris)],
    postLogoutRedirectUris: [...new Set(postLogoutRedirectUris)],
    mayRegisterAgreements: input.mayRegisterAgreements ?? existing.mayRegisterAgreements,
    mayReadEvents: input.mayReadEvents ?? existing.mayReadEvents,
    mayUseOpenid: input.mayUseOpenid ?? existing.mayUseOpenid,
    authentication: input.authentication ?? existing.authentication,
    jwks,
    profile: {
      pkce: switches.pkce ?? existing.profile.pkce,
      par: switches.par ?? existing.profile.par,
      dpop: switches.dpop ?? existing.profile.dpop,
      signedRequests: switches.signedRequests ?? existing.profile.signedRequests,
    },
    idTokenAlgorithm: input.idTokenAlgorithm ?? existing.idTokenAlgorithm,
  };
  const keysRefused = problems.some(({ field }) => field === 'jwks');
  if (jwks === null && !keysRefused && client.authentication === 'private_key_jwt') {
    problem('jwks', ['are missing: a client with private_key_jwt proves itself with its keys']);
  }
  if (jwks === null && !keysRefused && client.profile.signedRequests) {
    problem('jwks', ['are missing: signed requests are checked with them']);
  }
  if (client.mayUseOpenid && redirectUris.length === 0) {
    problem('mayUseOpenid', ['is for clients that send people here: this one has no redirect address']);
  }
  if (problems.length > 0) return problems;
  const before = new Map(told(existing).map(({ field, value }) => [field, value]));
  const differences = told(client)
    .map(({ field, value }) => ({ field, before: before.get(field) ?? null, after: value }))
    .filter((difference) => JSON.stringify(difference.before) !== JSON.stringify(difference.after));
  return { client, differences };
}

/** What there is to tell of a client's registration, in the log's words. */
function told(client: Client): readonly { field: ClientDifference['field']; value: Value }[] {
  const { profile, jwks } = client;
  return [
    { field: 'name', value: client.name },
    { field: 'redirectUris', value: client.redirectUris },
    { field: 'postLogoutRedirectUris', value: client.postLogoutRedirectUris },
    { field: 'mayRegisterAgreements', value: client.mayRegisterAgreements },
    { field: 'mayReadEvents', value: client.mayReadEvents },
    { field: 'mayUseOpenid', value: client.mayUseOpenid },
    { field: 'authentication', value: client.authentication },
    { field: 'keys', value: jwks === null ? null : jwks.keys.map(nameOfKey) },
    { field: 'requirePkce', value: profile.pkce },
    { field: 'requirePar', value: profile.par },
    { field: 'requireDpop', value: profile.dpop },
    { field: 'requireSignedRequests', value: profile.signedRequests },
    { field: 'idTokenAlgorithm', value: client.idTokenAlgorithm },
  ];
}

/** What tells a key from others, without being long: its id, and how its public part begins. */
export const nameOfKey = (key: Readonly<Record<string, unknown>>): string =>
  `${String(key['kid'] ?? '-')} ${String(key['alg'] ?? key['kty'])} ${String(key['n'] ?? key['x']).slice(0, 16)}`;

function nameProblems(name: string): readonly string[] {
  if (name === '') return ['is empty'];
  if (name.length > 200) return ['is longer than 200 characters'];
  return /\p{C}/u.test(name) ? ['has characters that cannot be seen'] : [];
}

function addressProblems(addresses: readonly string[], where: { open: boolean }): readonly string[] {
  if (addresses.length > MOST_ADDRESSES) return [`are more than ${MOST_ADDRESSES}`];
  return addresses.flatMap((address) => {
    const what = addressProblem(address, where);
    return what === undefined ? [] : [`have ${shown(address)}, which ${what}`];
  });
}

/**
 * What is wrong with an address that people are sent to; undefined: nothing. It is compared with what a request says letter by
 * letter, so it must be spelt as everybody spells it. Outside of a sandbox it is https, and on a machine that people do not sit at:
 * our clients are servers that keep a secret.
 */
function addressProblem(text: string, { open }: { open: boolean }): string | undefined {
  const url = URL.parse(text);
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    return 'is no address: write it as https://bank.example/callback';
  }
  if (text.length > MOST_CHARACTERS) return `is longer than ${MOST_CHARACTERS} characters`;
  if (text.includes('#')) return 'has a fragment: leave out what begins with #';
  if (text.includes('*')) return 'has a *: each address is registered by itself, and compared letter by letter';
  if (url.username !== '' || url.password !== '') return 'holds a user or a password';
  if (url.href !== text && url.href !== `${text}/`)
    return 'is spelt in an unusual way: browsers would go to another spelling of it';
  if (!open) return undefined;
  if (url.protocol !== 'https:') return 'is plain http: people are sent to https only';
  return /^(localhost|.*\.localhost|127\..*|\[::1\])$/.test(url.hostname) ? "is the person's own machine" : undefined;
}

/** What somebody wrote, as it can be shown to them. */
const shown = (text: string): string => text.replaceAll(/\p{C}/gu, '?').slice(0, 100);
