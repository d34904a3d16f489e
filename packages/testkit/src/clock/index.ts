/** A clock moved by hand: monotonic and wall time advance together unless the wall is set apart. */
export class ManualClock {
  #monoMs = 1_000;
  #wallOffsetMs = 1_700_000_000_000;
  #order = 0;
  readonly #timers = new Map<number, { readonly atMs: number; readonly order: number; readonly fire: () => void }>();

  monoMs(): number {
    return this.#monoMs;
  }

  wallMs(): number {
    return this.#monoMs + this.#wallOffsetMs;
  }

  /** Moves the wall clock alone, as an operator or NTP would. */
  stepWall(deltaMs: number): void {
    this.#wallOffsetMs += deltaMs;
  }

  /** Calls `fire` once, `delayMs` from now; the returned function cancels it. */
  after(delayMs: number, fire: () => void): () => void {
    const id = this.#order++;
    this.#timers.set(id, { atMs: this.#monoMs + Math.max(0, delayMs), order: id, fire });
    return () => this.#timers.delete(id);
  }

  /** Moves on by `deltaMs`, firing what falls due in order; promises queued by a timer run before the next one. */
  async advance(deltaMs: number): Promise<void> {
    const end = this.#monoMs + deltaMs;
    for (;;) {
      await settled();
      const due = this.#next(end);
      if (!due) break;
      this.#monoMs = Math.max(this.#monoMs, due.timer.atMs);
      this.#timers.delete(due.id);
      due.timer.fire();
    }
    this.#monoMs = end;
    await settled();
  }

  /** Timers that have not fired: a leak check. */
  get pending(): number {
    return this.#timers.size;
  }

  #next(endMs: number) {
    let best: { id: number; timer: { atMs: number; order: number; fire: () => void } } | undefined;
    for (const [id, timer] of this.#timers) {
      if (timer.atMs > endMs) continue;
      if (!best || timer.atMs < best.timer.atMs || (timer.atMs === best.timer.atMs && timer.order < best.timer.order)) {
        best = { id, timer };
      }
    }
    return best;
  }
}

const settled = () => new Promise<void>((resolve) => setImmediate(resolve));
