import type { FastifyInstance, FastifyRequest } from 'fastify';
import { audienceOf, debtScopeOf } from '../src/clients/audience.ts';
import { html, type Html } from '../src/html/html.ts';
import { layout } from '../src/html/layout.ts';
import { frameOf, sendPage } from '../src/html/send-page.ts';
import type { Config } from '../src/platform/config.ts';
import type { Platform } from '../src/platform/platform.ts';
import { sandboxClients } from './clients.ts';

/** Where the sandbox's own client is sent back to. */
const callbackAddress = (config: Config): string => `${config.portalUrl}/sandbox/callback`;

/** The address that begins the regular flow for the sandbox's own client: the one that a newcomer clicks. */
export function startAddress(config: Config): string {
  const [{ client }] = sandboxClients(config.portalUrl);
  const parameters = new URLSearchParams({
    client_id: client.id,
    response_type: 'code',
    scope: `${debtScopeOf('presentation')}.30 openid`,
    redirect_uri: callbackAddress(config),
    state: 'try-it',
  });
  return `${config.accessUrl}/oauth2/auth?${parameters}`;
}

/**
 * `GET /sandbox/callback` (X6): what a client's own server does when the person comes back, for looking at. Shows what came in the
 * address, exchanges the code, looks up the debt with the token, and tells how to do the same by hand. In English, as the README.
 */
export function sandboxCallback(app: FastifyInstance, platform: Platform): void {
  const { config } = platform;
  const [{ client, secret }] = sandboxClients(config.portalUrl);

  const ask = async (request: FastifyRequest, method: 'GET' | 'POST', url: string, more: object): Promise<Told> => {
    const answer = await app.inject({ method, url, ...more, remoteAddress: request.ip });
    return { status: answer.statusCode, body: JSON.parse(answer.body) as Told['body'] };
  };

  app.get('/sandbox/callback', { schema: { hide: true } }, async (request, reply) => {
    const received = Object.entries(request.query as Record<string, unknown>).map(
      ([name, value]) => [name, String(value).slice(0, 300)] as const,
    );
    const { code } = Object.fromEntries(received);
    const steps: Html[] = [came(received)];
    if (code !== undefined) {
      const form = { grant_type: 'authorization_code', code, redirect_uri: callbackAddress(config) };
      const token = await ask(request, 'POST', '/oauth2/token', {
        headers: {
          authorization: `Basic ${Buffer.from(`${client.id}:${secret}`).toString('base64')}`,
          'content-type': 'application/x-www-form-urlencoded',
        },
        payload: new URLSearchParams(form).toString(),
      });
      steps.push(exchanged(token, config));
      const bearer = token.body['access_token'];
      if (typeof bearer === 'string') {
        const debt = await ask(request, 'GET', '/v1/debt', { headers: { authorization: `Bearer ${bearer}` } });
        steps.push(lookedUp(debt, config));
      }
    }
    const main = html`<section lang="en"><h1 class="ds-heading" data-size="lg">What ${client.name} receives</h1>
      <p class="ds-paragraph">This page stands for the client's own server. It exists in the sandbox only.</p>
      ${steps}
      <h2 class="ds-heading" data-size="sm">Go on</h2>
      <ul class="ds-list">
        <li><a class="ds-link" href="${startAddress(config)}">Ask again</a>: every request shows the consent screen</li>
        <li>
          <a class="ds-link" href="${config.portalUrl}/consents">See it as the person</a>: the consent, this access, and how to
          withdraw
        </li>
      </ul>
      </section>`;
    return sendPage(
      reply,
      layout(frameOf(platform, request), {
        title: `What ${client.name} receives`,
        main,
        width: 'wide',
      }),
    );
  });
}

interface Told {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

const heading = (words: string): Html => html`<h2 class="ds-heading" data-size="sm">${words}</h2>`;

const json = (value: unknown): Html =>
  html`<pre class="code" tabindex="0"><code>${JSON.stringify(value, null, 2)}</code></pre>`;

function came(received: readonly (readonly [string, string])[]): Html {
  const what =
    received.length === 0
      ? html`<p class="ds-paragraph">Nothing came: begin with the link that is printed at start.</p>`
      : json(Object.fromEntries(received.map(([name, value]) => [name, name === 'code' ? shortened(value) : value])));
  return html`${heading('1. What came back in the address')} ${what}`;
}

function exchanged(token: Told, config: Config): Html {
  const { access_token: bearer, id_token: identity, ...rest } = token.body;
  const shown = {
    ...(bearer === undefined ? {} : { access_token: shortened(String(bearer)) }),
    ...rest,
    ...(identity === undefined ? {} : { id_token: claimsOf(String(identity)) }),
  };
  const once = html`<p class="ds-paragraph">
    A code is good once. Loading this page again uses it a second time: that fails, and also ends the token that it gave.
  </p>`;
  return html`${heading('2. The code, exchanged for a token')}
    <pre class="code" tabindex="0"><code>curl ${config.accessUrl}/oauth2/token -u $CLIENT_ID:$SECRET -d grant_type=authorization_code -d code=… -d redirect_uri=${callbackAddress(config)}</code></pre>
    ${json(shown)} ${once}`;
}

function lookedUp(debt: Told, config: Config): Html {
  const { ssn: _person, ...rest } = debt.body;
  return html`${heading('3. The debt, looked up with the token')}
    <pre class="code" tabindex="0"><code>curl ${audienceOf('debt', config.apiUrl)} -H "Authorization: Bearer $TOKEN"</code></pre>
    ${json({ ssn: MASKED, ...rest })}`;
}

const MASKED = '••••••••••• (11 digits; left out of this page)';

/** Enough of a credential to be told from another. */
const shortened = (credential: string): string =>
  credential.length > 12 ? `${credential.slice(0, 6)}… (${credential.length} characters)` : credential;

/** The claims of an ID token of ours, which came straight from the token endpoint; the number is left out. */
function claimsOf(token: string): object {
  const [, payload = ''] = token.split('.');
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as object;
  return { ...claims, ...('pid' in claims ? { pid: MASKED } : {}) };
}
