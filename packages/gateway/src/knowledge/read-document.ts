/** The text of a file or page: what kinds are read, by which encoding. */
import { htmlToText } from './html-text.ts';

/** How a document is read. */
export type DocumentKind = 'plain' | 'html';

export interface Document {
  readonly kind: DocumentKind;
  readonly bytes: Uint8Array;
  /** As stated with it; else it is found out. */
  readonly charset?: string;
}

export type ReadDocument =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly reason: string };

const PLAIN = ['txt', 'md', 'markdown', 'rst', 'org', 'csv', 'tsv', 'json', 'yaml', 'yml', 'log'];
const HTML = ['html', 'htm', 'xhtml', 'xml'];
const PLAIN_TYPES = /^(?:text\/[\w.+-]+|application\/(?:json|yaml|x-yaml|[\w.-]+\+json))$/;
const HTML_TYPES = /^(?:(?:text|application)\/(?:html|xml)|application\/[\w.-]+\+xml)$/;

/** The endings of file names that are read, for messages. */
export const READABLE_FILES = [...PLAIN, ...HTML].map((ending) => `.${ending}`).join(', ');

/** By a file's name, or where that says nothing by its type; undefined: it is not read. */
export function kindOfFile(filename: string, type: string): DocumentKind | undefined {
  const ending = /\.([a-z0-9]+)$/i.exec(filename)?.[1]?.toLowerCase();
  if (ending === undefined) return kindOfType(type);
  if (PLAIN.includes(ending)) return 'plain';
  return HTML.includes(ending) ? 'html' : undefined;
}

/** By a media type, parameters included or not; undefined: it is not read. */
export function kindOfType(type: string): DocumentKind | undefined {
  const bare = type.split(';', 1)[0]!.trim().toLowerCase();
  if (HTML_TYPES.test(bare)) return 'html';
  return PLAIN_TYPES.test(bare) ? 'plain' : undefined;
}

/** The charset of a media type. */
export function charsetOf(type: string): string | undefined {
  return /;\s*charset\s*=\s*"?([\w.:-]+)/i.exec(type)?.[1];
}

/** Reads it; a text has at least one character that shows. */
export function readDocument({ kind, bytes, charset }: Document): ReadDocument {
  const stated = charset ?? (kind === 'html' ? charsetInside(bytes) : undefined);
  const decoded = decode(bytes, stated);
  if (decoded.includes('\0')) return { ok: false, reason: 'It is not text.' };
  const text = tidy(kind === 'html' ? htmlToText(decoded) : decoded);
  return text === '' ? { ok: false, reason: 'It has no text.' } : { ok: true, text };
}

/** As it is stored: whole characters, line feeds alone, no more than one blank line. */
export function tidy(text: string): string {
  return text
    .toWellFormed()
    .replaceAll(/\r\n?/g, '\n')
    .replaceAll(/[^\S\n]+\n/g, '\n')
    .replaceAll(/\n{3,}/g, '\n\n')
    .trim();
}

/** A byte order mark, what was stated, UTF-8 where it is that, else Windows' Latin, which takes any byte. */
function decode(bytes: Uint8Array, charset: string | undefined): string {
  const marked = markOf(bytes);
  if (marked !== undefined) return new TextDecoder(marked).decode(bytes);
  if (charset !== undefined && !/^utf-?8$/i.test(charset)) {
    try {
      return new TextDecoder(charset).decode(bytes);
    } catch {
      // A charset nobody knows is as good as none.
    }
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder('windows-1252').decode(bytes);
  }
}

function markOf(bytes: Uint8Array): string | undefined {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le';
  return bytes[0] === 0xfe && bytes[1] === 0xff ? 'utf-16be' : undefined;
}

/** `<meta charset>` or its older form, which stands in the first kilobyte. */
function charsetInside(bytes: Uint8Array): string | undefined {
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 1_024)).toString('latin1');
  return (
    /<meta[^>]{1,200}charset\s*=\s*["']?([\w.:-]+)/i.exec(head)?.[1] ??
    /^<\?xml[^>]{1,200}encoding\s*=\s*["']([\w.:-]+)/.exec(head)?.[1]
  );
}
