import { constants, createBrotliDecompress, createGunzip, createInflate, createInflateRaw } from 'node:zlib';

/** What came out, cut at the cap; `broken` where the input is not what its encoding says. */
export interface Inflated {
  readonly body: Buffer;
  readonly truncated: boolean;
  readonly broken?: string;
}

/** Whether a content-encoding is one that is undone; others are handed on as they came. */
export function isInflatable(encoding: string | undefined): encoding is string {
  return encoding !== undefined && /^(?:x-gzip|gzip|deflate|br)$/i.test(encoding);
}

/**
 * Inflates up to `maxBytes` and stops there, so a bomb costs no more than the cap. `cut` says that the input itself
 * was cut and may end early.
 */
export function inflate(body: Buffer, encoding: string, maxBytes: number, cut: boolean): Promise<Inflated> {
  const stream = inflater(body, encoding.toLowerCase(), cut);
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const finish = (truncated: boolean, broken?: string) => {
      resolve({ body: Buffer.concat(chunks), truncated, ...(broken === undefined ? {} : { broken }) });
      stream.destroy();
    };
    stream.on('data', (chunk: Buffer) => {
      const fits = chunk.subarray(0, maxBytes - size);
      chunks.push(fits);
      size += fits.length;
      if (fits.length < chunk.length) finish(true);
    });
    stream.on('end', () => finish(cut));
    stream.on('error', (error) => finish(cut, error.message));
    stream.end(body);
  });
}

function inflater(body: Buffer, encoding: string, cut: boolean) {
  if (encoding === 'br') return createBrotliDecompress(cut ? { finishFlush: constants.BROTLI_OPERATION_FLUSH } : {});
  const options = cut ? { finishFlush: constants.Z_SYNC_FLUSH } : {};
  if (encoding !== 'deflate') return createGunzip(options);
  // Deflate should have the zlib header; some servers leave it out.
  return (body[0]! & 0x0f) === 8 ? createInflate(options) : createInflateRaw(options);
}
