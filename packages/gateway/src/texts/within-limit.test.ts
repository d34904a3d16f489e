import { getEventListeners } from 'node:events';
import { ManualClock } from '@pickup/testkit/clock';
import { expect, test } from 'vitest';
import { withinLimit } from './within-limit.ts';

const aborted = (signal: AbortSignal) =>
  new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));

test('gives up when the time is over, or when the given signal fires', async () => {
  const clock = new ManualClock();
  const late = withinLimit({ clock, limitMs: 1_000, signal: new AbortController().signal }, aborted);
  await Promise.all([expect(late).rejects.toMatchObject({ name: 'TimeoutError' }), clock.advance(1_000)]);
  const aborter = new AbortController();
  const given = withinLimit({ clock, limitMs: 1_000, signal: aborter.signal }, aborted);
  aborter.abort(new Error('stop'));
  await expect(given).rejects.toThrow('stop');
  const before = withinLimit({ clock, limitMs: 1_000, signal: aborter.signal }, async (signal) => signal.aborted);
  expect(await before).toBe(true);
});

test('leaves nothing behind at a signal that lives long', async () => {
  const { signal } = new AbortController();
  const cancelled: number[] = [];
  const clock = {
    ...new ManualClock(),
    monoMs: () => 0,
    wallMs: () => 0,
    after: (ms: number) => () => void cancelled.push(ms),
  };
  for (let nth = 0; nth < 3; nth++) await withinLimit({ clock, limitMs: 5, signal }, async () => nth);
  expect(cancelled).toEqual([5, 5, 5]);
  expect(getEventListeners(signal, 'abort')).toEqual([]);
});
