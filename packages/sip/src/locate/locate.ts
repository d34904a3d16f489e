/**
 * Where a request to a SIP URI goes (RFC 3263 4): transport, addresses and ports, in the order to be tried.
 * Everything together takes 2 s at most; what is not known by then is left out.
 */
import { isIP } from 'node:net';
import type { Clock } from '../clock.ts';
import type { UriTarget } from '../transport/address.ts';
import { defaultPort } from '../transport/address.ts';
import type { TransportKind } from '../transport/port.ts';
import { type Names, type NaptrRecord, orderSrv } from './records.ts';

/** One place to try. */
export interface Place {
  readonly transport: TransportKind;
  readonly address: string;
  readonly port: number;
}

/** What a look-up goes by beside the URI. */
export interface LocateTerms {
  /** The transports there are. */
  readonly spoken: ReadonlySet<TransportKind>;
  /** The one where neither URI nor DNS name any. */
  readonly usual: TransportKind;
}

/** Finds the places of a target, best first; empty where there is none, or none in time. Never rejects. */
export type Locate = (target: UriTarget, terms: LocateTerms) => Promise<readonly Place[]>;

interface LocateOptions {
  readonly clock: Clock;
  readonly names: Names;
  /** A whole number below `below`. */
  readonly draw: (below: number) => number;
}

/** All of a look-up. */
const limitMs = 2_000;
/** Each of the questions before the last one: a server that is silent about NAPTR may know addresses. */
const stepMs = 600;
/** IPv6 addresses that come so long after IPv4 ones come too late. */
const laterFamilyMs = 100;
/** So many places are tried at most. */
const mostPlaces = 8;

const services: Readonly<Record<string, TransportKind>> = { 'SIP+D2U': 'udp', 'SIP+D2T': 'tcp', 'SIPS+D2T': 'tls' };
const srvPrefixes: Readonly<Record<TransportKind, string>> = { udp: '_sip._udp', tcp: '_sip._tcp', tls: '_sips._tcp' };

/** A host whose addresses are to be found. */
interface Host {
  readonly transport: TransportKind;
  readonly name: string;
  readonly port: number;
}

/** Makes a `Locate`. */
export function createLocate(options: LocateOptions): Locate {
  return async (target, terms) => {
    if (isIP(target.host) !== 0) return [placeAt(target.host, target, terms)];
    return new Search(options, target, terms).run();
  };
}

/** The place of a URI whose host is an address. */
export function placeAt(address: string, target: UriTarget, { usual }: Pick<LocateTerms, 'usual'>): Place {
  const { transport = usual } = target;
  return { transport, address, port: target.port ?? defaultPort(transport) };
}

/** One look-up. */
class Search {
  readonly #options: LocateOptions;
  readonly #target: UriTarget;
  readonly #terms: LocateTerms;
  readonly #endsAtMs: number;

  constructor(options: LocateOptions, target: UriTarget, terms: LocateTerms) {
    this.#options = options;
    this.#target = { ...target, host: target.host.toLowerCase().replace(/\.$/, '') };
    this.#terms = terms;
    this.#endsAtMs = options.clock.monoMs() + limitMs;
  }

  async run(): Promise<readonly Place[]> {
    const hosts = this.#target.port === undefined ? await this.#hosts() : [this.#itself()];
    const few = hosts.slice(0, mostPlaces);
    const found = await Promise.all(few.map(({ name }) => this.#addresses(name)));
    return few
      .flatMap(({ transport, port }, at) => (found[at] ?? []).map((address) => ({ transport, address, port })))
      .slice(0, mostPlaces);
  }

  /** The hosts of a name without port: by SRV, of the transports that NAPTR or the URI tell. */
  async #hosts(): Promise<readonly Host[]> {
    const { host, transport } = this.#target;
    const asked = transport === undefined ? await this.#services() : [{ transport, name: srvName(transport, host) }];
    const lists = await Promise.all(asked.map((service) => this.#srv(service)));
    const hosts = lists.flat();
    if (hosts.length > 0) return hosts;
    // "." says that the service is decidedly not there (RFC 2782), which leaves nothing to try.
    return lists.some((list) => list === nowhere) ? [] : [this.#itself()];
  }

  /** The host itself, where neither NAPTR nor SRV say more (RFC 3263 4.1, 4.2). */
  #itself(): Host {
    const { address: name, ...place } = placeAt(this.#target.host, this.#target, this.#terms);
    return { name, ...place };
  }

  /** What NAPTR offers of what is spoken here, best first; without any, every transport in our own order. */
  async #services(): Promise<readonly { readonly transport: TransportKind; readonly name: string }[]> {
    const { host } = this.#target;
    const records = await this.#ask(() => this.#options.names.naptr(host), stepMs);
    const offered = [...records].sort(byOrder).flatMap((record) => {
      const transport = services[record.service.toUpperCase()];
      return transport && this.#terms.spoken.has(transport) ? [{ transport, name: record.replacement }] : [];
    });
    if (offered.length > 0) return offered;
    const kinds = (['udp', 'tcp', 'tls'] as const).filter((kind) => this.#terms.spoken.has(kind));
    return kinds.map((transport) => ({ transport, name: srvName(transport, host) }));
  }

  async #srv({ transport, name }: { readonly transport: TransportKind; readonly name: string }) {
    const records = await this.#ask(() => this.#options.names.srv(name.toLowerCase()), stepMs);
    if (records.length === 1 && (records[0]?.name === '' || records[0]?.name === '.')) return nowhere;
    return orderSrv(records, this.#options.draw).map(
      (record): Host => ({ transport, name: record.name.toLowerCase().replace(/\.$/, ''), port: record.port }),
    );
  }

  /** IPv4 first; once there is some, IPv6 is not waited for long. */
  async #addresses(name: string): Promise<readonly string[]> {
    const { names, clock } = this.#options;
    const asked = this.#ask(() => names.ipv6(name), limitMs);
    const ipv4 = await this.#ask(() => names.ipv4(name), limitMs);
    if (ipv4.length === 0) return asked;
    let cancel = () => {};
    const enough = new Promise<readonly string[]>((resolve) => {
      cancel = clock.after(laterFamilyMs, () => resolve([]));
    });
    const ipv6 = await Promise.race([asked, enough]);
    cancel();
    return [...ipv4, ...ipv6];
  }

  /** The answer, or nothing where none came in time. */
  #ask<T>(question: () => Promise<readonly T[]>, withinMs: number): Promise<readonly T[]> {
    const { clock } = this.#options;
    const leftMs = Math.min(withinMs, this.#endsAtMs - clock.monoMs());
    if (leftMs <= 0) return Promise.resolve([]);
    return new Promise((resolve) => {
      const cancel = clock.after(leftMs, () => resolve([]));
      const done = (records: readonly T[]) => {
        cancel();
        resolve(records);
      };
      question().then(done, () => done([]));
    });
  }
}

const nowhere: readonly Host[] = [];

const srvName = (transport: TransportKind, host: string): string => `${srvPrefixes[transport]}.${host}`;

const byOrder = (a: NaptrRecord, b: NaptrRecord): number => a.order - b.order || a.preference - b.preference;
