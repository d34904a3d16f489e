import { ManualClock } from '@pickup/testkit/clock';
import { expect, test } from 'vitest';
import { type DiskSpace, watchDisk } from './watch-disk.ts';

const settle = () => new Promise((resolve) => setImmediate(resolve));

test('the disk is looked at every 5 s; going below 5 % is told once, until it has been above again', async () => {
  const clock = new ManualClock();
  const told: DiskSpace[] = [];
  let free = 6;
  const stop = watchDisk({
    folder: 'data',
    after: (delayMs, fire) => clock.after(delayMs, fire),
    onDiskLow: (space) => void told.push(space),
    measure: async () => ({ free_bytes: free, total_bytes: 100 }),
  });
  const at = async (percent: number) => {
    free = percent;
    await clock.advance(5_000);
    await settle();
    return told.length;
  };
  await settle();
  expect(told).toEqual([]);
  expect(await at(5)).toBe(1);
  expect(await at(4)).toBe(1);
  expect(await at(50)).toBe(1);
  expect(await at(1)).toBe(2);
  stop();
  expect(await at(50)).toBe(2);
  expect(await at(1)).toBe(2);
});
