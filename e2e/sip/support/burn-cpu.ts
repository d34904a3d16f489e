/** Makes a machine busy. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism, cpus } from 'node:os';

/**
 * Works for a share of each period, so much that the whole machine is busy for `target` of the time, whatever else runs
 * on it; ends by itself should its parent forget it.
 */
const BURNER = `
const { cpus } = require('node:os');
const target = Number(process.argv[1]);
const wait = new Int32Array(new SharedArrayBuffer(4));
const look = () => cpus().reduce(({ idle, all }, { times }) => ({
  idle: idle + times.idle,
  all: all + Object.values(times).reduce((sum, ms) => sum + ms, 0),
}), { idle: 0, all: 0 });
const endAt = Date.now() + 60_000;
for (let share = target, before = look(); Date.now() < endAt; ) {
  for (let slice = 0; slice < 4; slice++) {
    const workUntil = performance.now() + share * 50;
    while (performance.now() < workUntil);
    Atomics.wait(wait, 0, 0, (1 - share) * 50);
  }
  const after = look();
  const busy = 1 - (after.idle - before.idle) / Math.max(1, after.all - before.all);
  share = Math.min(1, Math.max(0, share + (target - busy) / 2));
  before = after;
}`;

/** Keeps the machine busy for `target` of its time while `work` runs; tells how busy it was meanwhile. */
export async function whileBurning<T>(
  target: number,
  work: () => Promise<T>,
): Promise<{ readonly result: T; readonly busy: number }> {
  const burners = Array.from({ length: availableParallelism() }, () =>
    spawn(process.execPath, ['-e', BURNER, String(target)], { stdio: 'ignore' }),
  );
  const ended = burners.map((burner) => once(burner, 'close'));
  try {
    await Promise.all(burners.map((burner) => once(burner, 'spawn')));
    return await busyDuring(work);
  } finally {
    for (const burner of burners) burner.kill('SIGKILL');
    await Promise.all(ended);
  }
}

async function busyDuring<T>(work: () => Promise<T>): Promise<{ readonly result: T; readonly busy: number }> {
  const before = cpuTimes();
  const result = await work();
  const after = cpuTimes();
  return { result, busy: 1 - (after.idle - before.idle) / (after.all - before.all) };
}

function cpuTimes(): { readonly idle: number; readonly all: number } {
  const sums = { idle: 0, all: 0 };
  for (const { times } of cpus()) {
    sums.idle += times.idle;
    sums.all += Object.values(times).reduce((sum, ms) => sum + ms, 0);
  }
  return sums;
}
