/** How long the sender waits for a reply. */

/** An attempt's time where the sender does not say, in ms (inbound.md C1). */
const DEFAULT_ATTEMPT_MS = 10_000;
/** No header makes a handler wait longer, in ms. */
const LONGEST_ATTEMPT_MS = 60_000;

/**
 * Epoch ms, by our clock, at which the attempt ends. The deadline is by the sender's clock, as is the signature's stamp:
 * their distance is the time allotted, however far the two clocks are apart.
 */
export function deadlineOf(header: string | undefined, signedAt: number, nowMs: number): number {
  const told = Number(header ?? Number.NaN) - signedAt;
  const allottedMs = Number.isFinite(told) ? Math.min(Math.max(told, 0), LONGEST_ATTEMPT_MS) : DEFAULT_ATTEMPT_MS;
  return nowMs + allottedMs;
}

/** A signal that aborts at a deadline which can be put off: a retry waits for the same run of the handler. */
export class DeadlineSignal {
  readonly #controller = new AbortController();
  readonly #now: () => number;
  #deadlineAt: number;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #ended = false;

  constructor(deadlineAt: number, now: () => number) {
    this.#deadlineAt = deadlineAt;
    this.#now = now;
  }

  /** The signal; its timer runs from the first look at it. */
  get signal(): AbortSignal {
    if (this.#timer === undefined && !this.#ended) this.#arm();
    return this.#controller.signal;
  }

  get aborted(): boolean {
    return this.#controller.signal.aborted;
  }

  /** Somebody waits until then too. */
  extend(deadlineAt: number): void {
    this.#deadlineAt = Math.max(this.#deadlineAt, deadlineAt);
  }

  /** The handler is done: the timer goes. */
  end(): void {
    this.#ended = true;
    clearTimeout(this.#timer);
  }

  #arm(): void {
    const leftMs = this.#deadlineAt - this.#now();
    if (leftMs <= 0)
      this.#controller.abort(new DOMException('The attempt ended: nobody waits any more.', 'TimeoutError'));
    else this.#timer = setTimeout(() => this.#arm(), leftMs);
  }
}
