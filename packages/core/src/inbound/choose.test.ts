/** E1–E3, E6, E8: who is to take the call, told from the effects and the record. */
import type { PhoneNumberSettings } from '@pickup/contract';
import { describe, expect, test } from 'vitest';
import {
  bareNumber,
  buildFacts,
  buildTarget,
  CUSTOM,
  FLOW,
  found,
  notFound,
  ownedNumber,
  SEED_REPLY,
} from '../../test/builders.ts';
import { effectsOf, play, type Script } from '../../test/world.ts';
import type { Entry } from './facts.ts';

const story = (entry: Entry, call_inbound: unknown, script: Script = {}) =>
  play(buildFacts({ entry }), { ...script, attempts: [{ status: 200, body: { call_inbound } }] });
const planOf = (told: ReturnType<typeof story>) => effectsOf(told, 'accept')[0]?.plan;
const lenient = (more: Partial<PhoneNumberSettings> = {}) => ownedNumber({ on_invalid_override: 'ignore', ...more });

describe('E1–E3', () => {
  test('E1 an agent id: that agent, latest where no version is named', () => {
    const told = story(ownedNumber(), { override_agent_id: 'agent_12345' });
    expect(effectsOf(told, 'resolve')).toEqual([{ type: 'resolve', agent_id: 'agent_12345', reference: 'latest' }]);
    expect(planOf(told)?.agent_id).toBe('agent_12345');
  });

  test('E1 version 0 is a version', () => {
    const told = story(ownedNumber(), { override_agent_id: 'agent_12345', override_agent_version: 0 });
    expect(effectsOf(told, 'resolve')[0]?.reference).toBe(0);
  });

  test('E1 a chat agent cannot take a call', () => {
    const told = story(
      ownedNumber(),
      { override_agent_id: 'agent_c' },
      {
        resolve: () => found(buildTarget({ agent_id: 'agent_c', channel: 'chat' })),
      },
    );
    expect(told.outcome).toBe('unknown_agent');
    expect(told.state.ledger.issues).toMatchObject([
      { code: 'wrong_channel', pointer: '/call_inbound/override_agent_id', sent: 'agent_c' },
    ]);
  });

  test('E2 no id: the agent of the number, with variables, metadata and override of the reply', () => {
    const told = story(ownedNumber(), {
      dynamic_variables: { customer_name: 'Ada' },
      metadata: { a: 1 },
      agent_override: { agent: { voice_temperature: 0.5 } },
    });
    expect(effectsOf(told, 'resolve')).toEqual([]);
    expect(planOf(told)).toMatchObject({
      agent_id: 'agent_own',
      agent_version: 7,
      variables: { customer_name: 'Ada' },
      metadata: { a: 1 },
      agent: { voice_temperature: 0.5 },
    });
  });

  test('E2 no id and no agent: declined, the way of the seed to turn callers away', () => {
    for (const group of [undefined, null, {}, { dynamic_variables: { a: 'b' } }]) {
      expect(story(bareNumber(), group).outcome).toBe('declined');
    }
  });

  test('E2 a caller declined although the override was faulty: the faults are in the record', () => {
    const told = story(bareNumber(), { agent_override: { agent: { voice_temperature: 9 } } });
    expect(told.outcome).toBe('declined');
    expect(told.state.ledger.issues).toMatchObject([{ code: 'out_of_range' }]);
  });

  test('E2 a version without an id is a version of the agent of the number', () => {
    const told = story(
      ownedNumber(),
      { override_agent_version: 3 },
      {
        resolve: () => found(buildTarget({ agent_id: 'agent_own', version: 3 })),
      },
    );
    expect(effectsOf(told, 'resolve')).toEqual([{ type: 'resolve', agent_id: 'agent_own', reference: 3 }]);
    expect(planOf(told)?.agent_version).toBe(3);
    expect(story(bareNumber(), { override_agent_version: 3 }).outcome).toBe('declined');
  });

  test('D8 reject turns the caller away although the number has an agent', () => {
    expect(story(ownedNumber(), { reject: true }).outcome).toBe('declined');
  });

  test('E3 a bad reply is not retried: the agent of the number with nothing of the reply', () => {
    const told = story(ownedNumber(), { metadata: 'bad', dynamic_variables: { customer_name: 'Ada' } });
    expect(effectsOf(told, 'ask')).toHaveLength(1);
    expect(planOf(told)).toMatchObject({ agent_id: 'agent_own', dynamic_variables: {} });
    expect(planOf(told)?.metadata).toBeUndefined();
    expect(story(bareNumber(), { metadata: 'bad' }).outcome).toBe('webhook_failed');
  });
});

