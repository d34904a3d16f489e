/** Samples by key, bounded by bytes; what was not used longest goes first. */
export class SampleLru {
  readonly #maxBytes: number;
  readonly #entries = new Map<string, Int16Array>();
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get(key: string): Int16Array | undefined {
    const samples = this.#entries.get(key);
    if (!samples) return undefined;
    // Maps keep the order of insertion: putting it in again makes it the youngest.
    this.#entries.delete(key);
    this.#entries.set(key, samples);
    return samples;
  }

  /** One that alone exceeds the bound is not kept. */
  set(key: string, samples: Int16Array): void {
    this.#drop(key);
    if (samples.byteLength > this.#maxBytes) return;
    this.#entries.set(key, samples);
    this.#bytes += samples.byteLength;
    for (const oldest of this.#entries.keys()) {
      if (this.#bytes <= this.#maxBytes) return;
      this.#drop(oldest);
    }
  }

  #drop(key: string): void {
    this.#bytes -= this.#entries.get(key)?.byteLength ?? 0;
    this.#entries.delete(key);
  }
}
