/** What an INFO says of a key. */
export type InfoBody =
  | { readonly kind: 'digit'; readonly digit: string; readonly durationMs: number }
  /** A hook flash, or nothing at all. */
  | { readonly kind: 'nothing' }
  | { readonly kind: 'malformed' };

/** What a key is held for where nothing is said of it. */
const usualMs = 250;
/** Longer is not believed. */
const longestMs = 60_000;

/**
 * Reads a key from the body of an INFO: `application/dtmf-relay` has lines `Signal=5` and `Duration=160` (ms),
 * `application/dtmf` the key alone. Events 10 to 16 stand for `*`, `#`, A to D and the hook flash as in RFC 4733.
 */
export function parseInfoDigit(type: 'application/dtmf-relay' | 'application/dtmf', text: string): InfoBody {
  const body = text.trim();
  if (body === '') return { kind: 'nothing' };
  if (type === 'application/dtmf') return readKey(body, usualMs);
  const signal = /^[ \t]*Signal[ \t]*=[ \t]*(\S+)[ \t]*$/im.exec(body)?.[1];
  const duration = /^[ \t]*Duration[ \t]*=[ \t]*(\d{1,9})[ \t]*$/im.exec(body)?.[1];
  if (signal === undefined) return { kind: 'malformed' };
  return readKey(signal, duration === undefined ? usualMs : Math.min(Number(duration), longestMs));
}

const named: Readonly<Record<string, string>> = { '10': '*', '11': '#', '12': 'A', '13': 'B', '14': 'C', '15': 'D' };

function readKey(text: string, durationMs: number): InfoBody {
  const key = (named[text] ?? text).toUpperCase();
  if (key === '16' || key === '!') return { kind: 'nothing' };
  return /^[\d*#A-D]$/.test(key) ? { kind: 'digit', digit: key, durationMs } : { kind: 'malformed' };
}
