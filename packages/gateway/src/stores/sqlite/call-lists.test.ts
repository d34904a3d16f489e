import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { call, NOW } from '../conformance/samples.ts';
import { createMemoryStore } from '../memory/index.ts';
import type { CallListRequest, CallRow, FieldFilter, Store } from '../port.ts';
import { connectSqliteStore } from './index.ts';
import { IS_UNFILED } from './migrations/0007-call-lists.ts';
import { planCalls } from './plan-calls.ts';
import type { ScanLimits } from './scan-list.ts';

const log = { warn: () => {}, error: () => {} };
let folder: string;
let open: Store[];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pickup-lists-'));
  open = [];
});
afterEach(async () => {
  await Promise.all(open.map((store) => store.close()));
  await rm(folder, { recursive: true });
});

function connect(scanLimits?: ScanLimits): Store {
  const store = connectSqliteStore({ folder, log, ...(scanLimits && { scanLimits }) });
  open.push(store);
  return store;
}

const pick = <const T>(...values: T[]) => fc.constantFrom(...values);
const AGENTS = ['agent_1', 'agent_2', 'agent_3'];
const NUMBERS = ['+1', '+2', '+3'];
const STATUSES = ['registered', 'ongoing', 'ended', 'error', 'not_connected'] as const;
const REASONS = ['user_hangup', 'agent_hangup', 'inactivity', 'dial_busy'];

const calls = fc.array(
  fc.record(
    {
      call_status: pick(...STATUSES),
      agent_id: pick(...AGENTS),
      agent_version: fc.integer({ min: 0, max: 2 }),
      from_number: pick(...NUMBERS),
      to_number: pick(...NUMBERS),
      disconnection_reason: pick(...REASONS),
      created_timestamp: fc.integer({ min: NOW, max: NOW + 20 }),
      metadata: fc.record({ k: fc.oneof(fc.boolean(), fc.integer({ min: 0, max: 2 }), pick('a', 'ab')) }),
      end_timestamp: fc.integer({ min: NOW, max: NOW + 40 }),
    },
    { requiredKeys: ['call_status', 'agent_id', 'agent_version', 'from_number', 'to_number', 'created_timestamp'] },
  ),
  { minLength: 1, maxLength: 40 },
);

const some = (values: readonly string[]) => fc.uniqueArray(pick(...values), { minLength: 1, maxLength: 3 });
const oneOf = (field: string, values: readonly string[]) =>
  fc.oneof(
    some(values).map((value): FieldFilter => ({ field, op: 'in', value })),
    pick(...values).map((value): FieldFilter => ({ field, op: 'eq', value })),
    pick(...values).map((value): FieldFilter => ({ field, op: 'ne', value })),
  );
const time = fc.integer({ min: NOW - 2, max: NOW + 22 });
const timed = (field: string) =>
  fc.oneof(
    fc.tuple(pick('eq', 'gt', 'ge', 'lt', 'le', 'ne'), time).map(([op, value]): FieldFilter => ({ field, op, value })),
    fc.tuple(time, time).map((value): FieldFilter => ({ field, op: 'bt', value })),
    pick('pr', 'np').map((op): FieldFilter => ({ field, op })),
  );
const filter = fc.oneof(
  oneOf('call_status', STATUSES),
  oneOf('from_number', NUMBERS),
  oneOf('to_number', NUMBERS),
  oneOf('disconnection_reason', REASONS),
  oneOf('call_id', ['call_0', 'call_1', 'call_99']),
  timed('start_timestamp'),
  timed('end_timestamp'),
  fc
    .tuple(pick('eq', 'ne', 'ge'), fc.oneof(fc.boolean(), fc.integer({ min: 0, max: 2 }), pick('a', 'ab')))
    .map(([op, value]): FieldFilter => ({ field: 'metadata', key: 'k', op, value })),
);
const requests = fc.record(
  {
    filters: fc.array(filter, { maxLength: 3 }),
    agents: fc.array(
      fc.record(
        { agent_id: pick(...AGENTS), version: fc.array(fc.integer({ min: 0, max: 2 })) },
        { requiredKeys: ['agent_id'] },
      ),
      { minLength: 1, maxLength: 3 },
    ),
    limit: fc.integer({ min: 1, max: 8 }),
    skip: fc.integer({ min: 0, max: 3 }),
    sort_order: pick('ascending' as const, 'descending' as const),
    include_total: fc.constant(true),
  },
  { requiredKeys: ['limit'] },
);

/** Each run begins with no calls, also after one that failed. */
async function withCalls(rows: readonly CallRow[], compare: (sqlite: Store, memory: Store) => Promise<void>) {
  const [sqlite, memory] = [open[0] ?? connect(), createMemoryStore()];
  try {
    for (const row of rows) await Promise.all([sqlite.registerCall(row), memory.registerCall(row)]);
    await compare(sqlite, memory);
  } finally {
    await Promise.all(rows.map(({ call_id }) => sqlite.deleteCall(call_id)));
  }
}

test('whatever is asked, indices and slices give what trying each call gives', async () => {
  await fc.assert(
    fc.asyncProperty(
      calls,
      fc.array(requests, { minLength: 1, maxLength: 12 }),
      pick(0, 1),
      async (rows, asked, late) => {
        const whole = rows.map((row, index) => {
          const started = row.call_status === 'registered' ? {} : { start_timestamp: row.created_timestamp + late };
          return call(`call_${index}`, { ...(row as Partial<CallRow>), ...started });
        });
        await withCalls(whole, async (sqlite, memory) => {
          for (const request of asked) {
            expect(await allOf(sqlite, request), JSON.stringify(request)).toEqual(await allOf(memory, request));
          }
        });
      },
    ),
    { numRuns: 25 },
  );
}, 60_000);

