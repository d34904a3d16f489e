import { ManualClock } from '@pickup/testkit/clock';
import { afterEach, expect, test } from 'vitest';
import { createLog } from '../observe/log.ts';
import { createMemoryData, createMemoryStore } from '../stores/index.ts';
import type { NewJob, Store } from '../stores/port.ts';
import { backOffMs, createJobRunner, type JobHandler, type JobRunner } from './job-runner.ts';

const turns = async (count = 20) => {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
};
const runners: JobRunner[] = [];
const clocks: ManualClock[] = [];
afterEach(async () => {
  for (const runner of runners.splice(0)) {
    const stopped = runner.stop(0);
    for (let nth = 0; nth < 5; nth++) {
      await turns(2);
      for (const clock of clocks) await clock.advance(1_000);
    }
    await stopped;
  }
  clocks.splice(0);
});

function world(handler: JobHandler, options: { most?: number; nodes?: number } = {}) {
  const clock = new ManualClock();
  clocks.push(clock);
  const data = createMemoryData();
  const log = createLog({ write: () => {}, level: 'info', clock });
  const stores = Array.from({ length: options.nodes ?? 1 }, () => createMemoryStore(data));
  const made = stores.map((store, nth) =>
    createJobRunner({
      ...{ store, clock, log, nodeId: `node-${nth}`, handlers: { work: handler } },
      ...(options.most !== undefined && { most: options.most }),
    }),
  );
  runners.push(...made);
  const add = (job: Partial<NewJob> = {}) =>
    stores[0]!.addJob({ task: 'work', payload: { name: String(job.job_key ?? '') }, ...job }, clock.wallMs());
  const advance = async (ms: number) => {
    await clock.advance(ms);
    await turns();
  };
  return { runners: made, store: stores[0] as Store, add, advance, clock };
}

test('does what is due at once when woken, what is due later by itself', async () => {
  const done: number[] = [];
  const {
    runners: [runner],
    add,
    advance,
    clock,
    store,
  } = world(async () => void done.push(clock.wallMs()));
  const began = clock.wallMs();
  await runner!.start();
  await add();
  await add({ run_at: began + 5_000 });
  runner!.wake();
  await turns();
  expect(done).toEqual([began]);
  await advance(4_900);
  expect(done).toHaveLength(1);
  for (let nth = 0; nth < 4; nth++) await advance(100);
  expect(done).toHaveLength(2);
  expect(await store.nextJobAt()).toBeUndefined();
});

test('a job that fails is tried again after e^attempt seconds, one without a handler likewise', async () => {
  expect([1, 2, 10, 50].map(backOffMs)).toEqual([2_718, 7_389, 22_026_466, 22_026_466]);
  let tries = 0;
  const {
    runners: [runner],
    add,
    advance,
    store,
  } = world(async (job) => {
    tries += 1;
    expect(job.attempts).toBe(tries);
    if (tries < 3) throw new Error('not yet');
  });
  await runner!.start();
  await add();
  runner!.wake();
  await turns();
  expect(tries).toBe(1);
  for (let nth = 0; nth < 14; nth++) await advance(200);
  expect(tries).toBe(2);
  for (let nth = 0; nth < 38; nth++) await advance(200);
  expect(tries).toBe(3);
  expect(await store.nextJobAt()).toBeUndefined();
});

test('`again` is no failure: the same work at its time', async () => {
  const seen: [number, number][] = [];
  const {
    runners: [runner],
    add,
    advance,
    clock,
  } = world(async (job) => {
    seen.push([clock.wallMs(), job.attempts]);
    if (seen.length > 1) return;
    return { again: { task: 'work', payload: {}, job_key: 'k', run_at: clock.wallMs() + 1_000 } };
  });
  const began = clock.wallMs();
  await runner!.start();
  await add({ job_key: 'k' });
  runner!.wake();
  await turns();
  for (let nth = 0; nth < 6; nth++) await advance(200);
  expect(seen).toEqual([
    [began, 1],
    [began + 1_000, 1],
  ]);
});

test('no more at once than it may, and the others follow', async () => {
  const ends: (() => void)[] = [];
  const {
    runners: [runner],
    add,
  } = world(() => new Promise((resolve) => void ends.push(() => resolve())), { most: 2 });
  await runner!.start();
  for (let nth = 0; nth < 5; nth++) await add();
  runner!.wake();
  await turns();
  expect([ends.length, runner!.running]).toEqual([2, 2]);
  ends[0]!();
  await turns();
  expect([ends.length, runner!.running]).toEqual([3, 2]);
});

test('S9 a job that takes long stays with its node, one whose lease was lost is broken off', async () => {
  const signals: AbortSignal[] = [];
  const {
    runners: [runner],
    add,
    advance,
    store,
    clock,
  } = world((_job, signal) => {
    signals.push(signal);
    return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
  });
  await runner!.start();
  await add();
  runner!.wake();
  await turns();
  for (let nth = 0; nth < 12; nth++) await advance(10_000);
  expect(signals.map(({ aborted }) => aborted)).toEqual([false]);
  // As if this node had stood still for too long.
  const taken = await store.takeJobs({ node_id: 'other', now: clock.wallMs() + 60_000, limit: 1, lease_ms: 60_000 });
  expect(taken).toHaveLength(1);
  await advance(10_000);
  expect(signals[0]!.aborted).toBe(true);
});

test('S9 where the clock is set, or the machine stood still, nothing is done twice at once', async () => {
  const signals: AbortSignal[] = [];
  let end = () => {};
  const {
    runners: [runner],
    add,
    advance,
    store,
    clock,
  } = world((_job, signal) => {
    signals.push(signal);
    return new Promise((resolve) => {
      end = () => resolve();
    });
  });
  await runner!.start();
  await add({ queue: 'q', job_key: 'q' });
  runner!.wake();
  await turns();
  // One that comes after it, on its queue.
  await add({ queue: 'q', job_key: 'q' });
  const real = clock.wallMs.bind(clock);
  clock.wallMs = () => real() + 3_600_000;
  for (let nth = 0; nth < 3; nth++) await advance(200);
  expect(signals.map(({ aborted }) => aborted)).toEqual([false]);
  end();
  await turns();
  await advance(200);
  expect(signals.map(({ aborted }) => aborted)).toEqual([false, false]);
  end();
  await turns();
  expect(await store.nextJobAt()).toBeUndefined();
});

test('a stop breaks off what does not end, and gives it back as it was; a start takes up what a crash left', async () => {
  let began = 0;
  const {
    runners: [first, second],
    add,
    clock,
    store,
  } = world(
    (_job, signal) => {
      began += 1;
      return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    },
    { nodes: 2 },
  );
  await first!.start();
  await add();
  first!.wake();
  await turns();
  const stopped = first!.stop(5_000);
  await clock.advance(5_000);
  await turns();
  await stopped;
  expect(await store.nextJobAt()).toBe(clock.wallMs() - 5_000);
  // A crash of the second node before this start left it taken.
  await store.takeJobs({ node_id: 'node-1', now: clock.wallMs(), limit: 1, lease_ms: 60_000 });
  await second!.start();
  await turns();
  expect(began).toBe(2);
});
