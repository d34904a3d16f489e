/**
 * The one schema of what an operator can set. The loader, the CLI help, docs/config.md, the sample file and
 * the start-up summary are all derived from it.
 */
import type { Kind, KindValues } from './kinds.ts';

/** One environment variable. */
export interface Setting<K extends Kind = Kind> {
  readonly kind: K;
  /** As it would be written in the environment; absent means unset. */
  readonly default?: string;
  /** What holds when it is unset and has no default. */
  readonly unset?: string;
  readonly unit?: 'ms' | 's';
  readonly min?: number;
  readonly max?: number;
  /** Never shown: neither in faults, summaries nor logs. */
  readonly secret?: true;
  /** Shown as a value in the sample file when there is no default. */
  readonly example?: string;
  readonly group: 'General' | 'HTTP API' | 'SIP and media' | 'Webhook' | 'Models' | 'Twilio and Telnyx' | 'Secrets';
  /** Sentences for the operator. */
  readonly description: string;
}

const setting = <K extends Kind>(of: Setting<K>): Setting<K> => Object.freeze(of);

/** Every setting by name, in the order in which it is documented. */
export const SETTINGS = Object.freeze({
  PICKUP_HOME: setting({
    kind: 'folder',
    default: '.pickup',
    group: 'General',
    description: 'Data folder: database, keys, lock. Only one Pickup runs on it at a time.',
  }),
  PICKUP_CONCURRENCY: setting({
    kind: 'integer',
    default: '0',
    max: 1_000_000,
    group: 'General',
    description:
      'Calls at once, ringing ones included; 0 sets no limit. A caller above it rings until a slot is free or the time to wait is over (rule A5).',
  }),
  PICKUP_DRAIN_SECONDS: setting({
    kind: 'integer',
    default: '60',
    unit: 's',
    max: 86_400,
    group: 'General',
    description: 'How long connected calls may go on after SIGTERM before they are ended (rule H5).',
  }),
  PICKUP_HTTP_HOST: setting({
    kind: 'host',
    default: '127.0.0.1',
    group: 'HTTP API',
    description: 'Where the HTTP API listens. 0.0.0.0 or :: listens on every interface.',
  }),
  PICKUP_HTTP_PORT: setting({
    kind: 'port',
    default: '8787',
    group: 'HTTP API',
    description: 'Port of the HTTP API.',
  }),
  PICKUP_PUBLIC_URL: setting({
    kind: 'url',
    unset: 'Pickup counts as a machine of your own, not reachable from outside',
    example: 'https://pickup.example.com',
    group: 'HTTP API',
    description:
      'The URL under which others reach the API. Once set, webhooks to loopback addresses are refused, unless PICKUP_WEBHOOK_ALLOW names them.',
  }),
  PICKUP_SIP_HOST: setting({
    kind: 'addresses',
    default: '127.0.0.1',
    group: 'SIP and media',
    description:
      'Where SIP listens, over UDP and TCP, IPv4 and IPv6. :: takes IPv4 too, unless an IPv4 address stands beside it. A call’s audio is taken at the address the call came in by. 0.0.0.0 and :: need PICKUP_SIP_PUBLIC_HOST and PICKUP_RTP_PUBLIC_HOST, unless an interface has a public address.',
  }),
  PICKUP_SIP_PORT: setting({
    kind: 'port',
    default: '5060',
    group: 'SIP and media',
    description: 'Port of SIP, for UDP and for TCP.',
  }),
  PICKUP_SIP_TLS_CERT: setting({
    kind: 'certificates',
    unset: 'SIP over TLS is not spoken',
    group: 'SIP and media',
    description:
      'The certificate for SIP over TLS, with the intermediate ones behind it. With it, every address of PICKUP_SIP_HOST also listens on PICKUP_SIP_TLS_PORT. A renewed file is taken up at SIGHUP, or within a minute, and calls go on; one that cannot be used is logged and the old one stays.',
  }),
  PICKUP_SIP_TLS_KEY: setting({
    kind: 'privateKey',
    secret: true,
    unset: 'SIP over TLS is not spoken',
    group: 'SIP and media',
    description: 'The private key of that certificate, without a passphrase.',
  }),
  PICKUP_SIP_TLS_PORT: setting({
    kind: 'port',
    default: '5061',
    group: 'SIP and media',
    description: 'Port of SIP over TLS, once there is a certificate.',
  }),
  PICKUP_SIP_TLS_CA: setting({
    kind: 'certificates',
    unset: 'the well-known authorities alone are',
    group: 'SIP and media',
    description:
      'Authorities, or self-signed certificates of peers, that are trusted beside the well-known ones when Pickup itself opens a TLS connection. The certificate there has to name the host of the Contact or route that is called.',
  }),
  PICKUP_SIP_PUBLIC_HOST: setting({
    kind: 'host',
    unset: 'the address SIP listens on; with a wildcard, the public address of the interface',
    example: 'sip.example.com',
    group: 'SIP and media',
    description:
      'The host name or address carriers reach SIP at; it stands in Contact and Via, with the port of the listener. An address is told to peers of its own family alone.',
  }),
  PICKUP_SIP_LOCAL_NETS: setting({
    kind: 'cidrs',
    default: 'none',
    example: '10.0.0.0/8',
    group: 'SIP and media',
    description:
      'Peers on this side of the NAT: they are told the addresses SIP listens on instead of PICKUP_SIP_PUBLIC_HOST and PICKUP_RTP_PUBLIC_HOST. Peers on this machine always are.',
  }),
  PICKUP_SIP_PEERS: setting({
    kind: 'cidrs',
    default: '127.0.0.0/8,::1/128',
    group: 'SIP and media',
    description:
      'The carriers and PBXs that calls are taken from, but for numbers with `sip_peers` or `sip_inbound_username` of their own. Others are turned away without a record (rule A4).',
  }),
  PICKUP_SIP_TRUSTED_PEERS: setting({
    kind: 'cidrs',
    default: 'none',
    group: 'SIP and media',
    description:
      'Peers whose P-Asserted-Identity counts as the caller’s number (rule A0). It lets nobody call: each must be a peer as well, here or in a number’s `sip_peers`.',
  }),
  PICKUP_SIP_DIGEST: setting({
    kind: 'digests',
    default: 'MD5',
    example: 'SHA-256,MD5',
    group: 'SIP and media',
    description:
      'What callers of a number with `sip_inbound_username` may prove their password by, in this order (RFC 8760). Most phones and trunks know MD5 only, and many give up on a challenge that names anything else beside it. SHA-256 is stronger: name it where all of yours know it.',
  }),
  PICKUP_SIP_COUNTRY: setting({
    kind: 'country',
    default: 'US',
    group: 'SIP and media',
    description: 'Country of the trunk: numbers that do not begin with + are read as its national numbers.',
  }),
  PICKUP_RTP_PUBLIC_HOST: setting({
    kind: 'host',
    unset: 'PICKUP_SIP_PUBLIC_HOST where that is an address, else the address SIP listens on',
    example: '198.51.100.7',
    group: 'SIP and media',
    description:
      'The address callers send their audio to; it stands in the SDP, for callers of its own family. A host name counts as IPv4.',
  }),
  PICKUP_RTP_PORTS: setting({
    kind: 'ports',
    default: '20000-29999',
    group: 'SIP and media',
    description:
      'UDP ports for audio, two per call. Ports from 32768 up collide with those the system takes for its own connections.',
  }),
  PICKUP_SRTP: setting({
    kind: 'srtp',
    default: 'optional',
    group: 'SIP and media',
    description:
      'Encrypted audio (SRTP, keys in the SDP). optional: where the offer has a key, else plain audio. required: a call that offers none is refused with 488.',
  }),
  PICKUP_WEBHOOK_ALLOW: setting({
    kind: 'cidrs',
    default: 'none',
    example: '10.20.0.0/16',
    group: 'Webhook',
    description: 'Private addresses that webhooks may be sent to all the same.',
  }),
  PICKUP_WEBHOOK_PROFILE: setting({
    kind: 'profile',
    default: 'seed',
    group: 'Webhook',
    description:
      'What the request says: seed has exactly the documented fields, current adds event_timestamp, call_id or chat_id, and custom_sip_headers (rule B4). A number can choose its own.',
  }),
  PICKUP_EVENT_WEBHOOK_URL: setting({
    kind: 'url',
    unset: 'only agents with a webhook_url of their own tell of their calls',
    example: 'https://example.com/retell-events',
    group: 'Webhook',
    description:
      'Where call_started, call_ended and call_analyzed go for agents without a webhook_url. Loopback and private addresses need PICKUP_WEBHOOK_ALLOW.',
  }),
  PICKUP_WEBHOOK_RING_BUDGET_MS: setting({
    kind: 'integer',
    default: '45000',
    unit: 'ms',
    min: 2_000,
    max: 120_000,
    group: 'Webhook',
    description:
      'How long a caller may ring in all while your endpoint is asked (rule C4). With less than 2,000 it would have no time to answer. A number can choose its own.',
  }),
  PICKUP_TWILIO_ACCOUNT_SID: setting({
    kind: 'key',
    unset: 'Twilio is not used',
    group: 'Twilio and Telnyx',
    description: 'The account at Twilio that numbers are bought in and texts are sent from.',
  }),
  PICKUP_TWILIO_AUTH_TOKEN: setting({
    kind: 'key',
    secret: true,
    unset: 'Twilio is not used',
    group: 'Twilio and Telnyx',
    description: 'The account’s auth token. It also proves that a request to /twilio/… is Twilio’s own.',
  }),
  PICKUP_TWILIO_PREVIOUS_AUTH_TOKEN: setting({
    kind: 'key',
    secret: true,
    unset: 'requests signed with another token are refused',
    group: 'Twilio and Telnyx',
    description: 'While the auth token is being changed: the other one of the two, by which requests are proven too.',
  }),
  PICKUP_TWILIO_API_URL: setting({
    kind: 'url',
    default: 'https://api.twilio.com',
    group: 'Twilio and Telnyx',
    description: 'Where Twilio’s REST API is reached: another one for tests, or for a proxy.',
  }),
  PICKUP_TELNYX_API_KEY: setting({
    kind: 'key',
    secret: true,
    unset: 'Telnyx is not used',
    group: 'Twilio and Telnyx',
    description: 'The API key (v2) of the account at Telnyx that numbers are bought in and texts are sent from.',
  }),
  PICKUP_TELNYX_PUBLIC_KEY: setting({
    kind: 'key',
    unset: 'texts of Telnyx are refused, for nobody can tell whose they are',
    group: 'Twilio and Telnyx',
    description: 'The account’s public key, in base64. It proves that a request to /telnyx/… is Telnyx’s own.',
  }),
  PICKUP_TELNYX_API_URL: setting({
    kind: 'url',
    default: 'https://api.telnyx.com/v2',
    group: 'Twilio and Telnyx',
    description: 'Where Telnyx’s REST API is reached: another one for tests, or for a proxy.',
  }),
  OPENAI_API_KEY: setting({
    kind: 'key',
    secret: true,
    unset: 'agents that take a model do not answer, but for models with a key of their own in catalogue.json',
    group: 'Models',
    description:
      'The key with which every text model is asked that has no endpoint of its own in catalogue.json, whatever its name.',
  }),
  OPENAI_BASE_URL: setting({
    kind: 'url',
    default: 'https://api.openai.com/v1',
    group: 'Models',
    description:
      "Where those models are asked: any endpoint that speaks OpenAI's chat completions, as vLLM, Ollama and LiteLLM do. Another one than OpenAI's may go without a key.",
  }),
  PICKUP_WEBHOOK_TEXT_BUDGET_MS: setting({
    kind: 'integer',
    default: '120000',
    unit: 'ms',
    min: 2_000,
    max: 3_600_000,
    group: 'Webhook',
    description:
      'How long your endpoint may be asked about a text in all, its retries included (rule C4). Then the number’s own agent answers it, or nobody.',
  }),
  PICKUP_API_KEY: setting({
    kind: 'key',
    secret: true,
    unset: 'a key is made at the first start and written to api-key in the data folder',
    group: 'Secrets',
    description: 'The first API key; it also signs webhooks (rule B2).',
  }),
  PICKUP_SEAL_KEY: setting({
    kind: 'sealKey',
    secret: true,
    unset: 'a key is made at the first start and written to seal.key in the data folder, with a warning',
    group: 'Secrets',
    description: 'Seals keys and trunk passwords in the database. Without it they cannot be read again.',
  }),
});

