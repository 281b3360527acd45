import { readFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { fontToLoadFirst } from '../html/assets.ts';
import { Html, html } from '../html/html.ts';
import { ICON } from '../html/layout.ts';
import type { SandboxClient } from './code-samples.ts';
import { CLIENT_SECRET, tokenOf } from './frame.ts';
import { scalarAddress } from './scalar.ts';

/** The script that starts Scalar: in a file, as the policy wants it. */
export const startScript = readFileSync(new URL('start.js', import.meta.url), 'utf8');
const hash = createHash('sha256').update(startScript).digest('hex').slice(0, 16);
export const startAddress = `/docs/scalar/${hash}/start.js`;

/**
 * Only what is ours, and only what Scalar needs: its own styles are put into the page while it runs, and it writes style attributes. A
 * request that is tried out goes to this origin or nowhere.
 */
export const REFERENCE_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'unsafe-inline'; connect-src 'self'; img-src 'self' data:; font-src 'self'; form-action 'none'; frame-ancestors 'none'; base-uri 'none'";

/** One call, as the plain list has it. */
export interface Listed {
  readonly method: string;
  readonly path: string;
  readonly summary: string;
}

export interface Reference {
  readonly title: string;
  readonly description: string;
  /** Path of the document. */
  readonly document: string;
  /** Paths of other references, and their names. */
  readonly others: readonly { readonly href: string; readonly words: string }[];
  readonly calls: readonly Listed[];
  /** As whom requests can be sent from the page; undefined: they cannot be. */
  readonly tryAs: SandboxClient | undefined;
}

/**
 * The reference of one document. What stands in it is a plain list of the calls: for browsers without scripts, and until Scalar, which takes its
 * place, has come.
 */
export const referencePage = (reference: Reference): Html => html`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>${reference.title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="${ICON}">
<link rel="preload" href="${fontToLoadFirst}" as="font" type="font/woff2" crossorigin>
<style>${new Html(STYLE)}</style>
<script type="application/json" id="settings">${new Html(asScriptData(settingsOf(reference)))}</script>
<script defer src="${scalarAddress}"></script>
<script defer src="${startAddress}"></script>
</head>
<body>
<div id="reference">
<main class="plain">
<h1>${reference.title}</h1>
<p>${reference.description}</p>
<p>The whole description is in <a href="${reference.document}">${reference.document}</a> (OpenAPI 3.1), for programs and for reading. A browser with scripts shows it here.</p>
<h2>Calls</h2>
<ul>
${reference.calls.map(({ method, path, summary }) => html`<li><code>${method} ${path}</code> ${summary}</li>\n`)}</ul>
<h2>More</h2>
<ul>
${reference.others.map(({ href, words }) => html`<li><a href="${href}">${words}</a></li>\n`)}</ul>
</main>
</div>
</body>
</html>
`;

/** Everything that would ask somebody else, send anything there, or lead there, is off. */
const settingsOf = ({ document, tryAs }: Reference) => ({
  url: document,
  telemetry: false,
  agent: { disabled: true },
  mcp: { disabled: true },
  withDefaultFonts: false,
  hideClientButton: true,
  showDeveloperTools: 'never',
  hideTestRequestButton: tryAs === undefined,
  ...(tryAs === undefined ? {} : { authentication: { securitySchemes: credentialsOf(tryAs) } }),
  persistAuth: false,
  isEditable: false,
  documentDownloadType: 'direct',
  // Calls are not the order of the alphabet: they stand in the order in which one comes to them.
  defaultOpenAllTags: true,
  hideModels: true,
  metaData: {},
  theme: 'default',
  hiddenClients: {
    c: true,
    clojure: true,
    dart: true,
    fsharp: true,
    http: true,
    julia: true,
    objc: true,
    ocaml: true,
    r: true,
    rust: true,
    swift: true,
  },
});

/** Filled in, so that a click fetches a token. */
function credentialsOf({ id, secret }: SandboxClient) {
  const clientCredentials = { 'x-scalar-secret-client-id': id, 'x-scalar-secret-client-secret': secret };
  const tokens = Object.values(tokenOf).map((name) => [name, { flows: { clientCredentials } }]);
  return { ...Object.fromEntries(tokens), [CLIENT_SECRET]: { username: id, password: secret } };
}

/** JSON that ends no script element. */
const asScriptData = (value: unknown): string => JSON.stringify(value).replaceAll('<', '\\u003c');

const STYLE = `
@font-face { font-family: Inter; font-weight: 100 900; font-display: swap; src: url('${fontToLoadFirst}') format('woff2'); }
:root { --scalar-font: Inter, system-ui, sans-serif; --scalar-font-code: ui-monospace, 'SF Mono', Menlo, Consolas, monospace; }
body { margin: 0; }
.plain { max-width: 44rem; margin: 0 auto; padding: 2rem 1rem; font: 1rem/1.6 Inter, system-ui, sans-serif; }
.plain li { margin: 0.5rem 0; overflow-wrap: anywhere; }
a[href*='scalar.com'] { display: none !important; }
`;
