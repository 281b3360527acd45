import { fontToLoadFirst, stylesheet } from './assets.ts';
import { html, type Html } from './html.ts';
import { languages, ownNames, type Language } from './language.ts';
import { texts } from './texts.ts';

/** What stands around the content of a page. */
export interface Frame {
  readonly language: Language;
  /**
   * Path and query of this page: what the links that switch the language lead to. Every page is a GET page (forms are answered
   * by 303).
   */
  readonly address: string;
  /** Shows the test strip. */
  readonly sandbox: boolean;
  /** Origin of the portal: service name, help, privacy and accessibility statement link there. */
  readonly portalUrl: string;
  readonly traceId: string;
  /** Where somebody goes on who meets an error on the way through a request of an organisation; elsewhere the front page. */
  readonly wayBack?: string;
  /** Who is signed in: shown in the header with a form that signs out (POST, hidden field `csrf`). null: nobody. */
  readonly signedIn: {
    readonly name: string | null;
    readonly born: string;
    readonly signOut: { readonly action: string; readonly csrf: string };
  } | null;
  /** Pages of the portal show its navigation, with the current one marked; `none`: without a current one; null: no navigation. */
  readonly section: 'debt' | 'consents' | 'accesses' | 'none' | null;
  /** Of pages that are not for people with debt. Left out: the portal. */
  readonly site?: Site;
}

/** A part of the installation with a name of its own, in English only: no other language is offered. */
export interface Site {
  /** Stands above each page, and in the title of the window. */
  readonly name: string;
  /** Where the name leads to. */
  readonly home: string;
  /** The links of its navigation, with the current one marked. Left out: it has none. */
  readonly sections?: readonly { readonly href: string; readonly words: string; readonly current: boolean }[];
  /** The links of the footer. */
  readonly about: readonly { readonly href: string; readonly words: string }[];
}

export interface Page {
  /** The text of the h1. In the title of the window, the service name follows it. */
  readonly title: string;
  /** Holds the one h1. */
  readonly main: Html;
  /** `narrow`, a column for reading, is the usual one. */
  readonly width?: 'narrow' | 'wide';
  /** Where the browser goes at once: the address of an instant meta refresh. */
  readonly refresh?: string;
}

const pathsOfSections = { debt: '/', consents: '/consents', accesses: '/accesses' } as const;
const sections = ['debt', 'consents', 'accesses'] as const;

/** Three lines of different length: what is owed, and to whom. */
const MARK = 'M1 4h22v4H1zM1 10h15v4H1zM1 16h19v4H1z';
/** The icon of the window, as an address. */
export const ICON = `data:image/svg+xml,${encodeURIComponent(
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"><path fill="#2a7cc5" d="${MARK}"/></svg>`,
)}`;

/**
 * A whole page, in the same order everywhere: skip link, test strip, service name, navigation, who is signed in, content, and a
 * footer with languages, help, privacy and accessibility statement. No script, no inline style: `send-page.ts` forbids both.
 */
export function layout(frame: Frame, page: Page): Html {
  const text = texts[frame.language];
  return html`<!DOCTYPE html>
<html lang="${frame.language}" data-color-scheme="auto">
<head>
<meta charset="utf-8">
<title>${page.title} – ${frame.site?.name ?? text.serviceName}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
${page.refresh !== undefined && html`<meta http-equiv="refresh" content="0; url=${page.refresh}">`}
<link rel="preload" href="${fontToLoadFirst}" as="font" type="font/woff2" crossorigin>
<link rel="stylesheet" href="${stylesheet}">
<link rel="icon" href="${ICON}">
</head>
<body>
<a class="ds-skip-link" href="#main">${text.skip}</a>
${header(frame)}
<main id="main" class="${page.width ?? 'narrow'}" tabindex="-1">
${page.main}
</main>
${footer(frame)}
</body>
</html>
`;
}

function header({ language, sandbox, portalUrl, signedIn, section, site }: Frame): Html {
  const text = texts[language];
  const link = (name: keyof typeof pathsOfSections): Html =>
    html`<li><a href="${portalUrl}${pathsOfSections[name]}"${name === section && CURRENT_PAGE}>${text.sections[name]}</a></li>`;
  return html`<header class="site-header">
${sandbox && html`<p class="strip"><span>${text.sandbox}</span></p>`}
<div class="bar">
<a class="service" href="${site?.home ?? `${portalUrl}/`}"><svg viewBox="0 0 24 24" aria-hidden="true" focusable="false"><path d="${MARK}"/></svg>${site?.name ?? text.serviceName}</a>
${site?.sections !== undefined && ownSections(site.sections)}
${section !== null && html`<nav class="sections" aria-label="${text.navigation}"><ul>${sections.map(link)}</ul></nav>`}
${signedIn !== null && whoIsSignedIn(language, signedIn)}
</div>
</header>`;
}

const CURRENT_PAGE = html` aria-current="page"`;
const CURRENT = html` aria-current="true"`;

const ownSections = (sections: NonNullable<Site['sections']>): Html =>
  html`<nav class="sections" aria-label="Pages"><ul>${sections.map(
    ({ href, words, current }) => html`<li><a href="${href}"${current && CURRENT_PAGE}>${words}</a></li>`,
  )}</ul></nav>`;

function whoIsSignedIn(language: Language, { name, born, signOut }: NonNullable<Frame['signedIn']>): Html {
  const text = texts[language];
  // Dates are written so in British English.
  const date = language === 'en' ? born.replaceAll('.', '/') : born;
  const who = name === null ? text.signedIn : html`${text.signedInAs} <strong>${name}</strong>`;
  return html`<div class="who">
<p>${who}, <span class="unbroken">${text.born} ${date}</span></p>
<form method="post" action="${signOut.action}">
<input type="hidden" name="csrf" value="${signOut.csrf}">
<button type="submit">${text.signOut}</button>
</form>
</div>`;
}

function footer({ language, address, portalUrl, site }: Frame): Html {
  const text = texts[language];
  if (site !== undefined) {
    return html`<footer class="site-footer">
<div>
<nav aria-label="${text.about}"><ul>
${site.about.map(({ href, words }) => html`<li><a href="${href}">${words}</a></li>\n`)}</ul></nav>
</div>
</footer>`;
  }
  const choice = (other: Language): Html =>
    html`<li><a href="${inLanguage(address, other)}" lang="${other}" hreflang="${other}"${other === language && CURRENT}>${ownNames[other]}</a></li>`;
  return html`<footer class="site-footer">
<div>
<nav aria-label="${text.languages}"><ul>${languages.map(choice)}</ul></nav>
<nav aria-label="${text.about}"><ul>
<li><a href="${portalUrl}/help">${text.help}</a></li>
<li><a href="${portalUrl}/privacy">${text.privacy}</a></li>
<li><a href="${portalUrl}/accessibility">${text.accessibility}</a></li>
</ul></nav>
</div>
</footer>`;
}

/** The same page in another language. An address that begins with two slashes would lead to another site: it gets one. */
function inLanguage(address: string, language: Language): string {
  const [path = '', ...query] = address.split('?');
  const parameters = new URLSearchParams(query.join('?'));
  parameters.set('lang', language);
  return `/${path.replace(/^[/\\]+/, '')}?${parameters}`;
}
