/** What one stream listener allows its peers. */
export interface StreamLimits {
  /**
   * Connections at once, ours included. Beyond it the eldest that never brought an admitted request makes room, else
   * the one quiet longest, if it was quiet for 64·T1.
   */
  readonly maxConnections: number;
  /** Of those, connections that never brought an admitted request; beyond it the eldest of them makes room. */
  readonly maxStrangers: number;
  /** From a connection's start, or a message's first byte, to the end of that message. */
  readonly messageMs: number;
  /** For a connection of ours to come up, TLS included; then what waited for it has failed. */
  readonly connectMs: number;
  /** A connection without a byte either way for so long is closed, unless a call goes over it. */
  readonly idleMs: number;
  /** Bytes that may wait for a peer that does not read; above it the connection is cut. */
  readonly maxUnsentBytes: number;
}

/** 2,000 connections, 256 of strangers, 20 s, 5 s, 30 min, 1 MiB. */
export const defaultStreamLimits: StreamLimits = {
  maxConnections: 2_000,
  maxStrangers: 256,
  messageMs: 20_000,
  connectMs: 5_000,
  idleMs: 30 * 60_000,
  maxUnsentBytes: 1024 * 1024,
};

/** Not to be made room with before: a transaction may still need the connection (RFC 3261 18, 64·T1). */
export const quietMs = 32_000;

/** A quiet connection's peer is asked so often whether it is there, by TCP itself; that keeps NATs open too. */
export const tcpKeepAliveMs = 30_000;
