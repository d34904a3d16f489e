/** `fetch` with an end to what is read: the library collects lines and error pages whole, however long they are. */

/** An answer that does not stop. */
export class EndlessAnswer extends Error {
  override readonly name = 'EndlessAnswer';
}

/** In bytes: of an answer in all, with the frame around each of its pieces, and of one line of it. */
const MAX_ANSWER = 16 * 1024 * 1024;
const MAX_LINE = 1024 * 1024;
const NEWLINE = 0x0a;

/** The platform's, or what stands for it. */
export type Fetch = typeof globalThis.fetch;

/** Bodies that are longer, or have longer lines, end with `EndlessAnswer`. */
export function boundedFetch(send: Fetch): Fetch {
  return async (url, init) => {
    const response = await send(url, init);
    if (!response.body) return response;
    const { status, statusText, headers } = response;
    return new Response(response.body.pipeThrough(bound()), { status, statusText, headers });
  };
}

function bound(): TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>> {
  let [size, line] = [0, 0];
  return new TransformStream({
    transform(piece, controller) {
      size += piece.length;
      const last = piece.lastIndexOf(NEWLINE);
      line = last === -1 ? line + piece.length : piece.length - last - 1;
      if (size > MAX_ANSWER || line > MAX_LINE) controller.error(new EndlessAnswer('an answer that does not stop'));
      else controller.enqueue(piece);
    },
  });
}
