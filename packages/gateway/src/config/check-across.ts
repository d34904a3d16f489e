/** Rules that span several settings. Each judges whatever parsed, so that one fault hides no other. */
import { isIP } from 'node:net';
import { cidrSet, isLoopback, isPublicAddress, isWildcard } from './cidr.ts';
import type { ConfigFault, ConfigWarning } from './read-settings.ts';
import type { SettingValues } from './settings.ts';

type Values = Partial<SettingValues>;
interface Findings {
  readonly faults: readonly ConfigFault[];
  readonly warnings: readonly ConfigWarning[];
}

/** Judges the settings together; `addresses` are those of the machine's interfaces. */
export function checkAcross(values: Values, addresses: readonly string[]): Findings {
  return {
    faults: [
      ...checkWildcards(values, addresses),
      ...checkRtpHost(values),
      ...checkPorts(values),
      ...checkTlsPort(values),
      ...checkTwilioPair(values),
      ...checkTelnyxKey(values),
    ],
    warnings: [...checkTrusted(values), ...checkReach(values), ...checkFamilies(values), ...checkProviders(values)],
  };
}

/** The hosts to be named in SIP and in SDP; absent where the socket's own address serves. */
export function publicHosts(
  values: Values,
  addresses: readonly string[],
): { readonly sip: string | undefined; readonly rtp: string | undefined } {
  const own = (values.PICKUP_SIP_HOST ?? [])
    .filter(isWildcard)
    .map((host) => publicAddressFor(host, addresses))
    .find((address) => address !== undefined);
  const sip = values.PICKUP_SIP_PUBLIC_HOST ?? own;
  const rtp = values.PICKUP_RTP_PUBLIC_HOST ?? (sip !== undefined && isIP(sip) !== 0 ? sip : own);
  return { sip, rtp };
}

function publicAddressFor(wildcard: string, addresses: readonly string[]): string | undefined {
  const publicOnes = addresses.filter(isPublicAddress);
  const ofFamily = publicOnes.find((address) => isIP(address) === isIP(wildcard));
  // A socket on :: takes IPv4 as well.
  return ofFamily ?? (isIP(wildcard) === 6 ? publicOnes[0] : undefined);
}

/** Behind a wildcard nobody can tell which address a carrier should answer to. */
function checkWildcards(values: Values, addresses: readonly string[]): readonly ConfigFault[] {
  const wildcard = values.PICKUP_SIP_HOST?.find(isWildcard);
  if (wildcard === undefined) return [];
  const hosts = publicHosts(values, addresses);
  const rule = `must be set while PICKUP_SIP_HOST is ${wildcard} and no interface has a public address`;
  const faults: ConfigFault[] = [];
  if (hosts.sip === undefined) faults.push({ name: 'PICKUP_SIP_PUBLIC_HOST', rule });
  if (hosts.rtp === undefined) faults.push({ name: 'PICKUP_RTP_PUBLIC_HOST', rule });
  return faults;
}

function checkRtpHost(values: Values): readonly ConfigFault[] {
  const hosts: readonly (readonly [string, string | undefined])[] = [
    ['PICKUP_SIP_PUBLIC_HOST', values.PICKUP_SIP_PUBLIC_HOST],
    ['PICKUP_RTP_PUBLIC_HOST', values.PICKUP_RTP_PUBLIC_HOST],
  ];
  return hosts.flatMap(([name, host]) =>
    host !== undefined && isWildcard(host)
      ? [{ name, rule: 'must be a host others can reach, not a wildcard', given: JSON.stringify(host) }]
      : [],
  );
}

function checkPorts(values: Values): readonly ConfigFault[] {
  const sip = values.PICKUP_SIP_PORT;
  const rtp = values.PICKUP_RTP_PORTS;
  const faults: ConfigFault[] = [];
  if (sip !== undefined && rtp !== undefined && sip >= rtp.first && sip <= rtp.last) {
    faults.push({
      name: 'PICKUP_RTP_PORTS',
      rule: `must leave out ${sip}, the port of SIP`,
      given: JSON.stringify(`${rtp.first}-${rtp.last}`),
    });
  }
  if (sip !== undefined && sip !== 0 && sip === values.PICKUP_HTTP_PORT) {
    faults.push({
      name: 'PICKUP_HTTP_PORT',
      rule: 'must differ from PICKUP_SIP_PORT, which SIP over TCP listens on',
      given: JSON.stringify(String(sip)),
    });
  }
  return faults;
}

