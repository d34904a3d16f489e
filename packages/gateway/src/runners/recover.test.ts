import { ManualClock } from '@pickup/testkit/clock';
import { expect, test } from 'vitest';
import { silentLog } from '../observe/index.ts';
import { arrival, call, decision } from '../stores/conformance/samples.ts';
import { createMemoryStore } from '../stores/memory/index.ts';
import type { EdgeMemo, InboundArrival } from '../stores/port.ts';
import { LEASE_MARGIN_MS } from './inbound-rows.ts';
import { readLeftOpen, recover } from './recover.ts';

const MEMO = { invite: { via: 'v' } };
const BUDGET_MS = 45_000;

/** A store that a process of node-1 left behind, and what is said to carriers when it is taken up again. */
function setUp() {
  const clock = new ManualClock();
  const store = createMemoryStore();
  const said: (readonly [string, EdgeMemo | number, ...unknown[]])[] = [];
  const sip = {
    refuseAfterCrash: (memo: EdgeMemo, code: number) => void said.push(['refuse', memo, code]),
    endAfterCrash: (dialog: EdgeMemo) => void said.push(['bye', dialog]),
  };
  const open = (id: string, over: Partial<InboundArrival> = {}) =>
    store.openInbound(
      arrival(id, {
        arrival_timestamp: clock.wallMs(),
        lease_until: clock.wallMs() + BUDGET_MS + LEASE_MARGIN_MS,
        memo: MEMO,
        ...over,
      }),
    );
  const takeUp = async () => {
    const left = await readLeftOpen(store, { nodeId: 'node-1', clock });
    await recover(left, { store, sip, clock, log: silentLog });
  };
  return { clock, store, said, open, takeUp };
}

test('H3 a call that rang gets one 500 while its budget runs, and the outcome interrupted', async () => {
  const { clock, store, said, open, takeUp } = setUp();
  await open('inb_1');
  await clock.advance(BUDGET_MS);
  await takeUp();
  await takeUp();
  expect(said).toEqual([['refuse', MEMO, 500]]);
  expect(await store.getInbound('inb_1')).toMatchObject({
    outcome: 'interrupted',
    outcome_timestamp: clock.wallMs(),
    decision: [expect.stringContaining('the gateway stopped working before this was decided')],
  });
});

test('H3 a carrier whose call has long ended hears nothing, the record still gets its outcome', async () => {
  const { clock, store, said, open, takeUp } = setUp();
  await open('inb_1');
  await clock.advance(BUDGET_MS + 1);
  await takeUp();
  expect(said).toEqual([]);
  expect(await store.getInbound('inb_1')).toMatchObject({ outcome: 'interrupted' });
});

test('H3 where the 200 may have been on the wire, a BYE follows the 500', async () => {
  const { store, said, open, takeUp } = setUp();
  await open('inb_1');
  await store.recordDecision(decision('inb_1'));
  await takeUp();
  expect(said).toEqual([
    ['refuse', MEMO, 500],
    ['bye', { route: ['sip:proxy'] }],
  ]);
});

test('H3 a connected call gets BYE and ends error/error_retell; its slot is free again', async () => {
  const { clock, store, said, takeUp } = setUp();
  await store.registerCall(call('call_1', { dialog: { route: ['sip:a'] } }));
  await store.registerCall(call('call_2', { node_id: 'node-2' }));
  await store.takeSlot({ inbound_id: 'inb_1', node_id: 'node-1', limit: 1 });
  await takeUp();
  expect(said).toEqual([['bye', { route: ['sip:a'] }]]);
  expect(await store.getCall('call_1')).toMatchObject({
    call_status: 'error',
    disconnection_reason: 'error_retell',
    end_timestamp: clock.wallMs(),
  });
  expect(await store.getCall('call_2')).toMatchObject({ call_status: 'ongoing' });
  expect(await store.takeSlot({ inbound_id: 'inb_2', node_id: 'node-1', limit: 1 })).toBe('taken');
});

test('H3 a call that came by Twilio came by SIP, and is answered there', async () => {
  const { store, said, open, takeUp } = setUp();
  await open('inb_1', { edge: 'twilio' });
  await takeUp();
  expect(said).toEqual([['refuse', MEMO, 500]]);
  expect(await store.getInbound('inb_1')).toMatchObject({ edge: 'twilio', outcome: 'interrupted' });
});

test('H3 a simulated call has no carrier to answer', async () => {
  const { store, said, open, takeUp } = setUp();
  await open('inb_1', { edge: 'simulator' });
  await takeUp();
  expect(said).toEqual([]);
  expect(await store.getInbound('inb_1')).toMatchObject({ outcome: 'interrupted' });
});

test('H3 one that cannot be answered keeps neither the others nor the start', async () => {
  const { clock, store, said, open } = setUp();
  await open('inb_1', { memo: { invite: 'nonsense' } });
  await open('inb_2');
  const left = await readLeftOpen(store, { nodeId: 'node-1', clock });
  const refuseAfterCrash = (memo: EdgeMemo) => {
    if (memo['invite'] === 'nonsense') throw new TypeError('no Via');
    said.push(['refuse', memo]);
  };
  await recover(left, { store, sip: { refuseAfterCrash, endAfterCrash: () => {} }, clock, log: silentLog });
  expect(said).toEqual([['refuse', MEMO]]);
  for (const id of ['inb_1', 'inb_2']) expect(await store.getInbound(id)).toMatchObject({ outcome: 'interrupted' });
});

test('H3 what comes after the ports are open is not taken for what a crash left', async () => {
  const { clock, store, said, open } = setUp();
  const left = await readLeftOpen(store, { nodeId: 'node-1', clock });
  await open('inb_1');
  const sip = {
    refuseAfterCrash: () => void said.push(['refuse', 0]),
    endAfterCrash: () => void said.push(['bye', 0]),
  };
  await recover(left, { store, sip, clock, log: silentLog });
  expect(said).toEqual([]);
  expect(await store.getInbound('inb_1')).toMatchObject({ outcome: null });
});
