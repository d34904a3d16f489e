/** Time as the gateway uses it. */
export interface Clock {
  monoMs(): number;
  wallMs(): number;
  /** Calls once; the returned function cancels. */
  after(delayMs: number, fire: () => void): () => void;
}

/** The process's own clocks. */
export const systemClock: Clock = {
  monoMs: () => performance.now(),
  wallMs: () => Date.now(),
  after(delayMs, fire) {
    const timer = setTimeout(fire, Math.max(0, delayMs));
    return () => clearTimeout(timer);
  },
};
