import type { AttemptRecord } from '@pickup/contract';
import { expect, test } from 'vitest';
import { PLAIN } from '../style.ts';
import { widthOf } from '../wrap-text.ts';
import { waterfall } from './waterfall.ts';

const T = 1_700_000_000_000;
const attempt = (nth: number, from: number, to: number, over: Partial<AttemptRecord> = {}): AttemptRecord => ({
  attempt: nth,
  start_timestamp: T + from,
  end_timestamp: T + to,
  phases: { total_ms: to - from },
  verdict: 'failed',
  ...over,
});

test('attempts lie on one scale, each letter where its phase was, the waits between them as dots', () => {
  const lines = waterfall(
    [
      attempt(1, 0, 400, {
        status: 503,
        message: 'no success status (C2)',
        fault: 'endpoint',
        phases: { queue_ms: 100, dns_ms: 100, first_byte_ms: 100, total_ms: 400 },
      }),
      attempt(2, 600, 800, { error: 'connection_reset', phases: { connect_ms: 200, total_ms: 200 } }),
      attempt(3, 800, 1_000, {
        status: 200,
        verdict: 'accepted',
        resent: true,
        phases: { first_byte_ms: 200, total_ms: 200 },
      }),
    ],
    // Forty cells for a second.
    40 + 26 + 10 + 2,
    PLAIN,
  );
  expect(lines).toEqual([
    '  1  503 failed            qqqqddddwwwwbbbb                             400 ms',
    '     queue 100, DNS 100, wait for the first byte 100, body 100 ms; no success',
    '     status (C2); fault: endpoint',
    '  2  connection reset                      ········cccccccc             200 ms',
    '     connect 200 ms',
    '  3  200 accepted                                          wwwwwwww     200 ms',
    '     wait for the first byte 200 ms; sent once more on a fresh connection (C5)',
    '  q queue  d DNS  c connect  w wait for the first byte  b body  · until the',
    '  next attempt',
  ]);
});

test.each([
  ['a time-out before the first byte', { error: 'timeout', reason: 'sent' }, 'w'],
  ['one in the queue', { error: 'timeout', reason: 'queue' }, 'q'],
  ['one in the body', { error: 'timeout', reason: 'body', phases: { first_byte_ms: 1, total_ms: 1_000 } }, 'b'],
  ['a name that nobody knows', { error: 'dns_error', reason: 'ENOTFOUND' }, 'd'],
  ['a caller who hung up', { error: 'aborted' }, 'w'],
] as const)('time that no phase accounts for is that of the one it ended in: %s', (_, over, letter) => {
  const [bar, , legend] = waterfall([attempt(1, 0, 1_000, over)], 200, PLAIN);
  expect(bar).toContain(letter.repeat(100));
  expect(legend).toContain(`${letter} `);
});

test('what the message says already is not said again', () => {
  const reason = 'ECONNREFUSED';
  const told = (message: string) =>
    waterfall([attempt(1, 0, 0, { message, reason, error: 'connect_error' })], 200, PLAIN)[1]!.trim();
  expect(told('The connection could not be made (ECONNREFUSED).')).toBe(
    'The connection could not be made (ECONNREFUSED)',
  );
  expect(told('The connection could not be made.')).toBe('The connection could not be made; ECONNREFUSED');
});

test('however short or late, an attempt has a cell, and no line is too wide', () => {
  for (const width of [60, 80, 140]) {
    const all = [attempt(1, 0, 0), attempt(2, 5, 5), attempt(3, 44_990, 44_999), attempt(4, 45_000, 45_000)];
    const lines = waterfall(all, width, PLAIN);
    for (const line of lines) expect(widthOf(line)).toBeLessThanOrEqual(width);
    expect(lines.filter((line) => /^ {2}\d/.test(line)).every((line) => /[ ·]w /.test(line))).toBe(true);
  }
  expect(waterfall([], 80, PLAIN)).toEqual([]);
  expect(waterfall([attempt(1, 0, -5)], 80, PLAIN)[0]).toContain(' w ');
});
