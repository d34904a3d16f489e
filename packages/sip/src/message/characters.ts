/** Character classes of RFC 3261 25.1 as lookup tables: no regular expression runs over a peer's bytes. */

const table = (characters: string): Uint8Array => {
  const allowed = new Uint8Array(128);
  for (let i = 0; i < characters.length; i++) allowed[characters.charCodeAt(i)] = 1;
  return allowed;
};

const alphanumeric = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';
const tokenTable = table(`${alphanumeric}-.!%*_+\`'~`);
const hostTable = table(`${alphanumeric}-._`);
const ipv6Table = table('abcdefABCDEF0123456789:.');
const schemeTable = table(`${alphanumeric}+-.`);
// user, password and the unreserved sets of sip: URIs, with % for escapes; brackets are met in practice.
const userTable = table(`${alphanumeric}-_.!~*'()%&=+$,;?/:#[]`);
const paramTable = table(`${alphanumeric}-_.!~*'()%[]/:&+$`);

const all = (text: string, allowed: Uint8Array): boolean => {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code > 127 || allowed[code] === 0) return false;
  }
  return text.length > 0;
};

/** Is it a non-empty `token`? */
export const isToken = (text: string): boolean => all(text, tokenTable);
/** Is it made of host name characters (underscore is met in practice)? */
export const isHostName = (text: string): boolean => all(text, hostTable);
/** Is it made of IPv6 characters with at least one colon? */
export const isIpv6 = (text: string): boolean => all(text, ipv6Table) && text.includes(':');
/** Is it a URI scheme? */
export const isScheme = (text: string): boolean => all(text, schemeTable) && !isDigit(text.charCodeAt(0));
/** May it stand before the @ of a sip: URI? */
export const isUserinfo = (text: string): boolean => all(text, userTable);
/** May it be a name or value of a URI parameter? */
export const isUriParameter = (text: string): boolean => all(text, paramTable);

const isDigit = (code: number): boolean => code >= 48 && code <= 57;

/** Reads a run of digits as a number; undefined for anything else, or above `max`. Leading zeros are fine. */
export function parseDigits(text: string, max: number): number | undefined {
  if (text.length === 0) return undefined;
  let value = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (!isDigit(code)) return undefined;
    value = value * 10 + (code - 48);
    if (value > max) return undefined;
  }
  return value;
}

/** Index of the first character at or after `from` that is neither space nor tab. */
export function skipSpace(text: string, from: number): number {
  let i = from;
  while (i < text.length) {
    const code = text.charCodeAt(i);
    if (code !== 32 && code !== 9) break;
    i++;
  }
  return i;
}

/** `text` without spaces and tabs at either end; unlike `trim` it leaves other white space alone. */
export function trimSpace(text: string): string {
  const start = skipSpace(text, 0);
  let end = text.length;
  while (end > start) {
    const code = text.charCodeAt(end - 1);
    if (code !== 32 && code !== 9) break;
    end--;
  }
  return start === 0 && end === text.length ? text : text.slice(start, end);
}

/** Index just after the quoted string that opens at `open`; -1 when it never closes. */
export function quotedEnd(text: string, open: number): number {
  for (let i = open + 1; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 92) i++;
    else if (code === 34) return i + 1;
  }
  return -1;
}

/** The text inside a quoted string with its backslash escapes undone; other text is returned as is. */
export function unquote(text: string): string {
  if (text.length < 2 || text.charCodeAt(0) !== 34) return text;
  if (!text.includes('\\')) return text.slice(1, -1);
  let out = '';
  for (let i = 1; i < text.length - 1; i++) {
    if (text.charCodeAt(i) === 92) i++;
    out += text[i];
  }
  return out;
}

/** Splits a header value at its top-level commas: those outside quotes and angle brackets. Empty parts are dropped. */
export function splitList(value: string): readonly string[] {
  if (!value.includes(',')) {
    const single = trimSpace(value);
    return single === '' ? [] : [single];
  }
  const parts: string[] = [];
  let start = 0;
  let depth = 0;
  const push = (end: number) => {
    const part = trimSpace(value.slice(start, end));
    if (part !== '') parts.push(part);
  };
  for (let i = 0; i < value.length; i++) {
    const code = value.charCodeAt(i);
    if (code === 34) {
      const end = quotedEnd(value, i);
      if (end < 0) break;
      i = end - 1;
    } else if (code === 60) depth = 1;
    else if (code === 62) depth = 0;
    else if (code === 44 && depth === 0) {
      push(i);
      start = i + 1;
    }
  }
  push(value.length);
  return parts;
}
