import { expect, test } from 'vitest';
import { orderSrv, type SrvRecord } from './records.ts';

const record = (name: string, priority: number, weight: number): SrvRecord => ({ name, priority, weight, port: 5_060 });

test('RFC 2782 a smaller priority goes first, whatever the weights', () => {
  const ordered = orderSrv([record('c', 20, 100), record('a', 5, 0), record('b', 10, 1)], () => 0);
  expect(ordered.map(({ name }) => name)).toEqual(['a', 'b', 'c']);
});

test('RFC 2782 within a priority the chance of being first is as the weight, and everybody has a turn', () => {
  const records = [record('one', 1, 10), record('three', 1, 30), record('none', 1, 0)];
  const first: Record<string, number> = {};
  for (let ticket = 0; ticket <= 40; ticket++) {
    let drawn = false;
    const ordered = orderSrv(records, () => {
      if (drawn) return 0;
      drawn = true;
      return ticket;
    });
    expect(new Set(ordered).size).toBe(3);
    const name = ordered[0]!.name;
    first[name] = (first[name] ?? 0) + 1;
  }
  expect(first).toEqual({ none: 1, one: 10, three: 30 });
});
