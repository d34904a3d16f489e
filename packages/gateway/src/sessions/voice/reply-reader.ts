/** Cuts the voice program's stdout into replies; the protocol is described in packages/voice-offline. */

export type VoiceReply =
  | { readonly kind: 'ready' }
  | { readonly kind: 'samples'; readonly id: number; readonly samples: Int16Array }
  | { readonly kind: 'error'; readonly id: number; readonly message: string };

const MAX_HEADER_BYTES = 64 * 1024;
/** About 17 minutes of sound: far more than one request may ask for. */
const MAX_PCM_BYTES = 16 * 1024 * 1024;

export class ReplyReader {
  #chunks: Buffer[] = [];
  #buffered = 0;
  /** Bytes without which nothing can be read; spares joining chunks that are not enough. */
  #needed = 4;

  /** Throws when the stream can no longer be trusted. */
  push(chunk: Buffer): readonly VoiceReply[] {
    this.#chunks.push(chunk);
    this.#buffered += chunk.length;
    if (this.#buffered < this.#needed) return [];
    let bytes = this.#chunks.length === 1 ? chunk : Buffer.concat(this.#chunks);
    const replies: VoiceReply[] = [];
    for (;;) {
      const frame = readFrame(bytes);
      if ('needed' in frame) {
        this.#needed = frame.needed;
        break;
      }
      replies.push(frame.reply);
      bytes = bytes.subarray(frame.size);
    }
    this.#chunks = bytes.length > 0 ? [bytes] : [];
    this.#buffered = bytes.length;
    return replies;
  }
}

type Frame = { readonly needed: number } | { readonly reply: VoiceReply; readonly size: number };

function readFrame(bytes: Buffer): Frame {
  if (bytes.length < 4) return { needed: 4 };
  const headerBytes = bytes.readUInt32BE(0);
  if (headerBytes > MAX_HEADER_BYTES) throw new Error(`header of ${headerBytes} bytes`);
  const start = 4 + headerBytes;
  if (bytes.length < start) return { needed: start };
  const header = JSON.parse(bytes.toString('utf8', 4, start)) as Readonly<Record<string, unknown>>;
  if (header['ready'] === true) return { reply: { kind: 'ready' }, size: start };
  const id = header['id'];
  if (typeof id !== 'number') throw new Error('reply without an id');
  if (typeof header['error'] === 'string') {
    return { reply: { kind: 'error', id, message: header['error'] }, size: start };
  }
  const pcmBytes = header['bytes'];
  if (header['rate'] !== 8_000 || typeof pcmBytes !== 'number' || !(pcmBytes >= 0 && pcmBytes <= MAX_PCM_BYTES)) {
    throw new Error('reply without usable sound');
  }
  const end = start + pcmBytes;
  if (bytes.length < end) return { needed: end };
  return { reply: { kind: 'samples', id, samples: toSamples(bytes.subarray(start, end)) }, size: end };
}

/** Signed 16-bit little-endian bytes as samples, in memory of their own. */
export function toSamples(bytes: Buffer): Int16Array {
  const samples = new Int16Array(bytes.length >> 1);
  Buffer.from(samples.buffer).set(bytes.subarray(0, samples.byteLength));
  return samples;
}
