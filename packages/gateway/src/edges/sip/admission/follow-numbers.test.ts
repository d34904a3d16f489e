import { ManualClock } from '@pickup/testkit/clock';
import { expect, test } from 'vitest';
import { createLog } from '../../../observe/index.ts';
import { createMemoryData, createMemoryStore } from '../../../stores/memory/index.ts';
import type { NumberRow, Store } from '../../../stores/port.ts';
import { CallerTable } from './caller-table.ts';
import { followNumbers } from './follow-numbers.ts';

function following(wrap: (store: Store) => Store = (store) => store) {
  const clock = new ManualClock();
  const data = createMemoryData();
  const table = new CallerTable([]);
  const lines: string[] = [];
  const log = createLog({ write: (line) => void lines.push(line), clock });
  const follower = followNumbers({ store: wrap(createMemoryStore(data)), table, clock, log });
  const elsewhere = createMemoryStore(data);
  return { clock, table, lines, follower, elsewhere };
}

const row = (phone_number: string, sip_peers: readonly string[] | null = ['192.0.2.0/24']): NumberRow => ({
  settings: { phone_number, phone_number_type: 'custom', last_modification_timestamp: 1, sip_peers },
});
const numbers = (table: CallerTable) => [...table.numbers()].sort();

test('what was stored before is known at the start, page after page', async () => {
  const { follower, elsewhere, table } = following();
  for (let nth = 0; nth < 2_500; nth++) await elsewhere.putNumber(row(`+${10_000 + nth}`), 'create');
  await elsewhere.putNumber(row('+1', null), 'create');
  await follower.start();
  expect(numbers(table)).toHaveLength(2_500);
  follower.stop();
});

test('a change here holds at once', async () => {
  const { follower, table } = following();
  await follower.start();
  await follower.store.putNumber(row('+1'), 'create');
  expect(table.knows('192.0.2.1')).toBe(true);
  await follower.store.putNumber(row('+1', ['198.51.100.0/24']), 'create');
  expect(table.knows('198.51.100.1')).toBe(false);
  await follower.store.putNumber(row('+1', ['198.51.100.0/24']), 'replace');
  expect([table.knows('198.51.100.1'), table.knows('192.0.2.1')]).toEqual([true, false]);
  await follower.store.deleteNumber('+1');
  expect(table.knows('198.51.100.1')).toBe(false);
  follower.stop();
});

test('a change of another node holds within a minute, and a store that cannot be read changes nothing', async () => {
  let broken = false;
  const { follower, elsewhere, table, clock, lines } = following((store) => ({
    ...store,
    listGuardedNumbers: (request) =>
      broken ? Promise.reject(new Error('no disk')) : store.listGuardedNumbers(request),
  }));
  await elsewhere.putNumber(row('+1'), 'create');
  await follower.start();
  await elsewhere.deleteNumber('+1');
  await elsewhere.putNumber(row('+2'), 'create');
  broken = true;
  await clock.advance(60_000);
  await new Promise(setImmediate);
  expect([numbers(table), lines.length]).toEqual([['+1'], 1]);
  broken = false;
  await clock.advance(60_000);
  await new Promise(setImmediate);
  expect(numbers(table)).toEqual(['+2']);
  follower.stop();
  await elsewhere.putNumber(row('+3'), 'create');
  await clock.advance(120_000);
  await new Promise(setImmediate);
  expect(numbers(table)).toEqual(['+2']);
});

test('a change made while the store is read is not undone by what was read before', async () => {
  let meanwhile = async () => {};
  const { follower, table } = following((store) => ({
    ...store,
    async listGuardedNumbers(request) {
      const page = await store.listGuardedNumbers(request);
      await meanwhile();
      return page;
    },
  }));
  await follower.store.putNumber(row('+1'), 'create');
  await follower.store.putNumber(row('+2'), 'create');
  meanwhile = async () => {
    await follower.store.putNumber(row('+1', ['198.51.100.0/24']), 'replace');
    await follower.store.deleteNumber('+2');
    await follower.store.putNumber(row('+3'), 'create');
  };
  await follower.start();
  expect(numbers(table)).toEqual(['+1', '+3']);
  expect(table.find('+1')?.peers?.has('198.51.100.1')).toBe(true);
  follower.stop();
});
