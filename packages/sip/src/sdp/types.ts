/** Session descriptions (RFC 8866), as far as an audio call needs them. */
import type { SrtpSuite } from '../media/srtp/suite.ts';

/** Which way audio may go (RFC 8866, 6.7). */
export type Direction = 'sendrecv' | 'sendonly' | 'recvonly' | 'inactive';

/** An a= line. */
export interface SdpAttribute {
  readonly name: string;
  readonly value?: string;
}

/** A c= line. */
export interface SdpConnection {
  readonly family: 4 | 6;
  readonly address: string;
}

/** An m= line with what belongs to it. */
export interface SdpMedia {
  /** audio, video, image… */
  readonly kind: string;
  /** 0 means refused or unused. */
  readonly port: number;
  readonly protocol: string;
  readonly formats: readonly string[];
  /** Absent where the session's own applies. */
  readonly connection?: SdpConnection;
  readonly attributes: readonly SdpAttribute[];
}

/** A whole description. */
export interface SessionDescription {
  /** The o= line as written. */
  readonly origin: string;
  /** The s= line. */
  readonly name: string;
  readonly connection?: SdpConnection;
  /** The t= line. */
  readonly time: string;
  readonly attributes: readonly SdpAttribute[];
  readonly media: readonly SdpMedia[];
}

/** A codec of an audio stream; `clockRate` is in Hz. */
export interface AudioCodec {
  readonly payloadType: number;
  /** Upper case: PCMU, PCMA, G722, OPUS. */
  readonly name: string;
  readonly clockRate: number;
}

/** An a=crypto line that can be used (RFC 4568): one master key, no index. */
export interface CryptoLine {
  readonly tag: number;
  readonly suite: SrtpSuite;
  /** Master key and salt joined, in base64. A secret: not for logs. */
  readonly key: string;
}

/** An audio stream of a description that is not refused. */
export interface AudioStream {
  /** Position among the m= lines. */
  readonly index: number;
  readonly address: string;
  readonly family: 4 | 6;
  readonly port: number;
  readonly protocol: string;
  /** In the peer's order of preference; telephone-event and comfort noise are not among them. */
  readonly codecs: readonly AudioCodec[];
  /** Payload type of telephone-event/8000 (RFC 4733), where offered. */
  readonly telephoneEvent?: number;
  /** From the peer's view. An address of all zeros (RFC 2543 hold) makes it `sendonly`, or `inactive`. */
  readonly direction: Direction;
  readonly ptimeMs?: number;
  /** The usable ones, in the peer's order of preference. */
  readonly crypto: readonly CryptoLine[];
  /** RTCP may share the port of RTP (RFC 5761). */
  readonly rtcpMux: boolean;
  /** Where RTCP is to go (RFC 3605); absent: to the port above that of RTP. */
  readonly rtcp?: { readonly address: string; readonly port: number };
}

/** An offer or an answer, understood. */
export interface ParsedOffer {
  readonly description: SessionDescription;
  /** The first open audio stream; absent where there is none. */
  readonly audio?: AudioStream;
  /** Every open audio stream. */
  readonly audios: readonly AudioStream[];
}

/** What both sides will speak. */
export interface CodecChoice {
  readonly codec: 'PCMU' | 'PCMA';
  readonly payloadType: number;
  readonly telephoneEvent?: number;
}

/** What is taken of an offer, or was of ours. */
export interface AudioChoice extends CodecChoice {
  readonly stream: AudioStream;
  /** The peer's key; absent: plain RTP. */
  readonly crypto?: CryptoLine;
}
