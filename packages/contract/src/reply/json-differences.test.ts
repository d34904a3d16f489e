import { expect, test } from 'vitest';
import { jsonDifferences } from './json-differences.ts';

const found = (...two: Parameters<typeof jsonDifferences>) => [...jsonDifferences(...two)];

test('each place where two replies differ, whatever the order of their members', () => {
  expect(found({ a: 1, b: [{ c: null }] }, { b: [{ c: null }], a: 1 })).toEqual([]);
  expect(found({ a: { 'x/y~z': 1 }, b: 1 }, { a: { 'x/y~z': 2 }, c: 1 })).toEqual([
    { pointer: '/a/x~1y~0z', first: 1, second: 2 },
    { pointer: '/b', first: 1, second: undefined },
    { pointer: '/c', first: undefined, second: 1 },
  ]);
  expect(found([1, 2], [1])).toEqual([{ pointer: '/1', first: 2, second: undefined }]);
  expect(found([], {})).toEqual([{ pointer: '', first: [], second: {} }]);
  expect(found({ a: null }, {})).toEqual([{ pointer: '/a', first: null, second: undefined }]);
  expect(found({}, null)).toEqual([{ pointer: '', first: {}, second: null }]);
  expect(found(JSON.parse('{"__proto__":1}'), {})).toEqual([{ pointer: '/__proto__', first: 1, second: undefined }]);
  expect(found('text', 'text')).toEqual([]);
});
