import type { Source } from './source-latch.ts';
import type { SrtpSuite, SrtpTerms } from './srtp/index.ts';

/** What the main thread and the media worker tell each other. Sessions, plays and requests are numbered by the main thread. */

/** Where to send a call's audio, and in which form. */
export interface RtpRemote {
  /** IP address of the SDP's `c=` line. A name or an unspecified address means: wait for the first packet. */
  readonly address: string;
  readonly port: number;
  readonly payloadType: 0 | 8;
  /** Payload type of telephone-event (RFC 4733), when agreed. */
  readonly dtmfPayloadType?: number;
  /** Keys of SRTP; absent: plain RTP. */
  readonly srtp?: SrtpTerms;
  /** Where RTCP goes: `mux` with the RTP (RFC 5761); absent: to the port above. */
  readonly rtcp?: 'mux' | Source;
}

/** What the peer's RTCP reports tell of our audio. */
export interface PeerStats {
  /** Packets of ours it did not get. */
  readonly lost: number;
  /** Share lost between its last two reports, 0 to 1. */
  readonly recentLossShare: number;
  readonly jitterMs: number;
  /** Estimated mean opinion score of what it hears, 1 to 4.4, with a jitter buffer of 40 ms taken for granted. */
  readonly mos: number;
}

/** Figures of one call's audio. */
export interface SessionStats {
  /** What we send; `undefined` before the start. */
  readonly codec: 'PCMU' | 'PCMA' | undefined;
  /** `undefined` while the audio is plain. */
  readonly srtp: SrtpSuite | undefined;
  readonly packetsSent: number;
  /** Longest time between two sent packets, holds left out. */
  readonly maxSendGapMs: number;
  readonly packetsReceived: number;
  readonly lost: number;
  readonly jitterMs: number;
  /** SRTP packets dropped: not authentic, or come before. */
  readonly rejectedPackets: number;
  /** Longest time between two received packets. */
  readonly maxGapMs: number;
  /** Filled in for lost or late audio; this and the next three are 0 until somebody listens (`tap`, `onSpeech`). */
  readonly concealedMs: number;
  /** Packets that came after their time to be played. */
  readonly latePackets: number;
  /** Packets not used: copies, too long, too early. */
  readonly discardedPackets: number;
  /** Present delay of the jitter buffer. */
  readonly bufferMs: number;
  readonly reportsSent: number;
  readonly reportsReceived: number;
  /** Round trip by RTCP; `undefined` until the peer answered a report of ours. */
  readonly rttMs: number | undefined;
  /**
   * Estimated mean opinion score of what we hear, 1 to 4.4, from loss, lateness and delay; a round trip not yet known
   * counts as none. `undefined` before the first packet.
   */
  readonly mos: number | undefined;
  /** `undefined` until the peer reported. */
  readonly peer: PeerStats | undefined;
}

/** Figures of the whole media engine. */
export interface MediaStats {
  readonly sessions: number;
  readonly portsFree: number;
  /** The latest a packet slot ever ran, in ms. */
  readonly maxLateMs: number;
  /** Periods of 20 ms not sent because the thread stood still. */
  readonly skippedCycles: number;
}

/** Which way audio went: `in` from the caller, `out` to the caller. */
export type AudioDirection = 'in' | 'out';

/** From the main thread to the media worker. */
export type ToWorker =
  | { readonly kind: 'open'; readonly session: number; readonly host: string }
  | { readonly kind: 'start'; readonly session: number; readonly remote: RtpRemote }
  | { readonly kind: 'play'; readonly session: number; readonly play: number; readonly samples: Int16Array }
  | { readonly kind: 'flush'; readonly session: number }
  | { readonly kind: 'watchSpeech'; readonly session: number }
  | { readonly kind: 'watchNoRtp'; readonly session: number; readonly afterMs: number }
  | { readonly kind: 'hold'; readonly session: number; readonly held: boolean }
  | { readonly kind: 'tap'; readonly session: number }
  | { readonly kind: 'stats'; readonly session: number; readonly request: number }
  | { readonly kind: 'close'; readonly session: number }
  | { readonly kind: 'mediaStats'; readonly request: number };

/** From the media worker to the main thread. */
export type FromWorker =
  /** With neither port nor error: no port is free. */
  | { readonly kind: 'opened'; readonly session: number; readonly port: number | undefined; readonly error?: unknown }
  | { readonly kind: 'played'; readonly session: number; readonly plays: readonly number[] }
  | { readonly kind: 'failed'; readonly session: number; readonly error: Error }
  | { readonly kind: 'firstPacket'; readonly session: number }
  | { readonly kind: 'digit'; readonly session: number; readonly digit: string; readonly durationMs: number }
  | { readonly kind: 'speech'; readonly session: number; readonly speaking: boolean }
  | { readonly kind: 'noRtp'; readonly session: number; readonly afterMs: number }
  | {
      readonly kind: 'tapped';
      readonly session: number;
      readonly direction: AudioDirection;
      readonly samples: Int16Array;
      readonly frame: number;
    }
  | { readonly kind: 'stats'; readonly session: number; readonly request: number; readonly stats: SessionStats }
  | { readonly kind: 'mediaStats'; readonly request: number; readonly stats: MediaStats };
