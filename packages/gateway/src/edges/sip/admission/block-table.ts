/**
 * The addresses of every peer: a look-up costs one step per prefix length in use, however many blocks there are. A block
 * is in it as often as it was added, since numbers share their carriers.
 */
import { isIP } from 'node:net';
import type { Cidr } from '../../../config/index.ts';

/** An address without brackets, and as IPv4 where it is IPv4 written as IPv6 (`::ffff:10.0.0.1`). */
export function plainAddress(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address);
  return mapped?.[1] ?? address;
}

/** The /64 an IPv6 address is in, which is one customer's; IPv4 addresses are their own. */
export function customerOf(address: string): string {
  const plain = plainAddress(address);
  return isIP(plain) === 6 ? `${(ipv6Bits(plain) >> 64n).toString(16)}::/64` : plain;
}

/** Blocks, counted. */
export class BlockTable {
  readonly #ipv4 = new Blocks<number>((bits, prefix) => (prefix === 0 ? 0 : bits >>> (32 - prefix)));
  readonly #ipv6 = new Blocks<bigint>((bits, prefix) => bits >> BigInt(128 - prefix));

  add({ address, prefix, family }: Cidr): void {
    if (family === 'ipv4') this.#ipv4.change(ipv4Bits(address), prefix, 1);
    else this.#ipv6.change(ipv6Bits(address), prefix, 1);
  }

  /** Takes back one `add`. */
  remove({ address, prefix, family }: Cidr): void {
    if (family === 'ipv4') this.#ipv4.change(ipv4Bits(address), prefix, -1);
    else this.#ipv6.change(ipv6Bits(address), prefix, -1);
  }

  /** Anything that is no address is outside. */
  has(address: string): boolean {
    const plain = plainAddress(address);
    const version = isIP(plain);
    if (version === 4) return this.#ipv4.has(ipv4Bits(plain));
    return version === 6 && this.#ipv6.has(ipv6Bits(plain));
  }
}

class Blocks<Bits extends number | bigint> {
  readonly #head: (bits: Bits, prefix: number) => Bits;
  /** By prefix length, then by the bits within the prefix: how often the block was added. */
  readonly #counts = new Map<number, Map<Bits, number>>();

  constructor(head: (bits: Bits, prefix: number) => Bits) {
    this.#head = head;
  }

  change(bits: Bits, prefix: number, by: 1 | -1): void {
    const counts = this.#counts.get(prefix) ?? new Map<Bits, number>();
    const head = this.#head(bits, prefix);
    const count = (counts.get(head) ?? 0) + by;
    if (count > 0) counts.set(head, count);
    else counts.delete(head);
    if (counts.size > 0) this.#counts.set(prefix, counts);
    else this.#counts.delete(prefix);
  }

  has(bits: Bits): boolean {
    for (const [prefix, counts] of this.#counts) if (counts.has(this.#head(bits, prefix))) return true;
    return false;
  }
}

function ipv4Bits(address: string): number {
  return address.split('.').reduce((bits, part) => bits * 256 + Number(part), 0);
}

function ipv6Bits(address: string): bigint {
  const bare = address.split('%', 1)[0] ?? '';
  const [head = '', tail] = bare.split('::');
  const before = groupsOf(head);
  const after = tail === undefined ? [] : groupsOf(tail);
  const zeros = new Array<number>(Math.max(0, 8 - before.length - after.length)).fill(0);
  return [...before, ...zeros, ...after].reduce((bits, group) => (bits << 16n) | BigInt(group), 0n);
}

function groupsOf(text: string): number[] {
  if (text === '') return [];
  return text.split(':').flatMap((group) => {
    if (!group.includes('.')) return [Number.parseInt(group, 16)];
    const bits = ipv4Bits(group);
    return [Math.floor(bits / 65_536), bits % 65_536];
  });
}
