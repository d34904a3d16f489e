/** The settings of SIP over TLS as one value, which can be read again while the gateway runs. */
import { checkTls } from './check-tls.ts';
import type { Machine } from './load-config.ts';
import { type ConfigFault, type ConfigWarning, type Env, type ReadSetting, readSetting } from './read-settings.ts';
import type { SettingName, SettingValues } from './settings.ts';

/** SIP over TLS: PEM texts and the port. */
export interface TlsConfig {
  readonly port: number;
  /** With the intermediate ones behind it. */
  readonly cert: string;
  readonly key: string;
  /** Trusted beside the well-known authorities. */
  readonly ca?: string;
}

/** What the settings say of TLS now; `ok` false where they cannot be used. No fault or warning holds a key. */
export type TlsReading =
  | { readonly ok: true; readonly tls: TlsConfig; readonly warnings: readonly ConfigWarning[] }
  | { readonly ok: false; readonly faults: readonly ConfigFault[] };

const NAMES = ['PICKUP_SIP_TLS_CERT', 'PICKUP_SIP_TLS_KEY', 'PICKUP_SIP_TLS_PORT', 'PICKUP_SIP_TLS_CA'] as const;

/** Reads them by the rules of `loadConfig`; files may have changed since. Never throws. */
export function readTls(env: Env, machine: Machine = {}): TlsReading {
  const read = new Map<SettingName, ReadSetting>();
  for (const name of NAMES) read.set(name, readSetting(env, name, machine.readFile));
  const values = Object.fromEntries([...read].map(([name, { value }]) => [name, value])) as Partial<SettingValues>;
  const together = checkTls(values, (name) => isSet(read.get(name)), (machine.wallMs ?? Date.now)());
  const faults = [...[...read.values()].flatMap((reading) => reading.fault ?? []), ...together.faults];
  if (faults.length > 0) return { ok: false, faults };
  const tls = arrangeTls(values);
  if (!tls) return { ok: false, faults: [{ name: 'PICKUP_SIP_TLS_CERT', rule: 'must be set' }] };
  return { ok: true, tls, warnings: together.warnings };
}

/** Was anything given, readable or not? */
export const isSet = (reading: ReadSetting | undefined): boolean =>
  reading !== undefined && (reading.text !== undefined || reading.fault !== undefined);

/** undefined where SIP over TLS is not spoken. */
export function arrangeTls(values: Partial<SettingValues>): TlsConfig | undefined {
  const { PICKUP_SIP_TLS_CERT: cert, PICKUP_SIP_TLS_KEY: key, PICKUP_SIP_TLS_PORT: port } = values;
  const { PICKUP_SIP_TLS_CA: ca } = values;
  if (cert === undefined || key === undefined || port === undefined) return undefined;
  return Object.freeze({ port, cert, key, ...(ca !== undefined && { ca }) });
}
