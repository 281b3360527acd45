import type { Config } from '../src/platform/config.ts';
import { startAddress } from './callback.ts';
import { sandboxClients } from './clients.ts';
import { testPersons } from './people.ts';

/** What a newcomer reads when the sandbox is up: where it is, who may ask, and calls to copy as they are. */
export function welcome(config: Config, database: string): string {
  const [{ client, secret }] = sandboxClients(config.portalUrl);
  const { accessUrl, apiUrl } = config;
  const [person] = testPersons;
  const json = `-H 'Content-Type: application/json'`;
  return `
Samtykke sandbox: ${accessUrl}

  client    ${client.name}, id ${client.id}, secret ${secret}
  person    ${person?.nin} (${person?.shows.replace(/\.$/, '').toLowerCase()}; more in the README)
  database  ${database}
  push      https://localhost:${config.pushPort}/loans, as one of ${config.dataDir}/certificates/deliverers (README)
  console   ${config.portalUrl}/sandbox (persons, creditors, consents, the feed and the clock: to see, and to move)
  log       ${config.logFile === '-' ? 'standard output' : config.logFile}

Click, log in as a test person, answer, and see what the client gets:

  ${startAddress(config)}

The person's own page is ${config.portalUrl}/ (log in as the same test person).

Copy into another terminal, line by line: register a consent, look up the debt, ask for its status, revoke it, follow the feed.

token() { curl -s ${accessUrl}/oauth2/token -u ${client.id}:${secret} -d grant_type=client_credentials -d audience=${apiUrl}$1 -d scope=$2 | sed 's/.*"access_token":"\\([^"]*\\)".*/Authorization: Bearer \\1/'; }
AGREE=$(token /v1/consent/agreement consent.create); DEBT=$(token /v1/debt debt.unsecured.processing); FEED=$(token /feed/v1/consent client.access.consent.events)
CONSENT=$(curl -s -X PUT ${apiUrl}/v1/consent/agreement -H "$AGREE" ${json} -d '{"nin":"${person?.nin}","scope_of_consent":"debt.unsecured.processing","consent_duration_days":28,"client_consent_id":"'$(date +%s)'"}'); echo "$CONSENT"
ID=$(echo "$CONSENT" | sed 's/.*"id":"\\([^"]*\\)".*/\\1/')
curl -s ${apiUrl}/v1/debt/$ID -H "$DEBT"; echo
curl -s ${apiUrl}/v1/debt/$ID/status -H "$DEBT"; echo
curl -s -X DELETE ${apiUrl}/v1/debt/$ID -H "$DEBT" -w 'revoked, HTTP %{http_code}\\n'
curl -s "${apiUrl}/feed/v1/consent?fromSequenceNr=2&limit=100" -H "$FEED"; echo

What a creditor does, and what day it is, can be changed: POST ${apiUrl}/sandbox/creditors/<number> and ${apiUrl}/sandbox/clock (README).
Stop with Ctrl-C.
`;
}
