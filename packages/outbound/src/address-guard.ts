/**
 * Which addresses may be reached. Public unicast addresses always; loopback where it is switched on; others by the
 * operator's allow-list; Pickup's own ports on this machine never.
 */
import { networkInterfaces } from 'node:os';
import ipaddr from 'ipaddr.js';

type Address = ipaddr.IPv4 | ipaddr.IPv6;
type Range = readonly [Address, number];

/** Which addresses count as reachable beside the public ones. */
export interface GuardOptions {
  /** CIDRs (or single addresses) reachable although not public. A malformed one throws. */
  readonly allow?: readonly string[];
  /** Whether 127.0.0.0/8 and ::1 are reachable. Default false. */
  readonly loopback?: boolean;
  /** Pickup's own listening ports: refused on every address of this machine. */
  readonly ownPorts?: () => readonly number[];
}

/** Whether an address may be reached, and by which rule; where not, the setting that would allow it. */
export type AddressVerdict =
  | { readonly ok: true /** Set where the address is not public: `loopback` or the CIDR. */; readonly rule?: string }
  | {
      readonly ok: false;
      readonly code: 'address_refused' | 'own_port';
      /** The configuration line that would allow it; absent where none can. */
      readonly setting?: string;
    };

/** Judges an address (a literal, no name) together with the port. */
export type AddressGuard = (address: string, port: number) => AddressVerdict;

// Global unicast space; of what lies inside it, ipaddr.js names the special ranges.
const GLOBAL_V6: Range = [ipaddr.IPv6.parse('2000::'), 3];
const NAT64: Range = [ipaddr.IPv6.parse('64:ff9b::'), 96];
const DOCUMENTATION_V6: Range = [ipaddr.IPv6.parse('3fff::'), 20];
const OWN_ADDRESSES_MS = 5_000;

/**
 * Makes a guard. `monoMs` is a monotonic clock: the machine's own addresses are read anew every 5 s. Throws on a
 * malformed CIDR.
 */
export function createAddressGuard(options: GuardOptions, monoMs: () => number): AddressGuard {
  const allow = (options.allow ?? []).map((text) => ({ text, range: parseRange(text) }));
  const isOwn = ownAddresses(monoMs);
  return (literal, port) => {
    if (!ipaddr.isValid(stripZone(literal))) return { ok: false, code: 'address_refused' };
    const address = ipaddr.process(stripZone(literal));
    const loopback = address.range() === 'loopback';
    if (options.ownPorts?.().includes(port) && (loopback || isOwn(address))) return { ok: false, code: 'own_port' };
    if (isPublic(address)) return { ok: true };
    if (loopback && options.loopback) return { ok: true, rule: 'loopback' };
    const rule = allow.find(({ range }) => contains(range, address));
    if (rule) return { ok: true, rule: rule.text };
    return { ok: false, code: 'address_refused', setting: settingLine(options.allow ?? [], address) };
  };
}

/** Whether packets to `address` leave for the public internet, looking through NAT64. */
function isPublic(address: Address): boolean {
  if (address instanceof ipaddr.IPv4) return address.range() === 'unicast';
  if (contains(NAT64, address)) return isPublic(ipaddr.fromByteArray(address.toByteArray().slice(12)));
  if (!contains(GLOBAL_V6, address) || contains(DOCUMENTATION_V6, address)) return false;
  return address.range() === 'unicast';
}

function contains([network, bits]: Range, address: Address): boolean {
  if (network instanceof ipaddr.IPv4) return address instanceof ipaddr.IPv4 && address.match(network, bits);
  return address instanceof ipaddr.IPv6 && address.match(network, bits);
}

function parseRange(text: string): Range {
  const cidr = text.includes('/') ? text : `${text}/${text.includes(':') ? 128 : 32}`;
  const [address, bits] = ipaddr.parseCIDR(cidr);
  if (address instanceof ipaddr.IPv6 && address.isIPv4MappedAddress() && bits >= 96) {
    return [address.toIPv4Address(), bits - 96];
  }
  return [address, bits];
}

function settingLine(allow: readonly string[], address: Address): string {
  const single = `${address.toString()}/${address.kind() === 'ipv4' ? 32 : 128}`;
  return `PICKUP_WEBHOOK_ALLOW=${[...allow, single].join(',')}`;
}

const stripZone = (literal: string) => literal.replace(/%.*$/, '');

/** Whether an address is this machine's; the unspecified address counts, as it reaches the machine itself. */
function ownAddresses(monoMs: () => number): (address: Address) => boolean {
  let readAtMs = Number.NEGATIVE_INFINITY;
  let own = new Set<string>();
  return (address) => {
    if (monoMs() - readAtMs > OWN_ADDRESSES_MS) {
      readAtMs = monoMs();
      const all = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
      own = new Set(all.map((entry) => ipaddr.process(stripZone(entry.address)).toString()));
    }
    return address.range() === 'unspecified' || own.has(address.toString());
  };
}
