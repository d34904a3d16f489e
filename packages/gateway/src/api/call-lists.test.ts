import type Retell from 'retell-sdk';
import RetellOld from 'retell-sdk-4-66';
import RetellMiddle from 'retell-sdk-5-9';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { FULL_KEY, startTestApi, type TestApi } from '../../test/start-test-api.ts';
import type { CallRow } from '../stores/port.ts';

let api: TestApi;
beforeEach(async () => {
  api = await startTestApi();
});
afterEach(() => api.close());

type Criteria = NonNullable<NonNullable<Parameters<Retell['call']['list']>[0]>['filter_criteria']>;

function call(call_id: string, over: Partial<CallRow> = {}): CallRow {
  return {
    call_id,
    call_status: 'ended',
    agent_id: 'agent_a',
    agent_version: 0,
    direction: 'inbound',
    from_number: '+12137771234',
    to_number: '+12137771235',
    created_timestamp: 1_000,
    ...over,
  };
}

/** Three calls that differ in everything that is known of a call. */
async function threeCalls(): Promise<void> {
  await api.store.registerCall(
    call('call_1', {
      agent_tag: 'prod',
      from_number: '+4930123456',
      disconnection_reason: 'user_hangup',
      data_storage_setting: 'everything',
      metadata: { order: 'a', total: 5, paid: true },
      retell_llm_dynamic_variables: { name: 'Bo' },
      custom_attributes: { tier: 'gold', seats: 3, vip: true },
      created_timestamp: 1_000,
      start_timestamp: 1_000,
      end_timestamp: 4_000,
    }),
  );
  await api.store.registerCall(
    call('call_2', {
      agent_version: 1,
      call_status: 'error',
      direction: 'outbound',
      disconnection_reason: 'error_retell',
      metadata: { order: 'b', total: 50, paid: false },
      custom_attributes: { tier: 'tin', seats: 1 },
      created_timestamp: 2_000,
      start_timestamp: 2_000,
      end_timestamp: 2_500,
    }),
  );
  await api.store.registerCall(
    call('call_3', {
      agent_id: 'agent_b',
      call_status: 'ongoing',
      to_number: '+12137779999',
      created_timestamp: 3_000,
      start_timestamp: 3_000,
    }),
  );
}

async function ids(filter_criteria: Criteria): Promise<readonly string[]> {
  const page = await api.client.call.list({ filter_criteria, sort_order: 'ascending', include_total: true });
  expect(page.total).toBe(page.items?.length);
  return (page.items ?? []).map((item) => item.call_id.replace('call_', ''));
}

const oneOf = <const T extends string>(...value: T[]) => ({ type: 'enum' as const, op: 'in' as const, value });
const text = (op: 'eq' | 'ne' | 'sw' | 'ew' | 'co', value: string) => ({ type: 'string' as const, op, value });
const amount = (op: 'eq' | 'ne' | 'gt' | 'ge' | 'lt' | 'le', value: number) => ({ type: 'number' as const, op, value });
const range = (low: number, high: number) => ({ type: 'range' as const, op: 'bt' as const, value: [low, high] });
const flag = (value: boolean) => ({ type: 'boolean' as const, op: 'eq' as const, value });

