import { splitList } from './characters.ts';
import type { SipHeader, SipMessage } from './types.ts';

const longNames = [
  'Accept',
  'Accept-Contact',
  'Accept-Encoding',
  'Accept-Language',
  'Alert-Info',
  'Allow',
  'Allow-Events',
  'Authorization',
  'CSeq',
  'Call-ID',
  'Call-Info',
  'Contact',
  'Content-Disposition',
  'Content-Encoding',
  'Content-Length',
  'Content-Type',
  'Date',
  'Diversion',
  'Event',
  'Expires',
  'From',
  'History-Info',
  'Identity',
  'Identity-Info',
  'Max-Forwards',
  'Min-SE',
  'P-Asserted-Identity',
  'Privacy',
  'Proxy-Authorization',
  'Proxy-Require',
  'RAck',
  'RSeq',
  'Reason',
  'Record-Route',
  'Refer-To',
  'Referred-By',
  'Reject-Contact',
  'Remote-Party-ID',
  'Replaces',
  'Request-Disposition',
  'Require',
  'Retry-After',
  'Route',
  'Server',
  'Session-Expires',
  'Subject',
  'Supported',
  'To',
  'Unsupported',
  'User-Agent',
  'User-To-User',
  'Via',
  'Warning',
] as const;

// The compact forms of the IANA registry.
const compactNames: Readonly<Record<string, (typeof longNames)[number]>> = {
  a: 'Accept-Contact',
  b: 'Referred-By',
  c: 'Content-Type',
  d: 'Request-Disposition',
  e: 'Content-Encoding',
  f: 'From',
  i: 'Call-ID',
  j: 'Reject-Contact',
  k: 'Supported',
  l: 'Content-Length',
  m: 'Contact',
  n: 'Identity-Info',
  o: 'Event',
  r: 'Refer-To',
  s: 'Subject',
  t: 'To',
  u: 'Allow-Events',
  v: 'Via',
  x: 'Session-Expires',
  y: 'Identity',
};

interface HeaderName {
  readonly name: string;
  readonly key: string;
}

const known = new Map<string, HeaderName>();
for (const name of longNames) {
  const entry = { name, key: name.toLowerCase() };
  known.set(name, entry);
  known.set(entry.key, entry);
}
for (const [compact, name] of Object.entries(compactNames)) {
  const entry = known.get(name)!;
  known.set(compact, entry);
  known.set(compact.toUpperCase(), entry);
}

/** The usual spelling and the lower-case key of a header name; compact forms are expanded (RFC 3261 7.3.3). */
export function headerName(written: string): HeaderName {
  const found = known.get(written);
  if (found) return found;
  const key = written.toLowerCase();
  return known.get(key) ?? { name: written, key };
}

/** Builds one header line. */
export function header(name: string, value: string | number): SipHeader {
  const { name: usual, key } = headerName(name);
  return { name: usual, key, value: String(value) };
}

/** The value of the first header of that name, in any spelling; undefined where there is none. */
export function headerValue(message: Pick<SipMessage, 'headers'>, name: string): string | undefined {
  const { key } = headerName(name);
  for (const line of message.headers) if (line.key === key) return line.value;
  return undefined;
}

/** The values of every header line of that name, in order, lines not split. */
export function headerValues(message: Pick<SipMessage, 'headers'>, name: string): string[] {
  const { key } = headerName(name);
  const values: string[] = [];
  for (const line of message.headers) if (line.key === key) values.push(line.value);
  return values;
}

/** The elements of a comma-separated header, over all its lines. Not for headers whose values hold bare commas. */
export function headerList(message: Pick<SipMessage, 'headers'>, name: string): string[] {
  return headerValues(message, name).flatMap(splitList);
}
