/** Time as the package sees it. */
export interface Clock {
  /** Monotonic milliseconds. */
  monoMs(): number;
  /** Epoch milliseconds. */
  wallMs(): number;
  /** Calls `fire` once after `delayMs`; the returned function cancels it. */
  after(delayMs: number, fire: () => void): () => void;
}
