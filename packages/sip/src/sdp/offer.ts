import { isIP } from 'node:net';
import { parseCrypto } from './crypto.ts';
import { parseSdp } from './parse.ts';
import type {
  AudioCodec,
  AudioStream,
  Direction,
  ParsedOffer,
  SdpAttribute,
  SdpMedia,
  SessionDescription,
} from './types.ts';

// Static payload types (RFC 3551) that need no rtpmap.
const statics: Readonly<Record<string, Omit<AudioCodec, 'payloadType'>>> = {
  '0': { name: 'PCMU', clockRate: 8_000 },
  '3': { name: 'GSM', clockRate: 8_000 },
  '4': { name: 'G723', clockRate: 8_000 },
  '8': { name: 'PCMA', clockRate: 8_000 },
  '9': { name: 'G722', clockRate: 8_000 },
  '13': { name: 'CN', clockRate: 8_000 },
  '18': { name: 'G729', clockRate: 8_000 },
};

/** Reads an offer or an answer (RFC 3264); undefined where the description is malformed. */
export function parseOffer(text: string): ParsedOffer | undefined {
  const description = parseSdp(text);
  if (!description) return undefined;
  const audios = description.media.flatMap((media, index) => readAudio(description, media, index) ?? []);
  const audio = audios[0];
  return { description, audios, ...(audio && { audio }) };
}

function readAudio(description: SessionDescription, media: SdpMedia, index: number): AudioStream | undefined {
  const connection = media.connection ?? description.connection;
  if (media.kind !== 'audio' || media.port === 0 || !connection || isGroup(connection.address)) return undefined;
  const all = media.formats.flatMap((format) => readCodec(media, format) ?? []);
  const events = all.find((codec) => codec.name === 'TELEPHONE-EVENT' && codec.clockRate === 8_000);
  const rtcp = readRtcp(media, connection.address);
  const ptimeMs = Number(attribute(media.attributes, 'ptime'));
  return {
    index,
    address: connection.address,
    family: connection.family,
    port: media.port,
    protocol: media.protocol,
    codecs: all.filter((codec) => codec.name !== 'TELEPHONE-EVENT' && codec.name !== 'CN'),
    ...(events ? { telephoneEvent: events.payloadType } : {}),
    direction: readDirection(description, media, connection.address),
    ...(ptimeMs > 0 && ptimeMs <= 1_000 ? { ptimeMs } : {}),
    crypto: media.attributes.flatMap(({ name, value }) => (name === 'crypto' ? (parseCrypto(value ?? '') ?? []) : [])),
    rtcpMux: media.attributes.some((line) => line.name === 'rtcp-mux'),
    ...(rtcp && { rtcp }),
  };
}

/** Is it everybody's address, multicast or broadcast? A call goes to one. */
const isGroup = (address: string): boolean =>
  isIP(address) === 6 ? /^ff/i.test(address) : isIP(address) === 4 && Number(address.split('.', 1)[0]) >= 224;

function readCodec(media: SdpMedia, format: string): AudioCodec | undefined {
  const payloadType = Number(format);
  if (!Number.isInteger(payloadType) || payloadType < 0 || payloadType > 127) return undefined;
  const prefix = `${format} `;
  const map = media.attributes.find((line) => line.name === 'rtpmap' && line.value?.startsWith(prefix));
  if (!map?.value) return statics[format] ? { payloadType, ...statics[format] } : undefined;
  const [name, clockRate] = map.value.slice(prefix.length).trim().split('/');
  return name ? { payloadType, name: name.toUpperCase(), clockRate: Number(clockRate) } : undefined;
}

const attribute = (attributes: readonly SdpAttribute[], name: string): string | undefined =>
  attributes.find((line) => line.name === name)?.value;

/** `a=rtcp:53020` or `a=rtcp:53020 IN IP4 126.16.64.4` (RFC 3605). */
function readRtcp(media: SdpMedia, address: string): AudioStream['rtcp'] {
  const [portText = '', , , own] = (attribute(media.attributes, 'rtcp') ?? '').split(' ');
  const port = /^\d{1,5}$/.test(portText) ? Number(portText) : 0;
  if (port === 0 || port > 0xffff) return undefined;
  return { address: own !== undefined && isIP(own) !== 0 ? own : address, port };
}

const directions: readonly Direction[] = ['sendrecv', 'sendonly', 'recvonly', 'inactive'];

function readDirection(description: SessionDescription, media: SdpMedia, address: string): Direction {
  const named = (attributes: readonly SdpAttribute[]) =>
    directions.find((direction) => attributes.some((line) => line.name === direction));
  const direction = named(media.attributes) ?? named(description.attributes) ?? 'sendrecv';
  if (address !== '0.0.0.0' && address !== '::') return direction;
  return direction === 'sendrecv' || direction === 'sendonly' ? 'sendonly' : 'inactive';
}
