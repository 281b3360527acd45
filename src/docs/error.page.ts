import { DomainError, type ErrorCode } from '../errors/domain-error.ts';
import type { PresentedError } from '../errors/presented.ts';
import { html, type Html } from '../html/html.ts';
import { layout, type Frame } from '../html/layout.ts';
import { prose, type Section } from '../html/prose.ts';
import { isErrorCode, type Explained } from './error-names.ts';
import type { Exchange } from './examples.ts';
import type { Explanation } from './explanations.ts';
import type { OAuthExplanation, Way } from './oauth-explanations.ts';
import { faceNames, facePaths, type Presenters } from './spelling.ts';

/** What the page of an error is made of, besides its explanation. */
export interface ErrorSources {
  readonly presenters: Presenters;
  /** What the sandbox answered. */
  readonly examples: readonly Exchange[];
  readonly apiUrl: string;
}

/** The page of an error: what it means, what to do, and where it comes with which status and spelling. */
export function errorPage(frame: Frame, error: Explained, sources: ErrorSources): Html {
  const { name, ours, oauth } = error;
  const both = ours !== undefined && oauth !== undefined;
  return layout(frame, {
    title: (ours ?? oauth)?.title ?? name,
    width: 'wide',
    main: html`<h1 class="ds-heading" data-size="lg">${(ours ?? oauth)?.title ?? name}</h1>
<p class="ds-paragraph lead"><code>${name}</code></p>
${ours !== undefined && ofOurs(name, ours, sources)}
${both && html`<h2 class="ds-heading" data-size="md">In OAuth: ${oauth.title}</h2>`}
${oauth !== undefined && ofOAuth(name, oauth, sources)}
<p class="ds-paragraph"><a class="ds-link" href="/docs/errors">All errors</a></p>`,
  });
}

function ofOurs(name: string, explanation: Explanation, sources: ErrorSources): Html {
  const rows = isErrorCode(name) ? spellings(name, explanation, sources) : [];
  return html`${said(explanation)}
<section>
<h2 class="ds-heading" data-size="sm">Where it comes, and how it is spelt</h2>
<table class="ds-table stacked">
<caption class="reference">The status, and what tells it from other errors there</caption>
<thead><tr><th scope="col">Where</th><th scope="col">Status</th><th scope="col">Spelt</th></tr></thead>
<tbody>
${rows.map(({ where, status, spelt }) => html`<tr><th scope="row">${where}</th><td data-label="Status">${status}</td><td data-label="Spelt">${spelt}</td></tr>\n`)}</tbody>
</table>
</section>
${examplesOf(name, explanation, sources)}`;
}

/** A row for each face; where something is spelt alike, it is said alike. */
function spellings(name: ErrorCode, { faces, sentence }: Explanation, sources: ErrorSources) {
  return faces.map((face) => {
    if (face === 'pages') return { where: faceNames.pages, status: 'the same', spelt: html`a page in their language` };
    const answer = presented(name, sentence, face, sources);
    return { where: faceNames[face], status: String(answer.status), spelt: keyOf(answer) };
  });
}

function presented(name: ErrorCode, sentence: string, face: keyof Presenters, sources: ErrorSources): PresentedError {
  const error = new DomainError(name, sentence, WITH_RETRY.includes(name) ? { retryAfterSeconds: 5 } : {});
  return sources.presenters[face](error, {
    timestamp: '2026-11-23T09:12:30.412Z',
    traceId: '4f1d2c7a-9e35-4b60-8a1f-6c0e57d3b982',
    path: facePaths[face],
    apiUrl: sources.apiUrl,
  });
}

const WITH_RETRY: readonly ErrorCode[] = ['rate_limited', 'unavailable'];

