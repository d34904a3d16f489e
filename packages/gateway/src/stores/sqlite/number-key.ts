/** The integer under which a phone number is kept. */
import { createHash } from 'node:crypto';

const E164 = /^\+[1-9]\d{0,14}$/;
const HASH_BYTES = 6;

/** E.164 numbers are their digits; anything else (extensions, names) a negative 48-bit hash of the text. */
export function numberKey(phoneNumber: string): number {
  if (E164.test(phoneNumber)) return Number(phoneNumber.slice(1));
  return -1 - createHash('sha256').update(phoneNumber).digest().readUIntBE(0, HASH_BYTES);
}
