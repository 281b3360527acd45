import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { testPersons } from '../../sandbox/people.ts';
import { sandboxSecrets } from '../../src/clients/sandbox-secrets.ts';
import { maskNins } from '../../src/person/nin.ts';

interface Recorded {
  readonly method: string;
  readonly url: string;
  readonly status: number;
  readonly headers: object;
  readonly body: string;
}

/**
 * Reads all logs and answers of a run for what must never be there (E1): a NIN outside the `ssn` of a debt answer, a secret, a
 * token outside the answer that gives it, SQL, a stack. Tells where, never what.
 */
export function scanEvidence(folder: string): { linesRead: number; found: string[] } {
  const files = readdirSync(folder);
  const linesOf = (file: string) =>
    readFileSync(join(folder, file), 'utf8')
      .split('\n')
      .filter((line) => line !== '');
  const tokens = new Set(files.filter((file) => file.startsWith('tokens-')).flatMap(linesOf));
  const found: string[] = [];
  let linesRead = 0;
  for (const file of files) {
    if (file.endsWith('.log')) {
      for (const line of linesOf(file)) {
        linesRead += 1;
        const stack = STACK.test(line) ? ['a stack'] : [];
        found.push(...[...leaksIn(line, tokens), ...stack].map((leak) => `${file}: ${leak}`));
      }
    }
    if (file.startsWith('answers-')) {
      for (const line of linesOf(file)) {
        linesRead += 1;
        const answer = JSON.parse(line) as Recorded;
        const text = `${JSON.stringify(answer.headers)} ${withoutLawful(answer)}`;
        found.push(
          ...[...leaksIn(text, tokens), ...innardsIn(text)].map(
            (leak) => `${answer.method} ${answer.url.split('?', 1)[0]} ${answer.status}: ${leak}`,
          ),
        );
      }
    }
  }
  return { linesRead, found: [...new Set(found)] };
}

/** The body without what that answer is there to tell. */
export function withoutLawful({ method, url, status, body }: Omit<Recorded, 'headers'>): string {
  // Styles speak of `select` and `where` too, and say nothing of anybody.
  if (url.startsWith('/assets/') || url.startsWith('/docs/scalar/')) return '';
  // What creditors answer us.
  if (url.startsWith('/debt-information/')) return '';
  // The reference says what everybody may know: the persons and clients of the sandbox, as the README does; and it speaks of updates.
  if (/^\/docs(\/|$)/.test(url)) return isLawfulReference(body) ? '' : body;
  // What was measured: bytes of memory have eleven digits too. Names and labels stay.
  if (url === '/metrics' && status === 200) return body.replaceAll(/^([^#\n]*) [-+\w.]+$/gm, '$1');
  if (method === 'GET' && status === 200 && /^\/v1\/debt(\/[^/]+)?$/.test(url)) {
    return JSON.stringify({ ...(JSON.parse(body) as object), ssn: null });
  }
  if (url === '/userinfo' && status === 200) return JSON.stringify({ ...(JSON.parse(body) as object), pid: null });
  if (url === '/oauth2/token' && status === 200)
    return JSON.stringify({ ...(JSON.parse(body) as object), access_token: null });
  return body;
}

const lawful = [...testPersons.map(({ nin }) => nin), ...sandboxSecrets];
const isLawfulReference = (body: string): boolean =>
  leaksIn(
    lawful.reduce((text, word) => text.replaceAll(word, ''), body),
    new Set(),
  ).length === 0 && !STACK.test(body);

const STACK = /(\n|\\n)\s+at /;

/** What must be in no log and no answer. */
export function leaksIn(text: string, tokens: ReadonlySet<string>): string[] {
  const leaks: string[] = [];
  if (maskNins(text) !== text) leaks.push('a national identity number');
  if (sandboxSecrets.some((secret) => text.includes(secret))) leaks.push('a client secret');
  // Tokens are 43 characters of base64url: only such words are looked up.
  if ((text.match(/[\w-]{43}/g) ?? []).some((word) => tokens.has(word))) leaks.push('an access token');
  return leaks;
}

/** What must be in no answer. */
export function innardsIn(text: string): string[] {
  const innards: string[] = [];
  if (/\b(select|insert into|update|delete from)\b.+\b(from|values|set|where)\b/i.test(text)) innards.push('SQL');
  if (STACK.test(text) || /node_modules|\.ts:\d+/.test(text)) innards.push('a stack');
  return innards;
}
