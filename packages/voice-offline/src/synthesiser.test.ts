import { beforeAll, describe, expect, it } from 'vitest';
import { createSynthesiser, MAX_TEXT, type Synthesiser } from './synthesiser.ts';

let synthesiser: Synthesiser;
beforeAll(async () => {
  synthesiser = await createSynthesiser();
});

const seconds = (text: string, voice = 'en-us', speed = 1) => {
  const spoken = synthesiser.speak(text, voice, speed);
  return spoken.ok ? spoken.samples.length / 8_000 : Number.NaN;
};

describe('createSynthesiser', () => {
  it('speaks faster and slower', () => {
    const normal = seconds('Thank you for calling the bakery.');
    expect(normal).toBeGreaterThan(1);
    expect(normal).toBeLessThan(3);
    expect(seconds('Thank you for calling the bakery.', 'en-us', 2)).toBeLessThan(normal * 0.65);
    expect(seconds('Thank you for calling the bakery.', 'en-us', 0.5)).toBeGreaterThan(normal * 1.6);
  });

  it('reads markup and phonemes as text, so a variable cannot insert a pause', () => {
    expect(seconds('hi')).toBeLessThan(1);
    const broken = seconds('<break time="60s"/>hi');
    expect(broken).toBeGreaterThan(1);
    expect(broken).toBeLessThan(10);
  });

  it('has nothing to say for an empty text', () => {
    expect(seconds('')).toBe(0);
    expect(seconds(' \u0000 ')).toBe(0);
  });

  it('refuses unknown voices and texts without end, and goes on', () => {
    expect(synthesiser.speak('hi', 'klingon-east', 1)).toEqual({ ok: false, error: 'no voice klingon-east' });
    expect(synthesiser.speak('x'.repeat(MAX_TEXT + 1), 'en-us', 1).ok).toBe(false);
    expect(seconds('hallo', 'de')).toBeGreaterThan(0.2);
  });
});
