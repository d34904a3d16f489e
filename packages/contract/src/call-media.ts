/** How one side heard the other, by its own reports (RFC 3550). */
export interface PeerMediaStats {
  /** Packets of ours it did not get. */
  readonly packets_lost: number;
  readonly jitter_ms: number;
  /** Estimated mean opinion score of what it heard, 1 to 4.4. */
  readonly mos: number;
}

/** Figures of a call's audio, on the call object once the call is over: `media_stats` (our addition). */
export interface CallMediaStats {
  readonly codec: 'PCMU' | 'PCMA';
  /** The crypto suite of SRTP; null: the audio was plain. */
  readonly srtp: string | null;
  readonly packets_sent: number;
  readonly packets_received: number;
  /** Packets of the caller that never came. */
  readonly packets_lost: number;
  /** `packets_lost` of those expected, in per cent. */
  readonly loss_percent: number;
  /** Packets that came too late to be played. */
  readonly packets_late: number;
  /** SRTP packets dropped: not authentic, or come before. */
  readonly packets_rejected: number;
  /** Filled in for what was lost or late. */
  readonly concealed_ms: number;
  readonly jitter_ms: number;
  /** By RTCP; null where the caller's side reports nothing. */
  readonly round_trip_ms: number | null;
  /** Estimated mean opinion score of what we heard, 1 to 4.4; null where nothing came. */
  readonly mos: number | null;
  /** What the caller heard of us; null where its side reports nothing. */
  readonly caller: PeerMediaStats | null;
}