describe('E8 what is read when', () => {
  test('E8 a reply that names the number’s own agent has it read now', () => {
    const told = story(
      ownedNumber(),
      { override_agent_id: 'agent_own' },
      {
        resolve: () => found(buildTarget({ agent_id: 'agent_own', version: 8 })),
      },
    );
    expect(planOf(told)?.agent_version).toBe(8);
  });

  test('E8 a reply that names none keeps the read of the arrival; only engine and knowledge bases are added', () => {
    const engine = { type: 'conversation-flow', conversation_flow_id: 'flow_1' };
    const told = story(
      ownedNumber(),
      { agent_override: { agent: { response_engine: engine } } },
      {
        resolve: () => found(buildTarget({ agent_id: 'agent_own', version: 8, engine: FLOW })),
      },
    );
    expect(effectsOf(told, 'resolve')[0]).toMatchObject({ engine_override: engine });
    expect(planOf(told)).toMatchObject({ agent_version: 7, engine: { type: 'conversation-flow', id: 'flow_1' } });
  });
});

describe('E6 case 30 what cannot be found', () => {
  test('E6 an unknown agent refuses, with every fault of the override at once', () => {
    const told = story(
      ownedNumber(),
      { override_agent_id: 'agent_x', agent_override: { agent: { voice_temperature: 9, volume: 'loud' } } },
      { resolve: () => notFound('agent', 'There is no agent agent_x.') },
    );
    expect(told.outcome).toBe('unknown_agent');
    expect(told.state.ledger.issues.map(({ pointer }) => pointer)).toEqual([
      '/call_inbound/override_agent_id',
      '/call_inbound/agent_override/agent/voice_temperature',
      '/call_inbound/agent_override/agent/volume',
    ]);
  });

  test('E6 an unknown version refuses and points at the version', () => {
    const sent = { override_agent_id: 'agent_12345', override_agent_version: 99 };
    const told = story(ownedNumber(), sent, { resolve: () => notFound('version') });
    expect(told.outcome).toBe('unknown_agent');
    expect(told.state.ledger.issues).toMatchObject([
      { code: 'unknown_version', pointer: '/call_inbound/override_agent_version', sent: 99 },
    ]);
  });

  test.each([-1, 1.5])('E6 version %d refuses as an unknown version, it does not fall back (E3)', (version) => {
    const told = story(ownedNumber(), { override_agent_version: version }, { resolve: () => notFound('version') });
    expect(effectsOf(told, 'resolve')).toMatchObject([{ agent_id: 'agent_own', reference: version }]);
    expect(told.outcome).toBe('unknown_agent');
    expect(told.state.ledger.issues).toMatchObject([{ code: 'unknown_version', sent: version }]);
  });

  test('E6 a response engine nobody has makes the override invalid, not the agent unknown', () => {
    const response_engine = { type: 'retell-llm', llm_id: 'llm_gone' };
    const sent = { override_agent_id: 'agent_12345', agent_override: { agent: { response_engine } } };
    const told = story(ownedNumber(), sent, { resolve: () => notFound('engine') });
    expect(told.outcome).toBe('invalid_override');
    expect(told.state.ledger.issues).toMatchObject([
      { code: 'unknown_engine', pointer: '/call_inbound/agent_override/agent/response_engine' },
    ]);
  });

  test('E6 ignore: an unknown agent leaves the agent of the number, with the rest of the reply', () => {
    const sent = { override_agent_id: 'agent_x', dynamic_variables: { customer_name: 'Ada' } };
    const told = story(lenient(), sent, { resolve: () => notFound('agent') });
    expect(planOf(told)).toMatchObject({ agent_id: 'agent_own', variables: { customer_name: 'Ada' } });
    expect(told.state.ledger.issues).toMatchObject([{ code: 'unknown_agent', severity: 'warning', effect: 'ignored' }]);
  });

  test('E6 ignore: an unknown version leaves the agent that was named, at its latest', () => {
    const sent = { override_agent_id: 'agent_12345', override_agent_version: 99 };
    const told = story(lenient(), sent, {
      resolve: ({ reference }) => (reference === 99 ? notFound('version') : found()),
    });
    expect(effectsOf(told, 'resolve').map(({ reference }) => reference)).toEqual([99, 'latest']);
    expect(planOf(told)?.agent_id).toBe('agent_12345');
  });

  test('E6 ignore: a version without an id that nobody knows leaves the agent of the number as it is', () => {
    const told = story(lenient(), { override_agent_version: 99 }, { resolve: () => notFound('version') });
    expect(planOf(told)).toMatchObject({ agent_id: 'agent_own', agent_version: 7 });
  });

  test('E6 an agent id as long as a reply may be does not fill the record', () => {
    const override_agent_id = 'a'.repeat(200_000);
    const told = story(
      ownedNumber(),
      { override_agent_id },
      {
        resolve: ({ agent_id }) => notFound('agent', `There is no agent ${agent_id}.`),
      },
    );
    expect(told.outcome).toBe('unknown_agent');
    const { reply: _kept, ...ledger } = told.state.ledger;
    expect(JSON.stringify(ledger).length).toBeLessThan(4_000);
  });

  test('E6 ignore: an unknown engine is left out alone', () => {
    const agent = { response_engine: { type: 'retell-llm', llm_id: 'llm_gone' }, voice_temperature: 0.4 };
    const told = story(
      lenient(),
      { override_agent_id: 'agent_12345', agent_override: { agent } },
      {
        resolve: ({ engine_override }) => (engine_override ? notFound('engine') : found()),
      },
    );
    expect(planOf(told)).toMatchObject({
      agent_id: 'agent_12345',
      agent: { voice_temperature: 0.4, response_engine: { llm_id: 'llm_1' } },
    });
    expect(planOf(told)?.overridden).toEqual(['agent.voice_temperature']);
  });

  test.each(['wss://private.example/', 'abc'])('E6 an override with the web socket %s refuses', (llm_websocket_url) => {
    const agent = { response_engine: { type: 'custom-llm', llm_websocket_url } };
    const told = story(ownedNumber(), { agent_override: { agent } }, { resolve: () => found() });
    expect(told.outcome).toBe('invalid_override');
    expect(told.state.ledger.issues.map(({ pointer }) => pointer)).toEqual([
      '/call_inbound/agent_override/agent/response_engine/llm_websocket_url',
    ]);
  });

  test.each(['wss://private.example/', 'abc'])('E6 ignore: the web socket %s is left out, the rest applies', (url) => {
    const response_engine = { type: 'custom-llm', llm_websocket_url: url };
    const agent = { response_engine, voice_temperature: 0.4 };
    const sent = { override_agent_id: 'agent_12345', agent_override: { agent } };
    const told = story(lenient(), sent, {
      resolve: ({ engine_override }) => found(buildTarget(engine_override ? { engine: CUSTOM } : {})),
    });
    expect(planOf(told)).toMatchObject({ agent_id: 'agent_12345', engine: { type: 'retell-llm' } });
    expect(planOf(told)?.overridden).toEqual(['agent.voice_temperature']);
    expect(told.state.ledger.issues).toMatchObject([{ severity: 'warning', effect: 'ignored' }]);
  });

  test('E6 ignore: where nothing usable is left the caller is refused, and it ends', () => {
    const resolve = () => notFound('version');
    const sent = { override_agent_id: 'agent_x', override_agent_version: 5 };
    expect(story(bareNumber({ on_invalid_override: 'ignore' }), sent, { resolve }).outcome).toBe('unknown_agent');
    const drawn = { agent: { agent_id: 'agent_own', weight: 1 }, resolved: notFound('agent') };
    const gone = ownedNumber({ on_invalid_override: 'ignore' }, drawn);
    expect(story(gone, sent, { resolve }).outcome).toBe('unknown_agent');
  });
});

