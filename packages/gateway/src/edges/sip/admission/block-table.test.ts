import { BlockList } from 'node:net';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Cidr, parseCidr } from '../../../config/index.ts';
import { BlockTable, customerOf, plainAddress } from './block-table.ts';

function block(text: string): Cidr {
  const read = parseCidr(text);
  if (!read.ok) throw new Error(text);
  return read.cidr;
}

const byte = fc.integer({ min: 0, max: 255 });
const ipv4 = fc
  .tuple(fc.constantFrom(10, 192, 255), fc.constantFrom(0, 1, 168), byte, byte)
  .map((parts) => parts.join('.'));
const group = fc.constantFrom('0', '1', '2001', 'db8', 'ffff', 'A0');
const ipv6 = fc.array(group, { minLength: 8, maxLength: 8 }).map((groups) => groups.join(':'));

test('case 60 it holds the addresses that the system says are inside', () => {
  const families = [
    [ipv4, 32, 'ipv4'],
    [ipv6, 128, 'ipv6'],
  ] as const;
  for (const [address, widest, family] of families) {
    const blocks = fc.array(fc.tuple(address, fc.integer({ min: 0, max: widest })), { maxLength: 5 });
    fc.assert(
      fc.property(blocks, fc.array(address, { minLength: 5, maxLength: 5 }), (added, asked) => {
        const list = new BlockList();
        const table = new BlockTable();
        for (const [base, prefix] of added) {
          list.addSubnet(base, prefix, family);
          table.add(block(`${base}/${prefix}`));
        }
        for (const one of [...asked, ...added.map(([base]) => base)])
          expect(table.has(one)).toBe(list.check(one, family));
      }),
    );
  }
});

test('case 60 short forms of IPv6, and IPv4 written as IPv6', () => {
  const table = new BlockTable();
  table.add(block('2001:db8::/32'));
  table.add(block('::1'));
  table.add(block('192.0.2.0/24'));
  for (const inside of ['2001:db8::', '2001:DB8:0::7', '2001:db8:ffff:1:2:3:192.0.2.9', '::1', '::ffff:192.0.2.9']) {
    expect([inside, table.has(inside)]).toEqual([inside, true]);
  }
  for (const outside of ['2001:db9::', '::2', '::', '1::', '192.0.3.1', '::ffff:192.0.3.1', 'localhost', '']) {
    expect([outside, table.has(outside)]).toEqual([outside, false]);
  }
});

test('a block added twice stays until it is removed twice', () => {
  const table = new BlockTable();
  table.add(block('10.0.0.0/8'));
  table.add(block('10.0.0.0/8'));
  table.remove(block('10.0.0.0/8'));
  expect(table.has('10.1.2.3')).toBe(true);
  table.remove(block('10.0.0.0/8'));
  expect(table.has('10.1.2.3')).toBe(false);
});

test('case 61 an IPv6 customer is a /64', () => {
  expect(customerOf('2001:db8:1:2:3::9')).toBe(customerOf('2001:db8:1:2:ffff::1'));
  expect(customerOf('2001:db8:1:2::')).not.toBe(customerOf('2001:db8:1:3::'));
  expect(customerOf('::ffff:192.0.2.1')).toBe('192.0.2.1');
  expect(plainAddress('::FFFF:192.0.2.1')).toBe('192.0.2.1');
});
