import { randomFillSync } from 'node:crypto';

/** Drawn ahead: asking the system's source for each word costs more than opening a socket. */
const POOL_WORDS = 256;

/** Unsigned 32-bit numbers that nobody can guess. */
export function randomWords(): () => number {
  const pool = new Uint32Array(POOL_WORDS);
  let used = POOL_WORDS;
  return () => {
    if (used === POOL_WORDS) {
      randomFillSync(pool);
      used = 0;
    }
    const word = pool[used]!;
    // What was given out once is no longer lying about.
    pool[used] = 0;
    used += 1;
    return word;
  };
}
