/**
 * The parser: bytes of one datagram to a message. It never throws, runs in linear time and bounded space, and is
 * strict where RFC 4475 demands: duplicates of single headers, lengths, CSeq, quotes, line ends.
 * Where a request is refused, what could be read of it is returned, so that it can be answered.
 */
import { isAscii, isUtf8 } from 'node:buffer';
import { isToken, parseDigits, splitList, trimSpace } from './characters.ts';
import type { CSeq } from './cseq.ts';
import { parseCSeq } from './cseq.ts';
import { headerName } from './header.ts';
import type { NameAddr } from './name-addr.ts';
import { parseNameAddr } from './name-addr.ts';
import type { SipHeader, SipMessage, SipRequest } from './types.ts';
import type { Via } from './via.ts';
import { parseVia } from './via.ts';

/** Start line and headers may take this many bytes. */
export const maxHeadBytes = 32 * 1024;
/** Header lines allowed, after unfolding. */
export const maxHeaderLines = 200;

/** The headers every message needs, parsed. `via` is the topmost. */
export interface SipHead {
  readonly via: Via;
  readonly from: NameAddr;
  readonly to: NameAddr;
  readonly cseq: CSeq;
  readonly callId: string;
}

/** A message that keeps the rules. */
export interface ParseSuccess {
  readonly ok: true;
  readonly message: SipMessage;
  readonly head: SipHead;
}

/** A message that breaks them. */
export interface ParseFailure {
  readonly ok: false;
  /** The code a server answers with: 400, 505 or 513. */
  readonly status: number;
  /** What is wrong, fit for a reason phrase. */
  readonly reason: string;
  /** Is it a request with Via, From, To, Call-ID and CSeq, so that an answer can be addressed? */
  readonly answerable: boolean;
  /** What could be read; only with `answerable`. Duplicates of single headers are still in it. */
  readonly message?: SipRequest;
}

/** What parsing gives; it never throws. */
export type ParseResult = ParseSuccess | ParseFailure;

interface Fault {
  readonly status: number;
  readonly reason: string;
}

const bad = (reason: string): Fault => ({ status: 400, reason });

/**
 * Reads one message. Bytes after its Content-Length are ignored; leading line ends are skipped. Content-Length itself
 * is left out of the headers: the body says it, and serializing writes it anew.
 */
export function parseMessage(bytes: Uint8Array): ParseResult {
  const data = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let start = 0;
  while (start < data.length && (data[start] === 13 || data[start] === 10)) start++;
  if (start === data.length) return { ok: false, status: 400, reason: 'Empty message', answerable: false };
  const cut = cutHead(data, start);
  const headBytes = data.subarray(start, cut.end);
  const charset = isAscii(headBytes) || !isUtf8(headBytes) ? 'latin1' : 'utf8';
  const text = headBytes.toString(charset);
  const lineEnd = text.indexOf('\r\n');
  const startLine = parseStartLine(lineEnd < 0 ? text : text.slice(0, lineEnd));
  if (!startLine) return { ok: false, status: 400, reason: 'Malformed start line', answerable: false };
  const lines = parseHeaderLines(lineEnd < 0 ? '' : text.slice(lineEnd + 2));
  const body = data.subarray(cut.bodyStart);
  const common = {
    headers: lines.headers.filter((line) => line.key !== 'content-length'),
    charset: charset === 'latin1' && !isAscii(headBytes) ? 'latin1' : 'utf8',
  } as const;
  const checked = checkHeaders(lines.headers, startLine.kind === 'request' ? startLine.method : undefined, body.length);
  const { fault: startFault, ...line } = startLine;
  const fault = startFault ?? cut.fault ?? lines.fault ?? checked.fault;
  if (!fault && checked.head) {
    const message = { ...line, ...common, body: body.subarray(0, checked.length) };
    return { ok: true, message, head: checked.head };
  }
  const { status, reason } = fault ?? bad('Malformed message');
  if (line.kind === 'response' || !isAnswerable(lines.headers)) return { ok: false, status, reason, answerable: false };
  return { ok: false, status, reason, answerable: true, message: { ...line, ...common, body: Buffer.alloc(0) } };
}

function cutHead(data: Buffer, start: number): { end: number; bodyStart: number; fault?: Fault } {
  const blank = data.indexOf('\r\n\r\n', start, 'latin1');
  const end = blank < 0 ? data.length : blank;
  if (end - start > maxHeadBytes) {
    return { end: start + maxHeadBytes, bodyStart: data.length, fault: { status: 513, reason: 'Message Too Large' } };
  }
  if (blank < 0) return { end, bodyStart: end, fault: bad('Headers do not end') };
  return { end, bodyStart: blank + 4 };
}

type StartLine =
  | { readonly kind: 'request'; readonly method: string; readonly uri: string; readonly fault?: Fault }
  | { readonly kind: 'response'; readonly status: number; readonly reason: string; readonly fault?: Fault };

function parseStartLine(line: string): StartLine | undefined {
  if (line.slice(0, 4).toUpperCase() === 'SIP/') return parseStatusLine(line);
  const text = trimSpace(line);
  const first = text.indexOf(' ');
  const last = text.lastIndexOf(' ');
  if (first < 0 || last === first) return undefined;
  const method = text.slice(0, first);
  const version = text.slice(last + 1).toUpperCase();
  const uri = text.slice(first + 1, last);
  if (!isToken(method) || !version.startsWith('SIP/')) return undefined;
  const fault = requestLineFault(line, text, uri, version);
  return fault ? { kind: 'request', method, uri, fault } : { kind: 'request', method, uri };
}

