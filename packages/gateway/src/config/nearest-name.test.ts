import { expect, test } from 'vitest';
import { nearestName } from './nearest-name.ts';

const KNOWN = ['serve', 'call', 'inbounds', 'numbers', 'check-voice'];

test.each([
  ['serv', 'serve'],
  ['clal', 'call'],
  ['inbound', 'inbounds'],
  ['CHECK-VOICE', 'check-voice'],
  ['chek-voiec', 'check-voice'],
  ['xyzzy', undefined],
  ['', undefined],
])('%j means %j', (typed, meant) => {
  expect(nearestName(typed, KNOWN)).toBe(meant);
});
