/** The time-outs of one request (M1): an abort signal that fires when a piece, the first or the whole is late. */
import type { ModelClock, ModelTimes } from './openai-model.ts';

/** Why a request was ended by us. */
export type WatchCause = 'no_first_piece' | 'no_next_piece' | 'too_long' | 'given_up' | 'too_much';

export class Watch {
  readonly #abort = new AbortController();
  readonly #clock: ModelClock;
  readonly #times: ModelTimes;
  readonly #outer: AbortSignal;
  readonly #cancelWhole: () => void;
  #cancelPiece: () => void;
  #cause: WatchCause | undefined;

  constructor(clock: ModelClock, times: ModelTimes, outer: AbortSignal) {
    this.#clock = clock;
    this.#times = times;
    this.#outer = outer;
    this.#cancelWhole = clock.after(times.requestMs, () => this.stop('too_long'));
    this.#cancelPiece = clock.after(times.firstPieceMs, () => this.stop('no_first_piece'));
    if (outer.aborted) this.stop('given_up');
    else outer.addEventListener('abort', this.#givenUp, { once: true });
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** Undefined: the request was not ended by us. */
  get cause(): WatchCause | undefined {
    return this.#cause;
  }

  /** A piece came. */
  heard(): void {
    this.#cancelPiece();
    this.#cancelPiece = this.#clock.after(this.#times.pieceMs, () => this.stop('no_next_piece'));
  }

  stop(cause: WatchCause): void {
    if (this.#cause !== undefined) return;
    this.#cause = cause;
    this.end();
    this.#abort.abort();
  }

  end(): void {
    this.#cancelWhole();
    this.#cancelPiece();
    this.#outer.removeEventListener('abort', this.#givenUp);
  }

  readonly #givenUp = (): void => this.stop('given_up');
}
