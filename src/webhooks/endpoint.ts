import { DomainError } from '../errors/domain-error.ts';
import { maskNins } from '../person/nin.ts';
import { refusedAddress } from '../platform/address-ranges.ts';
import { hostAddresses } from '../platform/host-addresses.ts';

const MOST_CHARACTERS = 2_000;

/**
 * Reads the address that a client wants its messages sent to. Returns it as it is stored, with the host's name where that has to be
 * looked up; or what is wrong with it, as the end of a sentence. Outside of a sandbox (`open`: the world is not ours) it must be https
 * and on the open internet, however that is written; a sandbox takes plain http to the machine itself as well.
 */
export function endpointFrom(
  text: string,
  { open }: { open: boolean },
): { readonly url: string; readonly name: string | undefined } | string {
  const url = URL.parse(text);
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    return 'must be an address: write it as https://bank.example/webhooks';
  }
  if (url.username !== '' || url.password !== '') {
    return 'must not hold a user or a password: messages are signed, so that you know who sends them';
  }
  if (text.includes('#')) return 'must not have a fragment: leave out what begins with #';
  if (url.href.length > MOST_CHARACTERS) return `must not be longer than ${MOST_CHARACTERS} characters`;
  if (maskNins(decoded(url.href)) !== decoded(url.href)) {
    return 'must not contain what looks like a national identity number';
  }
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const isName = !host.includes(':') && !/^[\d.]+$/.test(host);
  if (url.protocol === 'http:') {
    const isHere = isName ? /(^|\.)localhost$/.test(host) : refusedAddress(host) === 'loopback';
    if (open || !isHere) {
      return open
        ? 'must be https'
        : 'must be https; plain http is for addresses of this machine, as http://localhost:3000';
    }
  }
  const problem = open && !isName ? hostProblem(host, [host]) : undefined;
  return problem ?? { url: url.href, name: isName ? host : undefined };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** What is wrong with a host of these IP addresses, outside of a sandbox. One bad address is enough: which one is taken is nobody's choice. */
function hostProblem(host: string, addresses: readonly string[]): string | undefined {
  if (addresses.length === 0) return `must be at a host that can be found: nobody knows ${host}`;
  // Not which address it is: what names stand for in our network is nothing to tell.
  return addresses.some((address) => refusedAddress(address) !== undefined)
    ? 'must be at a host on the open internet'
    : undefined;
}

/**
 * Checks an address that messages are to be sent to, and answers it as it is stored. Outside of a sandbox its host is looked up, and
 * refused when it is not on the open internet; that is asked again at each connection. Not within a transaction.
 *
 * Errors: `invalid_request`, `unavailable` (the name cannot be looked up right now).
 */
export async function checkedEndpoint(text: string, { open }: { open: boolean }): Promise<string> {
  const endpoint = endpointFrom(text, { open });
  const problem = typeof endpoint === 'string' ? endpoint : await problemOfName(endpoint.name, open);
  if (problem !== undefined) throw new DomainError('invalid_request', `url ${problem}`);
  return (endpoint as { url: string }).url;
}

const problemOfName = async (name: string | undefined, open: boolean): Promise<string | undefined> =>
  name === undefined || !open ? undefined : hostProblem(name, await hostAddresses(name));
