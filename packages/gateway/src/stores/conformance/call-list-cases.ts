import { expect, test } from 'vitest';
import type { TwoConnections } from '../conformance.ts';
import type { CallListRequest, CallRow, Store } from '../port.ts';
import { call, NOW } from './samples.ts';

/** Lists of calls: every way they are read gives the same. */
export function callListCases(stores: () => TwoConnections): void {
  test('calls of several agents, each of any version or of some', async () => {
    const { a, b } = stores();
    for (const [index, [agent_id, agent_version]] of AGENT_VERSIONS.entries()) {
      await a.registerCall(
        call(`call_${index}`, { agent_id, agent_version, call_status: index % 2 ? 'ended' : 'ongoing' }),
      );
    }
    const found = async (agents: CallListRequest['agents'] & {}) => idsOf(b, { agents, sort_order: 'ascending' });
    expect(await found([{ agent_id: 'agent_1' }])).toEqual(['call_0', 'call_1', 'call_2']);
    expect(await found([{ agent_id: 'agent_1', version: [] }])).toEqual(['call_0', 'call_1', 'call_2']);
    expect(await found([{ agent_id: 'agent_1', version: [1] }])).toEqual(['call_1']);
    expect(await found([{ agent_id: 'agent_1', version: [0, 2] }, { agent_id: 'agent_2' }])).toEqual([
      ...['call_0', 'call_2', 'call_3', 'call_4'],
    ]);
    expect(await found([{ agent_id: 'agent_2', version: [7] }, { agent_id: 'agent_3' }])).toEqual(['call_5']);
    expect(await found([{ agent_id: 'agent_4' }])).toEqual([]);
    const page = await b.listCalls({
      agents: [{ agent_id: 'agent_1' }, { agent_id: 'agent_2' }],
      limit: 2,
      include_total: true,
    });
    expect(page).toMatchObject({ has_more: true, total: 5 });
  });

  test('calls by number, by status and by reason are found while they go on and when they are over', async () => {
    const { a, b } = stores();
    await a.registerCall(call('call_1', { call_status: 'registered' }));
    await a.registerCall(call('call_2', { from_number: '+4930', start_timestamp: NOW }));
    await a.registerCall(
      call('call_3', { to_number: '+4940', call_status: 'ended', disconnection_reason: 'inactivity' }),
    );
    const found = (field: string, value: string[]) =>
      idsOf(b, { filters: [{ field, op: 'in', value }], sort_order: 'ascending' });
    expect(await found('call_status', ['registered'])).toEqual(['call_1']);
    expect(await found('call_status', ['ongoing', 'error'])).toEqual(['call_2']);
    expect(await found('from_number', ['+4930', '+4931'])).toEqual(['call_2']);
    expect(await found('to_number', ['+4940'])).toEqual(['call_3']);
    await a.endCall('call_2', { call_status: 'error', disconnection_reason: 'error_retell', end_timestamp: NOW }, {});
    await a.expireRegisteredCalls(NOW + 400_000);
    expect(await found('call_status', ['registered', 'ongoing'])).toEqual([]);
    expect(await found('call_status', ['error', 'not_connected'])).toEqual(['call_1', 'call_2']);
    expect(await found('from_number', ['+4930'])).toEqual(['call_2']);
    expect(await found('disconnection_reason', ['error_retell', 'inactivity'])).toEqual(['call_2', 'call_3']);
    expect(await found('disconnection_reason', ['registered_call_timeout', 'user_hangup'])).toEqual(['call_1']);
    expect(await found('call_id', ['call_3', 'call_1', 'call_9'])).toEqual(['call_1', 'call_3']);
  });

  test('duration_ms is from start to end, and missing while a call goes on', async () => {
    const { a, b } = stores();
    await a.registerCall(call('call_1', { start_timestamp: NOW, end_timestamp: NOW + 5_000 }));
    await a.registerCall(call('call_2', { start_timestamp: NOW }));
    await a.registerCall(call('call_3', { start_timestamp: NOW, end_timestamp: NOW - 5 }));
    const found = (op: 'ge' | 'lt' | 'np', value?: number) =>
      idsOf(b, { filters: [{ field: 'duration_ms', op, ...(value !== undefined && { value }) }] });
    expect(await found('ge', 5_000)).toEqual(['call_1']);
    expect(await found('lt', 5_000)).toEqual(['call_3']);
    expect(await found('np')).toEqual(['call_2']);
  });

  test('true is not 1, neither in what is stored nor in what is asked for', async () => {
    const { a, b } = stores();
    await a.registerCall(call('call_1', { custom_attributes: { vip: true } }));
    await a.registerCall(call('call_2', { custom_attributes: { vip: 1 } }));
    await a.registerCall(call('call_3', { custom_attributes: { vip: 'true' } }));
    const found = (op: 'eq' | 'ne' | 'ge', value: boolean | number | string) =>
      idsOf(b, { filters: [{ field: 'custom_attributes', key: 'vip', op, value }], sort_order: 'ascending' });
    expect(await found('eq', true)).toEqual(['call_1']);
    expect(await found('eq', 1)).toEqual(['call_2']);
    expect(await found('ge', 0)).toEqual(['call_2']);
    expect(await found('eq', 'true')).toEqual(['call_3']);
    expect(await found('ne', true)).toEqual(['call_2', 'call_3']);
  });

  test('by start, also where some call started later than it was created', async () => {
    const { a, b } = stores();
    for (const n of [1, 2, 3, 4]) {
      await a.registerCall(call(`call_${n}`, { created_timestamp: NOW + n, start_timestamp: NOW + n }));
    }
    const found = () =>
      idsOf(b, {
        filters: [{ field: 'start_timestamp', op: 'bt', value: [NOW + 2, NOW + 3] }],
        sort_order: 'ascending',
      });
    expect(await found()).toEqual(['call_2', 'call_3']);
    await a.registerCall(call('call_late', { created_timestamp: NOW - 90_000, start_timestamp: NOW + 3 }));
    expect(await found()).toEqual(['call_late', 'call_2', 'call_3']);
  });

  test('the id of a call is a pagination key; what is left out of rows is left out', async () => {
    const { a, b } = stores();
    for (const n of [1, 2, 3]) {
      await a.registerCall(call(`call_${n}`, { created_timestamp: NOW + n, transcript: 'Agent: Hello' }));
    }
    expect(await idsOf(b, { pagination_key: 'call_2' })).toEqual(['call_1']);
    expect(await idsOf(b, { pagination_key: 'call_2', sort_order: 'ascending' })).toEqual(['call_3']);
    await expect(b.listCalls({ pagination_key: 'call_none' })).rejects.toThrow('pagination_key');
    const page = await b.listCalls({ omit: ['transcript'], limit: 1 });
    expect(page.items).toEqual([call('call_3', { created_timestamp: NOW + 3 })]);
    expect((await b.listCalls({ limit: 1 })).items[0]?.transcript).toBe('Agent: Hello');
  });

  test('agents are found by part of their name, in any case, or of their id', async () => {
    const { a, b } = stores();
    const make = (agent_id: string, agent_name?: string) =>
      a.createAgent({
        agent_id,
        version: 0,
        channel: 'voice',
        base_version: null,
        is_published: false,
        last_modification_timestamp: NOW,
        settings: { ...(agent_name !== undefined && { agent_name }) },
        tags: [],
      });
    await make('agent_1', 'Éva at the Desk');
    await make('agent_2');
    await make('agent_3', 'Desk of the night');
    const found = async (name: string) => (await b.listAgents({ name })).items.map((one) => one.agent_id);
    expect(await found(' desk')).toEqual(['agent_3', 'agent_1']);
    expect(await found('éVA')).toEqual(['agent_1']);
    expect(await found('agent_2')).toEqual(['agent_2']);
    expect((await b.listAgents({ name: 'agent', limit: 2 })).has_more).toBe(true);
    expect(await found('nobody')).toEqual([]);
  });
}

const AGENT_VERSIONS: readonly [string, number][] = [
  ['agent_1', 0],
  ['agent_1', 1],
  ['agent_1', 2],
  ['agent_2', 0],
  ['agent_2', 1],
  ['agent_3', 0],
];

async function idsOf(store: Store, request: CallListRequest): Promise<readonly string[]> {
  return (await store.listCalls(request)).items.map((one: CallRow) => one.call_id);
}
