import { expect, test } from 'vitest';
import type { TwoConnections } from '../conformance.ts';
import { arrival, attempt, byTurns, call, decision, NOW } from './samples.ts';

/** S1, S2, S3, S6 and what an inbound's record shows. */
export function inboundCases(stores: () => TwoConnections): void {
  test('S1 of many records of one attempt number, from two connections, one is recorded', async () => {
    const { a, b } = stores();
    await a.openInbound(arrival('inb_1'));
    const said = await byTurns(a, b, 20, (store, index) => store.recordAttempt('inb_1', attempt(1 + (index >> 2))));
    expect(said.filter((one) => one === 'recorded')).toHaveLength(5);
    expect((await b.getInbound('inb_1'))?.attempts.map((one) => one.attempt)).toEqual([1, 2, 3, 4, 5]);
  });

  test('S1 the decision brings attempts without doubling those recorded before', async () => {
    const { a, b } = stores();
    await a.openInbound(arrival('inb_1'));
    await a.recordAttempt('inb_1', attempt(1));
    const accepted = attempt(2, { verdict: 'accepted', status: 200 });
    await b.recordDecision(decision('inb_1', { attempts: [attempt(1, { status: 503 }), accepted] }));
    expect(await b.recordAttempt('inb_1', attempt(2, { verdict: 'late' }))).toBe('duplicate');
    expect((await a.getInbound('inb_1'))?.attempts).toEqual([attempt(1, { status: 503 }), accepted]);
  });

  test('S2 of many settlements from two connections one wins, and the others are told the winner', async () => {
    const { a, b } = stores();
    await a.openInbound(arrival('inb_1'));
    const outcomes = ['connected', 'caller_abandoned'] as const;
    const said = await byTurns(a, b, 20, async (store, index) => {
      const outcome = outcomes[index % 2]!;
      return { outcome, ...(await store.settleInbound({ inbound_id: 'inb_1', outcome, outcome_timestamp: NOW })) };
    });
    const stands = (await b.getInbound('inb_1'))?.outcome;
    expect(said.filter((one) => one.won)).toMatchObject([{ outcome: stands }]);
    const losers = await b.settleInbound({ inbound_id: 'inb_1', outcome: 'interrupted', outcome_timestamp: NOW + 1 });
    expect(losers).toEqual({ won: false, outcome: stands });
  });

  test('S2 settling an inbound that does not exist wins nothing', async () => {
    const { a } = stores();
    const said = await a.settleInbound({
      inbound_id: 'inb_0',
      outcome: 'connected',
      outcome_timestamp: NOW,
      call: call('c'),
    });
    expect(said).toEqual({ won: false, outcome: null });
    expect(await a.getCall('c')).toBeUndefined();
  });

  test('S2 H4 the session object comes with the settlement that wins, and only with that', async () => {
    const { a, b } = stores();
    await a.openInbound(arrival('inb_1'));
    const settlement = { inbound_id: 'inb_1', outcome_timestamp: NOW + 30 };
    await a.settleInbound({ ...settlement, outcome: 'connected', call: call('call_1', { inbound_id: 'inb_1' }) });
    await b.settleInbound({ ...settlement, outcome: 'connected', call: call('call_2') });
    expect(await b.getCall('call_1')).toEqual(call('call_1', { inbound_id: 'inb_1' }));
    expect(await a.getCall('call_2')).toBeUndefined();
  });

  test('H1 the request comes with the decision, or with the end where nothing was decided', async () => {
    const { a, b } = stores();
    const request = '{"event":"call_inbound","call_inbound":{"from_number":"+1"}}';
    for (const id of ['inb_1', 'inb_2', 'inb_3']) await a.openInbound(arrival(id));
    await a.recordDecision(decision('inb_1', { request }));
    expect((await b.getInbound('inb_1'))?.request).toEqual(JSON.parse(request));
    const settlement = { outcome: 'caller_abandoned', outcome_timestamp: NOW } as const;
    await a.settleInbound({ ...settlement, inbound_id: 'inb_1' });
    await b.settleInbound({ ...settlement, inbound_id: 'inb_2', request });
    await b.settleInbound({ ...settlement, inbound_id: 'inb_3' });
    const { items } = await a.listInbounds({ sort_order: 'ascending' });
    expect(items.map((inbound) => inbound.request)).toEqual([JSON.parse(request), JSON.parse(request), undefined]);
  });

  test('S16 ends are read in their order, from any one of them on, and none twice', async () => {
    const { a, b } = stores();
    expect(await b.lastEndedInbound()).toBe(0);
    const ids = Array.from({ length: 12 }, (_, index) => `inb_${index}`);
    for (const id of ids) await a.openInbound(arrival(id, { channel: id === 'inb_7' ? 'sms' : 'call' }));
    const order = [...ids].reverse();
    for (const [index, inbound_id] of order.entries()) {
      const store = index % 2 === 0 ? a : b;
      await store.settleInbound({ inbound_id, outcome: 'declined', outcome_timestamp: NOW - index });
      await store.settleInbound({ inbound_id, outcome: 'connected', outcome_timestamp: NOW });
    }
    const seen: string[] = [];
    let after = 0;
    for (let page = 0; page < 20; page++) {
      const { items, up_to } = await b.inboundsEndedAfter({ after, limit: 5 });
      seen.push(...items.map(({ inbound }) => inbound.inbound_id));
      expect(items.every(({ ended }) => ended > after && ended <= up_to)).toBe(true);
      after = up_to;
    }
    expect(seen).toEqual(order);
    expect(after).toBe(await a.lastEndedInbound());
    expect(await a.inboundsEndedAfter({ after, limit: 5 })).toEqual({ items: [], up_to: after });
    const texts = { field: 'channel', op: 'eq', value: 'sms' } as const;
    const filtered = await a.inboundsEndedAfter({ after: 0, limit: 100, filters: [texts] });
    expect(filtered.items.map(({ inbound }) => inbound.inbound_id)).toEqual(['inb_7']);
    expect(filtered.up_to).toBe(after);
  });

  test('S3 of many INVITEs with one key one opens; the others are told which', async () => {
    const { a, b } = stores();
    const said = await byTurns(a, b, 10, (store, index) =>
      store.openInbound(arrival(`inb_${index}`, { dedupe_key: 'call-id|tag|1' })),
    );
    const opened = said.filter((one) => one.opened);
    expect(opened).toHaveLength(1);
    expect(new Set(said.map((one) => one.inbound_id))).toEqual(new Set([opened[0]?.inbound_id]));
  });

  test('S3 the key is free again once the inbound has its outcome; without a key nothing collides', async () => {
    const { a, b } = stores();
    const key = { dedupe_key: 'call-id|tag|1' };
    await a.openInbound(arrival('inb_1', key));
    await a.settleInbound({ inbound_id: 'inb_1', outcome: 'declined', outcome_timestamp: NOW });
    expect(await b.openInbound(arrival('inb_2', key))).toEqual({ opened: true, inbound_id: 'inb_2' });
    expect((await a.openInbound(arrival('inb_3'))).opened).toBe(true);
    expect((await b.openInbound(arrival('inb_4'))).opened).toBe(true);
    expect((await b.openInbound(arrival('inb_4'))).opened).toBe(false);
  });

  test('S6 a command that fails leaves nothing and its neighbours stand', async () => {
    const { a } = stores();
    const register = a.registerCall(call('call_1'));
    const results = await Promise.allSettled([
      a.openInbound(arrival('inb_1')),
      a.recordDecision(decision('inb_missing')),
      register,
      a.registerCall(call('call_1', { agent_id: 'another' })),
      a.openInbound(arrival('inb_2')),
      a.recordAttempt('inb_missing', attempt(1)),
    ]);
    expect(results.map((one) => one.status)).toEqual([
      ...['fulfilled', 'rejected', 'fulfilled', 'rejected', 'fulfilled', 'rejected'],
    ]);
    expect((await a.getCall('call_1'))?.agent_id).toBe('agent_1');
    expect(await a.getInbound('inb_2')).toBeDefined();
    expect(await a.getInbound('inb_missing')).toBeUndefined();
  });

  test('H1 the record shows arrival, attempts, reply, issues, steps and the SIP messages', async () => {
    const { a, b } = stores();
    await a.openInbound(arrival('inb_1'));
    await a.recordDecision(decision('inb_1'));
    const sip_messages = [{ timestamp: NOW, direction: 'in' as const, summary: 'INVITE' }];
    await a.settleInbound({ inbound_id: 'inb_1', outcome: 'connected', outcome_timestamp: NOW + 30, sip_messages });
    const { settings, session_id, node_id: _, lease_until: __, ...plain } = arrival('inb_1');
    expect(await b.getInbound('inb_1')).toEqual({
      ...plain,
      settings,
      call_id: session_id,
      outcome: 'connected',
      outcome_timestamp: NOW + 30,
      agent_id: 'agent_1',
      agent_version: 0,
      attempts: [attempt(1)],
      reply: { call_inbound: { override_agent_id: 'agent_1' } },
      issues: [],
      decision: ['agent agent_1 because override_agent_id'],
      sip: { messages: sip_messages },
    });
  });

  test('E8 a decision that comes after the outcome changes nothing; what the settlement brings replaces', async () => {
    const { a, b } = stores();
    await a.openInbound(arrival('inb_1'));
    await a.recordDecision(decision('inb_1', { steps: ['first'] }));
    const attempts = [attempt(1, { verdict: 'aborted' })];
    const steps = ['the caller hung up'];
    await b.settleInbound({
      inbound_id: 'inb_1',
      outcome: 'caller_abandoned',
      outcome_timestamp: NOW,
      steps,
      attempts,
    });
    await a.recordDecision(decision('inb_1', { steps: ['late'], agent_id: 'agent_9' }));
    expect(await a.getInbound('inb_1')).toMatchObject({ decision: steps, attempts, agent_id: 'agent_1' });
  });

  test('H3 recovery sees this node’s open inbounds and those whose lease lapsed, with memo and dialog', async () => {
    const { a, b } = stores();
    await a.openInbound(arrival('inb_own', { memo: { via: 'SIP/2.0/UDP' } }));
    await a.recordDecision(decision('inb_own'));
    await a.openInbound(arrival('inb_settled'));
    await a.settleInbound({ inbound_id: 'inb_settled', outcome: 'declined', outcome_timestamp: NOW });
    await a.openInbound(arrival('inb_lapsed', { node_id: 'node-2', lease_until: NOW - 1 }));
    await a.openInbound(arrival('inb_leased', { node_id: 'node-2', lease_until: NOW + 1 }));
    const lapsed = await b.lapsedInbounds('node-1', NOW);
    expect(lapsed.map((one) => one.inbound_id)).toEqual(['inb_own', 'inb_lapsed']);
    expect(lapsed[0]).toEqual({
      inbound_id: 'inb_own',
      channel: 'call',
      edge: 'sip',
      arrival_timestamp: NOW,
      lease_until: NOW + 60_000,
      memo: { via: 'SIP/2.0/UDP' },
      dialog: { route: ['sip:proxy'] },
    });
  });
}
