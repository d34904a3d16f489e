/**
 * The two things at Telnyx that all numbers of a gateway share: a SIP connection that leads calls here, and a messaging
 * profile that leads texts here. Both are found by their names, made where they are missing, and put right.
 *
 * Telnyx answers no digest challenge on the way to us: it has credentials for calls of its customers alone
 * (developers.telnyx.com/docs/voice/sip-trunking/authentication/credential-types). So numbers are guarded by its
 * addresses instead.
 */
import { isIP } from 'node:net';
import type { Telnyx } from 'telnyx';
import type { SipTarget } from './sip-target.ts';

/** Path of ours that Telnyx posts its messages to. */
export const TELNYX_MESSAGES_PATH = '/telnyx/messages';

/**
 * Where calls of the US region come from, which connections made here ask for
 * (developers.telnyx.com/docs/voice/sip-trunking/routing/failover-and-retries).
 */
export const TELNYX_SIGNALLING = ['192.76.120.10/32', '64.16.250.10/32'] as const;

/** A caller may ring 120 s here (C4); a little longer, so that it is us who say what becomes of the call. */
const LONGEST_RING_SECONDS = 125;

export interface TelnyxPlace {
  readonly publicUrl: string;
  readonly sip: SipTarget;
}

/** Ids of the two. */
export interface TelnyxIds {
  readonly connection_id: string;
  readonly messaging_profile_id: string;
}

/** Finds or makes both. */
export async function ensureTelnyx(client: Telnyx, place: TelnyxPlace): Promise<TelnyxIds> {
  const connection_id = await (isIP(place.sip.host) === 0
    ? ensureFqdnConnection(client, place)
    : ensureIpConnection(client, place));
  return { connection_id, messaging_profile_id: await ensureProfile(client, place) };
}

/** Gateways on the same account have connections of their own. */
export function telnyxName({ publicUrl }: TelnyxPlace): string {
  return `Pickup ${new URL(publicUrl).host}`;
}

function settingsOf(place: TelnyxPlace) {
  return {
    connection_name: telnyxName(place),
    active: true,
    transport_protocol: place.sip.transport === 'tls' ? ('TLS' as const) : ('TCP' as const),
    inbound: {
      ani_number_format: '+E.164' as const,
      dnis_number_format: '+e164' as const,
      codecs: ['G711U', 'G711A'],
      sip_region: 'US' as const,
      timeout_2xx_secs: LONGEST_RING_SECONDS,
    },
  };
}

async function ensureFqdnConnection(client: Telnyx, place: TelnyxPlace): Promise<string> {
  const { fqdnConnections, fqdns } = client;
  const settings = settingsOf(place);
  const filter = { connection_name: { contains: settings.connection_name } };
  const id = await ensureNamed(fqdnConnections, { list: { filter }, name: 'connection_name', settings });
  const { host: fqdn, port } = place.sip;
  const found = [];
  for await (const one of fqdns.list({ filter: { connection_id: id } })) if (one.connection_id === id) found.push(one);
  if (!found.some((one) => one.fqdn === fqdn && one.port === port)) {
    await fqdns.create({ connection_id: id, fqdn, port, dns_record_type: 'a' });
  }
  for (const one of found) if (one.id && (one.fqdn !== fqdn || one.port !== port)) await fqdns.delete(one.id);
  return id;
}

async function ensureIpConnection(client: Telnyx, place: TelnyxPlace): Promise<string> {
  const { ipConnections, ips } = client;
  const settings = settingsOf(place);
  const filter = { connection_name: { contains: settings.connection_name } };
  const id = await ensureNamed(ipConnections, { list: { filter }, name: 'connection_name', settings });
  const { host: ip_address, port } = place.sip;
  const found = [];
  for await (const one of ips.list({ filter: { connection_id: id } })) if (one.connection_id === id) found.push(one);
  if (!found.some((one) => one.ip_address === ip_address && one.port === port)) {
    await ips.create({ connection_id: id, ip_address, port });
  }
  for (const one of found) if (one.id && (one.ip_address !== ip_address || one.port !== port)) await ips.delete(one.id);
  return id;
}

async function ensureProfile(client: Telnyx, place: TelnyxPlace): Promise<string> {
  const settings = {
    name: telnyxName(place),
    webhook_url: `${place.publicUrl}${TELNYX_MESSAGES_PATH}`,
    webhook_api_version: '2' as const,
    whitelisted_destinations: ['US', 'CA'],
  };
  const list = { 'filter[name][eq]': settings.name };
  return ensureNamed(client.messagingProfiles, { list, name: 'name', settings });
}

interface Resource {
  readonly id?: string;
}

/** What lists, makes and changes resources that have names. */
interface Named<Query, Settings> {
  list(query: Query): AsyncIterable<Resource>;
  create(settings: Settings): Promise<{ readonly data?: Resource }>;
  update(id: string, settings: Settings): Promise<unknown>;
}

async function ensureNamed<Query, Settings extends object>(
  resources: Named<Query, Settings>,
  {
    list,
    name,
    settings,
  }: { readonly list: Query; readonly name: keyof Settings & string; readonly settings: Settings },
): Promise<string> {
  for await (const one of resources.list(list)) {
    const { id } = one;
    if (id === undefined || (one as Record<string, unknown>)[name] !== settings[name]) continue;
    await resources.update(id, settings);
    return id;
  }
  const { data } = await resources.create(settings);
  if (data?.id === undefined) throw new Error(`Telnyx made ${String(settings[name])} without saying its id.`);
  return data.id;
}