/** Every member of the SDK's filter_criteria, in each form it has there. */
const FILTERS: readonly (readonly [Criteria, string])[] = [
  [{ agent: [{ agent_id: 'agent_a' }] }, '12'],
  [{ agent: [{ agent_id: 'agent_a', version: [1] }, { agent_id: 'agent_b' }] }, '23'],
  [
    {
      agent: [
        { agent_id: 'agent_a', version: [0] },
        { agent_id: 'agent_b', version: [7] },
      ],
    },
    '1',
  ],
  [{ agent: [] }, '123'],
  [{ agent_tag: oneOf('prod', 'staging') }, '1'],
  [{ batch_call_id: text('eq', 'batch_1') }, ''],
  [{ batch_call_id: text('ne', 'batch_1') }, '123'],
  [{ call_id: text('ew', '_2') }, '2'],
  [{ call_id: oneOf('call_3', 'call_1') }, '13'],
  [{ call_status: oneOf('ongoing', 'error') }, '23'],
  [{ call_status: oneOf('ended', 'not_connected') }, '1'],
  [{ call_successful: flag(true) }, ''],
  [{ call_type: oneOf('phone_call', 'web_call') }, '123'],
  [{ call_type: oneOf('web_call') }, ''],
  [{ combined_cost: amount('ge', 0) }, ''],
  [{ combined_cost: amount('ne', 5) }, '123'],
  [{ combined_cost: range(0, 1) }, ''],
  [{ custom_analysis_data: [{ ...text('eq', 'x'), key: 'mood' }] }, ''],
  [{ custom_analysis_data: [{ type: 'present', op: 'np', key: 'mood' }] }, '123'],
  [{ custom_attributes: [{ ...text('eq', 'gold'), key: 'tier' }] }, '1'],
  [
    {
      custom_attributes: [
        { ...amount('le', 3), key: 'seats' },
        { ...oneOf('tin'), key: 'tier' },
      ],
    },
    '2',
  ],
  [{ custom_attributes: [{ ...flag(true), key: 'vip' }] }, '1'],
  [{ custom_attributes: [{ type: 'present', op: 'np', key: 'vip' }] }, '23'],
  [{ data_storage_setting: oneOf('everything') }, '1'],
  [{ direction: oneOf('outbound') }, '2'],
  [{ disconnection_reason: oneOf('user_hangup', 'error_retell') }, '12'],
  [{ disconnection_reason: oneOf('error_retell', 'inactivity') }, '2'],
  [{ duration_ms: amount('gt', 500) }, '1'],
  [{ duration_ms: range(500, 3_000) }, '12'],
  [{ dynamic_variables: [{ ...text('co', 'B'), key: 'name' }] }, '1'],
  [{ dynamic_variables: [{ type: 'present', op: 'np', key: 'name' }] }, '23'],
  [{ e2e_latency_p50: amount('lt', 1_000) }, ''],
  [{ end_timestamp: amount('ge', 2_500) }, '12'],
  [{ end_timestamp: range(0, 3_000) }, '2'],
  [{ from_number: text('sw', '+49') }, '1'],
  [{ from_number: text('eq', '+12137771234') }, '23'],
  [{ in_voicemail: flag(false) }, ''],
  [{ metadata: [{ ...amount('gt', 5), key: 'total' }] }, '2'],
  [
    {
      metadata: [
        { ...range(5, 50), key: 'total' },
        { ...flag(false), key: 'paid' },
      ],
    },
    '2',
  ],
  [{ start_timestamp: amount('lt', 3_000) }, '12'],
  [{ start_timestamp: range(2_000, 3_000) }, '23'],
  [{ to_number: text('eq', '+12137779999') }, '3'],
  [{ tool_calls: [] }, '123'],
  [{ tool_calls: [{ name: 'book', success: flag(true), latency_ms: amount('gt', 5) }] }, ''],
  [{ user_sentiment: oneOf('Positive', 'Unknown') }, ''],
  [{ direction: oneOf('inbound'), call_status: oneOf('ended', 'error') }, '1'],
];

test.each(FILTERS)('filter %j finds calls %s', async (criteria, found) => {
  await threeCalls();
  expect((await ids(criteria)).join('')).toBe(found);
});

test('pages: each call once, both ways, by key and by skip', async () => {
  for (let n = 0; n < 7; n += 1) await api.store.registerCall(call(`call_${n}`, { created_timestamp: n % 3 }));
  for (const sort_order of ['ascending', 'descending'] as const) {
    const found: string[] = [];
    let pagination_key: string | undefined;
    do {
      const page = await api.client.call.list({ limit: 3, sort_order, ...(pagination_key && { pagination_key }) });
      expect(page.has_more).toBe(page.pagination_key !== undefined);
      found.push(...(page.items ?? []).map((item) => item.call_id));
      pagination_key = page.pagination_key;
    } while (pagination_key !== undefined);
    expect([...found].sort()).toEqual(['call_0', 'call_1', 'call_2', 'call_3', 'call_4', 'call_5', 'call_6']);
    const skipped = await api.client.call.list({ skip: 5, sort_order });
    expect(skipped.items?.map((item) => item.call_id)).toEqual(found.slice(5));
  }
});

test('a filter that is no filter is 400 and says where', async () => {
  const wrong: readonly [unknown, string][] = [
    [{ call_state: oneOf('ended') }, 'Did you mean call_status?'],
    [{ agent: 'agent_a' }, 'agent'],
    [{ agent: Array.from({ length: 1_001 }, (_, n) => ({ agent_id: `agent_${n}` })) }, 'at most 1000 agents'],
    [{ metadata: Array.from({ length: 101 }, () => ({ ...text('eq', 'x'), key: 'k' })) }, 'at most 100 filters'],
    [{ tool_calls: [{ success: 'yes' }] }, 'success'],
    [{ tool_calls: 'book' }, 'tool_calls'],
    [[], 'filter_criteria'],
  ];
  for (const [filter_criteria, said] of wrong) {
    const reply = await api.post('/v3/list-calls', { filter_criteria });
    expect(reply.status).toBe(400);
    expect(await reply.json()).toMatchObject({ status: 'error', message: expect.stringContaining(said) });
  }
});

const older = [
  ['5.9.0', () => new RetellMiddle({ apiKey: FULL_KEY, baseURL: api.url, maxRetries: 0 })],
  ['4.66.0', () => new RetellOld({ apiKey: FULL_KEY, baseURL: api.url, maxRetries: 0 })],
] as const;

