import fc from 'fast-check';
import { expect, test } from 'vitest';
import { findJsonFault, locateInJson } from './scan-json.ts';

test.each([
  ['{"a": 1,}', 1, 8, 'a comma stands before }'],
  ['{\n  "a": [1, 2,\n  ]\n}', 2, 13, 'a comma stands before ]'],
  ["{'a': 1}", 1, 2, 'strings take double quotes, not single ones'],
  ['{a: 1}', 1, 2, 'names need double quotes'],
  ['{"a": True}', 1, 7, 'True is not JSON; write true'],
  ['{"a": None}', 1, 7, 'None is not JSON; write null'],
  ['{"a": undefined}', 1, 7, 'undefined is not JSON; write null, or leave the member out'],
  ['{"a": 1 "b": 2}', 1, 9, 'a comma or } must follow'],
  ['{"a" 1}', 1, 6, 'a colon must follow the name'],
  ['{"a": 1} x', 1, 10, 'something follows the end of the JSON'],
  ['{"a": "x\ny"}', 1, 9, 'a string holds a line break or another control character; write \\n'],
  ['{"a": "x', 1, 7, 'a string begins here and never ends'],
  ['{"a": "\\d"}', 1, 8, 'no escape begins like this; a backslash itself is written \\\\'],
  ['{"a": // why\n 1}', 1, 7, 'JSON has no comments'],
  ['{"a": 01}', 1, 8, 'no number is written like this'],
  ['{"a": ', 1, 7, 'the text ends too early'],
  ['OK', 1, 1, 'a value must stand here'],
])('D3 %j: line %i, column %i: %s', (text, line, column, what) => {
  expect(() => JSON.parse(text)).toThrow();
  expect(findJsonFault(text)).toEqual({ line, column, what });
});

test('what JSON.parse takes has no fault, and what it refuses has one', () => {
  const broken = fc
    .tuple(fc.json(), fc.nat(), fc.constantFrom('', ',', '"', '}', '\\', "'", '1'))
    .map(([text, at, by]) => {
      const place = at % (text.length + 1);
      return text.slice(0, place) + by + text.slice(place + 1);
    });
  fc.assert(
    fc.property(fc.oneof(fc.json(), broken), (text) => {
      let valid = true;
      try {
        JSON.parse(text);
      } catch {
        valid = false;
      }
      expect(findJsonFault(text) === undefined).toBe(valid);
    }),
    { seed: 20_261_123, numRuns: 2_000 },
  );
});

test('a pointer leads to its member’s name, or its entry', () => {
  const text = '{\n  "a/b": {\n    "c~": [10,\n      {"d": 1}]\n  }\n}';
  expect(locateInJson(text, '')).toEqual({ line: 1, column: 1 });
  expect(locateInJson(text, '/a~1b')).toEqual({ line: 2, column: 3 });
  expect(locateInJson(text, '/a~1b/c~0/1/d')).toEqual({ line: 4, column: 8 });
  expect(locateInJson(text, '/a~1b/c~0/0')).toEqual({ line: 3, column: 12 });
  expect(locateInJson(text, '/nowhere')).toBeUndefined();
  expect(locateInJson('{"a":', '/b')).toBeUndefined();
});

test('text that nests without end costs no stack', () => {
  expect(findJsonFault('['.repeat(200_000))?.what).toBe('it nests too deep');
  expect(locateInJson('{"a":'.repeat(100_000), '/b')).toBeUndefined();
});
