import { isToken, quotedEnd, trimSpace, unquote } from './characters.ts';

/** A header or URI parameter, as written: escapes and quotes are kept. */
export interface SipParam {
  readonly name: string;
  readonly value?: string;
}

const maxParams = 100;

/**
 * Reads `;a;b=c;d="e"` from index `from` to the end. undefined for an empty parameter, a stray character,
 * an unbalanced quote, or more than 100 of them.
 */
export function parseParams(text: string, from: number): readonly SipParam[] | undefined {
  let at = from;
  const params: SipParam[] = [];
  while (at < text.length) {
    if (text.charCodeAt(at) === 32 || text.charCodeAt(at) === 9) {
      at++;
      continue;
    }
    if (text.charCodeAt(at) !== 59 || params.length >= maxParams) return undefined;
    const end = paramEnd(text, at + 1);
    if (end < 0) return undefined;
    const param = parseParam(text.slice(at + 1, end));
    if (!param) return undefined;
    params.push(param);
    at = end;
  }
  return params;
}

function paramEnd(text: string, from: number): number {
  for (let i = from; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 59) return i;
    if (code === 34) {
      const end = quotedEnd(text, i);
      if (end < 0) return -1;
      i = end - 1;
    }
  }
  return text.length;
}

function parseParam(text: string): SipParam | undefined {
  const equals = text.indexOf('=');
  if (equals < 0) {
    const name = trimSpace(text);
    return isToken(name) ? { name } : undefined;
  }
  const name = trimSpace(text.slice(0, equals));
  const value = trimSpace(text.slice(equals + 1));
  if (!isToken(name) || !isParamValue(value)) return undefined;
  return { name, value };
}

function isParamValue(value: string): boolean {
  if (value.charCodeAt(0) === 34) return quotedEnd(value, 0) === value.length;
  if (value === '') return false;
  for (let i = 0; i < value.length; i++) {
    const code = value.charCodeAt(i);
    // Wider than token: tags and branches of real peers hold @ : / and the like.
    if (code <= 32 || code === 34 || code === 44 || code === 59 || code === 60 || code === 62) return false;
  }
  return true;
}

/** The value of a parameter, its name in any case, quotes undone; '' for one without value, undefined for none. */
export function paramValue(params: readonly SipParam[], name: string): string | undefined {
  const wanted = name.toLowerCase();
  for (const param of params) {
    if (param.name.length === wanted.length && param.name.toLowerCase() === wanted) return unquote(param.value ?? '');
  }
  return undefined;
}

/** Writes parameters as `;a;b=c`. */
export function serializeParams(params: readonly SipParam[]): string {
  let out = '';
  for (const { name, value } of params) out += value === undefined ? `;${name}` : `;${name}=${value}`;
  return out;
}
