/** The frames between the voice and its host; the protocol is described in `main.ts`. */

/** Largest request, in bytes; a longer one is a fault of the host and ends the program. */
export const MAX_REQUEST_BYTES = 64 * 1024;

export type VoiceRequest =
  | {
      readonly kind: 'speak';
      readonly id: number;
      readonly text: string;
      readonly voice: string;
      readonly speed: number;
    }
  | { readonly kind: 'cancel'; readonly id: number }
  /** Has an id to answer to, but is not a request. */
  | { readonly kind: 'faulty'; readonly id: number; readonly error: string };

/** Cuts a byte stream into requests. `push` throws when the stream can no longer be trusted. */
export class RequestReader {
  #pending: Buffer = Buffer.alloc(0);

  push(chunk: Buffer): readonly VoiceRequest[] {
    this.#pending = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk]);
    const requests: VoiceRequest[] = [];
    let from = 0;
    while (this.#pending.length - from >= 4) {
      const bytes = this.#pending.readUInt32BE(from);
      if (bytes > MAX_REQUEST_BYTES) throw new Error(`request of ${bytes} bytes, at most ${MAX_REQUEST_BYTES}`);
      if (this.#pending.length - from - 4 < bytes) break;
      requests.push(parseRequest(this.#pending.toString('utf8', from + 4, from + 4 + bytes)));
      from += 4 + bytes;
    }
    this.#pending = this.#pending.subarray(from);
    return requests;
  }
}

function parseRequest(json: string): VoiceRequest {
  const value: unknown = JSON.parse(json);
  const fields = typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  const { id, text, voice, speed = 1, cancel } = fields;
  if (typeof id !== 'number') throw new Error('request without a number as id');
  if (cancel === true) return { kind: 'cancel', id };
  if (typeof text !== 'string') return { kind: 'faulty', id, error: 'text must be a string' };
  if (typeof voice !== 'string') return { kind: 'faulty', id, error: 'voice must be a string' };
  if (typeof speed !== 'number' || !(speed >= 0.5 && speed <= 2)) {
    return { kind: 'faulty', id, error: 'speed must be between 0.5 and 2' };
  }
  return { kind: 'speak', id, text, voice, speed };
}

/** One reply frame: the header's length, the header as JSON, then the samples, if any, as signed 16-bit LE. */
export function replyFrame(header: Readonly<Record<string, unknown>>, samples?: Int16Array): Buffer {
  const pcm = samples ? Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength) : Buffer.alloc(0);
  const json = Buffer.from(JSON.stringify(samples ? { ...header, bytes: pcm.length } : header));
  const length = Buffer.alloc(4);
  length.writeUInt32BE(json.length);
  return Buffer.concat([length, json, pcm]);
}
