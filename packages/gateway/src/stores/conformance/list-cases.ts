import { expect, test } from 'vitest';
import type { TwoConnections } from '../conformance.ts';
import type { FieldFilter, Page, PageRequest, Store } from '../port.ts';
import { callListCases } from './call-list-cases.ts';
import { agent, arrival, call, decision, engine, NOW, number, tag } from './samples.ts';

/** Pages and filters. */
export function listCases(stores: () => TwoConnections): void {
  callListCases(stores);

  test('pages of every list hold each row once, and ascending is descending turned round', async () => {
    const { a, b } = stores();
    for (let index = 0; index < 7; index += 1) {
      await a.openInbound(arrival(`inb_${index}`));
      await a.registerCall(call(`call_${index}`, { created_timestamp: NOW + (index % 3) }));
      await a.putNumber(number(`+1213777123${index}`), 'create');
      await a.createAgent(agent(`agent_${index}`));
      await a.createAgentVersion('agent_0', 0, NOW);
      await a.createEngine(engine(`llm_${index}`));
      await a.createEngine(engine(`llm_${index}`, { version: 1 }));
      await a.createEngine(engine(`flow_${index}`, { kind: 'conversation-flow' }));
    }
    const lists = {
      inbounds: async (request: PageRequest) => ids(await b.listInbounds(request), (one) => one.inbound_id),
      calls: async (request: PageRequest) => ids(await b.listCalls(request), (one) => one.call_id),
      numbers: async (request: PageRequest) => ids(await b.listNumbers(request), (one) => one.settings.phone_number),
      engines: async (request: PageRequest) =>
        ids(await b.listEngines('retell-llm', request), (one) => `${one.id} ${one.version}`),
      agents: async (request: PageRequest) => ids(await b.listAgents(request), (one) => one.agent_id),
      versions: async (request: PageRequest) =>
        ids(await b.listAgentVersions('agent_0', request), (v) => `${v.version}`),
    };
    for (const [name, list] of Object.entries(lists)) {
      const down = await allPages(list, { limit: 3 });
      const up = await allPages(list, { limit: 2, sort_order: 'ascending' });
      expect(new Set(down).size, name).toBe(name === 'versions' ? 8 : 7);
      expect(up, name).toEqual([...down].reverse());
      expect((await list({})).items, name).toEqual(down);
    }
  });

  test('calls are listed newest first by creation, with skip and total', async () => {
    const { a, b } = stores();
    for (const [index, at] of [5, 1, 9, 3].entries()) {
      await a.registerCall(call(`call_${index}`, { created_timestamp: NOW + at }));
    }
    const text = await b.listCallsAsText({ limit: 2, skip: 1, include_total: true });
    expect(JSON.parse(text)).toMatchObject({ has_more: true, items: [{ call_id: 'call_0' }, { call_id: 'call_3' }] });
    expect(text).toMatch(/"total":4\}$/);
    expect(text).not.toContain('node_id');
    const page = await b.listCalls({ limit: 2, skip: 1, include_total: true });
    expect(page.items.map((one) => one.call_id)).toEqual(['call_0', 'call_3']);
    expect(page).toMatchObject({ has_more: true, total: 4 });
  });

  test('a pagination key that no list gave is refused', async () => {
    await expect(stores().a.listCalls({ pagination_key: "'; DROP TABLE calls" })).rejects.toThrow('pagination_key');
  });

  test('guarded numbers are those that say who may call, whichever way, page by page', async () => {
    const { a, b } = stores();
    const put = (phone: string, over: Parameters<typeof number>[1]) => a.putNumber(number(phone, over), 'replace');
    const guarded = async (request: PageRequest) => {
      const page = await b.listGuardedNumbers(request);
      return { ...page, items: page.items.map((row) => row.settings.phone_number) };
    };
    await put('+12137771230', {});
    await put('+12137771231', { sip_peers: ['192.0.2.0/24'] });
    await put('+12137771232', { sip_peers: null, sip_inbound_username: 'carrier' });
    await put('+12137771233', { sip_peers: null, sip_inbound_username: null });
    await put('+12137771234', { sip_peers: ['192.0.2.0/24'], sip_inbound_username: 'carrier' });
    const first = await guarded({ limit: 2, sort_order: 'ascending' });
    expect(first.items).toEqual(['+12137771231', '+12137771232']);
    const rest = await guarded({ limit: 2, sort_order: 'ascending', pagination_key: first.pagination_key! });
    expect([rest.items, rest.has_more]).toEqual([['+12137771234'], false]);
    await put('+12137771231', {});
    await a.deleteNumber('+12137771232');
    expect((await guarded({})).items).toEqual(['+12137771234']);
  });

  test('inbounds are found by outcome, numbers, agent and arrival', async () => {
    const { a, b } = stores();
    await a.openInbound(arrival('inb_1', { arrival_timestamp: NOW + 1 }));
    await a.openInbound(arrival('inb_2', { arrival_timestamp: NOW + 2, from_number: '+4930123456' }));
    await a.openInbound(arrival('inb_3', { arrival_timestamp: NOW + 3, to_number: '+12137779999' }));
    await a.recordDecision(decision('inb_2', { agent_id: 'agent_2' }));
    await a.settleInbound({ inbound_id: 'inb_2', outcome: 'connected', outcome_timestamp: NOW });
    const found = async (...filters: FieldFilter[]) =>
      (await b.listInbounds({ filters, sort_order: 'ascending' })).items.map((one) => one.inbound_id);
    expect(await found({ field: 'outcome', op: 'eq', value: 'connected' })).toEqual(['inb_2']);
    expect(await found({ field: 'outcome', op: 'ne', value: 'connected' })).toEqual(['inb_1', 'inb_3']);
    expect(await found({ field: 'outcome', op: 'np' })).toEqual(['inb_1', 'inb_3']);
    expect(await found({ field: 'from_number', op: 'sw', value: '+49' })).toEqual(['inb_2']);
    expect(await found({ field: 'to_number', op: 'ew', value: '9999' })).toEqual(['inb_3']);
    expect(await found({ field: 'agent_id', op: 'eq', value: 'agent_2' })).toEqual(['inb_2']);
    expect(await found({ field: 'arrival_timestamp', op: 'bt', value: [NOW + 2, NOW + 3] })).toEqual([
      'inb_2',
      'inb_3',
    ]);
    const both = [
      { field: 'arrival_timestamp', op: 'gt', value: NOW + 1 } as const,
      { field: 'agent_id', op: 'np' } as const,
    ];
    expect(await found(...both)).toEqual(['inb_3']);
  });

  test('calls are found by every operator, in columns, in the rest and inside metadata', async () => {
    const { a } = stores();
    await a.registerCall(call('call_1', { metadata: { plan: 'gold', seats: 3, 'odd"key': 'x' }, agent_name: 'Ann' }));
    await a.registerCall(call('call_2', { metadata: { plan: 'silver', seats: 12 }, call_status: 'ended' }));
    await a.registerCall(call('call_3', { start_timestamp: NOW + 7, disconnection_reason: 'user_hangup' }));
    const found = (...filters: FieldFilter[]) => foundCalls(stores().b, filters);
    expect(await found({ field: 'call_status', op: 'in', value: ['ended', 'error'] })).toEqual(['call_2']);
    expect(await found({ field: 'disconnection_reason', op: 'pr' })).toEqual(['call_3']);
    expect(await found({ field: 'start_timestamp', op: 'ge', value: NOW + 7 })).toEqual(['call_3']);
    expect(await found({ field: 'start_timestamp', op: 'lt', value: NOW + 7 })).toEqual([]);
    expect(await found({ field: 'agent_name', op: 'eq', value: 'Ann' })).toEqual(['call_1']);
    expect(await found({ field: 'agent_name', op: 'co', value: 'n' })).toEqual(['call_1']);
    expect(await found({ field: 'agent_name', op: 'co', value: 'N' })).toEqual([]);
    expect(await found({ field: 'metadata', key: 'plan', op: 'eq', value: 'gold' })).toEqual(['call_1']);
    expect(await found({ field: 'metadata', key: 'odd"key', op: 'eq', value: 'x' })).toEqual(['call_1']);
    expect(await found({ field: 'metadata', key: 'seats', op: 'gt', value: 3 })).toEqual(['call_2']);
    expect(await found({ field: 'metadata', key: 'seats', op: 'le', value: 3 })).toEqual(['call_1']);
    expect(await found({ field: 'metadata', key: 'plan', op: 'gt', value: 3 })).toEqual([]);
    expect(await found({ field: 'metadata', key: 'plan', op: 'np' })).toEqual(['call_3']);
    expect(await found({ field: 'metadata', key: 'plan', op: 'ne', value: 'gold' })).toEqual(['call_2', 'call_3']);
    const total = await a.listCalls({
      filters: [{ field: 'agent_id', op: 'eq', value: 'agent_1' }],
      include_total: true,
    });
    expect(total.total).toBe(3);
  });

  test('agents are listed by channel with their latest version and all tags', async () => {
    const { a, b } = stores();
    await a.createAgent(agent('agent_1'));
    await a.createAgent(agent('agent_2', { channel: 'chat' }));
    await a.createAgentVersion('agent_1', 0, NOW);
    await a.assignTag(tag('prod', 0));
    const page = await b.listAgents({ channel: 'voice' });
    expect(page.items).toMatchObject([{ agent_id: 'agent_1', version: 1, tags: [], all_tags: [tag('prod', 0)] }]);
  });
}

async function foundCalls(store: Store, filters: readonly FieldFilter[]): Promise<readonly string[]> {
  const page = await store.listCalls({ filters, sort_order: 'ascending' });
  return page.items.map((one) => one.call_id);
}

function ids<T>(page: Page<T>, idOf: (item: T) => string): Page<string> {
  return { ...page, items: page.items.map(idOf) };
}

async function allPages(
  list: (request: PageRequest) => Promise<Page<string>>,
  request: PageRequest,
): Promise<string[]> {
  const found: string[] = [];
  for (
    let key: string | undefined, page: Page<string> | undefined;
    page?.has_more !== false;
    key = page.pagination_key
  ) {
    page = await list({ ...request, ...(key !== undefined && { pagination_key: key }) });
    expect(page.items.length).toBeLessThanOrEqual(request.limit ?? 50);
    found.push(...page.items);
  }
  return found;
}
