/** The raw body of a Node request, also behind middleware that has read it. */
import { MAX_BODY_BYTES } from '../inbound/delivery.ts';
import { readAtMost } from '../inbound/read-body.ts';

/** What is needed of an http.IncomingMessage, or of what frameworks make of it. */
export interface NodeRequest extends AsyncIterable<unknown> {
  readonly method?: string | undefined;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** Set by Node: the stream was read, if only in part. */
  readonly readableDidRead?: boolean;
  /** Set by parsers such as express.json(). */
  readonly body?: unknown;
  /** Set by some platforms and plugins beside the parsed body. */
  readonly rawBody?: unknown;
}

const isRaw = (value: unknown): value is string | Uint8Array => typeof value === 'string' || ArrayBuffer.isView(value);

/** Looks for the rawest form there is. Rejects where the client goes away in the middle. */
export async function bodyOf(
  request: NodeRequest,
): Promise<{ readonly body: string | Uint8Array | object } | 'too_large' | 'was_read'> {
  if (isRaw(request.rawBody)) return { body: request.rawBody };
  if (request.readableDidRead !== true && !isRaw(request.body)) {
    const body = await readAtMost(request, MAX_BODY_BYTES);
    if (body === undefined) return 'too_large';
    // Nothing came and a parser left something: it read the stream in a way that Node does not show.
    if (body.length > 0 || request.body === undefined) return { body };
  }
  const { body } = request;
  if (isRaw(body) || (typeof body === 'object' && body !== null)) return { body };
  return 'was_read';
}

/** A header's one value; two of them are joined, as HTTP does. */
export function headerOf(headers: NodeRequest['headers'], name: string): string | undefined {
  const value = headers[name];
  return value === undefined || typeof value === 'string' ? value : value.join(', ');
}
