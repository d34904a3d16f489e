import { describe, expect, test } from 'vitest';
import { CannotOpen, createSeal } from './seal.ts';

const old = { id: 'old', key: Buffer.alloc(32, 1) };
const current = { id: 'new', key: Buffer.alloc(32, 2) };
const seal = createSeal({ keys: [old, current], current: 'new' });

describe('seal', () => {
  test('opens what it sealed, never the same text twice, and does not show it', () => {
    const sealed = seal.seal('key_secret ü', 'row_1');
    expect(seal.open(sealed, 'row_1')).toBe('key_secret ü');
    expect(seal.seal('key_secret ü', 'row_1')).not.toBe(sealed);
    expect(sealed).toMatch(/^v1\.new\.[\w-]+$/);
    expect(Buffer.from(sealed.split('.')[2]!, 'base64url').includes('secret')).toBe(false);
  });

  test('a flipped bit anywhere keeps it shut', () => {
    const [version, id, body] = seal.seal('secret', 'row_1').split('.');
    const bytes = Buffer.from(body!, 'base64url');
    for (let bit = 0; bit < bytes.length * 8; bit += 1) {
      const flipped = Buffer.from(bytes);
      flipped[bit >> 3]! ^= 1 << (bit & 7);
      const sealed = [version, id, flipped.toString('base64url')].join('.');
      expect(() => seal.open(sealed, 'row_1')).toThrow(CannotOpen);
    }
  });

  test('another row, another key id, a cut or foreign text keep it shut', () => {
    const sealed = seal.seal('secret', 'row_1');
    expect(() => seal.open(sealed, 'row_2')).toThrow(CannotOpen);
    expect(() => seal.open(sealed.replace('.new.', '.old.'), 'row_1')).toThrow(CannotOpen);
    expect(() => seal.open(sealed.replace('.new.', '.none.'), 'row_1')).toThrow('the key none, which is not here');
    expect(() => seal.open(sealed.slice(0, 20), 'row_1')).toThrow(CannotOpen);
    expect(() => seal.open('plain', 'row_1')).toThrow(CannotOpen);
  });

  test('a former key still opens; seals are made with the current one', () => {
    const before = createSeal({ keys: [old], current: 'old' }).seal('secret', 'row_1');
    expect(seal.open(before, 'row_1')).toBe('secret');
  });

  test('a key of the wrong length and a current key that is not there are refused', () => {
    expect(() => createSeal({ keys: [{ id: 'a', key: Buffer.alloc(16) }], current: 'a' })).toThrow('16 bytes');
    expect(() => createSeal({ keys: [old], current: 'new' })).toThrow('not among the keys');
  });
});
