/**
 * The first application/sdp part of a multipart body (RFC 5621; SIP-I and location carriers send them); undefined
 * where there is none. Reads latin1 text; one pass over at most 20 parts.
 */
export function sdpPart(body: string, boundary: string): string | undefined {
  if (boundary === '' || boundary.length > 70) return undefined;
  const delimiter = `--${boundary}`;
  const parts = body.split(delimiter, 22).slice(1, 21);
  for (const part of parts) {
    const blank = part.indexOf('\r\n\r\n');
    if (blank < 0) continue;
    const head = part.slice(0, blank).toLowerCase();
    const type = head.split('\r\n').find((line) => line.startsWith('content-type:'));
    if (type?.slice(13).trim().split(';')[0]?.trim() === 'application/sdp') {
      return part.slice(blank + 4).replace(/\r\n$/, '');
    }
  }
  return undefined;
}
