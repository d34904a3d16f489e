import { promises as dns } from 'node:dns';

/** Finds an address for a host name; undefined where there is none in time. Never rejects. */
export type ResolveHost = (host: string) => Promise<string | undefined>;

/** Asks DNS for A, then AAAA, 2 s at most each; `dns.lookup` is avoided because its four threads are shared. */
export function createResolveHost(): ResolveHost {
  const resolver = new dns.Resolver({ timeout: 1_000, tries: 2 });
  return async (host) => {
    if (host.toLowerCase() === 'localhost') return '127.0.0.1';
    const v4 = await resolver.resolve4(host).catch(() => []);
    if (v4[0] !== undefined) return v4[0];
    const v6 = await resolver.resolve6(host).catch(() => []);
    return v6[0];
  };
}
