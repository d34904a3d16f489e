/** The configuration as the gateway uses it: typed, frozen, checked as a whole, or every fault at once. */
import { networkInterfaces } from 'node:os';
import { resolve } from 'node:path';
import { checkAcross, publicHosts } from './check-across.ts';
import { checkTls } from './check-tls.ts';
import type { Cidr } from './cidr.ts';
import type { DigestName, PortRange, SrtpPolicy, WebhookProfile } from './kinds.ts';
import {
  type ConfigFault,
  type ConfigWarning,
  type Env,
  type ReadFile,
  type ReadSetting,
  readSetting,
  type Source,
  shown,
  unknownSettings,
} from './read-settings.ts';
import { arrangeTls, isSet, type TlsConfig } from './read-tls.ts';
import { SETTING_NAMES, type SettingName, type SettingValues, settingOf } from './settings.ts';

/** What an operator set. Deeply frozen. Absent means unset; defaults are filled in. */
export interface Config {
  /** Absolute path of the data folder. */
  readonly home: string;
  readonly http: { readonly host: string; readonly port: number };
  /** Without a trailing slash. */
  readonly publicUrl?: string;
  readonly sip: {
    readonly hosts: readonly string[];
    readonly port: number;
    /** Absent: SIP over TLS is not spoken. */
    readonly tls?: TlsConfig;
    /** For Contact and Via; absent: the address of the socket. Never absent when a host is a wildcard. */
    readonly publicHost?: string;
    /** They are told the sockets' own addresses, as loopback always is. */
    readonly localNets: readonly Cidr[];
    readonly peers: readonly Cidr[];
    readonly trustedPeers: readonly Cidr[];
    /** In the order of the challenge. */
    readonly digests: readonly DigestName[];
    /** ISO 3166 alpha-2. */
    readonly country: string;
  };
  readonly rtp: {
    /** For the SDP; absent: the address of the SIP socket. Never absent when a SIP host is a wildcard. */
    readonly publicHost?: string;
    readonly ports: PortRange;
    readonly srtp: SrtpPolicy;
  };
  readonly webhook: {
    readonly allow: readonly Cidr[];
    readonly profile: WebhookProfile;
    readonly ringBudgetMs: number;
    /** Of a text. */
    readonly textBudgetMs: number;
    /** For events of agents without a webhook of their own. */
    readonly eventUrl?: string;
  };
  readonly twilio: {
    /** There with `authToken`, or neither is. */
    readonly accountSid?: string;
    readonly authToken?: string;
    readonly previousAuthToken?: string;
    /** Without a trailing slash. */
    readonly apiUrl: string;
  };
  readonly telnyx: {
    readonly apiKey?: string;
    /** Base64. */
    readonly publicKey?: string;
    /** Without a trailing slash. */
    readonly apiUrl: string;
  };
  /** Where text models without an endpoint of their own are asked. */
  readonly models: { readonly baseUrl: string; readonly apiKey?: string; readonly isOwnEndpoint: boolean };
  /** 0: no limit. */
  readonly concurrency: number;
  readonly drainMs: number;
  readonly apiKey?: string;
  /** 32 bytes. */
  readonly sealKey?: Uint8Array;
}

/** How each setting was found, as it may be shown: secrets are hidden, absent texts mean unset. */
export type Readings = { readonly [N in SettingName]: { readonly shown: string | undefined; readonly source: Source } };

export type LoadedConfig =
  | {
      readonly ok: true;
      readonly config: Config;
      readonly warnings: readonly ConfigWarning[];
      readonly readings: Readings;
    }
  | { readonly ok: false; readonly faults: readonly ConfigFault[]; readonly warnings: readonly ConfigWarning[] };

/** What the loader asks the machine; tests give their own. */
export interface Machine {
  readonly readFile?: ReadFile;
  /** Addresses of the interfaces that are up. */
  readonly addresses?: () => readonly string[];
  /** Folder that a relative PICKUP_HOME starts from. */
  readonly cwd?: string;
  /** Epoch ms, to judge certificates by. */
  readonly wallMs?: () => number;
}

