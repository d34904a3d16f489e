/** One request as it arrived, nothing folded or renamed. */
export interface RecordedRequest {
  readonly method: string;
  readonly path: string;
  /** Name and value in the order and spelling of the wire. */
  readonly headers: readonly (readonly [string, string])[];
  readonly body: Buffer;
  /** Monotonic ms at which the last byte was read. */
  readonly arrivedMonoMs: number;
  /** Which connection of the endpoint brought it, from 1. */
  readonly connection: number;
  /** The first value of a header, by lower-case name. */
  header(name: string): string | undefined;
}

interface Head {
  readonly method: string;
  readonly path: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly bodyAt: number;
}

/** Collects the bytes of one connection and cuts them into requests (content-length bodies only). */
export class RequestReader {
  readonly #connection: number;
  #pending: Buffer = Buffer.alloc(0);

  constructor(connection: number) {
    this.#connection = connection;
  }

  /** Takes a chunk and returns the requests it completed. */
  push(chunk: Buffer): readonly RecordedRequest[] {
    this.#pending = Buffer.concat([this.#pending, chunk]);
    const complete: RecordedRequest[] = [];
    for (;;) {
      const request = this.#cut();
      if (!request) return complete;
      complete.push(request);
    }
  }

  #cut(): RecordedRequest | undefined {
    const head = parseHead(this.#pending);
    if (!head) return undefined;
    const header = (name: string) => head.headers.find(([key]) => key.toLowerCase() === name)?.[1];
    const end = head.bodyAt + Number(header('content-length') ?? 0);
    if (this.#pending.length < end) return undefined;
    const body = Buffer.from(this.#pending.subarray(head.bodyAt, end));
    this.#pending = this.#pending.subarray(end);
    const { method, path, headers } = head;
    return { method, path, headers, body, arrivedMonoMs: performance.now(), connection: this.#connection, header };
  }
}

function parseHead(bytes: Buffer): Head | undefined {
  const headEnd = bytes.indexOf('\r\n\r\n');
  if (headEnd < 0) return undefined;
  const [requestLine = '', ...lines] = bytes.subarray(0, headEnd).toString('latin1').split('\r\n');
  const [method = '', path = ''] = requestLine.split(' ');
  const headers = lines.map((line) => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon), line.slice(colon + 1).trim()] as const;
  });
  return { method, path, headers, bodyAt: headEnd + 4 };
}
