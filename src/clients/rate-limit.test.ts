import assert from 'node:assert/strict';
import { test } from 'node:test';
import { senderOf } from './rate-limit.ts';

test('E4: an address of IPv4 stands for itself, one of IPv6 for its network', () => {
  for (const [address, sender] of [
    ['192.0.2.7', '192.0.2.7'],
    ['::ffff:192.0.2.7', '::ffff:192.0.2.7'],
    ['::1', '0:0:0:0::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:db8:1:2::', '2001:db8:1:2::/64'],
    ['2001:db8:1:2:ffff::1', '2001:db8:1:2::/64'],
    ['fe80::a:b:c:d', 'fe80:0:0:0::/64'],
  ] as const) {
    assert.equal(senderOf(address), sender, address);
  }
});
