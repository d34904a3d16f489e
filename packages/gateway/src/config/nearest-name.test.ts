import { expect, test } from 'vitest';
import { nearestName } from './nearest-name.ts';

const KNOWN = ['serve', 'call', 'inbounds', 'numbers', 'check-reply'];

test.each([
  ['serv', 'serve'],
  ['clal', 'call'],
  ['inbound', 'inbounds'],
  ['CHECK-REPLY', 'check-reply'],
  ['chek-repyl', 'check-reply'],
  ['xyzzy', undefined],
  ['', undefined],
])('%j means %j', (typed, meant) => {
  expect(nearestName(typed, KNOWN)).toBe(meant);
});
