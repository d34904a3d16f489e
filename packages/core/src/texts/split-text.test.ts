import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LONGEST_PART, splitText } from './split-text.ts';

const bare = (text: string) => text.replace(/\s+/gu, '');

describe('parts of a text', () => {
  test('what fits is one part, trimmed; white space alone is none', () => {
    expect(splitText(' Hello. \n')).toEqual(['Hello.']);
    expect(splitText('x'.repeat(LONGEST_PART))).toHaveLength(1);
    expect(splitText(' \n\t')).toEqual([]);
  });
  test('is cut at the last sentence that fits', () => {
    expect(splitText('One two. Three four! Five six?', 22)).toEqual(['One two. Three four!', 'Five six?']);
    expect(splitText('He said "go." Then he went.', 20)).toEqual(['He said "go."', 'Then he went.']);
    expect(splitText('First line\nsecond line', 15)).toEqual(['First line', 'second line']);
    expect(splitText('これは文です。これも文です。', 10)).toEqual(['これは文です。', 'これも文です。']);
  });
  test('without a sentence between words, without a word between graphemes', () => {
    expect(splitText('alpha beta gamma', 11)).toEqual(['alpha beta', 'gamma']);
    expect(splitText('👩‍👩‍👧👩‍👩‍👧', 9)).toEqual(['👩‍👩‍👧', '👩‍👩‍👧']);
    expect(splitText('abcdef', 4)).toEqual(['abcd', 'ef']);
  });
  test('a grapheme longer than a part is cut between its code points', () => {
    const parts = splitText(`a${'\u0301'.repeat(30)}`, 8);
    expect(parts.every((part) => part.length <= 8)).toBe(true);
    expect(splitText('😀😀', 3)).toEqual(['😀', '😀']);
  });
  test('any text: no part is too long or empty, no code point is cut, no word is lost', () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 300 });
    const sentences = fc.array(fc.tuple(text, fc.constantFrom('. ', '! ', '\n', ' ', '')), { maxLength: 8 });
    fc.assert(
      fc.property(sentences, fc.integer({ min: 2, max: 120 }), (pieces, longest) => {
        const whole = pieces.flat().join('');
        const parts = splitText(whole, longest);
        for (const part of parts) {
          expect(part.length).toBeLessThanOrEqual(longest);
          expect(part).not.toBe('');
          if (whole.isWellFormed()) expect(part.isWellFormed()).toBe(true);
        }
        expect(bare(parts.join(''))).toBe(bare(whole));
      }),
    );
  });
});

test('a word too long for a part is cut between graphemes, and a grapheme too long for one between code points', () => {
  const family = '👩‍👩‍👧';
  expect(splitText(family.repeat(3), family.length + 2)).toEqual([family, family, family]);
  expect(splitText(`e${'\u0301'.repeat(5)}`, 3)).toEqual(['e\u0301\u0301', '\u0301\u0301\u0301']);
  const parts = splitText(`x${'\u{e0100}'.repeat(6)}`, 4);
  expect(parts.join('')).toBe(`x${'\u{e0100}'.repeat(6)}`);
  expect(parts.every((part) => part.isWellFormed() && part.length <= 4)).toBe(true);
});