/** SIP over TLS is a TCP port too. */
function checkTlsPort(values: Values): readonly ConfigFault[] {
  const port = values.PICKUP_SIP_TLS_PORT;
  if (port === undefined || port === 0 || values.PICKUP_SIP_TLS_CERT === undefined) return [];
  const clash = (['PICKUP_SIP_PORT', 'PICKUP_HTTP_PORT'] as const).find((name) => values[name] === port);
  if (clash === undefined) return [];
  return [{ name: 'PICKUP_SIP_TLS_PORT', rule: `must differ from ${clash}`, given: JSON.stringify(String(port)) }];
}

/** Each is of no use without the other. */
function checkTwilioPair(values: Values): readonly ConfigFault[] {
  const pair = ['PICKUP_TWILIO_ACCOUNT_SID', 'PICKUP_TWILIO_AUTH_TOKEN'] as const;
  const [missing, ...more] = pair.filter((name) => values[name] === undefined);
  if (missing === undefined || more.length > 0) return [];
  const other = pair.find((name) => name !== missing);
  return [{ name: missing, rule: `must be set where ${other} is` }];
}

/** An Ed25519 key; shown in full, for it is public. */
function checkTelnyxKey({ PICKUP_TELNYX_PUBLIC_KEY: key }: Values): readonly ConfigFault[] {
  if (key === undefined || /^[A-Za-z0-9+/]{43}=$/.test(key)) return [];
  const rule = 'must be 32 bytes in base64, as the portal of Telnyx shows it';
  return [{ name: 'PICKUP_TELNYX_PUBLIC_KEY', rule, given: JSON.stringify(key) }];
}

/** Credentials alone send; what the providers bring has to reach us, and to be proven. */
function checkProviders(values: Values): readonly ConfigWarning[] {
  const set = [
    ...(values.PICKUP_TWILIO_AUTH_TOKEN === undefined ? [] : ['Twilio']),
    ...(values.PICKUP_TELNYX_API_KEY === undefined ? [] : ['Telnyx']),
  ];
  const unreachable = {
    name: 'PICKUP_PUBLIC_URL',
    message: `must be set for ${set.join(' and ')} to bring texts here`,
  };
  const unproven = {
    name: 'PICKUP_TELNYX_PUBLIC_KEY',
    message: 'must be set for the texts that Telnyx brings: without it they are refused',
  };
  return [
    ...(set.length > 0 && values.PICKUP_PUBLIC_URL === undefined ? [unreachable] : []),
    ...(values.PICKUP_TELNYX_API_KEY !== undefined && values.PICKUP_TELNYX_PUBLIC_KEY === undefined ? [unproven] : []),
  ];
}

function checkTrusted(values: Values): readonly ConfigWarning[] {
  const peers = values.PICKUP_SIP_PEERS;
  const trusted = values.PICKUP_SIP_TRUSTED_PEERS;
  if (!peers || !trusted) return [];
  const accepted = cidrSet(peers);
  return trusted
    .filter((cidr) => !accepted.has(cidr.address))
    .map((cidr) => ({
      name: 'PICKUP_SIP_TRUSTED_PEERS',
      message: `${cidr.text} is not among PICKUP_SIP_PEERS; it calls only numbers that name it in sip_peers, or that it has credentials for`,
    }));
}

/** An address nobody is ever told, for want of a listener of its family. */
function checkFamilies(values: Values): readonly ConfigWarning[] {
  const hosts = values.PICKUP_SIP_HOST;
  if (hosts === undefined) return [];
  const listens = (version: number) =>
    hosts.some((host) => isIP(host) === version || (isIP(host) === 6 && isWildcard(host)));
  return (['PICKUP_SIP_PUBLIC_HOST', 'PICKUP_RTP_PUBLIC_HOST'] as const).flatMap((name) => {
    const version = isIP(values[name] ?? '');
    if (version === 0 || listens(version)) return [];
    return [{ name, message: `is never told to anybody: no address in PICKUP_SIP_HOST is IPv${version}` }];
  });
}

function checkReach(values: Values): readonly ConfigWarning[] {
  const host = values.PICKUP_HTTP_HOST;
  if (host === undefined || isLoopback(host) || values.PICKUP_PUBLIC_URL !== undefined) return [];
  const message =
    'lets other machines reach the API while webhooks to this machine’s loopback are allowed; set PICKUP_PUBLIC_URL';
  return [{ name: 'PICKUP_HTTP_HOST', message }];
}
