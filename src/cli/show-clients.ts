import type { RegisteredClient } from '../clients/client-registry.ts';
import { nameOfKey, type ClientDifference } from '../clients/registration.ts';
import { emphasised, listing, plain, table, type Look } from './table.ts';
import { moment, onOff } from './words.ts';

/** What programs are told of a client: never a secret, nor its hash. */
export const clientJson = (client: RegisteredClient) => ({
  id: client.id,
  name: client.name,
  organisationNumber: client.organisationNumber,
  enabled: client.enabled,
  purposes: client.purposes,
  mayRegisterAgreements: client.mayRegisterAgreements,
  mayReadEvents: client.mayReadEvents,
  mayUseOpenid: client.mayUseOpenid,
  redirectUris: client.redirectUris,
  postLogoutRedirectUris: client.postLogoutRedirectUris,
  authentication: client.authentication,
  formerSecretGoodUntil: client.formerSecrets?.until ?? null,
  jwks: client.jwks,
  require: client.profile,
  idTokenAlgorithm: client.idTokenAlgorithm,
  createdAt: client.createdAt,
});

/** All clients for people. */
export const clientTable = (clients: readonly RegisteredClient[], look: Look): string =>
  table(
    [
      { title: 'id' },
      { title: 'name', fits: true },
      { title: 'organisation' },
      { title: 'is' },
      { title: 'asks for', fits: true },
      { title: 'may', fits: true },
      { title: 'proves itself with' },
    ],
    clients.map((client) => [
      client.id,
      client.name,
      client.organisationNumber,
      onOff(client.enabled),
      listed(client.purposes),
      listed(mayOf(client)),
      client.authentication === 'private_key_jwt' ? 'keys' : 'secret',
    ]),
    look,
  );

/** One client for people. */
export function clientPage(client: RegisteredClient, look: Look): string {
  const { formerSecrets, jwks, profile } = client;
  const secrets = formerSecrets === null ? '' : `; the secret before is good until ${moment(formerSecrets.until)}`;
  const demanded = [
    profile.pkce ? 'PKCE' : '',
    profile.par ? 'pushed requests' : '',
    profile.signedRequests ? 'signed requests' : '',
    profile.dpop ? 'bound tokens (DPoP)' : '',
  ].filter((it) => it !== '');
  const lines: readonly (readonly [string, string])[] = [
    ['organisation', client.organisationNumber],
    ['registered', `${moment(client.createdAt)} (UTC)`],
    ['asks for', listed(client.purposes)],
    ['may', listed(mayOf(client))],
    ['proves itself with', client.authentication === 'private_key_jwt' ? 'its keys' : `a secret${secrets}`],
    ...(jwks?.keys ?? []).map((key) => ['key', nameOfKey(key)] as const),
    ['must have', listed(demanded)],
    ['ID tokens', client.mayUseOpenid ? `signed by ${client.idTokenAlgorithm}` : '–'],
    ...client.redirectUris.map((uri) => ['people come back to', uri] as const),
    ...client.postLogoutRedirectUris.map((uri) => ['after logging out to', uri] as const),
  ];
  const title = emphasised('bold', `${client.id} ${plain(client.name)}`, look);
  return [`${title}${client.enabled ? '' : emphasised('yellow', ' (switched off)', look)}\n`, listing(lines)].join('');
}

const mayOf = (client: RegisteredClient): readonly string[] =>
  [
    client.mayRegisterAgreements ? 'agreements' : '',
    client.mayReadEvents ? 'events' : '',
    client.mayUseOpenid ? 'openid' : '',
  ].filter((it) => it !== '');

const listed = (words: readonly string[]): string => (words.length === 0 ? '–' : words.join(', '));

const NAMES: Readonly<Record<ClientDifference['field'], string>> = {
  name: 'name',
  organisationNumber: 'organisation',
  purposes: 'asks for',
  redirectUris: 'people come back to',
  postLogoutRedirectUris: 'after logging out to',
  mayRegisterAgreements: 'agreements',
  mayReadEvents: 'events',
  mayUseOpenid: 'openid',
  authentication: 'proves itself with',
  keys: 'keys',
  formerSecretGoodUntil: 'secret before is good until',
  requirePkce: 'must have PKCE',
  requirePar: 'must push requests',
  requireDpop: 'must bind tokens',
  requireSignedRequests: 'must sign requests',
  idTokenAlgorithm: 'ID tokens signed by',
};

/** What was changed, for people; empty: nothing. */
export function differenceTable(differences: readonly ClientDifference[], look: Look): string {
  if (differences.length === 0) return '';
  return table(
    [{ title: 'what' }, { title: 'was', fits: true }, { title: 'is', fits: true }],
    differences.map(({ field, before, after }) => [NAMES[field], valueText(before), valueText(after)]),
    look,
  );
}

function valueText(value: ClientDifference['before']): string {
  if (value === null) return '–';
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  return typeof value === 'string' ? value : listed(value);
}
