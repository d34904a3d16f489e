interface Piece {
  readonly play: number;
  readonly samples: Int16Array;
  offset: number;
}

const NONE: readonly number[] = [];

/** What one frame took from the queue. */
export interface Taken {
  /** Samples written into the frame; the rest of it is untouched. */
  readonly filled: number;
  /** The plays whose last sample this was, in order. */
  readonly finished: readonly number[];
}

/** Audio waiting to be sent, in order and without bound; one play follows the other without a gap. */
export class PlayQueue {
  #pieces: Piece[] = [];
  #head = 0;

  /** Whether nothing waits. */
  get empty(): boolean {
    return this.#head === this.#pieces.length;
  }

  /** Appends the samples of play number `play`. */
  push(play: number, samples: Int16Array): void {
    this.#pieces.push({ play, samples, offset: 0 });
  }

  /** Moves up to `frame.length` samples into `frame`. */
  take(frame: Int16Array): Taken {
    let filled = 0;
    let finished: number[] | undefined;
    while (this.#head < this.#pieces.length) {
      const piece = this.#pieces[this.#head]!;
      const count = Math.min(frame.length - filled, piece.samples.length - piece.offset);
      frame.set(piece.samples.subarray(piece.offset, piece.offset + count), filled);
      filled += count;
      piece.offset += count;
      if (piece.offset < piece.samples.length) break;
      finished ??= [];
      finished.push(piece.play);
      this.#head += 1;
    }
    this.#compact();
    return { filled, finished: finished ?? NONE };
  }

  /** Drops everything; the plays that will not be heard to their end. */
  clear(): readonly number[] {
    const dropped = this.#pieces.slice(this.#head).map((piece) => piece.play);
    this.#pieces = [];
    this.#head = 0;
    return dropped;
  }

  // A shift per piece would be linear in the queue; dropping the spent half now and then is not.
  #compact(): void {
    if (this.#head < 64 && this.#head < this.#pieces.length) return;
    if (this.#head * 2 < this.#pieces.length) return;
    this.#pieces = this.#pieces.slice(this.#head);
    this.#head = 0;
  }
}
