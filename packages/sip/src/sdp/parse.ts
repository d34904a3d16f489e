import { isIP } from 'node:net';
import { unmapAddress } from '../message/index.ts';
import type { SdpAttribute, SdpConnection, SdpMedia, SessionDescription } from './types.ts';

const maxBytes = 64 * 1024;
const maxMedia = 32;
const maxAttributes = 500;
/** As many as RTP has payload types: each is looked for among the attributes. */
const maxFormats = 128;

interface Draft {
  connection?: SdpConnection;
  readonly attributes: SdpAttribute[];
}

interface MediaDraft extends Draft, Omit<SdpMedia, 'attributes' | 'connection'> {}

/** Reads a session description; undefined where it is malformed. Unknown line types are ignored, LF ends are accepted. */
export function parseSdp(text: string): SessionDescription | undefined {
  if (text.length > maxBytes || !text.startsWith('v=0')) return undefined;
  const session: Draft = { attributes: [] };
  const media: MediaDraft[] = [];
  const single = new Map<string, string>();
  for (const line of text.split('\n')) {
    const content = line.endsWith('\r') ? line.slice(0, -1) : line;
    if (content === '') continue;
    if (content[1] !== '=') return undefined;
    const value = content.slice(2);
    if (content[0] === 'm') {
      const parsed = parseMediaLine(value);
      if (!parsed || media.length >= maxMedia) return undefined;
      media.push(parsed);
    } else if (!readLine(content[0] ?? '', value, media.at(-1) ?? session, single)) return undefined;
  }
  const origin = single.get('o');
  if (origin === undefined) return undefined;
  return { origin, name: single.get('s') ?? '-', time: single.get('t') ?? '0 0', ...session, media };
}

function readLine(type: string, value: string, scope: Draft, single: Map<string, string>): boolean {
  if (type === 'a') {
    if (scope.attributes.length >= maxAttributes) return false;
    const colon = value.indexOf(':');
    scope.attributes.push(
      colon < 0 ? { name: value } : { name: value.slice(0, colon), value: value.slice(colon + 1).trim() },
    );
  } else if (type === 'c') {
    const connection = parseConnection(value);
    if (!connection) return false;
    scope.connection = connection;
  } else if (type === 'o' || type === 's' || type === 't') single.set(type, value);
  return true;
}

function parseMediaLine(value: string): MediaDraft | undefined {
  const [kind, ports, protocol, ...formats] = value.trim().split(' ');
  if (!kind || !ports || !protocol || formats.length === 0 || formats.length > maxFormats) return undefined;
  const port = Number(ports.split('/')[0]);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) return undefined;
  return { kind, port, protocol, formats: formats.filter((format) => format !== ''), attributes: [] };
}

function parseConnection(value: string): SdpConnection | undefined {
  const [network, type, host] = value.trim().split(' ');
  const address = host?.split('/')[0];
  if (network !== 'IN' || !address) return undefined;
  if (type === 'IP4') return { family: 4, address };
  // A zone is the peer's business and no part of the grammar.
  if (type !== 'IP6' || isIP(address) !== 6 || address.includes('%')) return undefined;
  const mapped = unmapAddress(address);
  return { family: isIP(mapped) === 4 ? 4 : 6, address: mapped };
}
