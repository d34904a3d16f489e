/** The base intervals of RFC 3261 table 4, milliseconds. */
export interface SipTimers {
  /** Round-trip estimate, default 500. */
  readonly t1Ms: number;
  /** Longest retransmission interval, default 4,000. */
  readonly t2Ms: number;
  /** Longest time a message stays in the network, default 5,000. */
  readonly t4Ms: number;
}

/** RFC 3261's own values, in ms. */
export const defaultTimers: SipTimers = { t1Ms: 500, t2Ms: 4_000, t4Ms: 5_000 };

/** Starts a timer; the returned function cancels it. */
export type Schedule = (delayMs: number, fire: () => void) => () => void;

/**
 * Calls `send` after T1, then at doubled intervals up to T2, until stopped (timers E and G, and the 2xx of
 * RFC 3261 13.3.1.4).
 */
export function retransmit(schedule: Schedule, timers: SipTimers, send: () => void): () => void {
  let interval = timers.t1Ms;
  const again = () => {
    send();
    interval = Math.min(interval * 2, timers.t2Ms);
    cancel = schedule(interval, again);
  };
  let cancel = schedule(interval, again);
  return () => cancel();
}
