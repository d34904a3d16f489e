/**
 * Bodies of the type multipart/form-data (RFC 7578, RFC 2046 5.1). The platform's own reader takes what browsers send and
 * no more; other clients leave names unquoted, write `filename*`, or put text before the first part.
 */

/** A part of a form. */
export interface FormPart {
  readonly name: string;
  /** Files have one. */
  readonly filename?: string;
  /** Media type; may be empty. */
  readonly type: string;
  /** Of the body: nothing is copied. */
  readonly bytes: Buffer;
}

const MOST_HEADER_BYTES = 16_384;
const LINE = '\r\n';

/** The parts in their order. Throws where it is no form, or not a whole one. */
export function* readMultipart(body: Buffer, contentType: string): Generator<FormPart> {
  const delimiter = `--${boundaryOf(contentType)}`;
  // The first one may stand at the very beginning, without the line end that belongs to it.
  let at = body.indexOf(delimiter) === 0 ? delimiter.length : nextDelimiter(body, 0, delimiter).end;
  while (body.toString('latin1', at, at + 2) !== '--') {
    const { headers, end } = readHeaders(body, at);
    const next = nextDelimiter(body, end - LINE.length, delimiter);
    yield toPart(headers, body.subarray(end, Math.max(end, next.start)));
    at = next.end;
  }
}

function boundaryOf(contentType: string): string {
  const boundary = paramsOf(contentType).get('boundary') ?? '';
  if (!/^multipart\/form-data\b/i.test(contentType.trim()) || boundary === '' || boundary.length > 70) {
    throw new Error('There is no boundary.');
  }
  return boundary;
}

/** From where to where the next delimiter is, with the line end before it. A longer word that begins so is none. */
function nextDelimiter(
  body: Buffer,
  from: number,
  delimiter: string,
): { readonly start: number; readonly end: number } {
  for (let start = from; ; start++) {
    start = body.indexOf(LINE + delimiter, start, 'latin1');
    if (start === -1) throw new Error('The last part has no end.');
    const end = start + LINE.length + delimiter.length;
    if (/^(?:--|[ \t]|\r\n)/.test(body.toString('latin1', end, end + 2))) return { start, end };
  }
}

function readHeaders(
  body: Buffer,
  from: number,
): { readonly headers: ReadonlyMap<string, string>; readonly end: number } {
  const end = body.indexOf(LINE + LINE, from, 'latin1');
  if (end === -1 || end - from > MOST_HEADER_BYTES) throw new Error('A part has no headers.');
  const lines = body.toString('utf8', from, end).split(LINE);
  if (!/^[ \t]*$/.test(lines[0]!)) throw new Error('A delimiter has something behind it.');
  const headers = lines.slice(1).map((line): [string, string] => {
    const colon = line.indexOf(':');
    return [line.slice(0, Math.max(0, colon)).trim().toLowerCase(), line.slice(colon + 1).trim()];
  });
  return { headers: new Map(headers), end: end + 2 * LINE.length };
}

function toPart(headers: ReadonlyMap<string, string>, raw: Buffer): FormPart {
  const disposition = headers.get('content-disposition') ?? '';
  const params = paramsOf(disposition);
  const name = params.get('name');
  if (!/^form-data\b/i.test(disposition) || name === undefined) throw new Error('A part has no name.');
  const extended = params.get('filename*');
  const filename = (extended === undefined ? undefined : decodeExtended(extended)) ?? params.get('filename');
  const isBase64 = /^base64$/i.test(headers.get('content-transfer-encoding') ?? '');
  const bytes = isBase64 ? Buffer.from(raw.toString('latin1'), 'base64') : raw;
  return { name, ...(filename !== undefined && { filename }), type: headers.get('content-type') ?? '', bytes };
}

/** Parameters of a header by lower-case name. Browsers write quotes and line ends as %22, %0D and %0A. */
function paramsOf(header: string): ReadonlyMap<string, string> {
  const params = new Map<string, string>();
  for (const [, name, quoted, plain] of header.matchAll(/;\s*([^\s=;"]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;\s]*))/g)) {
    const value = quoted?.replaceAll(/\\(["\\])/g, '$1') ?? plain ?? '';
    params.set(name!.toLowerCase(), value.replaceAll('%22', '"').replaceAll(/%0[da]/gi, ' '));
  }
  return params;
}

/** `UTF-8''caf%C3%A9.txt` (RFC 8187); undefined where it is not of that form. */
function decodeExtended(value: string): string | undefined {
  const found = /^(utf-8|iso-8859-1)'[^']*'(.*)$/i.exec(value);
  if (!found) return undefined;
  const bytes = found[2]!.replaceAll(/%([0-9a-f]{2})/gi, (_all, hex) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(bytes, 'latin1').toString(/^utf/i.test(found[1]!) ? 'utf8' : 'latin1');
}
