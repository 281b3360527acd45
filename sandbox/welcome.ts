import type { Config } from '../src/platform/config.ts';
import { sandboxClients } from './clients.ts';
import { testPersons } from './people.ts';

/** What a newcomer reads when the sandbox is up: where it is, who may ask, and calls to copy as they are. */
export function welcome(config: Config, database: string): string {
  const [{ client, secret }] = sandboxClients(config.portalUrl);
  const { accessUrl, apiUrl } = config;
  const nin = testPersons[0]?.nin ?? '';
  const token = (variable: string, path: string, scope: string) =>
    [
      `${variable}=$(curl -s ${accessUrl}/oauth2/token -u ${client.id}:${secret} -d grant_type=client_credentials \\`,
      `  -d audience=${apiUrl}${path} -d scope=${scope} | sed 's/.*"access_token":"\\([^"]*\\)".*/\\1/')`,
    ].join('\n');
  return `
Samtykke sandbox: ${config.accessUrl}
  database  ${database}
  log       ${config.logFile === '-' ? 'standard output' : config.logFile}
  client    ${client.name}, ${client.id}, secret ${secret}
  persons   ${testPersons.map((person) => person.nin).join(' ')}

Copy this into another terminal, all of it or line by line: a token, a consent, the debt, its status, the end of it, the feed.

${token('TOKEN', '/v1/consent/agreement', 'consent.create')}
CONSENT=$(curl -s -X PUT ${apiUrl}/v1/consent/agreement -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' \\
  -d '{"nin":"${nin}","scope_of_consent":"debt.unsecured.processing","consent_duration_days":28,"client_consent_id":"'"my-$(date +%s)"'"}' \\
  | sed 's/.*"id":"\\([^"]*\\)".*/\\1/'); echo "consent $CONSENT"
${token('TOKEN', '/v1/debt', 'debt.unsecured.processing')}
curl -s ${apiUrl}/v1/debt/$CONSENT -H "Authorization: Bearer $TOKEN"; echo
curl -s ${apiUrl}/v1/debt/$CONSENT/status -H "Authorization: Bearer $TOKEN"; echo
curl -s -X DELETE ${apiUrl}/v1/debt/$CONSENT -H "Authorization: Bearer $TOKEN" -w 'revoked: HTTP %{http_code}\\n'
${token('TOKEN', '/feed/v1/consent', 'client.access.consent.events')}
curl -s "${apiUrl}/feed/v1/consent?fromSequenceNr=2&limit=10" -H "Authorization: Bearer $TOKEN"; echo

Make a creditor fail, or time pass:
curl -s ${apiUrl}/sandbox/creditors
curl -s ${apiUrl}/sandbox/clock -H 'Content-Type: application/json' -d '{"advanceSeconds":86400}'

Stop with Ctrl-C.
`;
}
