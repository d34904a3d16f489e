import { defaultCatalogue } from '@pickup/contract';
import { beforeEach, expect, test } from 'vitest';
import { agent, call, engine, number } from '../stores/conformance/samples.ts';
import { createMemoryStore } from '../stores/memory/index.ts';
import type { Store } from '../stores/port.ts';
import { type ArrivalReader, type ArrivedCall, createArrivalReader } from './read-arrival.ts';

const NUMBER = '+12137771235';
const ARRIVED = { monoMs: 5, wallMs: 1_790_000_000_000 };

let store: Store;
let read: ArrivalReader;
beforeEach(async () => {
  store = createMemoryStore();
  await store.createEngine(engine('llm_1'));
  for (const id of ['agent_1', 'agent_2']) await store.createAgent(agent(id));
  read = createArrivalReader({
    ...{ store, newId: () => 'made', catalogue: defaultCatalogue(), checkUrl: () => ({ ok: true }) as const },
    ...{ clock: { monoMs: () => 0, wallMs: () => 0, after: () => () => {} } },
    ...{ ringBudgetMs: 45_000, webhookProfile: 'seed', concurrency: 3 },
  });
});

function arrived(over: Partial<ArrivedCall> = {}): ArrivedCall {
  return {
    ...{ edge: 'sip', arrived: ARRIVED, dialled: NUMBER, from: '+4930901820', headers: { 'x-a': '1' } },
    ...{ media: 'usable', inboundId: 'inb_1' },
    ...over,
  };
}

test('A4 a number nobody owns', async () => {
  const facts = await read(arrived({ dialled: '2137771235', dialledE164: NUMBER }));
  expect(facts).toMatchObject({ entry: { kind: 'nobody' }, to_number: NUMBER, session_id: 'call_made' });
});

test('A0 a number is found as dialled first, then in E.164', async () => {
  const dialled = { dialled: '2137771235', dialledE164: NUMBER };
  await store.putNumber(number(NUMBER, { nickname: 'in E.164' }), 'create');
  expect((await read(arrived(dialled))).entry).toMatchObject({ kind: 'number', number: { nickname: 'in E.164' } });
  await store.putNumber(number('2137771235', { nickname: 'as dialled' }), 'create');
  const facts = await read(arrived(dialled));
  expect(facts).toMatchObject({ to_number: '2137771235', entry: { number: { nickname: 'as dialled' } } });
});

test('A7 E8 the agent is drawn by the inbound’s id and read at its arrival', async () => {
  const inbound_agents = [
    { agent_id: 'agent_1', weight: 0.5 },
    { agent_id: 'agent_2', agent_version: 0, weight: 0.5 },
  ];
  await store.putNumber(number(NUMBER, { inbound_agents }), 'create');
  const draws = new Set<string>();
  for (let at = 0; at < 40; at++) {
    const { entry } = await read(arrived({ inboundId: `inb_${at}` }));
    if (entry.kind !== 'number' || !entry.drawn) throw new Error('nobody was drawn');
    const { agent: drawn, resolved } = entry.drawn;
    expect(resolved).toMatchObject({ found: true, target: { agent_id: drawn.agent_id } });
    draws.add(drawn.agent_id);
  }
  expect(draws).toEqual(new Set(['agent_1', 'agent_2']));
  const twice = await Promise.all([read(arrived()), read(arrived())]);
  expect(twice[0]).toEqual(twice[1]);
});

test('A2 a number without agents draws nobody; an agent that is gone is told as missing', async () => {
  await store.putNumber(number(NUMBER), 'create');
  expect((await read(arrived())).entry).not.toHaveProperty('drawn');
  const inbound_agents = [{ agent_id: 'agent_9', weight: 1 }];
  await store.putNumber(number(NUMBER, { inbound_agents }), 'replace');
  expect((await read(arrived())).entry).toMatchObject({ drawn: { resolved: { found: false, missing: 'agent' } } });
});

test('A5 the caller’s country is looked up only where the number asks for it', async () => {
  await store.putNumber(number(NUMBER), 'create');
  expect(await read(arrived())).not.toHaveProperty('from_country');
  await store.putNumber(number(NUMBER, { allowed_inbound_country_list: ['US'] }), 'replace');
  expect(await read(arrived())).toMatchObject({ from_country: 'DE' });
  expect(await read(arrived({ from: 'anonymous' }))).not.toHaveProperty('from_country');
});

test('A3 a registered call brings its agent, variables, metadata and what its override names', async () => {
  await store.putKnowledgeBase('kb_1', 'Prices');
  await store.createEngine(engine('llm_2'));
  const agent_override = {
    agent: { response_engine: { type: 'retell-llm', llm_id: 'llm_2' } },
    retell_llm: { knowledge_base_ids: ['kb_1', 'kb_gone'] },
  };
  const registered = call('call_reg', {
    call_status: 'registered',
    direction: 'outbound',
    ...{ from_number: '', metadata: { order: 7 }, retell_llm_dynamic_variables: { name: 'Bo' } },
    registration: { expires_timestamp: 9, agent_override },
  });
  const facts = await read(arrived({ registered, dialled: 'call_reg' }));
  expect(facts).toMatchObject({ session_id: 'call_reg', from_number: '+4930901820', to_number: NUMBER });
  expect(facts.entry).toMatchObject({
    kind: 'registered',
    direction: 'outbound',
    resolved: { found: true, target: { agent_id: 'agent_1', engine: { id: 'llm_2' } } },
    ...{ dynamic_variables: { name: 'Bo' }, metadata: { order: 7 }, agent_override },
  });
  expect(
    facts.entry.kind === 'registered' && facts.entry.resolved.found && facts.entry.resolved.knowledge_bases,
  ).toEqual(new Set(['kb_1']));
});

test('C4 an edge that says nothing can ring for two minutes; the gateway’s settings are held to', async () => {
  expect(await read(arrived())).toMatchObject({
    edge_ring_limit_ms: 120_000,
    gateway: { ring_budget_ms: 45_000, webhook_profile: 'seed', concurrency: 3 },
  });
  expect(await read(arrived({ ringLimitMs: 30_000 }))).toMatchObject({ edge_ring_limit_ms: 30_000 });
});
