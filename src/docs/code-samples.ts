import { apiPaths, apiScopes, apis, audienceOf, type Api } from '../clients/audience.ts';
import { sandboxSecrets } from '../clients/sandbox-secrets.ts';
import type { Config } from '../platform/config.ts';
import type { Call } from './description.ts';
import type { Exchange } from './examples.ts';
import { CLIENT_SECRET } from './frame.ts';

/** A client of the sandbox, which everybody may use. */
export interface SandboxClient {
  readonly id: string;
  readonly secret: string;
}
export const sandboxClient: SandboxClient = {
  id: 'a0000000-0000-4000-8000-000000000001',
  secret: sandboxSecrets[0],
};

/** Which API an address belongs to: the one with the longest path that it begins with; undefined: the authorization server's. */
export const apiOf = (path: string): Api | undefined =>
  apis.find((api) => path === apiPaths[api] || path.startsWith(`${apiPaths[api]}/`));

/**
 * A call as lines for a shell, made from an exchange with the sandbox. In a sandbox they work as they are, all that they need fetched on
 * the way; elsewhere two variables hold id and secret of the client. Undefined for what a browser has to do.
 */
export function curlSample(call: Call, { request }: Exchange, config: Config): string | undefined {
  const { method, path: template, operation } = call;
  const { operationId } = operation;
  if (operationId === 'logout') return undefined;
  const lines = shell(config);
  const { path, headers } = addressOf(call, request.parameters ?? {});
  if (operationId === 'askPerson') return lines.authorization(path);
  const api = apiOf(template);
  const ofPerson = template === '/v1/debt' || template === '/userinfo';
  const provesClient = operation.security?.some((scheme) => CLIENT_SECRET in scheme) === true;

  const before = [
    ...(path.includes('$CONSENT') ? [lines.consent] : []),
    ...(ofPerson ? [lines.code, lines.tokenOfCode] : api === undefined ? [] : [lines.token(api)]),
    ...(path.includes('$WEBHOOK') ? [lines.webhook] : []),
    ...(operationId === 'revokeToken' ? [lines.token('debt')] : []),
  ];
  const verb =
    method === 'get' || (method === 'post' && request.body !== undefined) ? '' : ` -X ${method.toUpperCase()}`;
  const endless = operationId === 'streamFeed' ? ' -N --max-time 3' : '';
  const address = `${api === undefined ? config.accessUrl : config.apiUrl}${path}`;
  const target = /[$?]/.test(path) ? `"${address}"` : address;
  const options = [
    ...(api !== undefined || ofPerson ? ['-H "Authorization: Bearer $TOKEN"'] : []),
    ...(provesClient ? [`-u ${lines.client}`] : []),
    ...headers.map(([name, value]) => `-H '${name}: ${value}'`),
    ...bodyOptions(call, request.body, lines.clientId),
  ];
  return [...before, [`curl -s${endless}${verb} ${target}`, ...options].join(BREAK)].join('\n');
}

const BREAK = ' \\\n  ';

/** Path and query with the exchange's values; what has to be fetched first is a variable of the shell. */
function addressOf({ path, operation }: Call, values: Readonly<Record<string, string | number>>) {
  const parameters = operation.parameters ?? [];
  const id = path.startsWith('/feed/v1/consent/webhooks') ? '$WEBHOOK' : '$CONSENT';
  const query = new URLSearchParams();
  const headers: [string, string | number][] = [];
  for (const { name, in: place } of parameters) {
    const value = values[name];
    if (value === undefined) continue;
    if (place === 'query') query.set(name, String(value));
    if (place === 'header') headers.push([name, value]);
  }
  return { path: `${path.replace('{id}', id)}${query.size === 0 ? '' : `?${query}`}`, headers };
}

function bodyOptions({ operation }: Call, body: unknown, clientId: string): string[] {
  if (body === undefined) return [];
  if (operation.requestBody?.content['application/json'] !== undefined) {
    return ["-H 'Content-Type: application/json'", `-d ${quoted(JSON.stringify(body))}`];
  }
  return Object.entries(body as Record<string, string>).map(([name, value]) => {
    if (operation.operationId === 'revokeToken' && name === 'token') return '-d token=$TOKEN';
    if (name === 'code') return '-d code=$CODE';
    if (name === 'client_id') return `-d client_id=${clientId}`;
    return `-d ${name}=${/^[\w.:/-]+$/.test(value) ? value : quoted(value)}`;
  });
}

const quoted = (text: string): string => `'${text.replaceAll("'", String.raw`'\''`)}'`;

/** The lines by which a sample fetches what it needs. */
function shell({ mode, apiUrl, accessUrl }: Config) {
  const client = mode === 'sandbox' ? `${sandboxClient.id}:${sandboxClient.secret}` : '"$CLIENT_ID:$CLIENT_SECRET"';
  const clientId = mode === 'sandbox' ? sandboxClient.id : '$CLIENT_ID';
  const taken = (name: string): string => `sed 's/.*"${name}":"\\([^"]*\\)".*/\\1/'`;
  const tokenBy = (...fields: string[]): string =>
    [
      `TOKEN=$(curl -s ${accessUrl}/oauth2/token -u ${client}`,
      ...fields.map(
        (field, place) => `-d ${field}${place === fields.length - 1 ? ` | ${taken('access_token')})` : ''}`,
      ),
    ].join(BREAK);
  const token = (api: Api): string =>
    tokenBy(
      'grant_type=client_credentials',
      `audience=${audienceOf(api, apiUrl)}`,
      apiScopes[api].length === 1 ? `scope=${apiScopes[api].join('')}` : `'scope=${apiScopes[api].join(' ')}'`,
    );
  const agreement = `{"nin":"14842249091","scope_of_consent":"debt.unsecured.processing","consent_duration_days":28,"client_consent_id":"'$(date +%s)-$RANDOM'"}`;
  return {
    client,
    clientId,
    token,
    code: 'CODE=put-the-code-here   # from the address that the browser came back to',
    tokenOfCode: tokenBy('grant_type=authorization_code', 'code=$CODE', 'redirect_uri=http://localhost:8765/callback'),
    consent: [
      token('agreement'),
      [
        `CONSENT=$(curl -s -X PUT ${apiUrl}${apiPaths.agreement}`,
        '-H "Authorization: Bearer $TOKEN"',
        "-H 'Content-Type: application/json'",
        `-d '${agreement}' | ${taken('id')})`,
      ].join(BREAK),
    ].join('\n'),
    webhook: [
      `WEBHOOK=$(curl -s ${apiUrl}${apiPaths.events}/webhooks`,
      '-H "Authorization: Bearer $TOKEN"',
      "-H 'Content-Type: application/json'",
      `-d '{"url":"https://bank.example/webhooks/samtykke"}' | ${taken('id')})`,
    ].join(BREAK),
    authorization: (path: string): string =>
      [
        '# Send the browser of the person to this address. Make a new state each time.',
        `echo "${accessUrl}${path.replace(sandboxClient.id, clientId)}"`,
      ].join('\n'),
  };
}