test.each(older)('SDK %s: every filter of its form', async (_version, client) => {
  await threeCalls();
  const found = async (filter_criteria: unknown) => {
    const body = { filter_criteria, sort_order: 'ascending' } as Parameters<RetellMiddle['call']['list']>[0];
    const calls = (await client().call.list(body as never)) as { call_id: string }[];
    return calls.map((one) => one.call_id.replace('call_', '')).join('');
  };
  expect(await found(undefined)).toBe('123');
  expect(await found({ agent_id: ['agent_a', 'agent_c'] })).toBe('12');
  expect(await found({ agent_id: ['agent_a'], version: [1] })).toBe('2');
  expect(await found({ version: [0] })).toBe('13');
  expect(await found({ agent_id: [], version: [], call_status: [], in_voicemail: [] })).toBe('123');
  expect(await found({ batch_call_id: ['batch_1'] })).toBe('');
  expect(await found({ call_status: ['ongoing', 'error'] })).toBe('23');
  expect(await found({ call_successful: [true] })).toBe('');
  expect(await found({ call_successful: [true, false] })).toBe('');
  expect(await found({ call_type: ['phone_call'] })).toBe('123');
  expect(await found({ direction: ['outbound'] })).toBe('2');
  expect(await found({ disconnection_reason: ['user_hangup'] })).toBe('1');
  expect(await found({ duration_ms: { lower_threshold: 501, upper_threshold: 9_000 } })).toBe('1');
  expect(await found({ dynamic_variables: { name: ['Bo', 'Bea'] } })).toBe('1');
  expect(await found({ e2e_latency_p50: { upper_threshold: 9_000 } })).toBe('');
  expect(await found({ e2e_latency_p50: {} })).toBe('123');
  expect(await found({ end_timestamp: { lower_threshold: 3_000 } })).toBe('1');
  expect(await found({ from_number: ['+4930123456'] })).toBe('1');
  expect(await found({ in_voicemail: [false] })).toBe('');
  expect(await found({ metadata: { order: ['b', 'c'] } })).toBe('2');
  expect(await found({ start_timestamp: { lower_threshold: 1_500, upper_threshold: 2_500 } })).toBe('2');
  expect(await found({ to_number: ['+12137779999'] })).toBe('3');
  expect(await found({ user_sentiment: ['Positive'] })).toBe('');
  await expect(found({ agent_id: 'agent_a' })).rejects.toMatchObject({ status: 400 });
  await expect(found({ version: ['one'] })).rejects.toMatchObject({ status: 400 });
  await expect(found({ metadata: { order: 'b' } })).rejects.toMatchObject({ status: 400 });
  await expect(found({ from_number: [5] })).rejects.toMatchObject({ status: 400 });
  await expect(found({ start_timestamp: { lower_threshold: 'x' } })).rejects.toMatchObject({ status: 400 });
});

test.each(older)('SDK %s goes on from the last call it has seen', async (_version, client) => {
  await threeCalls();
  const page = async (pagination_key?: string): Promise<string[]> =>
    ((await client().call.list({ limit: 2, ...(pagination_key && { pagination_key }) })) as { call_id: string }[]).map(
      (one) => one.call_id,
    );
  expect(await page()).toEqual(['call_3', 'call_2']);
  expect(await page('call_2')).toEqual(['call_1']);
  await expect(page('call_none')).rejects.toMatchObject({ status: 400 });
});

test('a page that a search left short is filled for older SDKs, which take it for the last', async () => {
  const keys: (string | undefined)[] = [];
  const short = await startTestApi({
    store: {
      ...api.store,
      async listCalls({ pagination_key }) {
        keys.push(pagination_key);
        const n = keys.length;
        const items = n % 2 === 0 ? [call(`call_${n}`)] : [];
        return { items, has_more: n < 6, ...(n < 6 && { pagination_key: `0.${n}` }) };
      },
    },
  });
  try {
    const calls = (await (await short.post('/v2/list-calls', {})).json()) as CallRow[];
    expect(calls.map((one) => one.call_id)).toEqual(['call_2', 'call_4', 'call_6']);
    expect(keys).toEqual([undefined, '0.1', '0.2', '0.3', '0.4', '0.5']);
    keys.length = 0;
    const one = await short.post('/v2/list-calls', { limit: 1 });
    expect(await one.json()).toHaveLength(1);
    expect(one.headers.get('x-pickup-pagination-key')).toBe('0.2');
  } finally {
    await short.close();
  }
});

test('a total that took too long is left out, and said', async () => {
  const slow = await startTestApi({
    store: { ...api.store, listCallsAsText: async () => '{"items":[],"has_more":false}' },
  });
  try {
    const reply = await slow.post('/v3/list-calls', { include_total: true });
    expect(await reply.json()).toEqual({ items: [], has_more: false });
    expect(reply.headers.get('x-pickup-warning')).toContain('total');
  } finally {
    await slow.close();
  }
});
