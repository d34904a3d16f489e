import fc from 'fast-check';
import { expect, test } from 'vitest';
import { splitText } from './split-text.ts';

const split = (text: string, maxChars: number, minChars: number) => [...splitText(text, { maxChars, minChars })];

test('cuts at headings before paragraphs, paragraphs before lines, lines before sentences, sentences before words', () => {
  expect(split('one two\n\nthree\n\n# four\nfive six', 25, 2)).toEqual(['one two\n\nthree\n\n', '# four\nfive six']);
  expect(split('one two\n\nthree four five six', 20, 2)).toEqual(['one two\n\n', 'three four five six']);
  expect(split('one two\nthree. four five six', 20, 2)).toEqual(['one two\n', 'three. four five six']);
  expect(split('One two. Three four five six', 20, 2)).toEqual(['One two. ', 'Three four five six']);
  expect(split('one two three four five six', 20, 2)).toEqual(['one two three four ', 'five six']);
  expect(split('a'.repeat(50), 20, 2)).toEqual(['a'.repeat(20), 'a'.repeat(20), 'a'.repeat(10)]);
});

test('a short text is one passage, and no text none', () => {
  expect(split('hello', 100, 50)).toEqual(['hello']);
  expect(split('', 100, 50)).toEqual([]);
});

test('what is left at the end is not shorter than the least where that can be had', () => {
  const passages = split('word '.repeat(21).trim(), 100, 40);
  expect(passages.map((passage) => passage.length)).toEqual([60, 44]);
});

test('passages together are the text, none is too long, and no character is cut in two', () => {
  const texts = fc.array(fc.constantFrom('word ', 'x', '\n', '\n\n', '. ', '😀', '# ', 'é'), { maxLength: 400 });
  fc.assert(
    fc.property(texts, fc.integer({ min: 2, max: 60 }), fc.integer({ min: 0, max: 59 }), (parts, max, min) => {
      const text = parts.join('');
      const passages = split(text, max, Math.min(min, max - 1));
      expect(passages.join('')).toBe(text);
      for (const passage of passages) {
        expect(passage.length).toBeGreaterThan(0);
        expect(passage.length).toBeLessThanOrEqual(max);
        expect(passage.isWellFormed()).toBe(true);
      }
    }),
  );
});
