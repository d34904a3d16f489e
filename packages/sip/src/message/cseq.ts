import { isToken, parseDigits, trimSpace } from './characters.ts';

/** The CSeq header (RFC 3261 20.16). */
export interface CSeq {
  readonly seq: number;
  readonly method: string;
}

/** Reads a CSeq; undefined where malformed or at 2^31 and above (RFC 3261 8.1.1.5). */
export function parseCSeq(value: string): CSeq | undefined {
  const text = trimSpace(value);
  let end = 0;
  while (end < text.length && text.charCodeAt(end) !== 32 && text.charCodeAt(end) !== 9) end++;
  const seq = parseDigits(text.slice(0, end), 0x7fff_ffff);
  const method = trimSpace(text.slice(end));
  return seq === undefined || !isToken(method) ? undefined : { seq, method };
}