export type SettingName = keyof typeof SETTINGS;

/** The names, in documented order. */
export const SETTING_NAMES = Object.freeze(Object.keys(SETTINGS) as SettingName[]);

/** The schema's entry under the general type. */
export const settingOf = (name: SettingName): Setting => SETTINGS[name];

/** What a setting is once parsed: always there where it has a default. */
export type SettingValue<N extends SettingName> =
  | KindValues[(typeof SETTINGS)[N]['kind']]
  | (N extends OptionalName ? undefined : never);

/** Settings without a default. */
export type OptionalName =
  | 'PICKUP_PUBLIC_URL'
  | 'PICKUP_EVENT_WEBHOOK_URL'
  | 'PICKUP_SIP_TLS_CERT'
  | 'PICKUP_SIP_TLS_KEY'
  | 'PICKUP_SIP_TLS_CA'
  | 'PICKUP_SIP_PUBLIC_HOST'
  | 'PICKUP_RTP_PUBLIC_HOST'
  | 'PICKUP_TWILIO_ACCOUNT_SID'
  | 'PICKUP_TWILIO_AUTH_TOKEN'
  | 'PICKUP_TWILIO_PREVIOUS_AUTH_TOKEN'
  | 'PICKUP_TELNYX_API_KEY'
  | 'PICKUP_TELNYX_PUBLIC_KEY'
  | 'OPENAI_API_KEY'
  | 'PICKUP_API_KEY'
  | 'PICKUP_SEAL_KEY';

/** Parsed values by name. */
export type SettingValues = { readonly [N in SettingName]: SettingValue<N> };
