import { isToken, quotedEnd, skipSpace, unquote } from '../message/characters.ts';

/** A challenge or credentials: a scheme and its parameters, names lower-cased, quotes undone. */
export interface AuthParams {
  readonly scheme: string;
  readonly params: ReadonlyMap<string, string>;
}

/** More than any peer has reason to send. */
const maxParams = 40;

/**
 * Reads a WWW-Authenticate, Proxy-Authenticate, Authorization or Proxy-Authorization value. RFC 3261 7.3.1 wants one per
 * line; several joined by commas, as HTTP has them, are read too. undefined for an unbalanced quote, a parameter that
 * comes twice, or anything else that is not `scheme name=value, …`.
 */
export function parseAuthParams(value: string): readonly AuthParams[] | undefined {
  const found: { scheme: string; params: Map<string, string> }[] = [];
  let at = skipSpace(value, 0);
  while (at < value.length) {
    const word = wordAt(value, at);
    if (word === '') return undefined;
    const after = skipSpace(value, at + word.length);
    const current = found.at(-1);
    if (value[after] !== '=') {
      // A word without = opens the next challenge, and a space has to follow it.
      if (after === at + word.length) return undefined;
      found.push({ scheme: word, params: new Map() });
      at = after;
      continue;
    }
    const param = valueAt(value, skipSpace(value, after + 1));
    const name = word.toLowerCase();
    if (!current || !param || current.params.has(name) || current.params.size >= maxParams) return undefined;
    current.params.set(name, param.value);
    at = skipCommas(value, param.end);
    if (at < 0) return undefined;
  }
  return found;
}

/** Quotes a value: backslashes and quotes inside are escaped. */
export function quote(text: string): string {
  return `"${text.replace(/[\\"]/g, '\\$&')}"`;
}

function wordAt(text: string, from: number): string {
  let end = from;
  while (end < text.length && isToken(text[end] ?? '')) end++;
  return text.slice(from, end);
}

function valueAt(text: string, from: number): { readonly value: string; readonly end: number } | undefined {
  if (text[from] === '"') {
    const end = quotedEnd(text, from);
    return end < 0 ? undefined : { value: unquote(text.slice(from, end)), end };
  }
  let end = from;
  while (end < text.length && !' \t,"'.includes(text[end] ?? '')) end++;
  return end === from ? undefined : { value: text.slice(from, end), end };
}

/** Past the commas after a parameter; -1 where something else stands there. */
function skipCommas(text: string, from: number): number {
  const start = skipSpace(text, from);
  let at = start;
  while (text[at] === ',') at = skipSpace(text, at + 1);
  return at > start || at >= text.length ? at : -1;
}
