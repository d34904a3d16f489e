import type { AudioChoice, AudioStream, CodecChoice, ParsedOffer } from './types.ts';

/** Whether audio must be encrypted, or is where the peer offers it. */
export interface AudioPolicy {
  readonly srtp: 'optional' | 'required';
}

const PLAIN: ReadonlySet<string> = new Set(['RTP/AVP', 'RTP/AVPF']);
const SECURE: ReadonlySet<string> = new Set(['RTP/SAVP', 'RTP/SAVPF']);
/** G.711 under its static payload types (RFC 3551), as the media engine speaks it. */
const SPOKEN: Readonly<Record<number, CodecChoice['codec']>> = { 0: 'PCMU', 8: 'PCMA' };

/**
 * The audio stream, codec and SRTP key to take of an offer, or of an answer to ours: an encrypted stream before a plain
 * one, whatever their order, then the peer's own order. A plain profile with usable a=crypto lines ("best effort")
 * counts as encrypted: who writes them there understands the answer. undefined where nothing can be used: a 488.
 */
export function chooseAudio(offer: ParsedOffer, policy: AudioPolicy): AudioChoice | undefined {
  const secure = first(offer.audios, secured);
  return secure ?? (policy.srtp === 'required' ? undefined : first(offer.audios, plain));
}

/** As `chooseAudio`, among the plain streams only: for phones and benches that know no keys. */
export function chooseCodec(offer: ParsedOffer): AudioChoice | undefined {
  return first(offer.audios, plain);
}

function first(
  streams: readonly AudioStream[],
  choose: (stream: AudioStream) => AudioChoice | undefined,
): AudioChoice | undefined {
  for (const stream of streams) {
    const choice = choose(stream);
    if (choice) return choice;
  }
  return undefined;
}

function secured(stream: AudioStream): AudioChoice | undefined {
  const crypto = stream.crypto[0];
  const codec = chooseSpoken(stream);
  if (!crypto || !codec || !(SECURE.has(stream.protocol) || PLAIN.has(stream.protocol))) return undefined;
  return { ...codec, stream, crypto };
}

function plain(stream: AudioStream): AudioChoice | undefined {
  const codec = PLAIN.has(stream.protocol) ? chooseSpoken(stream) : undefined;
  return codec && { ...codec, stream };
}

function chooseSpoken(stream: AudioStream): CodecChoice | undefined {
  for (const { name, clockRate, payloadType } of stream.codecs) {
    const codec = SPOKEN[payloadType];
    if (codec === undefined || name !== codec || clockRate !== 8_000) continue;
    const { telephoneEvent } = stream;
    return { codec, payloadType, ...(telephoneEvent !== undefined && { telephoneEvent }) };
  }
  return undefined;
}
