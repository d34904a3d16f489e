/** A request and its answer without any framework: what adapters translate from and to. */

/** A request as an adapter hands it over. */
export interface Delivery {
  readonly method: string;
  /** The header's value by its lower-case name. */
  header(name: string): string | undefined;
  /** The raw body; an object where a parser of the framework has consumed it. */
  readonly body: string | Uint8Array | object;
}

/** What to send back, with JSON as its body. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** No request of the webhook comes near, in bytes. */
export const MAX_BODY_BYTES = 1024 * 1024;

/** An answer that says what is wrong and what to do. */
export function failureAnswer(
  status: number,
  failure: { readonly error: string; readonly message: string; readonly fix?: string; readonly step?: string },
  headers: Readonly<Record<string, string>> = {},
): Answer {
  return jsonAnswer(status, JSON.stringify(failure), headers);
}

/** The answer with this JSON text. */
export function jsonAnswer(status: number, body: string, headers: Readonly<Record<string, string>> = {}): Answer {
  return { status, headers: { 'content-type': 'application/json', ...headers }, body };
}

/** 413, before anything is verified. */
export function tooLarge(): Answer {
  return failureAnswer(413, {
    error: 'too_large',
    message: `The request is larger than ${MAX_BODY_BYTES} bytes; no webhook of Pickup is.`,
  });
}
