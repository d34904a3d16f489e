import { ManualClock } from '@pickup/testkit/clock';
import { expect, test } from 'vitest';
import { Timers } from './timers.ts';

test('a timer that is set anew replaces the one of its name; cleared ones do not fire', async () => {
  const clock = new ManualClock();
  const timers = new Timers<'retry' | 'slot_poll'>(clock);
  const fired: string[] = [];
  const at = clock.monoMs();
  timers.set('retry', at + 500, () => fired.push('first'));
  timers.set('retry', at + 800, () => fired.push('second'));
  timers.set('slot_poll', at - 50, () => fired.push('past'));
  await clock.advance(0);
  expect(fired).toEqual(['past']);
  await clock.advance(800);
  expect(fired).toEqual(['past', 'second']);
  timers.set('retry', clock.monoMs() + 1, () => fired.push('never'));
  timers.clear();
  await clock.advance(10);
  expect([fired.length, clock.pending]).toEqual([2, 0]);
});
