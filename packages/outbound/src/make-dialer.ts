import { Resolver as SystemResolver } from 'node:dns/promises';
import type { AddressGuard } from './address-guard.ts';
import { Dialer } from './dial.ts';
import { Names } from './names.ts';
import type { AllowedAudit, Clock, Resolver } from './types.ts';

/** What opening connections needs of the settings. */
export interface DialSettings {
  readonly clock: Clock;
  /** For TCP and TLS together, and once more for the name, in ms; at most (and by default) 3,000. */
  readonly connectTimeoutMs?: number;
  /** Default: the system's name servers. */
  readonly resolver?: Resolver;
  /** Default `/etc/hosts`. */
  readonly hostsPath?: string;
  /** PEM certificates trusted beside the default ones. */
  readonly ca?: string;
  /** Told of each connection to an address that is not public but allowed. */
  readonly onAllowed?: (audit: AllowedAudit) => void;
}

const MAX_CONNECT_MS = 3_000;

/** A dialler with the system's resolver and the limits that hold for every request. */
export function makeDialer(settings: DialSettings, guard: AddressGuard): Dialer {
  const { clock, resolver, hostsPath, ca, onAllowed } = settings;
  const connectTimeoutMs = Math.min(MAX_CONNECT_MS, settings.connectTimeoutMs ?? MAX_CONNECT_MS);
  const names = new Names({
    clock,
    resolver: resolver ?? new SystemResolver({ timeout: 1_000, tries: 2 }),
    timeoutMs: connectTimeoutMs,
    ...(hostsPath === undefined ? {} : { hostsPath }),
  });
  return new Dialer({
    clock,
    guard,
    names,
    connectTimeoutMs,
    ...(ca === undefined ? {} : { ca }),
    ...(onAllowed === undefined ? {} : { onAllowed }),
  });
}
