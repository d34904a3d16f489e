/** A message for a person to read and for a test to be made of: escaped text, then base64. */
export function showMessage(bytes: Uint8Array): string {
  const all = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const lines = all
    .toString('latin1')
    .split('\n')
    .map((line) => `    ${JSON.stringify(line).slice(1, -1)}`);
  return `${lines.join('\n')}\n    base64: ${all.toString('base64')}`;
}
