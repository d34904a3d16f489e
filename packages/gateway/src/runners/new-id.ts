/** Ids that nobody can guess: call ids are credentials (A3). */
import { randomFillSync } from 'node:crypto';

const LETTERS = '0123456789abcdefghijklmnopqrstuv';
const ID_BYTES = 28;
const pool = Buffer.alloc(ID_BYTES * 256);
let used = pool.length;

/** 140 random bits as 28 letters in [0-9a-v]; from a pool, for the system's source is slow to ask. */
export function newId(): string {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  let id = '';
  for (const end = used + ID_BYTES; used < end; used++) id += LETTERS[pool[used]! & 31];
  return id;
}
