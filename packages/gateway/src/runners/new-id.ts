/**
 * Ids that nobody can guess: call ids are credentials (A3). They begin with the time, so that an index over them
 * grows at its end, where random ones would rewrite a page of it for each inbound.
 */
import { randomFillSync } from 'node:crypto';

const LETTERS = Buffer.from('0123456789abcdefghijklmnopqrstuv');
const TIME_LETTERS = 9;
/** 130 bits. */
const RANDOM_LETTERS = 26;
/** Random letters drawn ahead: the system's source is slow to ask. */
const pool = Buffer.alloc(RANDOM_LETTERS * 256);
let used = pool.length;

/** Epoch ms and 130 random bits as 35 letters in [0-9a-v]. */
export function newId(): string {
  if (used === pool.length) refill();
  used += RANDOM_LETTERS;
  return Date.now().toString(32).padStart(TIME_LETTERS, '0') + pool.toString('latin1', used - RANDOM_LETTERS, used);
}

function refill(): void {
  randomFillSync(pool);
  for (let at = 0; at < pool.length; at++) pool[at] = LETTERS[pool[at]! & 31]!;
  used = 0;
}
