import { ManualClock } from '@pickup/testkit/clock';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Deadlines } from './deadlines.ts';

function expiring(clock: ManualClock, inMs: number) {
  const fired: number[] = [];
  const deadlineMonoMs = clock.monoMs() + inMs;
  return { deadlineMonoMs, fired, expire: () => void fired.push(clock.monoMs()) };
}

it('C1 each expires once, never early and at most 5 ms late, in any order of adding', async () => {
  const property = fc.asyncProperty(
    fc.array(fc.double({ min: 0, max: 500, noNaN: true }), { maxLength: 30 }),
    async (delays) => {
      const clock = new ManualClock();
      const deadlines = new Deadlines(clock);
      const all = delays.map((delayMs) => expiring(clock, delayMs));
      for (const each of all) deadlines.add(each);
      await clock.advance(600);
      for (const { fired, deadlineMonoMs } of all) {
        expect(fired).toHaveLength(1);
        expect(fired[0]).toBeGreaterThanOrEqual(deadlineMonoMs);
        expect(fired[0]).toBeLessThanOrEqual(deadlineMonoMs + 5);
      }
      expect(clock.pending).toBe(0);
    },
  );
  await fc.assert(property, { numRuns: 30 });
});

it('one timer serves all, and what is removed does not expire', async () => {
  const clock = new ManualClock();
  const deadlines = new Deadlines(clock);
  const all = Array.from({ length: 1_000 }, (_, i) => expiring(clock, 100 + i));
  for (const each of all) deadlines.add(each);
  expect(clock.pending).toBe(1);
  for (const each of all) if (each !== all[500]) deadlines.remove(each);
  await clock.advance(2_000);
  expect(all.filter((each) => each.fired.length > 0)).toEqual([all[500]]);
  expect(clock.pending).toBe(0);
});

it('an earlier deadline moves the timer forward, and closing stops it', async () => {
  const clock = new ManualClock();
  const deadlines = new Deadlines(clock);
  const late = expiring(clock, 1_000);
  const soon = expiring(clock, 10);
  deadlines.add(late);
  deadlines.add(soon);
  await clock.advance(15);
  expect(soon.fired).toHaveLength(1);
  deadlines.close();
  expect(clock.pending).toBe(0);
});

it('what is added while others expire is kept', async () => {
  const clock = new ManualClock();
  const deadlines = new Deadlines(clock);
  const second = { ...expiring(clock, 100) };
  const first = { deadlineMonoMs: clock.monoMs() + 50, expire: () => deadlines.add(second) };
  deadlines.add(first);
  await clock.advance(200);
  expect(second.fired).toHaveLength(1);
});