/** Ids page by page, with the totals. */
async function allOf(store: Store, { skip, ...request }: CallListRequest) {
  const pages: unknown[] = [];
  let key: string | undefined;
  do {
    const from = key === undefined ? { ...(skip !== undefined && { skip }) } : { pagination_key: key };
    const page = await store.listCalls({ ...request, ...from });
    pages.push([page.items.map((one) => one.call_id), page.has_more, page.total]);
    key = page.pagination_key;
  } while (key !== undefined);
  return pages;
}

async function manyCalls(store: Store, count: number): Promise<void> {
  const rows = Array.from({ length: count }, (_, n) =>
    call(`call_${n}`, { created_timestamp: NOW + n, call_status: 'ended', ...(n === 0 && { agent_name: 'Ann' }) }),
  );
  await Promise.all(rows.map((row) => store.registerCall(row)));
}

test('a list that looks too long answers with what it has and goes on from there; a total is then left out', async () => {
  const store = connect({ pageMs: 0, countMs: 0 });
  await manyCalls(store, 1_500);
  const request: CallListRequest = { filters: [{ field: 'agent_name', op: 'eq', value: 'Ann' }] };
  const found: string[] = [];
  let key: string | undefined;
  let pages = 0;
  do {
    const page = await store.listCalls({ ...request, ...(key !== undefined && { pagination_key: key }) });
    expect(page.has_more).toBe(page.pagination_key !== undefined);
    found.push(...page.items.map((one) => one.call_id));
    key = page.pagination_key;
    pages += 1;
  } while (key !== undefined);
  expect(found).toEqual(['call_0']);
  expect(pages).toBe(Math.ceil(1_500 / 128));
  expect(await store.listCalls({ ...request, include_total: true })).not.toHaveProperty('total');
  expect((await store.listCalls({ include_total: true })).total).toBe(1_500);
});

test('a list read off an index does not wait for one that looks through everything', async () => {
  const store = connect();
  await manyCalls(store, 20_000);
  await store.listCalls({ limit: 1 });
  const done: string[] = [];
  const long = store
    .listCalls({ filters: [{ field: 'agent_name', op: 'eq', value: 'Nobody' }] })
    .then((page) => done.push(`long ${page.items.length}`));
  const short = store.listCalls({ agents: [{ agent_id: 'agent_1' }], limit: 1 }).then(() => done.push('short'));
  await Promise.all([long, short]);
  expect(done).toEqual(['short', 'long 0']);
});

test.each<[string, CallListRequest]>([
  ['calls_by_creation', {}],
  ['calls_by_creation', { filters: [{ field: 'start_timestamp', op: 'ge', value: NOW }] }],
  ['calls_by_creation', { filters: [{ field: 'call_status', op: 'in', value: ['ended', 'error'] }] }],
  ['calls_by_agent', { agents: [{ agent_id: 'agent_1' }] }],
  ['calls_by_caller', { filters: [{ field: 'from_number', op: 'eq', value: '+1' }] }],
  ['calls_by_callee', { filters: [{ field: 'to_number', op: 'in', value: ['+1', '+2'] }] }],
  ['failed_calls', { filters: [{ field: 'call_status', op: 'in', value: ['error'] }] }],
  ['calls_by_rare_end', { filters: [{ field: 'disconnection_reason', op: 'in', value: ['inactivity'] }] }],
])('%s: a page is read off the index in its order, without sorting', (index, request) => {
  connect();
  const db = new Database(join(folder, 'pickup.db'), { readonly: true });
  try {
    const [lane] = planCalls(db, request).lanes;
    const where = lane!.where.map(({ sql }) => sql).join(' AND ');
    const text = `SELECT created_timestamp, seq FROM ${lane!.from} ${where && `WHERE ${where}`}
      ORDER BY created_timestamp DESC, seq DESC LIMIT 50`;
    const values = lane!.where.flatMap((one) => one.values);
    const plan = db.prepare<unknown[], { detail: string }>(`EXPLAIN QUERY PLAN ${text}`).all(...values);
    const details = plan.map(({ detail }) => detail).join('; ');
    expect(details).toContain(index);
    expect(details).not.toContain('TEMP B-TREE');
  } finally {
    db.close();
  }
});

/** How many calls are over and not yet in the indices. */
function unfiled(): number {
  const db = new Database(join(folder, 'pickup.db'), { readonly: true });
  try {
    return db.prepare<[], number>(`SELECT count(*) FROM calls WHERE ${IS_UNFILED}`).pluck().get() ?? 0;
  } finally {
    db.close();
  }
}

test('calls are filed once they are over, also those left at the last end; lists are the same before and after', async () => {
  const hasty = connect();
  await manyCalls(hasty, 500);
  await hasty.registerCall(call('call_on', { created_timestamp: NOW + 600 }));
  const request: CallListRequest = { agents: [{ agent_id: 'agent_1' }], limit: 1_000, include_total: true };
  const before = await hasty.listCalls(request);
  await hasty.close();
  open = [];
  const store = connect();
  await expect.poll(unfiled, { timeout: 10_000 }).toBe(0);
  expect(await store.listCalls(request)).toEqual(before);
  expect(before).toMatchObject({ total: 501, items: { length: 501 } });
  await store.endCall('call_on', { call_status: 'ended', disconnection_reason: 'user_hangup' }, {});
  expect((await store.listCalls({ ...request, limit: 1 })).items).toMatchObject([{ call_status: 'ended' }]);
  await expect.poll(unfiled, { timeout: 10_000 }).toBe(0);
  await store.updateCall('call_on', { call_status: 'ongoing' });
  expect((await store.listCalls(request)).items.filter((one) => one.call_id === 'call_on')).toHaveLength(1);
});
