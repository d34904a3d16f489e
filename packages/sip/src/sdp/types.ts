/** Session descriptions (RFC 8866), as far as an audio call needs them. */

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

/** The first audio stream of a description that is not refused. */
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
}

/** An offer or an answer, understood. */
export interface ParsedOffer {
  readonly description: SessionDescription;
  /** Absent where no audio stream is open. */
  readonly audio?: AudioStream;
}

/** What both sides will speak. */
export interface CodecChoice {
  readonly codec: 'PCMU' | 'PCMA';
  readonly payloadType: number;
  readonly telephoneEvent?: number;
}
