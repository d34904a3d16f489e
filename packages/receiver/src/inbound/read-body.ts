/** Reads a body to its end, or answers undefined once it is larger than `maxBytes`. Rejects where it breaks off. */
export async function readAtMost(
  body: AsyncIterable<unknown> | ReadableStream<Uint8Array> | null | undefined,
  maxBytes: number,
): Promise<Uint8Array | undefined> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of chunksOf(body)) {
    const bytes = typeof chunk === 'string' ? new TextEncoder().encode(chunk) : (chunk as Uint8Array);
    length += bytes.length;
    if (length > maxBytes) return undefined;
    chunks.push(bytes);
  }
  const whole = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}

/** Not every runtime's streams are iterable. */
async function* chunksOf(
  body: AsyncIterable<unknown> | ReadableStream<Uint8Array> | null | undefined,
): AsyncGenerator<unknown> {
  if (body === null || body === undefined) return;
  if (Symbol.asyncIterator in body) {
    yield* body as AsyncIterable<unknown>;
    return;
  }
  const reader = (body as ReadableStream<Uint8Array>).getReader();
  for (let read = await reader.read(); !read.done; read = await reader.read()) yield read.value;
}
