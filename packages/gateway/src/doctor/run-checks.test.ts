import { ManualClock } from '@pickup/testkit/clock';
import { expect, test } from 'vitest';
import { ok } from './finding.ts';
import { runChecks } from './run-checks.ts';

const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

test('findings come in the order of the checks, whichever ends first', async () => {
  const clock = new ManualClock();
  let release = () => {};
  const slow = new Promise<void>((resolve) => {
    release = resolve;
  });
  const running = runChecks(
    [
      { name: 'slow', run: () => slow.then(() => [ok('one')]) },
      { name: 'quick', run: async () => [ok('two'), ok('three')] },
    ],
    { clock },
  );
  await settled();
  release();
  expect((await running).map(({ name, found }) => `${name} ${found}`)).toEqual([
    'slow one',
    'quick two',
    'quick three',
  ]);
});

test('a check that hangs fails at its limit, one that throws fails at once, and the others are heard', async () => {
  const clock = new ManualClock();
  const slow: string[][] = [];
  const running = runChecks(
    [
      { name: 'hangs', run: () => new Promise(() => {}) },
      { name: 'throws', run: () => Promise.reject(new Error('no such thing')) },
      { name: 'fine', run: async () => [ok('fine')] },
    ],
    { clock, onSlow: (names) => slow.push([...names]) },
  );
  await settled();
  await clock.advance(1_000);
  expect(slow).toEqual([['hangs']]);
  await clock.advance(4_000);
  const [hangs, throws, fine] = await running;
  expect(hangs).toMatchObject({ level: 'fail', found: 'did not end within 5 s' });
  expect(throws).toMatchObject({ level: 'fail', found: expect.stringContaining('no such thing') });
  expect(fine).toEqual({ name: 'fine', level: 'ok', found: 'fine' });
});

test('nobody is told of slow checks where none is', async () => {
  const clock = new ManualClock();
  const slow: unknown[] = [];
  await runChecks([{ name: 'quick', run: async () => [] }], { clock, onSlow: (names) => slow.push(names) });
  await clock.advance(10_000);
  expect(slow).toEqual([]);
});
