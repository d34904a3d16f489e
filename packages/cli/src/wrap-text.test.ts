import { expect, test } from 'vitest';
import { jsonText } from './json-text.ts';
import { labelled, padTo, widthOf, wrapText } from './wrap-text.ts';

test('lines break at spaces, and inside words that are too long', () => {
  expect(wrapText('a bb ccc dddd', 6)).toEqual(['a bb', 'ccc', 'dddd']);
  expect(wrapText('abcdefgh i', 3)).toEqual(['abc', 'def', 'gh', 'i']);
  expect(wrapText('', 3)).toEqual(['']);
  expect(wrapText('a  b', 10)).toEqual(['a  b']);
});

test('what takes two cells, or none, is counted so', () => {
  expect(widthOf('日本')).toBe(4);
  expect(widthOf('e\u0301')).toBe(1);
  expect(wrapText('日本語', 4)).toEqual(['日本', '語']);
  expect(padTo('日', 4)).toBe('日  ');
  expect(wrapText('日', 1)).toEqual(['日']);
});

test('continuations stand under the text, not under its label', () => {
  expect(labelled('  1. ', 'one two three four five six', 25)).toEqual(['  1. one two three four', '     five six']);
});

test('nothing that a terminal acts on comes through', () => {
  const evil = 'a\u001b[31m\u009b2J\u202eb\u2028c\rd';
  const acting = /[\p{Cc}\u2028-\u202e]/u;
  expect(wrapText(evil, 80).join('\n')).not.toMatch(acting);
  expect(jsonText({ evil })).not.toMatch(/[^\n\P{Cc}]|[\u2028-\u202e]/u);
  expect(JSON.parse(jsonText({ evil }))).toEqual({ evil });
});
