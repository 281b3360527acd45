import { refusedAddress } from '../platform/address-ranges.ts';

/** Where a creditor answers, checked: what its registration says, as it is stored. */
export interface BaseUrl {
  /** Without a slash at its end. */
  readonly url: string;
  /** The host to look up, where it is a name: what that stands for must be asked before it is believed. */
  readonly name: string | undefined;
}

/** As long as the database takes. */
const MOST_CHARACTERS = 500;

/**
 * Reads the address below which a creditor answers the delivery interface. Returns it, or what is wrong with it as the end of a
 * sentence. Outside of a sandbox (`open`: the world is not ours) it must be https, and not at an address that is not on the open
 * internet, however that is written: the parser of URLs turns `0x7f.1` into `127.0.0.1`.
 */
export function baseUrlFrom(text: string, { open }: { open: boolean }): BaseUrl | string {
  const url = URL.parse(text.trim());
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    return 'is no address: write it as https://data.bank.example/gjeld';
  }
  if (open && url.protocol !== 'https:') return 'is plain http: creditors are asked over https only';
  if (url.username !== '' || url.password !== '')
    return 'holds a user or a password: creditors know us by our certificate';
  // An empty query is no query to the parser, but would be one in front of a path.
  if (/[?#]/.test(text)) return 'has a query or a fragment: leave out what begins with ? or #';
  const base = `${url.origin}${url.pathname.replace(/\/+$/, '')}`;
  if (base.length > MOST_CHARACTERS) return `is longer than ${MOST_CHARACTERS} characters`;
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const isName = !host.includes(':') && !/^[\d.]+$/.test(host);
  if (isName) return { url: base, name: host };
  const problem = open ? hostProblem(host, [host]) : undefined;
  return problem ?? { url: base, name: undefined };
}

/**
 * What is wrong with a host of these IP addresses, outside of a sandbox; undefined: nothing. One bad address is enough: which one is
 * connected to is nobody's choice.
 */
export function hostProblem(host: string, addresses: readonly string[]): string | undefined {
  for (const address of addresses) {
    const what = refusedAddress(address);
    if (what === undefined) continue;
    const leads = address === host ? `is at ${host}` : `is at ${host}, which is ${address}`;
    return `${leads} (${what}): creditors are asked at addresses on the open internet only`;
  }
  return undefined;
}
