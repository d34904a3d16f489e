/** Names: whether those of the webhooks and of this gateway can be looked up, and how fast. */
import { getServers } from 'node:dns';
import type { Names } from '@pickup/outbound';
import type { Clock } from '../runners/clock.ts';
import { type Finding, fail, ok, warn } from './finding.ts';

/** One look-up. */
export interface LookedUp {
  readonly name: string;
  readonly tookMs: number;
  /** Empty where there are none, with the code that says why. */
  readonly addresses: readonly string[];
  readonly code?: string;
}

const SLOW_MS = 1_000;

/** Looks up as a webhook would: hosts file first, then the name servers. */
export function lookUpAll(
  names: readonly string[],
  options: { readonly lookup: Pick<Names, 'lookup'>; readonly clock: Clock },
) {
  const { lookup, clock } = options;
  return Promise.all(
    names.map(async (name): Promise<LookedUp> => {
      const startedMs = clock.monoMs();
      const tookMs = () => clock.monoMs() - startedMs;
      return lookup.lookup(name).then(
        (addresses) => ({ name, addresses, tookMs: tookMs() }),
        (error: { readonly code?: string }) => ({
          name,
          addresses: [],
          tookMs: tookMs(),
          code: error.code ?? 'EUNKNOWN',
        }),
      );
    }),
  );
}

/** Answers that say the name has no address: then the name is at fault, which the check that uses it says. */
const NOT_THERE: ReadonlySet<string | undefined> = new Set(['ENOTFOUND', 'ENODATA']);

/** What that says of the name servers. */
export function judgeNames(found: readonly LookedUp[], servers: readonly string[] = getServers()): readonly Finding[] {
  const by = servers.length === 0 ? 'no name server' : `name server ${servers.join(', ')}`;
  const faults = found.flatMap(({ name, code, tookMs }): readonly Finding[] => {
    if (code !== undefined && !NOT_THERE.has(code)) {
      const change = 'nameserver <one that answers> in /etc/resolv.conf';
      return [fail(`${name} could not be looked up (${code}, ${by})`, change)];
    }
    if (tookMs <= SLOW_MS) return [];
    return [warn(`${name} took ${Math.round(tookMs)} ms (${by})`, 'nameserver <a nearer one> in /etc/resolv.conf')];
  });
  if (faults.length > 0) return faults;
  if (found.length === 0) return [ok(`no name to look up; ${by}`)];
  const slowest = Math.ceil(Math.max(...found.map((one) => one.tookMs)));
  const missing = found.filter((one) => NOT_THERE.has(one.code)).map((one) => one.name);
  const without = missing.length === 0 ? '' : `; without an address: ${missing.join(', ')}`;
  return [ok(`${found.length} looked up, the slowest in ${slowest} ms (${by})${without}`)];
}
