/** Packets that may come after later ones; RFC 3711 3.3.2 wants 64 at least. */
const WINDOW = 128;

/** The packets of one stream that came, by index (RFC 3711 3.3). */
export class ReplayWindow {
  /** The index last seen at each place of a ring. */
  readonly #seen = new Float64Array(WINDOW).fill(-1);
  #highest = -1;

  /** The highest index noted; -1 before the first. */
  get highest(): number {
    return this.#highest;
  }

  /** Whether the packet of this index may be taken: it neither came before nor is too old to tell. */
  isFresh(index: number): boolean {
    return index >= 0 && index > this.#highest - WINDOW && this.#seen[index % WINDOW] !== index;
  }

  /** Notes a packet that proved authentic. */
  note(index: number): void {
    this.#seen[index % WINDOW] = index;
    if (index > this.#highest) this.#highest = index;
  }

  /** The 48-bit index of a packet with this sequence number (RFC 3711 3.3.1); negative where there can be none. */
  indexOf(sequence: number): number {
    if (this.#highest < 0) return sequence;
    const near = this.#highest & 0xffff;
    const rollover = Math.floor(this.#highest / 0x1_0000);
    const step = sequence - near;
    const shift = step > 0x8000 ? -1 : step < -0x8000 ? 1 : 0;
    return (rollover + shift) * 0x1_0000 + sequence;
  }
}
