import { ManualClock } from '@pickup/testkit/clock';
import { expect, test } from 'vitest';
import { Guests } from './guests.ts';

const CALL = { branch: 'z9hG4bK1', address: '198.51.100.1' };

test('A3 a call that is kept is a guest until 35 s after its end', async () => {
  const clock = new ManualClock();
  const guests = new Guests(clock);
  guests.add('a', CALL);
  guests.keep('a');
  await clock.advance(3_600_000);
  expect([guests.has('a'), guests.stayAt('198.51.100.1'), guests.stayAt('198.51.100.2')]).toEqual([true, true, false]);
  guests.leave('a');
  await clock.advance(34_999);
  expect(guests.has('a')).toBe(true);
  await clock.advance(1);
  expect([guests.has('a'), guests.stayAt('198.51.100.1'), guests.size]).toEqual([false, false, 0]);
});

test('A3 one that never began is forgotten after 35 s', async () => {
  const clock = new ManualClock();
  const guests = new Guests(clock);
  guests.add('a', CALL);
  await clock.advance(35_000);
  expect(guests.size).toBe(0);
});

test('a Call-ID opens no call but its own', () => {
  const guests = new Guests(new ManualClock());
  guests.add('a', CALL);
  expect([guests.isRepetition('a', CALL.branch), guests.isRepetition('a', 'z9hG4bK2')]).toEqual([true, false]);
  guests.leave('nobody');
  guests.keep('nobody');
  guests.add('a', { ...CALL, branch: 'z9hG4bK2' });
  guests.add('b', CALL);
  guests.clear();
  expect([guests.size, guests.stayAt(CALL.address)]).toEqual([0, false]);
});
