import { expect, test } from 'vitest';
import { differenceOf } from './json-difference.ts';

test('the first place where two replies differ, whatever the order of their members', () => {
  expect(differenceOf({ a: 1, b: [{ c: null }] }, { b: [{ c: null }], a: 1 })).toBeUndefined();
  expect(differenceOf({ a: { 'x/y~z': 1 } }, { a: { 'x/y~z': 2 } })).toEqual({
    pointer: '/a/x~1y~0z',
    first: 1,
    second: 2,
  });
  expect(differenceOf([1, 2], [1])).toEqual({ pointer: '/1', first: 2, second: undefined });
  expect(differenceOf([], {})).toEqual({ pointer: '', first: [], second: {} });
  expect(differenceOf({ a: null }, {})).toEqual({ pointer: '/a', first: null, second: undefined });
  expect(differenceOf('text', 'text')).toBeUndefined();
});
