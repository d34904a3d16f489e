/**
 * G.711 by lookup tables (ITU-T G.711; payload types of RFC 3551: 0 µ-law, 8 A-law).
 *
 * Samples are 16-bit linear. The tables are built once, when the module loads, from the two formulas below.
 */

/** RTP payload types of the two G.711 laws: 0 is PCMU (µ-law), 8 is PCMA (A-law). */
export type G711PayloadType = 0 | 8;

/** One law of G.711 as tables. */
export interface G711Law {
  /** RTP payload type of RFC 3551. */
  readonly payloadType: G711PayloadType;
  /** The code of every 16-bit sample, at index `sample + 32768`. */
  readonly encodeTable: Uint8Array;
  /** The 16-bit sample of each of the 256 codes. */
  readonly decodeTable: Int16Array;
  /** The code of digital silence. */
  readonly silence: number;
}

const MU_BIAS = 0x84;
const MU_CLIP = 32_635;

function encodeMuSample(sample: number): number {
  const magnitude = Math.min(Math.abs(sample), MU_CLIP) + MU_BIAS;
  const segment = 31 - Math.clz32(magnitude) - 7;
  const step = (magnitude >> (segment + 3)) & 0x0f;
  return ~((sample < 0 ? 0x80 : 0) | (segment << 4) | step) & 0xff;
}

function decodeMuCode(code: number): number {
  const bits = ~code & 0xff;
  const magnitude = ((((bits & 0x0f) << 3) + MU_BIAS) << ((bits >> 4) & 0x07)) - MU_BIAS;
  return (bits & 0x80) !== 0 ? -magnitude : magnitude;
}

function encodeASample(sample: number): number {
  // Negative samples mirror as one's complement, so that -1 falls on the first negative step, as in G.711 table 1.
  const magnitude = (sample < 0 ? ~sample : sample) >> 4;
  const shift = Math.max(0, 31 - Math.clz32(magnitude) - 4);
  // The two lowest segments share one step size, so there the bits of the magnitude are the code.
  const bits = shift === 0 ? magnitude : ((magnitude >> shift) & 0x0f) | ((shift + 1) << 4);
  return bits ^ (sample < 0 ? 0x55 : 0xd5);
}

function decodeACode(code: number): number {
  const bits = code ^ 0x55;
  const segment = (bits >> 4) & 0x07;
  const base = ((bits & 0x0f) << 4) + 8;
  const magnitude = segment === 0 ? base : (base + 0x100) << (segment - 1);
  return (bits & 0x80) !== 0 ? magnitude : -magnitude;
}

function buildLaw(
  payloadType: G711PayloadType,
  encode: (sample: number) => number,
  decode: (code: number) => number,
): G711Law {
  const encodeTable = Uint8Array.from({ length: 65_536 }, (_, index) => encode(index - 32_768));
  const decodeTable = Int16Array.from({ length: 256 }, (_, code) => decode(code));
  return { payloadType, encodeTable, decodeTable, silence: encode(0) };
}

/** µ-law, payload type 0 (PCMU). */
export const muLaw: G711Law = buildLaw(0, encodeMuSample, decodeMuCode);

/** A-law, payload type 8 (PCMA). */
export const aLaw: G711Law = buildLaw(8, encodeASample, decodeACode);

/** The law of a static RTP payload type. */
export function g711Law(payloadType: G711PayloadType): G711Law {
  return payloadType === 0 ? muLaw : aLaw;
}

/** Encodes `samples` into `target` from `offset` on, one byte a sample. */
export function encodeG711Into(law: G711Law, samples: Int16Array, target: Uint8Array, offset: number): void {
  const table = law.encodeTable;
  for (let index = 0; index < samples.length; index += 1) {
    target[offset + index] = table[samples[index]! + 32_768]!;
  }
}

/** Encodes 16-bit samples as G.711 codes. */
export function encodeG711(law: G711Law, samples: Int16Array): Uint8Array {
  const codes = new Uint8Array(samples.length);
  encodeG711Into(law, samples, codes, 0);
  return codes;
}

/** Decodes G.711 codes to 16-bit samples. */
export function decodeG711(law: G711Law, codes: Uint8Array): Int16Array {
  const table = law.decodeTable;
  const samples = new Int16Array(codes.length);
  for (let index = 0; index < codes.length; index += 1) samples[index] = table[codes[index]!]!;
  return samples;
}
