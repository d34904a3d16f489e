/** From the bytes of a 2xx reply to JSON (D1, D2, D3). Pure; the caps are looked at before anything is parsed. */
import type { Issue, Json } from '../inbound.ts';
import { fault } from '../settings/issue.ts';
import { findJsonFault } from './scan-json.ts';

/** D1: bytes of a reply after inflation. */
export const REPLY_MAX_BYTES = 256 * 1024;
/** D1: levels of objects and lists. */
export const REPLY_MAX_DEPTH = 32;

/** The parsed JSON (undefined for an empty body, D2), or why the reply is a bad one. */
export type ParsedBody =
  | { readonly ok: true; readonly value: Json | undefined }
  | { readonly ok: false; readonly issue: Issue };

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function bad(code: string, message: string): ParsedBody {
  return { ok: false, issue: fault({ code, pointer: '', message }, 'falls_back') };
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** True when lists and objects nest deeper than `limit`; one pass, no recursion, strings skipped. */
export function nestsDeeperThan(text: string, limit: number): boolean {
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      for (at++; at < text.length && text.charCodeAt(at) !== QUOTE; at++) if (text.charCodeAt(at) === BACKSLASH) at++;
    } else if (code === 0x7b || code === 0x5b) {
      if (++depth > limit) return true;
    } else if (code === 0x7d || code === 0x5d) depth--;
  }
  return false;
}

function isWellFormed(value: unknown): boolean {
  if (typeof value === 'string') return value.isWellFormed();
  if (typeof value !== 'object' || value === null) return true;
  if (Array.isArray(value)) return value.every(isWellFormed);
  return Object.entries(value).every(([key, entry]) => key.isWellFormed() && isWellFormed(entry));
}

/** UTF-16 units in which the place of a fault is looked for: nobody who waits is kept for a longer text. */
const MOST_SCANNED = 64 * 1024;

function notJson(text: string): ParsedBody {
  if (/^\s*</.test(text)) return bad('html_reply', 'The reply is not JSON but a web page (HTML).');
  const fault = text.length > MOST_SCANNED ? undefined : findJsonFault(text);
  const why = fault === undefined ? '' : `: line ${fault.line}, column ${fault.column}: ${fault.what}`;
  return bad('not_json', `The reply is not JSON${why}.`);
}

const SURROGATE_ESCAPE = /\\u[dD][89a-fA-F]/;

function encodingFault(bytes: Uint8Array): string | undefined {
  const [first, second, third] = bytes;
  if (first === 0xef && second === 0xbb && third === 0xbf)
    return 'The reply starts with a byte order mark; send plain UTF-8.';
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff))
    return 'The reply is UTF-16; send UTF-8.';
  // JSON's first two characters are ASCII: a zero byte there is UTF-16 or UTF-32 without a mark.
  if (first === 0 || second === 0) return 'The reply is not UTF-8 (it looks like UTF-16 or UTF-32).';
  return undefined;
}

/**
 * Reads a reply's body. Empty or blank: undefined (D2). Faults are D3's: over 256 KiB (or `truncated` at the cap),
 * not UTF-8, a byte order mark, nesting over 32, not JSON, a lone surrogate. `issue.pointer` is the root.
 */
export function parseReplyBody(bytes: Uint8Array, options: { readonly truncated: boolean }): ParsedBody {
  if (options.truncated || bytes.length > REPLY_MAX_BYTES) {
    return bad('reply_too_large', `The reply is larger than ${REPLY_MAX_BYTES} bytes.`);
  }
  if (bytes.length === 0) return { ok: true, value: undefined };
  const encoding = encodingFault(bytes);
  if (encoding !== undefined) return bad('not_utf8', encoding);
  let text: string;
  try {
    text = decoder.decode(bytes);
  } catch {
    return bad('not_utf8', 'The reply is not valid UTF-8.');
  }
  if (text.trim() === '') return { ok: true, value: undefined };
  if (nestsDeeperThan(text, REPLY_MAX_DEPTH)) {
    return bad('too_deep', `The reply nests deeper than ${REPLY_MAX_DEPTH} levels.`);
  }
  let value: Json;
  try {
    value = JSON.parse(text) as Json;
  } catch {
    return notJson(text);
  }
  if (SURROGATE_ESCAPE.test(text) && !isWellFormed(value)) {
    return bad('lone_surrogate', 'The reply holds a lone surrogate, which is no character.');
  }
  return { ok: true, value };
}
