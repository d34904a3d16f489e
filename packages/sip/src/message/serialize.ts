import type { SipMessage } from './types.ts';
import { bracketHost } from './uri.ts';

const encode = (text: string): string => (text.includes('\r') || text.includes('\n') ? oneLine(text) : text);
const oneLine = (text: string): string => text.replaceAll('\r', ' ').replaceAll('\n', ' ');

/**
 * Writes a message. Content-Length is always set from the body, last; a line break inside a header value becomes a
 * space, so that no value can add a header.
 */
export function serializeMessage(message: SipMessage): Buffer {
  let text =
    message.kind === 'request'
      ? `${encode(message.method)} ${encode(message.uri)} SIP/2.0\r\n`
      : `SIP/2.0 ${message.status} ${encode(message.reason)}\r\n`;
  for (const { name, key, value } of message.headers) {
    if (key !== 'content-length') text += `${encode(name)}: ${encode(value)}\r\n`;
  }
  text += `Content-Length: ${message.body.length}\r\n\r\n`;
  const head = Buffer.from(text, message.charset);
  return message.body.length === 0 ? head : Buffer.concat([head, message.body]);
}

/** `host:port`, IPv6 in brackets. */
export const hostPort = (host: string, port: number): string => `${bracketHost(host)}:${port}`;