/** The member by which a program tells the error. */
function keyOf({ body, headers }: PresentedError): Html {
  if (body === undefined)
    return html`an empty body, <code>WWW-Authenticate: ${headers?.['www-authenticate'] ?? ''}</code>`;
  const members = body as Readonly<Record<string, unknown>>;
  const key = ['code', 'error'].find((name) => members[name] !== undefined) ?? 'status';
  return html`<code>${key}: ${JSON.stringify(members[key])}</code>`;
}

function examplesOf(name: string, { faces, sentence }: Explanation, sources: ErrorSources): Html | false {
  const seen = sources.examples.filter(({ answer }) => answer.code === name);
  const face = faces.find((it) => it !== 'pages');
  if (seen.length === 0 && face !== undefined && isErrorCode(name)) {
    const { status, body } = presented(name, sentence, face, sources);
    return exampleSection([exampleOf(`${faceNames[face]}, status ${status}`, undefined, body)]);
  }
  return exampleSection(seen.slice(0, 3).map(exchangeOf));
}

const WAYS: Readonly<Record<Way, string>> = {
  token: 'POST /oauth2/token',
  revocation: 'POST /oauth2/revoke',
  pushed: 'POST /oauth2/par',
  redirect: 'The way back from GET /oauth2/auth',
  userinfo: 'GET /userinfo',
};

function ofOAuth(name: string, explanation: OAuthExplanation, sources: ErrorSources): Html {
  const ways = Object.entries(explanation.comes) as [Way, number | null][];
  const seen = sources.examples.filter(({ answer }) => answer.code === name && answer.body !== undefined);
  const back = `https://your.example/callback?error=${name}&state=…&iss=…`;
  return html`${said(explanation)}
<section>
<h2 class="ds-heading" data-size="sm">How it comes back</h2>
<table class="ds-table stacked">
<caption class="reference">The status of the answer; on the redirect there is none</caption>
<thead><tr><th scope="col">Where</th><th scope="col">Status</th><th scope="col">Spelt</th></tr></thead>
<tbody>
${ways.map(([way, status]) => html`<tr><th scope="row">${WAYS[way]}</th><td data-label="Status">${status ?? '–'}</td><td data-label="Spelt"><code>${status === null ? `error=${name}` : `error: "${name}"`}</code></td></tr>\n`)}</tbody>
</table>
</section>
${seen.length > 0 ? exampleSection(seen.slice(0, 2).map(exchangeOf)) : 'redirect' in explanation.comes && exampleSection([exampleOf('Where the browser comes back to', undefined, back)])}`;
}

function said({ meaning, remedy, again }: Pick<Explanation, 'meaning' | 'remedy' | 'again'>): Html {
  const sections: readonly Section[] = [
    { heading: 'What it means', body: meaning.map(withCode) },
    { heading: 'What to do', body: [{ points: remedy.map(withCode) }] },
    { heading: 'Does it help to send the same request again?', body: [withCode(again)] },
  ];
  return prose(sections);
}

const exampleSection = (examples: readonly Html[]): Html | false =>
  examples.length > 0 &&
  html`<section>
<h2 class="ds-heading" data-size="sm">${examples.length > 1 ? 'Examples' : 'An example'}</h2>
${examples}</section>`;

const exchangeOf = ({ summary, request, answer }: Exchange): Html =>
  exampleOf(`${summary}: status ${answer.status}`, request.body, answer.body);

function exampleOf(caption: string, request: unknown, answer: unknown): Html {
  return html`<p class="reference">${caption}</p>
${request !== undefined && html`${block(request)}<p class="reference">is answered</p>\n`}${block(answer)}`;
}

/** What a machine says; it may have to be scrolled, and the keyboard has to reach it then. */
const block = (value: unknown): Html =>
  html`<pre class="code" tabindex="0">${value === undefined ? '(an empty body)' : pretty(value)}</pre>\n`;

const pretty = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value, null, 2));

/** A sentence in which what stands between backticks is code. */
export const withCode = (sentence: string): Html =>
  html`${sentence.split('`').map((part, place) => (place % 2 === 1 ? html`<code>${part}</code>` : part))}`;
