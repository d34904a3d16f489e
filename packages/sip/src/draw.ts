import { createHash } from 'node:crypto';

/** A whole number from 0 up to, not including, `below` (2^48 at most), drawn from a random token. */
export const draw = (token: string, below: number): number =>
  createHash('sha256').update(token).digest().readUIntBE(0, 6) % below;
