/** Says one line and listens. */
import type { Floor, Talk } from './talk.ts';

export class OneLineTalk implements Talk {
  readonly opening: string;
  readonly #samples: Int16Array;

  /** `samples` is `text` spoken; empty on lines without sound. */
  constructor(text: string, samples: Int16Array) {
    this.opening = text;
    this.#samples = samples;
  }

  begin(floor: Floor): void {
    floor.record('agent', this.opening);
    floor.play(this.#samples, () => {});
  }

  heard(): void {}
  pressed(): void {}
  close(): void {}
}