function requestLineFault(line: string, text: string, uri: string, version: string): Fault | undefined {
  if (version !== 'SIP/2.0') return { status: 505, reason: 'Version Not Supported' };
  if (text !== line || uri === '' || hasSpaceOrControl(uri)) return bad('Malformed request line');
  return undefined;
}

function hasSpaceOrControl(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code <= 32 || code === 127) return true;
  }
  return false;
}

function parseStatusLine(line: string): StartLine | undefined {
  const digits = line.slice(8, 11);
  const status = parseDigits(digits, 699);
  if (line.slice(0, 8).toUpperCase() !== 'SIP/2.0 ' || digits.length !== 3) return undefined;
  if (status === undefined || status < 100 || (line.length > 11 && line[11] !== ' ')) return undefined;
  const reason = line.slice(12);
  return hasLineBreak(reason) ? undefined : { kind: 'response', status, reason };
}

const hasLineBreak = (text: string): boolean => text.includes('\r') || text.includes('\n');

function parseHeaderLines(text: string): { headers: SipHeader[]; fault?: Fault } {
  const headers: SipHeader[] = [];
  let fault: Fault | undefined;
  let at = 0;
  while (at < text.length) {
    const { line, next } = unfoldedLine(text, at);
    at = next;
    if (headers.length >= maxHeaderLines) {
      fault ??= { status: 513, reason: 'Too Many Headers' };
      break;
    }
    const colon = line.indexOf(':');
    const written = colon < 0 ? '' : trimSpace(line.slice(0, colon));
    if (!isToken(written) || line.charCodeAt(0) === 32 || line.charCodeAt(0) === 9 || hasLineBreak(line)) {
      fault ??= bad('Malformed header line');
      continue;
    }
    const { name, key } = headerName(written);
    headers.push({ name, key, value: trimSpace(line.slice(colon + 1)) });
  }
  return fault ? { headers, fault } : { headers };
}

function unfoldedLine(text: string, from: number): { line: string; next: number } {
  let end = lineEndAt(text, from);
  let line = text.slice(from, end);
  if (!isFolded(text, end)) return { line, next: end + 2 };
  const parts = [line];
  while (isFolded(text, end)) {
    const start = end + 2;
    end = lineEndAt(text, start);
    parts.push(trimSpace(text.slice(start, end)));
  }
  line = parts.join(' ');
  return { line, next: end + 2 };
}

function lineEndAt(text: string, from: number): number {
  const end = text.indexOf('\r\n', from);
  return end < 0 ? text.length : end;
}

function isFolded(text: string, end: number): boolean {
  const code = end + 2 < text.length ? text.charCodeAt(end + 2) : 0;
  return code === 32 || code === 9;
}

// Headers that may stand once; a second one makes the message ambiguous (RFC 4475 3.3.8, 3.3.9).
const singles = [
  'from',
  'to',
  'call-id',
  'cseq',
  'max-forwards',
  'content-length',
  'content-type',
  'session-expires',
  'min-se',
  'refer-to',
];

interface Checked {
  readonly fault?: Fault;
  readonly head?: SipHead;
  readonly length?: number;
}

function checkHeaders(headers: readonly SipHeader[], method: string | undefined, bodyLength: number): Checked {
  const first = new Map<string, string>();
  for (const { key, value } of headers) {
    if (!first.has(key)) first.set(key, value);
    else if (singles.includes(key)) return { fault: bad(`Duplicate ${headerName(key).name}`) };
  }
  const head = readHead(first);
  if ('fault' in head) return head;
  if (method !== undefined && head.head.cseq.method !== method) return { fault: bad('CSeq method mismatch') };
  const length = first.get('content-length');
  const declared = length === undefined ? bodyLength : parseDigits(length, 0x7fff_ffff);
  if (declared === undefined) return { fault: bad('Malformed Content-Length') };
  if (declared > bodyLength) return { fault: bad('Content-Length exceeds the message') };
  const forwards = first.get('max-forwards');
  if (forwards !== undefined && parseDigits(forwards, 255) === undefined)
    return { fault: bad('Malformed Max-Forwards') };
  if (method !== undefined && !contactsAreSound(headers)) return { fault: bad('Malformed Contact') };
  return { head: head.head, length: declared };
}

function readHead(first: ReadonlyMap<string, string>): { fault: Fault } | { head: SipHead } {
  const read = <T>(key: string, parse: (value: string) => T | undefined): T | Fault => {
    const value = first.get(key);
    if (value === undefined) return bad(`Missing ${headerName(key).name}`);
    return parse(value) ?? bad(`Malformed ${headerName(key).name}`);
  };
  const via = read('via', (value) => parseVia(splitList(value)[0] ?? ''));
  const from = read('from', parseNameAddr);
  const to = read('to', parseNameAddr);
  const cseq = read('cseq', parseCSeq);
  const callId = first.get('call-id');
  for (const part of [via, from, to, cseq]) if ('status' in part) return { fault: part };
  if (callId === undefined || callId === '' || hasSpaceOrControl(callId)) return { fault: bad('Malformed Call-ID') };
  return { head: { via, from, to, cseq, callId } as SipHead };
}

function contactsAreSound(headers: readonly SipHeader[]): boolean {
  for (const { key, value } of headers) {
    if (key !== 'contact' || value === '*') continue;
    for (const part of splitList(value)) if (!parseNameAddr(part)) return false;
  }
  return true;
}

function isAnswerable(headers: readonly SipHeader[]): boolean {
  const keys = new Set(headers.map((line) => line.key));
  return ['via', 'from', 'to', 'call-id', 'cseq'].every((key) => keys.has(key));
}
