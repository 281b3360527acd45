import { BlockList, isIP } from 'node:net';

/**
 * Addresses that nobody can have on the open internet: those of machines in a network of their own (whoever could have us connect
 * there would reach what is behind our firewall), and those that stand for another address, so that a look at them proves nothing.
 * After the IANA registries of special-purpose addresses.
 */
const RANGES: readonly (readonly [what: string, ...networks: readonly string[]])[] = [
  ['unspecified', '0.0.0.0/8', '::/128'],
  ['loopback', '127.0.0.0/8', '::1/128'],
  ['private', '10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16'],
  ['shared by a provider (CGNAT)', '100.64.0.0/10'],
  ['link-local', '169.254.0.0/16', 'fe80::/10'],
  ['unique-local', 'fc00::/7', 'fec0::/10'],
  ['multicast', '224.0.0.0/4', 'ff00::/8'],
  ['IPv4-mapped', '::ffff:0:0/96', '::/96', '::ffff:0:0:0/96'],
  ['NAT64', '64:ff9b::/96', '64:ff9b:1::/48'],
  ['6to4 or Teredo', '192.88.99.0/24', '2002::/16', '2001::/32'],
  ['for examples', '192.0.2.0/24', '198.51.100.0/24', '203.0.113.0/24', '2001:db8::/32', '3fff::/20'],
  ['reserved', '192.0.0.0/24', '198.18.0.0/15', '240.0.0.0/4', '2001::/23'],
];

const lists = RANGES.map(([what, ...networks]) => ({ what, list: listOf(networks) }));

/** All that has been given out in IPv6 lies in here; what is outside is reserved, or local to somebody. */
const GLOBAL_IPV6 = listOf(['2000::/3']);

function listOf(networks: readonly string[]): { readonly ipv4: BlockList; readonly ipv6: BlockList } {
  // One list for both would take ::ffff:127.0.0.1 for 127.0.0.1, and we want to say what it is.
  const list = { ipv4: new BlockList(), ipv6: new BlockList() };
  for (const network of networks) {
    const [address = '', bits] = network.split('/');
    const family = familyOf(address);
    if (family !== undefined) list[family].addSubnet(address, Number(bits), family);
  }
  return list;
}

function familyOf(address: string): 'ipv4' | 'ipv6' | undefined {
  const version = isIP(address);
  return version === 0 ? undefined : version === 4 ? 'ipv4' : 'ipv6';
}

/**
 * Why a server at this IP address is not to be connected to outside of a sandbox, as what the address is (`loopback`); undefined when
 * it may be. For what names resolve to, and for addresses as URLs have them, without brackets. What is no address is refused too.
 */
export function refusedAddress(ip: string): string | undefined {
  const [address = ''] = ip.split('%', 1); // fe80::1%eth0
  const family = familyOf(address);
  if (family === undefined) return 'no IP address';
  const range = lists.find(({ list }) => list[family].check(address, family));
  if (range !== undefined) return range.what;
  return family === 'ipv6' && !GLOBAL_IPV6.ipv6.check(address, 'ipv6') ? 'reserved' : undefined;
}
