import fc from 'fast-check';
import { expect, test } from 'vitest';
import { cidrSet, isLoopback, isPublicAddress, isWildcard, parseCidr } from './cidr.ts';

const set = (...texts: readonly string[]) =>
  cidrSet(
    texts.map((text) => {
      const parsed = parseCidr(text);
      if (!parsed.ok) throw new Error(parsed.rule);
      return parsed.cidr;
    }),
  );

test.each([
  ['10.0.0.0/8', '10.255.1.2', true],
  ['10.0.0.0/8', '11.0.0.0', false],
  ['10.1.2.3', '10.1.2.3', true],
  ['10.1.2.3', '10.1.2.4', false],
  ['10.0.0.0/8', '::ffff:10.1.2.3', true],
  ['2001:db8::/32', '2001:db8:1::9', true],
  ['2001:db8::/32', '2001:db9::1', false],
  ['0.0.0.0/0', '198.51.100.4', true],
  ['::/0', '198.51.100.4', false],
  ['10.0.0.0/8', 'not an address', false],
  ['::1', '[::1]', true],
])('%s has %s: %s', (block, address, inside) => {
  expect(set(block).has(address)).toBe(inside);
});

test.each(['', '10.0.0', '10.0.0.0/33', '10.0.0.0/', '10.0.0.0/-1', '::1/129', 'example.com/8', 'fe80::1%eth0', '1/8'])(
  'no block: %j',
  (text) => {
    expect(parseCidr(text).ok).toBe(false);
  },
);

test('bits behind an IPv4 prefix are cleared, whatever the block', () => {
  const octet = fc.integer({ min: 0, max: 255 });
  fc.assert(
    fc.property(fc.tuple(octet, octet, octet, octet), fc.integer({ min: 0, max: 32 }), (octets, prefix) => {
      const address = octets.join('.');
      const parsed = parseCidr(`${address}/${prefix}`);
      if (!parsed.ok) throw new Error(parsed.rule);
      expect(cidrSet([parsed.cidr]).has(address)).toBe(true);
      expect(parseCidr(parsed.cidr.text)).toEqual(parsed);
    }),
  );
});

test('public, loopback and wildcard addresses are told apart', () => {
  expect(['8.8.8.8', '2606:4700::1111'].map(isPublicAddress)).toEqual([true, true]);
  const inside = [
    '10.0.0.1',
    '192.168.1.1',
    '127.0.0.1',
    '169.254.1.1',
    '100.64.0.1',
    'fe80::1',
    'fd00::1',
    '::1',
    'x',
  ];
  expect(inside.filter(isPublicAddress)).toEqual([]);
  expect(['localhost', '127.9.9.9', '::1', '10.0.0.1'].map(isLoopback)).toEqual([true, true, true, false]);
  expect(['0.0.0.0', '::', '[::]', '0:0:0:0:0:0:0:0', '::1'].map(isWildcard)).toEqual([true, true, true, true, false]);
});
