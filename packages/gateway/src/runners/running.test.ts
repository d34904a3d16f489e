import { expect, test } from 'vitest';
import { Running } from './running.ts';

test('H5 the wait for the end is over with the last one, and at once where nothing runs', async () => {
  const running = new Running<number>();
  await running.idle();
  running.add('a', 1);
  running.add('b', 2);
  let over = 0;
  const waits = [running.idle(), running.idle()].map((wait) => wait.then(() => over++));
  running.remove('a');
  await Promise.resolve();
  expect([over, running.size, running.get('b')]).toEqual([0, 1, 2]);
  running.remove('b');
  await Promise.all(waits);
  expect(over).toBe(2);
});

test('what ends while all are gone through is not missed', () => {
  const running = new Running<string>();
  for (const id of ['a', 'b', 'c']) running.add(id, id);
  const seen: string[] = [];
  for (const one of running.all()) {
    seen.push(one);
    running.remove('b');
  }
  expect(seen).toEqual(['a', 'b', 'c']);
});
