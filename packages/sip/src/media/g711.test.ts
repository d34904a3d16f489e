import { describe, expect, it } from 'vitest';
import { aLaw, decodeG711, encodeG711, type G711Law, muLaw } from './g711.ts';

/** The search of the CCITT reference: the segment whose end is not below the magnitude. */
function referenceMu(sample: number): number {
  const ends = [0x3f, 0x7f, 0xff, 0x1ff, 0x3ff, 0x7ff, 0xfff, 0x1fff];
  const magnitude = Math.min(Math.floor(Math.abs(sample) / 4), 8_158) + 33;
  const segment = ends.findIndex((end) => magnitude <= end);
  const code = (segment << 4) | ((magnitude >> (segment + 1)) & 0xf);
  return code ^ (sample < 0 ? 0x7f : 0xff);
}

function referenceA(sample: number): number {
  const ends = [0x1f, 0x3f, 0x7f, 0xff, 0x1ff, 0x3ff, 0x7ff, 0xfff];
  const magnitude = sample >= 0 ? sample >> 3 : -(sample >> 3) - 1;
  const segment = ends.findIndex((end) => magnitude <= end);
  const code = (segment << 4) | ((magnitude >> (segment < 2 ? 1 : segment)) & 0xf);
  return code ^ (sample >= 0 ? 0xd5 : 0x55);
}

function everySample(law: G711Law, check: (sample: number, code: number) => boolean): number[] {
  const failing: number[] = [];
  for (let sample = -32_768; sample <= 32_767; sample += 1) {
    if (!check(sample, law.encodeTable[sample + 32_768]!)) failing.push(sample);
  }
  return failing;
}

describe('G.711', () => {
  it('encodes every sample as the CCITT reference does', () => {
    expect(everySample(muLaw, (sample, code) => code === referenceMu(sample))).toEqual([]);
    expect(everySample(aLaw, (sample, code) => code === referenceA(sample))).toEqual([]);
  });

  it('decodes the published vectors', () => {
    const mu = Uint8Array.of(0x00, 0x80, 0x7f, 0xff, 0x7e, 0xfe, 0x0f, 0x8f);
    expect([...decodeG711(muLaw, mu)]).toEqual([-32_124, 32_124, 0, 0, -8, 8, -16_764, 16_764]);
    const a = Uint8Array.of(0x55, 0xd5, 0x2a, 0xaa, 0x80, 0x00);
    expect([...decodeG711(aLaw, a)]).toEqual([-8, 8, -32_256, 32_256, 5_504, -5_504]);
    expect([muLaw.silence, aLaw.silence]).toEqual([0xff, 0xd5]);
  });

  it.each([muLaw, aLaw])('gives each code back after a round trip (payload type $payloadType)', (law) => {
    const codes = Uint8Array.from({ length: 256 }, (_, code) => code);
    const back = encodeG711(law, decodeG711(law, codes));
    // µ-law has two zeros; the negative one comes back as the positive.
    const expected = codes.map((code) => (law === muLaw && code === 0x7f ? 0xff : code));
    expect([...back]).toEqual([...expected]);
  });

  it.each([muLaw, aLaw])(
    'never falls while the input rises, and errs by at most 1/16 (payload type $payloadType)',
    (law) => {
      let last = -40_000;
      const failing = everySample(law, (sample, code) => {
        const decoded = law.decodeTable[code]!;
        const rising = decoded >= last;
        last = decoded;
        return (
          rising && Math.abs(decoded - sample) <= Math.max(8, Math.abs(sample) / 16 + 8, Math.abs(sample) - 32_124)
        );
      });
      expect(failing).toEqual([]);
    },
  );
});
