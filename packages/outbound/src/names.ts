/**
 * Names to addresses without libuv's four threads (dns.lookup): the hosts file, then a small cache, then the resolver.
 * Each name is asked for on its own, so slow names delay nobody else, and at once only once.
 */
import { isLocalhost } from './check-url.ts';
import { HostsFile } from './hosts-file.ts';
import type { Clock, Resolver } from './types.ts';

/** A name without addresses. `code` is that of node:dns, `ETIMEOUT` where nobody answered. */
export class NameError extends Error {
  readonly code: string;

  constructor(name: string, code: string) {
    super(`no address for ${name}: ${code}`);
    this.code = code;
  }
}

/** What look-ups need of their surroundings. */
export interface NamesOptions {
  readonly clock: Clock;
  readonly resolver: Resolver;
  /** Default `/etc/hosts`. */
  readonly hostsPath?: string;
  /** The longest a look-up may take, in ms. */
  readonly timeoutMs: number;
}

interface Cached {
  readonly addresses: readonly string[];
  readonly untilMs: number;
}

// A TTL of 0 still serves the burst that asked; a TTL of a day must not pin a moved endpoint.
const MIN_TTL_MS = 1_000;
const MAX_TTL_MS = 60_000;
const MAX_CACHED = 10_000;
// How long the second family is waited for once the first has answered (RFC 8305, 3).
const OTHER_FAMILY_MS = 50;

/** Look-ups in the hosts file and DNS, kept for their TTL within 1 and 60 s; one question at a time per name. */
export class Names {
  readonly #options: NamesOptions;
  readonly #hosts: HostsFile;
  readonly #cache = new Map<string, Cached>();
  readonly #asking = new Map<string, Promise<readonly string[]>>();

  constructor(options: NamesOptions) {
    this.#options = options;
    this.#hosts = new HostsFile(options.hostsPath ?? '/etc/hosts', () => options.clock.monoMs());
  }

  /** The addresses of a name, at least one; rejects with a NameError. */
  async lookup(name: string): Promise<readonly string[]> {
    const listed = this.#hosts.lookup(name);
    if (listed) return listed;
    if (isLocalhost(name)) return ['127.0.0.1', '::1'];
    // RFC 6761, 6.4: there is no such name, whoever is asked.
    if (name === 'invalid' || name.endsWith('.invalid')) throw new NameError(name, 'ENOTFOUND');
    const cached = this.#cache.get(name);
    if (cached && cached.untilMs > this.#options.clock.monoMs()) return cached.addresses;
    const running = this.#asking.get(name);
    if (running) return running;
    const asked = this.#ask(name).finally(() => this.#asking.delete(name));
    this.#asking.set(name, asked);
    return asked;
  }

  #ask(name: string): Promise<readonly string[]> {
    const { clock, resolver, timeoutMs } = this.#options;
    return new Promise((resolve, reject) => {
      const found: { address: string; ttl: number }[][] = [[], []];
      let open = 2;
      let code = '';
      let cancelShort: () => void = () => {};
      const finish = (timedOut: boolean) => {
        cancelLong();
        cancelShort();
        const records = interleave(found[0]!, found[1]!);
        if (records.length === 0) return reject(new NameError(name, timedOut ? 'ETIMEOUT' : code));
        resolve(this.#remember(name, records));
      };
      const cancelLong = clock.after(timeoutMs, () => finish(true));
      const answered = (family: number, records: readonly { address: string; ttl: number }[]) => {
        found[family]!.push(...records);
        if (--open === 0) finish(false);
        else if (records.length > 0) cancelShort = clock.after(OTHER_FAMILY_MS, () => finish(false));
      };
      const failed = (error: unknown) => {
        code = worse(code, codeOf(error));
        if (--open === 0) finish(false);
      };
      resolver.resolve4(name, { ttl: true }).then((records) => answered(0, records), failed);
      resolver.resolve6(name, { ttl: true }).then((records) => answered(1, records), failed);
    });
  }

  #remember(name: string, records: readonly { address: string; ttl: number }[]): readonly string[] {
    const ttlMs = Math.min(...records.map((record) => record.ttl)) * 1_000;
    const untilMs = this.#options.clock.monoMs() + Math.min(MAX_TTL_MS, Math.max(MIN_TTL_MS, ttlMs));
    const addresses = records.map((record) => record.address);
    this.#cache.delete(name);
    if (this.#cache.size >= MAX_CACHED) this.#cache.delete(this.#cache.keys().next().value!);
    this.#cache.set(name, { addresses, untilMs });
    return addresses;
  }
}

/** IPv4 first, then in turns: a host whose IPv6 leads nowhere is the commoner one. */
function interleave<T>(first: readonly T[], second: readonly T[]): T[] {
  const mixed: T[] = [];
  for (let i = 0; i < Math.max(first.length, second.length); i++)
    mixed.push(...first.slice(i, i + 1), ...second.slice(i, i + 1));
  return mixed;
}

/** Of two families' errors the one that tells more: a missing AAAA says nothing about a failed A. */
function worse(a: string, b: string): string {
  const mild = new Set(['', 'ENODATA', 'ENOTFOUND']);
  if (mild.has(a) && mild.has(b)) return a === 'ENOTFOUND' || b === 'ENOTFOUND' ? 'ENOTFOUND' : b || a;
  return mild.has(a) ? b : a;
}

function codeOf(error: unknown): string {
  const code = (error as { code?: unknown } | undefined)?.code;
  return typeof code === 'string' ? code : 'EUNKNOWN';
}
