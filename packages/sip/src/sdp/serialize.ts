import type { SdpAttribute, SdpConnection, SessionDescription } from './types.ts';

const connectionLine = ({ family, address }: SdpConnection): string => `c=IN IP${family} ${address}`;
const attributeLine = ({ name, value }: SdpAttribute): string =>
  value === undefined ? `a=${name}` : `a=${name}:${value}`;

/** Writes a session description with CRLF line ends. */
export function serializeSdp(description: SessionDescription): string {
  const lines = ['v=0', `o=${description.origin}`, `s=${description.name}`];
  if (description.connection) lines.push(connectionLine(description.connection));
  lines.push(`t=${description.time}`, ...description.attributes.map(attributeLine));
  for (const media of description.media) {
    lines.push(`m=${media.kind} ${media.port} ${media.protocol} ${media.formats.join(' ')}`);
    if (media.connection) lines.push(connectionLine(media.connection));
    lines.push(...media.attributes.map(attributeLine));
  }
  return `${lines.join('\r\n')}\r\n`;
}
