import { ManualClock } from '@pickup/testkit/clock';
import { describe, expect, it } from 'vitest';
import { TimerQueue } from './timer-queue.ts';

describe('the timer queue', () => {
  it('fires in order of time, then of asking, behind one clock timer', async () => {
    const clock = new ManualClock();
    const queue = new TimerQueue(clock);
    const fired: number[] = [];
    for (const delayMs of [50, 10, 30, 10, 40]) queue.after(delayMs, () => fired.push(delayMs));
    expect(clock.pending).toBe(1);
    await clock.advance(100);
    expect(fired).toEqual([10, 10, 30, 40, 50]);
    expect([queue.pending, clock.pending]).toEqual([0, 0]);
  });

  it('fires timers of 5 s and more together, never early and at most 50 ms late', async () => {
    const clock = new ManualClock();
    const queue = new TimerQueue(clock);
    const startMs = clock.monoMs();
    const fired: number[] = [];
    for (const delayMs of [4_999, 5_001, 5_020, 5_050, 5_051]) {
      queue.after(delayMs, () => fired.push(clock.monoMs() - startMs));
    }
    await clock.advance(6_000);
    expect(fired).toEqual([4_999, 5_050, 5_050, 5_050, 5_100]);
  });

  it('waits for what is further off than a native timer reaches', async () => {
    const clock = new ManualClock();
    const asked: number[] = [];
    const after = (delayMs: number, fire: () => void) => {
      asked.push(delayMs);
      return clock.after(delayMs, fire);
    };
    const queue = new TimerQueue({ ...clock, monoMs: () => clock.monoMs(), wallMs: () => clock.wallMs(), after });
    let fired = 0;
    queue.after(99_999_999_000, () => fired++);
    await clock.advance(99_999_998_000);
    expect([fired, Math.max(...asked), clock.pending]).toEqual([0, 2 ** 31 - 1, 1]);
    await clock.advance(2_000);
    expect([fired, clock.pending]).toEqual([1, 0]);
  });

  it('never fires what was cancelled, also while it runs, and sweeps it out', async () => {
    const clock = new ManualClock();
    const queue = new TimerQueue(clock);
    const fired: number[] = [];
    const cancels = Array.from({ length: 5_000 }, (_, index) => queue.after(10 + index, () => fired.push(index)));
    for (const [index, cancel] of cancels.entries()) if (index % 5 !== 0) cancel();
    queue.after(5, () => cancels[0]?.());
    expect(queue.pending).toBe(1_001);
    await clock.advance(6_000);
    expect(fired).toHaveLength(999);
    expect(fired).toEqual([...fired].sort((a, b) => a - b));
    cancels[5]?.();
    expect(queue.pending).toBe(0);
  });

  it('what one timer throws costs the others nothing', async () => {
    const clock = new ManualClock();
    const queue = new TimerQueue(clock);
    let fired = 0;
    queue.after(10, () => {
      throw new Error('a bug');
    });
    queue.after(10, () => fired++);
    queue.after(20, () => fired++);
    await expect(clock.advance(15)).rejects.toThrow('a bug');
    await clock.advance(15);
    expect(fired).toBe(2);
  });

  it('a timer set by a timer fires in its turn', async () => {
    const clock = new ManualClock();
    const queue = new TimerQueue(clock);
    const fired: string[] = [];
    queue.after(10, () => {
      fired.push('first');
      queue.after(5, () => fired.push('nested'));
    });
    queue.after(20, () => fired.push('last'));
    await clock.advance(30);
    expect(fired).toEqual(['first', 'nested', 'last']);
    queue.after(5, () => fired.push('never'));
    queue.clear();
    await clock.advance(10);
    expect(fired).toHaveLength(3);
  });
});
