import { ManualClock } from '@pickup/testkit/clock';
import { expect, test } from 'vitest';
import { createLog } from '../observe/index.ts';
import { arrival } from '../stores/conformance/samples.ts';
import { createMemoryStore } from '../stores/memory/index.ts';
import { StoreUnavailable } from '../stores/port.ts';
import { createUnrecorded, type UnrecordedInbound } from './unrecorded.ts';

function turnedAway(id: string): UnrecordedInbound {
  const opened = arrival(id);
  const { inbound_id, channel, edge, from_number, to_number, arrival_timestamp } = opened;
  const shown = { inbound_id, channel, edge, from_number, to_number, arrival_timestamp };
  return {
    object: { ...shown, outcome: 'overloaded', attempts: [], issues: [], decision: ['the store cannot write'] },
    arrival: opened,
    settlement: { inbound_id, outcome: 'overloaded', outcome_timestamp: arrival_timestamp + 5 },
  };
}

function setUp() {
  const clock = new ManualClock();
  const memory = createMemoryStore();
  const disk = { full: true };
  const orFull = <T>(work: () => Promise<T>) => (disk.full ? Promise.reject(new StoreUnavailable('full')) : work());
  const store = {
    ...memory,
    openInbound: (row: Parameters<typeof memory.openInbound>[0]) => orFull(() => memory.openInbound(row)),
    settleInbound: (row: Parameters<typeof memory.settleInbound>[0]) => orFull(() => memory.settleInbound(row)),
  };
  const unrecorded = createUnrecorded({ store, clock, log: createLog({ write: () => {}, clock }) });
  return { clock, store, disk, unrecorded };
}

test('H1 an inbound that the store could not take is shown from memory, and written once it can', async () => {
  const { clock, store, disk, unrecorded } = setUp();
  unrecorded.keep(turnedAway('inb_a'));
  await clock.advance(5_000);
  expect(unrecorded.get('inb_a')).toMatchObject({ outcome: 'overloaded' });
  expect(await store.getInbound('inb_a')).toBeUndefined();
  disk.full = false;
  await clock.advance(1_000);
  expect(unrecorded.get('inb_a')).toBeUndefined();
  expect(await store.getInbound('inb_a')).toMatchObject({ outcome: 'overloaded' });
  expect(clock.pending).toBe(0);
});

test('beyond 1,000 the oldest is forgotten, so that a long outage takes no memory', async () => {
  const { unrecorded } = setUp();
  for (let at = 0; at <= 1_000; at++) unrecorded.keep(turnedAway(`inb_${at}`));
  expect(unrecorded.get('inb_0')).toBeUndefined();
  expect(unrecorded.get('inb_1')).toBeDefined();
  expect(unrecorded.get('inb_1000')).toBeDefined();
});
