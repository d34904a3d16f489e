import { createHmac, timingSafeEqual } from 'node:crypto';

/** Makes nonces that carry when they were made and need not be remembered: their maker knows them by their signature. */
export class NonceSigner {
  readonly #secret: string;
  readonly #random: () => string;

  constructor(secret: string, random: () => string) {
    this.#secret = secret;
    this.#random = random;
  }

  /** A fresh nonce, made at `nowMs`. */
  make(nowMs: number): string {
    const stem = `${Math.floor(nowMs).toString(36)}.${this.#random()}`;
    return `${stem}.${this.#sign(stem).toString('base64url')}`;
  }

  /** When a nonce was made, in ms; undefined where it is not one of ours. */
  madeAt(nonce: string): number | undefined {
    const cut = nonce.lastIndexOf('.');
    const stem = nonce.slice(0, Math.max(cut, 0));
    const shown = Buffer.from(nonce.slice(cut + 1), 'base64url');
    const right = this.#sign(stem);
    if (shown.length !== right.length || !timingSafeEqual(shown, right)) return undefined;
    return Number.parseInt(stem, 36);
  }

  #sign(stem: string): Buffer {
    return createHmac('sha256', this.#secret).update(stem).digest().subarray(0, 16);
  }
}
