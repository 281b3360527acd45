import assert from 'node:assert/strict';
import { test } from 'node:test';
import { refusedAddress } from './address-ranges.ts';

/** Both ends of each range, and something within. */
const refused: Readonly<Record<string, readonly string[]>> = {
  unspecified: ['0.0.0.0', '0.1.2.3', '0.255.255.255', '::', '0:0:0:0:0:0:0:0'],
  loopback: ['127.0.0.0', '127.0.0.1', '127.255.255.255', '::1', '0000::0001'],
  private: ['10.0.0.0', '10.255.255.255', '172.16.0.0', '172.31.255.255', '192.168.0.0', '192.168.255.255'],
  'shared by a provider (CGNAT)': ['100.64.0.0', '100.100.1.1', '100.127.255.255'],
  'link-local': ['169.254.0.0', '169.254.169.254', '169.254.255.255', 'fe80::', 'fe80::1%eth0', 'febf:ffff::1'],
  'unique-local': ['fc00::', 'fd00:ec2::254', 'fdff:ffff:ffff::1', 'fec0::1', 'feff::1'],
  multicast: ['224.0.0.0', '239.255.255.255', 'ff00::', 'ff02::1', 'ffff::1'],
  'IPv4-mapped': [
    '::ffff:127.0.0.1',
    '::ffff:8.8.8.8',
    '::ffff:7f00:1',
    '0:0:0:0:0:ffff:a00:1',
    '::FFFF:0.0.0.0',
    '::127.0.0.1',
    '::8.8.8.8',
    '::ffff:0:127.0.0.1',
  ],
  NAT64: ['64:ff9b::', '64:ff9b::7f00:1', '64:ff9b::8.8.8.8', '64:ff9b:1::', '64:ff9b:1:ffff:ffff::'],
  '6to4 or Teredo': ['192.88.99.1', '2002::', '2002:7f00:1::', '2002:ffff::1', '2001::', '2001:0:ffff::1'],
  'for examples': [
    '192.0.2.1',
    '198.51.100.1',
    '203.0.113.255',
    '2001:db8::1',
    '2001:db8:ffff::1',
    '3fff::1',
    '3fff:fff::1',
  ],
  reserved: [
    '192.0.0.1',
    '192.0.0.255',
    '198.18.0.0',
    '198.19.255.255',
    '240.0.0.0',
    '255.255.255.255',
    '2001:2::1',
    '2001:1ff:ffff::1',
    '100::1',
    '200::1',
    '1fff:ffff::1',
    '4000::1',
    '5f00::1',
    'fbff::1',
    'fe00::1',
    '64:ff9a::1',
  ],
  'no IP address': [
    '',
    'localhost',
    '127.1',
    '2130706433',
    '0x7f000001',
    '127.0.0.1:80',
    '[::1]',
    '::1::',
    '1.2.3.4/8',
    '%eth0',
  ],
};

test('D3: an address that is not on the open internet is refused, and told what it is', () => {
  for (const [what, addresses] of Object.entries(refused)) {
    for (const address of addresses) assert.equal(refusedAddress(address), what, address);
  }
});

test('D3: the neighbours of the refused ranges, and public addresses, may be connected to', () => {
  const allowed = [
    '1.0.0.0 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 126.255.255.255 128.0.0.0 169.253.255.255',
    '169.255.0.0 172.15.255.255 172.32.0.0 192.0.1.0 192.167.255.255 192.169.0.0 192.88.98.255',
    '192.88.100.0 198.17.255.255 198.20.0.0 203.0.112.255 203.0.114.0 223.255.255.255 8.8.8.8 2000::',
    '2001:200::1 2001:4860:4860::8888 2001:db7:ffff::1 2001:db9:: 2003::1 2606:4700::1111 2a00:1450::1',
    '3ffe:ffff::1 3fff:1000:: 3fff:ffff:ffff::1',
  ];
  for (const address of allowed.flatMap((line) => line.split(' ')))
    assert.equal(refusedAddress(address), undefined, address);
});
