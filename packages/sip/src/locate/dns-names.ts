/**
 * Names by way of DNS (c-ares, so that slow look-ups hold up nothing else; `dns.lookup` shares four threads) and of the
 * system's hosts file. Answers are kept for their time to live, within bounds; SRV and NAPTR answers, whose time Node
 * does not tell, and the absence of records for a minute; failures for a moment.
 */
import { NODATA, NOTFOUND, Resolver } from 'node:dns/promises';
import { isIP, isIPv4 } from 'node:net';
import type { Clock } from '../clock.ts';
import { HostsTable } from './hosts-table.ts';
import type { Names, NaptrRecord, SrvRecord } from './records.ts';

export interface DnsNamesOptions {
  readonly clock: Clock;
  /** `address:port` of the servers to ask; default the system's. */
  readonly servers?: readonly string[];
  /** Default `/etc/hosts`. */
  readonly hostsFile?: string;
}

const keptMs = 60_000;
const leastKeptMs = 5_000;
const mostKeptMs = 300_000;
const failureKeptMs = 2_000;
const mostKept = 1_000;
/** A packet that is lost is sent once more within the 2 s that a look-up has. */
const tryMs = 500;

interface Kept {
  readonly untilMs: number;
  readonly records: Promise<readonly unknown[]>;
}

/** DNS and the hosts file. */
export class DnsNames implements Names {
  readonly #clock: Clock;
  readonly #resolver = new Resolver({ timeout: tryMs, tries: 3 });
  readonly #hosts: HostsTable;
  readonly #kept = new Map<string, Kept>();

  constructor({ clock, servers, hostsFile = '/etc/hosts' }: DnsNamesOptions) {
    this.#clock = clock;
    this.#hosts = new HostsTable(hostsFile, () => clock.monoMs());
    if (servers) this.#resolver.setServers(servers);
  }

  naptr(name: string): Promise<readonly NaptrRecord[]> {
    return this.#keep(`NAPTR ${name}`, async () => {
      const records = await absentAsNone(this.#resolver.resolveNaptr(name));
      return { records: records.filter(({ flags }) => flags.toLowerCase() === 's'), ms: keptMs };
    });
  }

  srv(name: string): Promise<readonly SrvRecord[]> {
    return this.#keep(`SRV ${name}`, async () => ({
      records: await absentAsNone(this.#resolver.resolveSrv(name)),
      ms: keptMs,
    }));
  }

  ipv4(name: string): Promise<readonly string[]> {
    const own = this.#own(name);
    if (own) return Promise.resolve(own.filter((address) => isIPv4(address)));
    return this.#addresses('A', () => this.#resolver.resolve4(name, { ttl: true }), name);
  }

  ipv6(name: string): Promise<readonly string[]> {
    const own = this.#own(name);
    if (own) return Promise.resolve(own.filter((address) => !isIPv4(address)));
    return this.#addresses('AAAA', () => this.#resolver.resolve6(name, { ttl: true }), name);
  }

  /** What needs no DNS. */
  #own(name: string): readonly string[] | undefined {
    const own = this.#hosts.find(name);
    if (own.length > 0) return own;
    return name === 'localhost' ? ['127.0.0.1', '::1'] : undefined;
  }

  #addresses(
    type: string,
    ask: () => Promise<readonly { readonly address: string; readonly ttl: number }[]>,
    name: string,
  ): Promise<readonly string[]> {
    return this.#keep(`${type} ${name}`, async () => {
      const records = (await absentAsNone(ask())).filter(({ address }) => isIP(address) !== 0);
      const ttlMs = records.length === 0 ? keptMs : Math.min(...records.map(({ ttl }) => ttl)) * 1_000;
      return { records: records.map(({ address }) => address), ms: Math.min(Math.max(ttlMs, leastKeptMs), mostKeptMs) };
    });
  }

  /** What is known, what is being asked already, or a new question. */
  #keep<T>(key: string, ask: () => Promise<{ readonly records: readonly T[]; readonly ms: number }>) {
    const now = this.#clock.monoMs();
    const known = this.#kept.get(key);
    if (known && known.untilMs > now) return known.records as Promise<readonly T[]>;
    const asked = ask();
    const records = asked.then((answer) => answer.records);
    const keep = (ms: number) => {
      if (this.#kept.get(key)?.records !== records) return;
      this.#kept.set(key, { untilMs: this.#clock.monoMs() + ms, records });
    };
    this.#kept.delete(key);
    if (this.#kept.size >= mostKept) this.#kept.delete(this.#kept.keys().next().value ?? '');
    this.#kept.set(key, { untilMs: Number.POSITIVE_INFINITY, records });
    asked.then(
      ({ ms }) => keep(ms),
      () => keep(failureKeptMs),
    );
    return records;
  }
}

/** That a name does not exist, or has no such records, is an answer; silence and SERVFAIL are none. */
async function absentAsNone<T>(asked: Promise<readonly T[]>): Promise<readonly T[]> {
  try {
    return await asked;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === NODATA || code === NOTFOUND) return [];
    throw error;
  }
}
