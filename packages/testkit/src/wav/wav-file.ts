import { Buffer } from 'node:buffer';
import { readFile, writeFile } from 'node:fs/promises';

/** Mono 16-bit audio. */
export interface Wav {
  /** Samples per second. */
  readonly rate: number;
  readonly samples: Int16Array;
}

const HEADER_BYTES = 44;

/** The bytes of a 16-bit mono WAV file. */
export function encodeWav({ rate, samples }: Wav): Buffer {
  const bytes = Buffer.alloc(HEADER_BYTES + samples.length * 2);
  bytes.write('RIFF', 0, 'latin1');
  bytes.writeUInt32LE(bytes.length - 8, 4);
  bytes.write('WAVEfmt ', 8, 'latin1');
  bytes.writeUInt32LE(16, 16);
  bytes.writeUInt16LE(1, 20);
  bytes.writeUInt16LE(1, 22);
  bytes.writeUInt32LE(rate, 24);
  bytes.writeUInt32LE(rate * 2, 28);
  bytes.writeUInt16LE(2, 32);
  bytes.writeUInt16LE(16, 34);
  bytes.write('data', 36, 'latin1');
  bytes.writeUInt32LE(samples.length * 2, 40);
  for (let index = 0; index < samples.length; index += 1) {
    bytes.writeInt16LE(samples[index]!, HEADER_BYTES + index * 2);
  }
  return bytes;
}

/**
 * Reads a 16-bit PCM WAV file; of several channels the first is taken. A data chunk that was never closed (a recorder
 * that was killed leaves length 0 or too much) reaches to the end. Throws on anything else.
 */
export function decodeWav(bytes: Buffer): Wav {
  if (bytes.length < 12 || bytes.toString('latin1', 0, 4) !== 'RIFF') throw new Error('Not a WAV file.');
  let format: { readonly channels: number; readonly rate: number } | undefined;
  for (let at = 12; at + 8 <= bytes.length; ) {
    const name = bytes.toString('latin1', at, at + 4);
    const length = bytes.readUInt32LE(at + 4);
    const start = at + 8;
    if (name === 'fmt ' && start + 16 <= bytes.length) {
      if (bytes.readUInt16LE(start + 14) !== 16) throw new Error('Only 16-bit PCM is read.');
      format = { channels: bytes.readUInt16LE(start + 2), rate: bytes.readUInt32LE(start + 4) };
    } else if (name === 'data' && format !== undefined) {
      const end = length === 0 ? bytes.length : Math.min(bytes.length, start + length);
      return { rate: format.rate, samples: firstChannel(bytes.subarray(start, end), format.channels) };
    }
    at = start + length + (length % 2);
  }
  throw new Error('The WAV file has no audio.');
}

/** Writes a 16-bit mono WAV file. */
export async function writeWav(path: string, wav: Wav): Promise<void> {
  await writeFile(path, encodeWav(wav));
}

/** Reads a 16-bit PCM WAV file; see `decodeWav`. */
export async function readWav(path: string): Promise<Wav> {
  return decodeWav(await readFile(path));
}

function firstChannel(data: Buffer, channels: number): Int16Array {
  const samples = new Int16Array(Math.floor(data.length / (2 * channels)));
  for (let index = 0; index < samples.length; index += 1) samples[index] = data.readInt16LE(index * 2 * channels);
  return samples;
}
