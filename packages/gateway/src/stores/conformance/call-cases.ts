import { expect, test } from 'vitest';
import type { TwoConnections } from '../conformance.ts';
import { arrival, byTurns, call, NOW } from './samples.ts';

const FIVE_MINUTES_MS = 300_000;

/** S4 and the life of a call. */
export function callCases(stores: () => TwoConnections): void {
  test('S4 of many claims of a registered call from two connections one gets it', async () => {
    const { a, b } = stores();
    await a.registerCall(call('call_1', { call_status: 'registered' }));
    const said = await byTurns(a, b, 12, (store, index) => store.claimRegisteredCall('call_1', `inb_${index}`, NOW));
    expect(said.filter((one) => one.claim === 'claimed')).toEqual([
      { claim: 'claimed', call: call('call_1', { call_status: 'registered' }) },
    ]);
    expect(said.filter((one) => one.claim === 'busy')).toHaveLength(11);
  });

  test('S4 A3 unknown, answered and expired calls cannot be claimed; a claim given back can', async () => {
    const { a, b } = stores();
    await a.registerCall(call('call_1', { call_status: 'registered' }));
    await a.registerCall(call('call_2', { call_status: 'ongoing' }));
    const claim = async (id: string, now = NOW) => (await b.claimRegisteredCall(id, 'inb_b', now)).claim;
    expect(await claim('call_0')).toBe('unknown');
    expect(await claim('call_2')).toBe('answered');
    expect(await claim('call_1', NOW + FIVE_MINUTES_MS)).toBe('expired');
    expect((await a.claimRegisteredCall('call_1', 'inb_a', NOW)).claim).toBe('claimed');
    await b.releaseRegisteredCall('call_1', 'inb_other');
    expect(await claim('call_1')).toBe('busy');
    await a.releaseRegisteredCall('call_1', 'inb_a');
    expect(await claim('call_1')).toBe('claimed');
  });

  test('S4 a claim ends with its inbound, even where nobody gave it back', async () => {
    const { a, b } = stores();
    await a.registerCall(call('call_1', { call_status: 'registered' }));
    await a.openInbound(arrival('inb_a'));
    await a.claimRegisteredCall('call_1', 'inb_a', NOW);
    expect(await b.expireRegisteredCalls(NOW + FIVE_MINUTES_MS)).toBe(0);
    await a.settleInbound({ inbound_id: 'inb_a', outcome: 'interrupted', outcome_timestamp: NOW });
    expect((await b.claimRegisteredCall('call_1', 'inb_b', NOW)).claim).toBe('claimed');
  });

  test('A3 a registered call nobody dialled ends after five minutes', async () => {
    const { a, b } = stores();
    await a.registerCall(call('call_1', { call_status: 'registered' }));
    expect(await a.expireRegisteredCalls(NOW + FIVE_MINUTES_MS - 1)).toBe(0);
    expect(await b.expireRegisteredCalls(NOW + FIVE_MINUTES_MS)).toBe(1);
    expect(await a.getCall('call_1')).toMatchObject({
      call_status: 'error',
      disconnection_reason: 'registered_call_timeout',
    });
    expect((await a.claimRegisteredCall('call_1', 'inb_a', NOW)).claim).toBe('expired');
    expect(await a.expireRegisteredCalls(NOW + FIVE_MINUTES_MS)).toBe(0);
  });

  test('A3 a claim whose inbound was never opened does not keep the registration for ever', async () => {
    const { a, b } = stores();
    await a.registerCall(call('call_1', { call_status: 'registered' }));
    await a.claimRegisteredCall('call_1', 'inb_of_a_process_that_died', NOW);
    expect(await b.expireRegisteredCalls(NOW + FIVE_MINUTES_MS + 149_999)).toBe(0);
    expect(await b.expireRegisteredCalls(NOW + FIVE_MINUTES_MS + 150_000)).toBe(1);
    expect(await a.getCall('call_1')).toMatchObject({ disconnection_reason: 'registered_call_timeout' });
  });

  test('A3 H4 the settlement of a registered call turns it into the session', async () => {
    const { a, b } = stores();
    await a.registerCall(call('call_1', { call_status: 'registered' }));
    await a.openInbound(arrival('inb_a'));
    await a.claimRegisteredCall('call_1', 'inb_a', NOW);
    const ongoing = call('call_1', { inbound_id: 'inb_a', start_timestamp: NOW + 5 });
    await a.settleInbound({ inbound_id: 'inb_a', outcome: 'connected', outcome_timestamp: NOW, call: ongoing });
    expect(await b.getCall('call_1')).toEqual(ongoing);
    expect((await b.claimRegisteredCall('call_1', 'inb_b', NOW)).claim).toBe('answered');
  });

  test('H4 updates from two connections at once all stand', async () => {
    const { a, b } = stores();
    await a.registerCall(call('call_1'));
    const changes = [{ end_timestamp: NOW + 9 }, { disconnection_reason: 'user_hangup' }, { transcript: 'Hello' }];
    await byTurns(a, b, changes.length, (store, index) => store.updateCall('call_1', changes[index]!));
    const ended = await b.updateCall('call_1', { call_status: 'ended' });
    expect(ended).toEqual(call('call_1', Object.assign({ call_status: 'ended' }, ...changes)));
    expect(await a.getCall('call_1')).toEqual(ended);
    expect(await a.updateCall('call_0', { call_status: 'ended' })).toBeUndefined();
  });

  test('H4 the end of a call keeps what was said, unless its storage setting of the moment forbids it', async () => {
    const { a, b } = stores();
    const end = { call_status: 'ended', disconnection_reason: 'user_hangup', end_timestamp: NOW + 9 } as const;
    const spoken = { transcript: 'Agent: Hello\n' };
    await a.registerCall(call('call_1'));
    await a.registerCall(call('call_2'));
    await b.updateCall('call_2', { data_storage_setting: 'basic_attributes_only' });
    for (const callId of ['call_1', 'call_2', 'call_of_nobody']) await a.endCall(callId, end, spoken);
    expect(await b.getCall('call_1')).toEqual(call('call_1', { ...end, ...spoken }));
    expect(await b.getCall('call_2')).toEqual(
      call('call_2', { ...end, data_storage_setting: 'basic_attributes_only' }),
    );
    expect(await b.getCall('call_of_nobody')).toBeUndefined();
    const status = { field: 'call_status', op: 'eq', value: 'ended' } as const;
    expect((await b.listCalls({ filters: [status] })).items).toHaveLength(2);
  });

  test('H3 the ongoing calls of a node, and no others', async () => {
    const { a, b } = stores();
    await a.registerCall(call('call_1'));
    await a.registerCall(call('call_2', { node_id: 'node-2' }));
    await a.registerCall(call('call_3'));
    await a.updateCall('call_3', { call_status: 'ended' });
    expect((await b.ongoingCalls('node-1')).map((one) => one.call_id)).toEqual(['call_1']);
  });

  test('a deleted call is gone, once', async () => {
    const { a, b } = stores();
    await a.registerCall(call('call_1'));
    const said = await byTurns(a, b, 4, (store) => store.deleteCall('call_1'));
    expect(said.filter(Boolean)).toHaveLength(1);
    expect(await b.getCall('call_1')).toBeUndefined();
  });
}