/** Reads the whole configuration. Never throws; gives every fault at once; no fault or warning holds a secret. */
export function loadConfig(env: Env, machine: Machine = {}): LoadedConfig {
  const read = new Map<SettingName, ReadSetting>();
  for (const name of SETTING_NAMES) read.set(name, readSetting(env, name, machine.readFile));
  const faults = [...read.values()].flatMap((reading) => reading.fault ?? []);
  const warnings = [...[...read.values()].flatMap((reading) => reading.warnings), ...unknownSettings(env)];
  const values = Object.fromEntries(
    [...read].map(([name, reading]) => [name, reading.value]),
  ) as Partial<SettingValues>;
  const across = checkAcross(values, (machine.addresses ?? interfaceAddresses)());
  const tls = checkTls(values, (name) => isSet(read.get(name)), (machine.wallMs ?? Date.now)());
  faults.push(...across.faults, ...tls.faults);
  warnings.push(...across.warnings, ...tls.warnings);
  if (faults.length > 0) return { ok: false, faults, warnings };
  const config = arrange(values as SettingValues, machine);
  const readings = Object.fromEntries(
    [...read].map(([name, { text, source }]) => [
      name,
      Object.freeze({ shown: text === undefined ? undefined : shown(settingOf(name), text), source }),
    ]),
  ) as unknown as Readings;
  return { ok: true, config, warnings, readings };
}

function arrange(values: SettingValues, machine: Machine): Config {
  const hosts = publicHosts(values, (machine.addresses ?? interfaceAddresses)());
  return Object.freeze({
    home: resolve(machine.cwd ?? process.cwd(), values.PICKUP_HOME as string),
    http: Object.freeze({ host: values.PICKUP_HTTP_HOST, port: values.PICKUP_HTTP_PORT }),
    ...optional('publicUrl', values.PICKUP_PUBLIC_URL),
    sip: Object.freeze({
      hosts: values.PICKUP_SIP_HOST,
      port: values.PICKUP_SIP_PORT,
      ...optional('tls', arrangeTls(values)),
      ...optional('publicHost', hosts.sip),
      localNets: values.PICKUP_SIP_LOCAL_NETS,
      peers: values.PICKUP_SIP_PEERS,
      trustedPeers: values.PICKUP_SIP_TRUSTED_PEERS,
      digests: values.PICKUP_SIP_DIGEST,
      country: values.PICKUP_SIP_COUNTRY,
    }),
    rtp: Object.freeze({
      ...optional('publicHost', hosts.rtp),
      ports: values.PICKUP_RTP_PORTS,
      srtp: values.PICKUP_SRTP,
    }),
    webhook: Object.freeze({
      allow: values.PICKUP_WEBHOOK_ALLOW,
      profile: values.PICKUP_WEBHOOK_PROFILE,
      ringBudgetMs: values.PICKUP_WEBHOOK_RING_BUDGET_MS,
      textBudgetMs: values.PICKUP_WEBHOOK_TEXT_BUDGET_MS,
      ...optional('eventUrl', values.PICKUP_EVENT_WEBHOOK_URL),
    }),
    twilio: Object.freeze({
      ...optional('accountSid', values.PICKUP_TWILIO_ACCOUNT_SID),
      ...optional('authToken', values.PICKUP_TWILIO_AUTH_TOKEN),
      ...optional('previousAuthToken', values.PICKUP_TWILIO_PREVIOUS_AUTH_TOKEN),
      apiUrl: values.PICKUP_TWILIO_API_URL,
    }),
    telnyx: Object.freeze({
      ...optional('apiKey', values.PICKUP_TELNYX_API_KEY),
      ...optional('publicKey', values.PICKUP_TELNYX_PUBLIC_KEY),
      apiUrl: values.PICKUP_TELNYX_API_URL,
    }),
    models: Object.freeze({
      baseUrl: values.OPENAI_BASE_URL,
      isOwnEndpoint: values.OPENAI_BASE_URL !== settingOf('OPENAI_BASE_URL').default,
      ...optional('apiKey', values.OPENAI_API_KEY),
    }),
    concurrency: values.PICKUP_CONCURRENCY,
    drainMs: values.PICKUP_DRAIN_SECONDS * 1_000,
    ...optional('apiKey', values.PICKUP_API_KEY),
    ...optional('sealKey', values.PICKUP_SEAL_KEY),
  });
}

/** The field, or no field where there is no value (exactOptionalPropertyTypes). */
function optional<K extends string, V>(key: K, value: V | undefined): { readonly [k in K]?: V } {
  return (value === undefined ? {} : { [key]: value }) as { readonly [k in K]?: V };
}

function interfaceAddresses(): readonly string[] {
  return Object.values(networkInterfaces()).flatMap((list) => (list ?? []).map((entry) => entry.address));
}
