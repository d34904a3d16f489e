/** Address blocks in CIDR notation: parsed once from settings, asked for every datagram. */
import { BlockList, isIP } from 'node:net';

/** One block. A bare address is the block of itself (`/32`, `/128`). */
export interface Cidr {
  /** As `10.0.0.0/8`, bits behind the prefix cleared for IPv4. */
  readonly text: string;
  readonly address: string;
  readonly prefix: number;
  readonly family: 'ipv4' | 'ipv6';
}

/** Parses one block; the `rule` of a failure is a sentence's end, "must be …". */
export function parseCidr(
  text: string,
): { readonly ok: true; readonly cidr: Cidr } | { readonly ok: false; readonly rule: string } {
  const slash = text.indexOf('/');
  const address = unbracket(slash < 0 ? text : text.slice(0, slash));
  const version = isIP(address);
  if (version === 0 || address.includes('%')) {
    return { ok: false, rule: 'must be an IP address or a block such as 203.0.113.0/24 or 2001:db8::/32' };
  }
  const widest = version === 4 ? 32 : 128;
  const length = slash < 0 ? String(widest) : text.slice(slash + 1);
  if (!/^\d{1,3}$/.test(length) || Number(length) > widest) {
    return { ok: false, rule: `must have a prefix length from 0 to ${widest}` };
  }
  const prefix = Number(length);
  const base = version === 4 ? networkOf(address, prefix) : address.toLowerCase();
  return {
    ok: true,
    cidr: Object.freeze({
      text: `${base}/${prefix}`,
      address: base,
      prefix,
      family: version === 4 ? 'ipv4' : 'ipv6',
    }),
  };
}

/** Says whether an address is inside one of the blocks. */
export interface CidrSet {
  /** IPv4 addresses written as IPv6 (`::ffff:10.0.0.1`) count as IPv4; anything that is no address is outside. */
  has(address: string): boolean;
}

/** Builds the set the edges ask. */
export function cidrSet(cidrs: readonly Cidr[]): CidrSet {
  // Two lists, since one would let an IPv6 block (`::/0`) take IPv4 addresses in.
  const ipv4 = new BlockList();
  const ipv6 = new BlockList();
  for (const cidr of cidrs) (cidr.family === 'ipv4' ? ipv4 : ipv6).addSubnet(cidr.address, cidr.prefix, cidr.family);
  return {
    has(address) {
      const plain = unmap(unbracket(address));
      const version = isIP(plain);
      if (version === 4) return ipv4.check(plain, 'ipv4');
      return version === 6 && (ipv6.check(plain, 'ipv6') || ipv4.check(plain, 'ipv6'));
    },
  };
}

const blocks = (...texts: readonly string[]): CidrSet =>
  cidrSet(
    texts.map((text) => {
      const parsed = parseCidr(text);
      if (!parsed.ok) throw new Error(`bad block ${text}`);
      return parsed.cidr;
    }),
  );

/** Blocks nobody on the internet can answer to (IANA special-purpose registries). */
const NOT_PUBLIC = blocks(
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/3',
);
const GLOBAL_IPV6 = blocks('2000::/3');
const NOT_PUBLIC_IPV6 = blocks('2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20');
const LOOPBACK = blocks('127.0.0.0/8', '::1');

/** An address the internet can reach. */
export function isPublicAddress(address: string): boolean {
  const plain = unmap(address);
  const version = isIP(plain);
  if (version === 4) return !NOT_PUBLIC.has(plain);
  return version === 6 && GLOBAL_IPV6.has(plain) && !NOT_PUBLIC_IPV6.has(plain);
}

/** An address of this machine alone; the name `localhost` counts. */
export const isLoopback = (host: string): boolean => host.toLowerCase() === 'localhost' || LOOPBACK.has(host);

/** The addresses that mean "every interface". */
export const isWildcard = (host: string): boolean => {
  const plain = unbracket(host);
  return plain === '0.0.0.0' || (isIP(plain) === 6 && /^[0:]+$/.test(plain));
};

function unbracket(address: string): string {
  return address.startsWith('[') && address.endsWith(']') ? address.slice(1, -1) : address;
}

function unmap(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address);
  return mapped?.[1] ?? address;
}

function networkOf(address: string, prefix: number): string {
  const bits = address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
  const size = 2 ** (32 - prefix);
  const base = bits - (bits % size);
  return [24, 16, 8, 0].map((shift) => Math.floor(base / 2 ** shift) % 256).join('.');
}
