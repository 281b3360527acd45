import { recordAnswer } from './evidence.ts';

/** A page or redirect that a visitor was answered with. */
export interface Visited {
  readonly url: URL;
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** Where the answer leads: a redirect's address, or that of an instant `meta refresh`. */
  readonly next: URL | undefined;
}

interface Cookie {
  readonly host: string;
  readonly path: string;
  readonly name: string;
  readonly value: string;
  /** As it was set. */
  readonly line: string;
}

/** A browser without a screen: keeps cookies, follows redirects and refreshes, runs no scripts. */
export interface Visitor {
  readonly cookies: readonly Cookie[];
  /** One request, nothing followed. */
  request(url: string | URL, form?: Readonly<Record<string, string>>): Promise<Visited>;
  /** A request, and everything that it leads to, until `until` says so or nothing follows. */
  visit(
    url: string | URL,
    options?: { form?: Readonly<Record<string, string>>; until?: (next: URL) => boolean },
  ): Promise<Visited>;
}

/** `reach`: what requests go through, by the host that they are for. */
export function newVisitor(reach: (url: URL) => typeof fetch): Visitor {
  let cookies: Cookie[] = [];

  const keep = (url: URL, line: string): void => {
    const [pair = '', ...attributes] = line.split(';').map((part) => part.trim());
    const at = pair.indexOf('=');
    const of = (name: string) =>
      attributes.find((attribute) => attribute.toLowerCase().startsWith(`${name}=`))?.split('=', 2)[1];
    const cookie = {
      host: url.host,
      path: of('path') ?? '/',
      name: pair.slice(0, at),
      value: decodeURIComponent(pair.slice(at + 1)),
      line,
    };
    cookies = cookies.filter(
      (other) => other.host !== cookie.host || other.path !== cookie.path || other.name !== cookie.name,
    );
    const expires = of('expires');
    const gone = of('max-age') === '0' || (expires !== undefined && new Date(expires).getTime() <= 0);
    if (!gone) cookies.push(cookie);
  };

  const request: Visitor['request'] = async (address, form) => {
    const url = new URL(address);
    const sent = cookies
      .filter(
        ({ host, path }) =>
          host === url.host && (url.pathname === path || url.pathname.startsWith(path.replace(/\/?$/, '/'))),
      )
      .map(({ name, value }) => `${name}=${value}`)
      .join('; ');
    const answer = await reach(url)(url, {
      method: form === undefined ? 'GET' : 'POST',
      headers: { accept: 'text/html', ...(sent === '' ? {} : { cookie: sent }) },
      redirect: 'manual',
      ...(form === undefined ? {} : { body: new URLSearchParams(form) }),
    });
    const text = await answer.text();
    for (const line of answer.headers.getSetCookie()) keep(url, line);
    recordAnswer({
      method: form === undefined ? 'GET' : 'POST',
      url: url.pathname,
      status: answer.status,
      headers: {},
      body: text,
    });
    const refresh = /<meta http-equiv="refresh" content="0; url=([^"]+)"/.exec(text)?.[1]?.replaceAll('&amp;', '&');
    const next = answer.headers.get('location') ?? refresh ?? undefined;
    return {
      url,
      status: answer.status,
      headers: answer.headers,
      text,
      next: next === undefined ? undefined : new URL(next, url),
    };
  };

  return {
    get cookies() {
      return cookies;
    },
    request,
    visit: async (address, { form, until = () => false } = {}) => {
      let page = await request(address, form);
      for (let steps = 0; page.next !== undefined && !until(page.next); steps++) {
        if (steps > 20) throw new Error(`round and round: ${page.next.pathname}`);
        page = await request(page.next);
      }
      return page;
    },
  };
}
