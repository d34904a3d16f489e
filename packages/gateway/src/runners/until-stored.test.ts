import { ManualClock } from '@pickup/testkit/clock';
import { expect, test } from 'vitest';
import { createLog } from '../observe/index.ts';
import { StoreUnavailable } from '../stores/port.ts';
import { untilStored } from './until-stored.ts';

function setUp() {
  const clock = new ManualClock();
  const lines: { readonly event: string; readonly again: boolean }[] = [];
  const log = createLog({ clock, write: (line) => void lines.push(JSON.parse(line)) });
  return { clock, lines, options: { clock, log, what: 'settle', id: 'inb_1' } };
}

test('H2 while the disk is full it is tried again every second, and said once', async () => {
  const { clock, lines, options } = setUp();
  let tries = 0;
  const write = async () => {
    tries++;
    if (tries < 4) throw new StoreUnavailable('full');
    return 'written';
  };
  const written = untilStored(write, options);
  await clock.advance(2_999);
  expect(tries).toBe(3);
  await clock.advance(1);
  expect(await written).toBe('written');
  expect(lines).toMatchObject([{ event: 'write_failed', again: true }]);
});

test('any other failure is a fault of ours: it is not tried again', async () => {
  const { clock, lines, options } = setUp();
  expect(await untilStored(() => Promise.reject(new TypeError('no column')), options)).toBeUndefined();
  expect(lines).toMatchObject([{ event: 'write_failed', again: false, what: 'settle', id: 'inb_1' }]);
  expect(clock.pending).toBe(0);
});

test('after ten minutes it is given up, and that is said too', async () => {
  const { clock, lines, options } = setUp();
  let tries = 0;
  const written = untilStored(async () => {
    tries++;
    throw new StoreUnavailable('full');
  }, options);
  await clock.advance(600_000);
  expect(await written).toBeUndefined();
  expect(tries).toBe(600);
  expect(lines.map(({ again }) => again)).toEqual([true, false]);
  expect(clock.pending).toBe(0);
});
