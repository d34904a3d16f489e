import { expect, test } from 'vitest';
import type { TwoConnections } from '../conformance.ts';
import type { CallRow, Store } from '../port.ts';
import { arrival, byTurns, call, NOW } from './samples.ts';

const EVENTS = ['call_started', 'call_ended', 'call_analyzed'];
const hooked = (id: string, over: Partial<CallRow> = {}): CallRow =>
  call(id, {
    start_timestamp: NOW,
    event_hook: { url: 'https://example.com/events', events: EVENTS, timeout_ms: 10_000 },
    ...over,
  });
const END = { call_status: 'ended', disconnection_reason: 'user_hangup', end_timestamp: NOW + 5 } as const;

const names = async (store: Store, id: string) => (await store.listEvents(id)).map((row) => row.event);
const connect = async (store: Store, inboundId: string, row: CallRow) => {
  await store.openInbound(arrival(inboundId));
  await store.settleInbound({ inbound_id: inboundId, outcome: 'connected', outcome_timestamp: NOW, call: row });
};

/** Event webhooks: made with the change they tell of. */
export function eventCases(stores: () => TwoConnections): void {
  test('a call that is connected starts, and ends once, whoever ends it', async () => {
    const { a, b } = stores();
    await connect(a, 'inb_1', hooked('call_1'));
    expect(await names(b, 'call_1')).toEqual(['call_started']);
    await byTurns<Store, unknown>(a, b, 4, (store, index) =>
      index < 2 ? store.endCall('call_1', END, { transcript: 'Agent: Hi' }) : store.updateCall('call_1', END),
    );
    expect(await names(b, 'call_1')).toEqual(EVENTS);
    const [started, ended] = await a.listEvents('call_1');
    expect(started).toMatchObject({ event_id: 'call_1.call_started', timeout_ms: 10_000, next_timestamp: NOW });
    expect(JSON.parse(started!.body)).toMatchObject({ event: 'call_started', call: { call_status: 'ongoing' } });
    expect(JSON.parse(ended!.body)).toMatchObject({
      event: 'call_ended',
      call: { disconnection_reason: 'user_hangup' },
    });
    for (const row of [started!, ended!]) expect(row.body).not.toMatch(/event_hook|node-1/);
  });

  test('a call over before it was stored has all of them; one never connected was not started; no hook, no events', async () => {
    const { a, b } = stores();
    await connect(a, 'inb_1', hooked('call_1', END));
    await a.openInbound(arrival('inb_2'));
    const left = hooked('call_2', { call_status: 'error', disconnection_reason: 'concurrency_limit_reached' });
    await b.settleInbound({ inbound_id: 'inb_2', outcome: 'concurrency_limit', outcome_timestamp: NOW, call: left });
    await connect(a, 'inb_3', call('call_3', END));
    expect(await names(a, 'call_1')).toEqual(EVENTS);
    expect(await names(a, 'call_2')).toEqual(['call_ended', 'call_analyzed']);
    expect(await names(a, 'call_3')).toEqual([]);
  });

  test('A3 a registration that nobody dialled ends; only the events that are wanted are made', async () => {
    const { a, b } = stores();
    const event_hook = { url: 'https://example.com', events: ['call_ended'], timeout_ms: 5_000 };
    await a.registerCall(hooked('call_1', { call_status: 'registered', event_hook }));
    await b.expireRegisteredCalls(NOW + 300_000);
    expect(await names(a, 'call_1')).toEqual(['call_ended']);
  });

  test('first attempts are due in order; an event that fails holds no later one back', async () => {
    const { a, b } = stores();
    await connect(a, 'inb_1', hooked('call_1', END));
    await connect(a, 'inb_2', hooked('call_2'));
    const due = async (now: number) => (await b.dueEvents(now, 10)).map((row) => row.event_id).sort();
    expect(await due(NOW - 1)).toEqual([]);
    expect(await due(NOW + 9)).toEqual(['call_1.call_started', 'call_2.call_started']);
    await a.recordEventAttempt('call_1.call_started', { start_timestamp: NOW + 9, status: 500 }, NOW + 1_000);
    expect(await due(NOW + 9)).toEqual(['call_1.call_ended', 'call_2.call_started']);
    await b.recordEventAttempt('call_1.call_ended', { start_timestamp: NOW + 10, status: 204 });
    await b.recordEventAttempt('call_2.call_started', { start_timestamp: NOW + 10, error: 'timeout' });
    expect(await due(NOW + 999)).toEqual(['call_1.call_analyzed']);
    expect(await due(NOW + 1_000)).toEqual(['call_1.call_analyzed', 'call_1.call_started']);
    expect((await a.dueEvents(NOW + 1_000, 1)).length).toBe(1);
    const [started, ended] = await a.listEvents('call_1');
    expect(started?.attempts).toEqual([{ start_timestamp: NOW + 9, status: 500 }]);
    expect(ended).not.toHaveProperty('next_timestamp');
  });

  test('a call that is deleted takes its events along', async () => {
    const { a, b } = stores();
    await connect(a, 'inb_1', hooked('call_1', END));
    await b.deleteCall('call_1');
    expect(await a.listEvents('call_1')).toEqual([]);
    await a.recordEventAttempt('call_1.call_started', { start_timestamp: NOW });
  });
}