describe('E6 case 31 faults of the override', () => {
  const faulty = {
    override_agent_id: 'agent_12345',
    agent_override: {
      agent: { voice_temperature: 9, max_call_duration_ms: -1, interruption_sensitivity: 0.5 },
      retell_llm: { model_temperature: 77 },
    },
  };

  test('E6 refused with all faults at once', () => {
    const told = story(ownedNumber(), faulty);
    expect(told.outcome).toBe('invalid_override');
    expect(told.state.ledger.issues.map(({ pointer }) => pointer.split('/').slice(3).join('.'))).toEqual([
      'agent.voice_temperature',
      'agent.max_call_duration_ms',
      'retell_llm.model_temperature',
    ]);
    expect(told.state.ledger.steps.at(-1)).toBe('the override breaks 3 rules (E6) → invalid_override, SIP 603');
  });

  test('E6 ignore: connected without the faulty fields, and the record says so', () => {
    const told = story(lenient(), faulty);
    expect(planOf(told)).toMatchObject({ agent: { voice_temperature: 1, interruption_sensitivity: 0.5 } });
    expect(planOf(told)?.overridden).toEqual(['agent.interruption_sensitivity']);
    expect(told.state.ledger.issues.map(({ severity, effect }) => `${severity} ${effect}`)).toEqual([
      'warning ignored',
      'warning ignored',
      'warning ignored',
    ]);
  });
});

test('case 34 the sample of the seed connects', () => {
  const told = story(ownedNumber(), SEED_REPLY.call_inbound, {
    resolve: ({ knowledge_base_ids }) => found(buildTarget({ how: 'number' }), knowledge_base_ids),
  });
  expect(told.outcome).toBe('connected');
  expect(told.state.ledger.issues).toEqual([]);
  expect(planOf(told)).toMatchObject({
    agent: { voice_temperature: 0.6, interruption_sensitivity: 0.8, max_call_duration_ms: 1_800_000 },
    engine: { settings: { model: 'gpt-4o-mini', model_temperature: 0.2, knowledge_base_ids: ['kb_abc123'] } },
    variables: { customer_name: 'John Doe' },
    metadata: { random_id: '12345' },
    voice_id: '11labs-Adrian',
  });
});
