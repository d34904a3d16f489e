import { expect, test } from 'vitest';
import type { TwoConnections } from '../conformance.ts';
import { agent, byTurns, engine, NOW, number, tag } from './samples.ts';

/** Numbers, versions, tags, engines, knowledge bases (retell-contract.md, section d). */
export function configCases(stores: () => TwoConnections): void {
  test('a number is created once from two connections, replaced, and deleted once', async () => {
    const { a, b } = stores();
    for (const phone of ['+12137771235', 'extension-7', '+0123', '4930123456']) {
      const made = await byTurns(a, b, 6, (store) => store.putNumber(number(phone), 'create'));
      expect(made.filter(Boolean)).toHaveLength(1);
      const row = {
        ...number(phone, { nickname: 'desk' }),
        sealed_auth_password: 'sealed',
        sealed_sip_inbound_password: 'too',
      };
      expect(await a.putNumber(row, 'replace')).toBe(true);
      expect(await b.getNumber(phone)).toEqual(row);
    }
    const gone = await byTurns(a, b, 6, (store) => store.deleteNumber('+12137771235'));
    expect(gone.filter(Boolean)).toHaveLength(1);
    expect(await b.getNumber('+12137771235')).toBeUndefined();
    expect(await a.putNumber(number('+12137771235'), 'replace')).toBe(true);
  });

  test('only drafts change; publishing happens once; a new draft copies its base', async () => {
    const { a, b } = stores();
    const made = await byTurns(a, b, 4, (store) => store.createAgent(agent('agent_1')));
    expect(made.filter(Boolean)).toHaveLength(1);
    expect(await a.updateAgent(agent('agent_1', { settings: { voice_id: 'x' } }))).toBe('updated');
    const published = await byTurns(a, b, 4, (store) => store.publishAgent('agent_1', 0, NOW + 1));
    expect(published.sort()).toEqual(['already', 'already', 'already', 'published']);
    expect(await b.updateAgent(agent('agent_1', { settings: { voice_id: 'y' } }))).toBe('published');
    expect(await b.updateAgent(agent('agent_1', { version: 7 }))).toBe('unknown');
    expect(await b.publishAgent('agent_0', 0, NOW)).toBe('unknown');
    const drafts = await byTurns(a, b, 4, (store) => store.createAgentVersion('agent_1', 0, NOW + 2));
    expect(drafts.map((one) => one?.version).sort()).toEqual([1, 2, 3, 4]);
    const settings = { voice_id: 'x' };
    const draft = agent('agent_1', { version: 4, base_version: 0, last_modification_timestamp: NOW + 2, settings });
    expect(await a.getAgent('agent_1')).toEqual(draft);
    expect(await a.createAgentVersion('agent_1', 9, NOW)).toBeUndefined();
    expect(await a.getAgent('agent_1', 0)).toMatchObject({ is_published: true, published_timestamp: NOW + 1 });
  });

  test('a reference is a number, a tag, latest or latest_published', async () => {
    const { a, b } = stores();
    await threeVersions(stores());
    const version = async (reference: number | string) => (await b.getAgent('agent_1', reference))?.version;
    expect(await version(0)).toBe(0);
    expect(await version('latest')).toBe(2);
    expect(await version('latest_published')).toBe(0);
    expect(await version('prod')).toBe(1);
    expect(await version('staging')).toBe(2);
    expect(await version('unheard-of')).toBeUndefined();
    for (const none of [3, -1, 1.5, 1e300]) expect(await version(none)).toBeUndefined();
    expect((await a.getAgent('agent_1', 1))?.tags).toEqual(['live', 'prod']);
  });

  test('E8 a target comes with its engine, its tag’s variables and the knowledge bases there are', async () => {
    const { a, b } = stores();
    await threeVersions(stores());
    await a.putKnowledgeBase('kb_abc123', 'Prices');
    const knowledge_base_ids = ['kb_abc123', 'kb_gone'];
    const found = await b.resolveTarget({ agent_id: 'agent_1', reference: 'prod', knowledge_base_ids });
    expect(found).toEqual({
      found: true,
      knowledge_bases: new Set(['kb_abc123']),
      target: {
        agent_id: 'agent_1',
        version: 1,
        is_published: true,
        channel: 'voice',
        how: 'tag prod',
        tag: 'prod',
        tag_variables: { tier: 'prod' },
        settings: {
          ...agent('agent_1').settings,
          response_engine: { type: 'retell-llm', llm_id: 'llm_1', version: 2 },
        },
        engine: { type: 'retell-llm', id: 'llm_1', version: 2, settings: { model: 'gpt-5' } },
      },
    });
    expect(await a.knowledgeBasesExist(knowledge_base_ids)).toEqual(new Set(['kb_abc123']));
  });

  test('a number, latest and latest_published take the variables of the tag assigned last', async () => {
    const { b } = stores();
    await threeVersions(stores());
    const target = async (reference: number | string) => {
      const found = await b.resolveTarget({ agent_id: 'agent_1', reference });
      return found.found && { how: found.target.how, tag: found.target.tag, variables: found.target.tag_variables };
    };
    expect(await target(1)).toEqual({ how: 'number', tag: 'live', variables: { tier: 'live' } });
    expect(await target('latest')).toEqual({ how: 'latest', tag: undefined, variables: {} });
    expect(await target('latest_published')).toMatchObject({ how: 'latest_published', variables: {} });
    expect(await target('staging')).toMatchObject({ tag: 'staging', variables: { tier: 'staging' } });
  });

  test('E4 the reply’s engine is read in the same snapshot', async () => {
    const { a, b } = stores();
    await threeVersions(stores());
    await a.createEngine(engine('flow_1', { kind: 'conversation-flow', version: 3 }));
    const resolve = async (engine_override: { readonly [key: string]: string | number }) => {
      const found = await b.resolveTarget({ agent_id: 'agent_1', reference: 1, engine_override });
      return found.found ? found.target.engine : found.missing;
    };
    expect(await resolve({ type: 'retell-llm', llm_id: 'llm_1', version: 0 })).toMatchObject({ version: 0 });
    const flow = { type: 'conversation-flow', conversation_flow_id: 'flow_1' };
    expect(await resolve(flow)).toMatchObject({ type: 'conversation-flow', id: 'flow_1', version: 3 });
    const socket = { type: 'custom-llm', llm_websocket_url: 'wss://example.com' };
    expect(await resolve(socket)).toEqual(socket);
    expect(await resolve({ type: 'retell-llm', llm_id: 'llm_0' })).toBe('engine');
    expect(await resolve({ ...flow, version: 1 })).toBe('engine');
  });

  test('E8 a published agent keeps its engine as it was; a new draft has an engine draft of the same number', async () => {
    const { a, b } = stores();
    await a.createEngine(engine('llm_1'));
    await a.createAgent(agent('agent_1'));
    await b.publishAgent('agent_1', 0, NOW + 1);
    const draft = await a.createAgentVersion('agent_1', 0, NOW + 2);
    expect(draft?.settings['response_engine']).toEqual({ type: 'retell-llm', llm_id: 'llm_1', version: 1 });
    const settings = { model: 'gpt-5' };
    expect(await b.updateEngine(engine('llm_1', { settings }))).toBe('published');
    expect(await b.updateEngine(engine('llm_1', { version: 1, settings }))).toBe('updated');
    const model = async (reference: number | string) => {
      const found = await b.resolveTarget({ agent_id: 'agent_1', reference });
      return found.found && found.target.engine;
    };
    expect(await model(0)).toMatchObject({ version: 0, settings: { model: 'gpt-4o-mini' } });
    expect(await model('latest_published')).toMatchObject({ version: 0 });
    expect(await model('latest')).toMatchObject({ version: 1, settings: { model: 'gpt-5' } });
    expect((await a.getAgent('agent_1', 0))?.published_engine_version).toBe(0);
    expect(await a.getAgent('agent_1', 1)).not.toHaveProperty('published_engine_version');
    expect((await b.getEngine('retell-llm', 'llm_1', 1))?.is_published).toBe(false);
    expect((await b.getEngine('retell-llm', 'llm_1', 'latest_draft'))?.version).toBe(1);
  });

  test('older drafts stay with the engine they had when a new one is made; a number taken is passed over', async () => {
    const { a, b } = stores();
    for (const version of [0, 1, 2]) await a.createEngine(engine('llm_1', { version }));
    await a.createAgent(agent('agent_1'));
    const draft = await b.createAgentVersion('agent_1', 0, NOW);
    expect(draft?.settings['response_engine']).toMatchObject({ version: 3 });
    expect((await a.getAgent('agent_1', 0))?.settings['response_engine']).toMatchObject({ version: 2 });
  });

  test('E8 an engine version named by the agent is the one that is published; a missing one stops nothing', async () => {
    const { a, b } = stores();
    for (const version of [0, 1]) await a.createEngine(engine('llm_1', { version }));
    const response_engine = { type: 'retell-llm', llm_id: 'llm_1', version: 0 };
    await a.createAgent(agent('agent_1', { settings: { response_engine } }));
    await a.createAgent(agent('agent_2', { settings: { response_engine: { type: 'retell-llm', llm_id: 'llm_0' } } }));
    expect(await b.publishAgent('agent_1', 0, NOW)).toBe('published');
    expect(await b.publishAgent('agent_2', 0, NOW)).toBe('published');
    expect((await a.getEngine('retell-llm', 'llm_1', 0))?.is_published).toBe(true);
    expect((await a.getEngine('retell-llm', 'llm_1', 1))?.is_published).toBe(false);
    expect(await a.getAgent('agent_2', 0)).not.toHaveProperty('published_engine_version');
  });

  test('E6 what is missing is told apart: agent, version, engine', async () => {
    const { a, b } = stores();
    await a.createAgent(agent('agent_2'));
    const missing = async (agent_id: string, reference: number | string) => {
      const found = await b.resolveTarget({ agent_id, reference });
      return found.found ? undefined : found.missing;
    };
    expect(await missing('agent_0', 'latest')).toBe('agent');
    expect(await missing('agent_2', 5)).toBe('version');
    expect(await missing('agent_2', 'latest_published')).toBe('version');
    expect(await missing('agent_2', 'latest')).toBe('engine');
  });

  test('a tag needs its agent and version, and moves', async () => {
    const { a, b } = stores();
    expect(await a.assignTag(tag('prod', 0))).toBe(false);
    await a.createAgent(agent('agent_1'));
    expect(await a.assignTag(tag('prod', 1))).toBe(false);
    expect(await a.assignTag(tag('prod', null))).toBe(true);
    await a.createAgentVersion('agent_1', 0, NOW);
    expect(await b.assignTag(tag('prod', 0))).toBe(true);
    expect(await b.assignTag(tag('prod', 1))).toBe(true);
    expect((await a.getAgent('agent_1', 'prod'))?.version).toBe(1);
    expect((await a.getAgent('agent_1', 0))?.tags).toEqual([]);
  });

  test('an agent goes with its versions and tags', async () => {
    const { a, b } = stores();
    await threeVersions(stores());
    const gone = await byTurns(a, b, 4, (store) => store.deleteAgent('agent_1'));
    expect(gone.sort()).toEqual(['deleted', 'unknown', 'unknown', 'unknown']);
    expect(await b.getAgent('agent_1')).toBeUndefined();
    expect(await b.createAgent(agent('agent_1'))).toBe(true);
    expect(await b.getAgent('agent_1', 'prod')).toBeUndefined();
    expect((await a.listAgentVersions('agent_1', {})).items).toHaveLength(1);
  });

  test('an agent, or a version of it, that a number names is not deleted', async () => {
    const { a, b } = stores();
    await threeVersions(stores());
    const pin = number('+12137771235', { inbound_sms_agents: [{ agent_id: 'agent_1', weight: 1, agent_version: 2 }] });
    await a.putNumber(pin, 'create');
    expect(await b.deleteAgent('agent_1')).toEqual({ used_by: ['+12137771235'] });
    expect(await b.deleteAgentVersion('agent_1', 2)).toEqual({ used_by: ['+12137771235'] });
    expect(await b.deleteAgentVersion('agent_1', 1)).toEqual({ used_by: ['tag live', 'tag prod'] });
    expect(await b.deleteAgentVersion('agent_1', 0)).toBe('deleted');
    expect(await b.deleteAgentVersion('agent_1', 0)).toBe('unknown');
    const latest = number('+12137771235', { inbound_sms_agents: [{ agent_id: 'agent_1', weight: 1 }] });
    await a.putNumber(latest, 'replace');
    expect(await b.deleteAgentVersion('agent_1', 2)).toBe('deleted');
    await a.deleteNumber('+12137771235');
    expect(await b.deleteAgent('agent_1')).toBe('deleted');
  });

  test('the only version stays; with a draft its engine’s draft goes, unless another version names it', async () => {
    const { a, b } = stores();
    await a.createEngine(engine('llm_1'));
    await a.createAgent(agent('agent_1'));
    expect(await b.deleteAgentVersion('agent_1', 0)).toBe('only');
    await a.createAgentVersion('agent_1', 0, NOW);
    await a.createAgentVersion('agent_1', 0, NOW);
    const response_engine = { type: 'retell-llm', llm_id: 'llm_1', version: 1 };
    await a.createAgent(agent('agent_2', { settings: { response_engine } }));
    expect(await b.deleteAgentVersion('agent_1', 2)).toBe('deleted');
    expect(await b.deleteAgentVersion('agent_1', 1)).toBe('deleted');
    const left = await Promise.all([0, 1, 2].map((version) => a.getEngine('retell-llm', 'llm_1', version)));
    expect(left.map((row) => row?.version)).toEqual([0, 1, undefined]);
  });

  test('an engine is deleted once no agent names it, or by force', async () => {
    const { a, b } = stores();
    await a.createEngine(engine('llm_1'));
    await a.createAgent(agent('agent_1'));
    await a.createEngine(engine('llm_2'));
    expect(await b.deleteEngine('retell-llm', 'llm_1', false)).toEqual({ used_by: ['agent_1'] });
    expect(await b.deleteEngine('conversation-flow', 'llm_1', true)).toBe('unknown');
    const gone = await byTurns(a, b, 4, (store) => store.deleteEngine('retell-llm', 'llm_2', false));
    expect(gone.sort()).toEqual(['deleted', 'unknown', 'unknown', 'unknown']);
    expect(await b.deleteEngine('retell-llm', 'llm_1', true)).toBe('deleted');
    expect(await a.getEngine('retell-llm', 'llm_1')).toBeUndefined();
    expect((await a.listEngines('retell-llm', {})).items).toEqual([]);
  });

  test('engines: created once, latest unless a version is named, a published one stays', async () => {
    const { a, b } = stores();
    const made = await byTurns(a, b, 4, (store) => store.createEngine(engine('llm_1')));
    expect(made.filter(Boolean)).toHaveLength(1);
    await a.createEngine(engine('llm_1', { version: 1, is_published: true }));
    expect((await b.getEngine('retell-llm', 'llm_1'))?.version).toBe(1);
    expect(await b.updateEngine(engine('llm_1', { settings: { model: 'gpt-5' } }))).toBe('updated');
    expect(await b.getEngine('retell-llm', 'llm_1', 0)).toEqual(engine('llm_1', { settings: { model: 'gpt-5' } }));
    expect(await b.updateEngine(engine('llm_1', { version: 1 }))).toBe('published');
    expect(await b.updateEngine(engine('llm_2'))).toBe('unknown');
    expect(await b.getEngine('conversation-flow', 'llm_1')).toBeUndefined();
  });
}

/** Versions 0 and 1 published (0 later), 2 a draft; prod and live on 1, staging unassigned. */
async function threeVersions({ a, b }: TwoConnections): Promise<void> {
  await a.createEngine(engine('llm_1'));
  await a.createEngine(engine('llm_1', { version: 1, settings: { model: 'gpt-5' } }));
  await a.createAgent(agent('agent_1'));
  await b.createAgentVersion('agent_1', 0, NOW + 1);
  await a.createAgentVersion('agent_1', 1, NOW + 2);
  await b.publishAgent('agent_1', 1, NOW + 3);
  await a.publishAgent('agent_1', 0, NOW + 4);
  await a.assignTag(tag('prod', 1));
  await b.assignTag(tag('live', 1, { assigned_timestamp: NOW + 9 }));
  await a.assignTag(tag('staging', null));
}
