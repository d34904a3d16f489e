import { cryptoAttribute } from './crypto.ts';
import { serializeSdp } from './serialize.ts';
import type { AudioStream, CodecChoice, CryptoLine, Direction, ParsedOffer, SdpAttribute, SdpMedia } from './types.ts';

interface Endpoint {
  /** Where we listen for RTP. */
  readonly address: string;
  readonly port: number;
  /** Numeric, unique per session, up to 2^62; also its version. */
  readonly sessionId: string;
  /** Default 1; one more with each new description of the session. */
  readonly version?: number;
}

/** The direction an answer gives to an offered one (RFC 3264 6.1). */
export function answerDirection(offered: Direction): Direction {
  if (offered === 'sendonly') return 'recvonly';
  return offered === 'recvonly' ? 'sendonly' : offered;
}

/** How the packets of our audio stream travel. */
export interface StreamTerms {
  /** Our SRTP keys: in an answer one, with the tag of the line that was taken. */
  readonly crypto?: readonly CryptoLine[];
  /** RTCP comes and goes on the port of RTP (RFC 5761). In an answer only where it was offered. */
  readonly rtcpMux?: boolean;
}

/**
 * Writes our answer: the chosen codec on the chosen audio stream (else the first), port 0 on every other one.
 */
export function buildAnswer(
  offer: ParsedOffer,
  choice: CodecChoice & { readonly stream?: AudioStream },
  endpoint: Endpoint & StreamTerms,
): string {
  const audio = choice.stream ?? offer.audio;
  const media = offer.description.media.map((offered, index): SdpMedia => {
    const { kind, protocol, formats } = offered;
    if (index !== audio?.index) return { kind, port: 0, protocol, formats, attributes: [] };
    const direction = answerDirection(audio.direction);
    return { ...audioMedia([choice], endpoint, direction), protocol };
  });
  return describe(endpoint, media);
}

/** Writes our offer for a delayed one: PCMU, PCMA and telephone-event 101; RTP/SAVP where it brings keys. */
export function buildOffer(endpoint: Endpoint & StreamTerms): string {
  const choices: readonly CodecChoice[] = [
    { codec: 'PCMU', payloadType: 0, telephoneEvent: 101 },
    { codec: 'PCMA', payloadType: 8, telephoneEvent: 101 },
  ];
  return describe(endpoint, [audioMedia(choices, endpoint, 'sendrecv')]);
}

function audioMedia(
  choices: readonly CodecChoice[],
  { port, crypto = [], rtcpMux = false }: Endpoint & StreamTerms,
  direction: Direction,
): SdpMedia {
  const events = choices[0]?.telephoneEvent;
  const attributes: SdpAttribute[] = choices.map(({ codec, payloadType }) => ({
    name: 'rtpmap',
    value: `${payloadType} ${codec}/8000`,
  }));
  const formats = choices.map((choice) => String(choice.payloadType));
  if (events !== undefined) {
    formats.push(String(events));
    attributes.push({ name: 'rtpmap', value: `${events} telephone-event/8000` });
    attributes.push({ name: 'fmtp', value: `${events} 0-15` });
  }
  if (rtcpMux) attributes.push({ name: 'rtcp-mux' });
  attributes.push(...crypto.map(cryptoAttribute), { name: 'ptime', value: '20' }, { name: direction });
  const protocol = crypto.length > 0 ? 'RTP/SAVP' : 'RTP/AVP';
  return { kind: 'audio', port, protocol, formats, attributes };
}

function describe(endpoint: Endpoint, media: readonly SdpMedia[]): string {
  const family = endpoint.address.includes(':') ? 6 : 4;
  return serializeSdp({
    origin: `- ${endpoint.sessionId} ${endpoint.version ?? 1} IN IP${family} ${endpoint.address}`,
    name: '-',
    connection: { family, address: endpoint.address },
    time: '0 0',
    attributes: [],
    media,
  });
}
