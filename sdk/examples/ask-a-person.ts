/**
 * A web server of an organisation that asks people for a consent: `/` sends them to the platform, `/callback` is where they come back.
 *
 * node ask-a-person.ts [address of the platform]
 */
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { Samtykke, isSamtykkeError, type PendingRequest } from '@samtykke/client';

const PORT = 8765;
const samtykke = new Samtykke({
  baseUrl: process.argv[2] ?? 'http://localhost:4000',
  clientId: 'a0000000-0000-4000-8000-000000000001',
  clientSecret: 'sandbox-secret-1',
});

/** What was begun, by the visitor's cookie. A real server keeps this in its sessions, and forgets it after a while. */
const visits = new Map<string, PendingRequest>();

async function begin(): Promise<{ location: string; cookie: string }> {
  const { url, pending } = await samtykke.authorizationUrl({
    redirectUri: `http://localhost:${PORT}/callback`,
    purpose: 'presentation',
    days: 30,
    openid: true,
    language: 'nb',
  });
  const visit = randomUUID();
  visits.set(visit, pending);
  return { location: url.href, cookie: `visit=${visit}; HttpOnly; SameSite=Lax; Path=/` };
}

async function comeBack(address: string, cookies: string): Promise<string> {
  const visit = /\bvisit=([\w-]+)/.exec(cookies)?.[1] ?? '';
  const pending = visits.get(visit);
  if (pending === undefined) return 'This visit was not begun here, or is over. Begin again.';
  visits.delete(visit);
  try {
    const { debtToken, consentId } = await samtykke.exchangeCode(address, pending);
    const debt = await samtykke.getDebtWithToken(debtToken);
    console.log(`consent ${consentId}: ${debt.creditorsAnswered} creditors answered`);
    return `Thank you. You have ${debt.loans.length} loans with ${debt.creditorsAnswered} creditors.`;
  } catch (error) {
    if (isSamtykkeError(error, 'consent_denied')) return 'You said no. Send us your debt on paper instead.';
    if (isSamtykkeError(error, 'login_cancelled')) return 'You did not finish. Begin again?';
    // The message is for the log. It holds no code, token or personal number.
    console.error(error);
    return 'Something went wrong. Begin again?';
  }
}

createServer((request, response) => {
  const answer = async (): Promise<void> => {
    const address = request.url ?? '/';
    if (address === '/') {
      const { location, cookie } = await begin();
      response.writeHead(302, { location, 'set-cookie': cookie }).end();
    } else if (address.startsWith('/callback?')) {
      const text = await comeBack(address, request.headers.cookie ?? '');
      response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' }).end(text);
    } else response.writeHead(404).end();
  };
  answer().catch((error: unknown) => {
    console.error(error);
    response.writeHead(500).end();
  });
}).listen(PORT, 'localhost', () => console.log(`http://localhost:${PORT}`));
