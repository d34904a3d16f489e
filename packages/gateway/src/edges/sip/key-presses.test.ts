import { expect, test } from 'vitest';
import { KeyPresses, type KeyWay } from './key-presses.ts';

function pressed(...reports: readonly (readonly [atMs: number, way: KeyWay, digit: string])[]): string {
  let now = 0;
  const keys = new KeyPresses(() => now);
  return reports
    .filter(([atMs, way, digit]) => {
      now = atMs;
      return keys.isNew(way, digit);
    })
    .map(([, , digit]) => digit)
    .join('');
}

test('RFC 4733 and INFO: one key reported both ways counts once, in either order', () => {
  expect(pressed([0, 'rtp', '5'], [40, 'info', '5'])).toBe('5');
  expect(pressed([0, 'info', '5'], [40, 'rtp', '5'])).toBe('5');
});

test('the same key pressed twice counts twice, however its reports are mixed', () => {
  expect(pressed([0, 'rtp', '5'], [40, 'info', '5'], [300, 'rtp', '5'], [340, 'info', '5'])).toBe('55');
  expect(pressed([0, 'rtp', '5'], [300, 'rtp', '5'], [310, 'info', '5'], [320, 'info', '5'])).toBe('55');
  expect(pressed([0, 'info', '5'], [100, 'info', '5'])).toBe('55');
});

test('other keys, and the same one more than 2 s later, count', () => {
  expect(pressed([0, 'rtp', '5'], [40, 'info', '6'])).toBe('56');
  expect(pressed([0, 'rtp', '5'], [2_000, 'info', '5'])).toBe('5');
  expect(pressed([0, 'rtp', '5'], [2_001, 'info', '5'])).toBe('55');
});

test('a flood of reports is cut to 50 a second', () => {
  let nowMs = 0;
  const keys = new KeyPresses(() => nowMs);
  const counted = () => Array.from({ length: 10_000 }, () => keys.isNew('info', '1')).filter(Boolean).length;
  expect(counted()).toBe(50);
  nowMs = 1_000;
  expect(counted()).toBe(50);
});
