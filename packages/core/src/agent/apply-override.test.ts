/** E4–E7, E9, E10: what a session is like once the reply is laid on its target. */
import type { JsonObject, ResolvedTarget } from '@pickup/contract';
import { describe, expect, test } from 'vitest';
import {
  ARRIVED,
  buildFacts,
  buildTarget,
  bytes,
  CUSTOM,
  FLOW,
  frozen,
  LLM,
  ownedNumber,
  received,
} from '../../test/builders.ts';
import { judgeReply } from '../webhook/judge-reply.ts';
import { applyOverride } from './apply-override.ts';

/** The reply goes through the bytes, is judged, then laid on its target; everything is frozen. */
function apply(
  agent_override: JsonObject,
  more: { target?: ResolvedTarget; lenient?: boolean; reply?: JsonObject } = {},
) {
  const target = frozen(more.target ?? buildTarget());
  const chat = target.channel === 'chat';
  const group = chat ? 'chat_inbound' : 'call_inbound';
  const body = bytes({ [group]: { agent_override, ...more.reply } });
  const verdict = judgeReply(received(200, body), chat ? 'sms' : 'call');
  if (verdict.kind !== 'overrides') throw new Error(`the reply is ${verdict.kind}`);
  const entry = ownedNumber(more.lenient ? { on_invalid_override: 'ignore' } : {});
  const facts = buildFacts({ entry, channel: chat ? 'sms' : 'call' });
  const options = { facts, target, knowledge_bases: new Set(['kb_1']), wishes: frozen(verdict.wishes), at: ARRIVED };
  return applyOverride(options);
}
const codes = (applied: ReturnType<typeof apply>) =>
  applied.issues.map(({ code, effect, pointer }) => `${code} ${effect} ${pointer.split('/').slice(3).join('.')}`);
const settingsOf = ({ plan }: ReturnType<typeof apply>) =>
  plan.engine.type === 'custom-llm' ? undefined : plan.engine.settings;

describe('E4 laid on top, for this session only', () => {
  test('E4 the saved agent and engine are not touched', () => {
    const target = buildTarget();
    const before = structuredClone(target);
    const { plan } = apply({ agent: { voice_temperature: 0.2 }, retell_llm: { begin_message: 'Hi' } }, { target });
    expect(plan.agent['voice_temperature']).toBe(0.2);
    expect(target).toEqual(before);
  });

  test('E4 lists and objects replace, they are not merged', () => {
    const target = buildTarget({
      settings: {
        ...buildTarget().settings,
        boosted_keywords: ['a', 'b'],
        user_dtmf_options: { digit_limit: 4, timeout_ms: 2_000 },
      },
    });
    const { plan } = apply({ agent: { boosted_keywords: ['c'], user_dtmf_options: { digit_limit: 1 } } }, { target });
    expect(plan.agent).toMatchObject({ boosted_keywords: ['c'] });
    expect(plan.agent['user_dtmf_options']).toEqual({ digit_limit: 1 });
  });

  test('E4 null clears where the field is nullable, and is a fault elsewhere', () => {
    const target = buildTarget({ settings: { ...buildTarget().settings, fallback_voice_ids: ['openai-Alloy'] } });
    const cleared = apply({ agent: { fallback_voice_ids: null } }, { target });
    expect(cleared.plan.agent).not.toHaveProperty('fallback_voice_ids');
    expect(cleared.refused).toBeUndefined();
    expect(apply({ agent: { voice_id: null } }).refused).toMatchObject([{ code: 'not_nullable' }]);
  });

  test('E4 null clears the model so that a speech-to-speech model can be used', () => {
    const both = apply({ retell_llm: { s2s_model: 'gpt-realtime' } });
    expect(both.refused).toMatchObject([{ code: 'model_exclusive' }]);
    const one = apply({ retell_llm: { s2s_model: 'gpt-realtime', model: null } });
    expect(one.refused).toBeUndefined();
    expect(settingsOf(one)).toMatchObject({ s2s_model: 'gpt-realtime' });
    expect(settingsOf(one)).not.toHaveProperty('model');
  });

  test('E4 applying the same override twice equals once', () => {
    const override = {
      agent: { voice_temperature: 0.2, fallback_voice_ids: null },
      retell_llm: { begin_message: 'Hi' },
    };
    const once = apply(override);
    const settings = once.plan.agent;
    const again = apply(override, { target: buildTarget({ settings, engine: once.plan.engine }) });
    expect(again.plan).toEqual(once.plan);
  });
});

describe('E5 availability never refuses', () => {
  test('E5 a voice nobody knows: the first fallback that is there, else the built-in voice', () => {
    const fallback = apply({ agent: { voice_id: 'nobody', fallback_voice_ids: ['ghost', 'cartesia-Adam'] } });
    expect(fallback.plan.voice_id).toBe('cartesia-Adam');
    expect(codes(fallback)).toEqual(['unknown_voice degraded agent.voice_id']);
    expect(apply({ agent: { voice_id: 'nobody' } }).plan.voice_id).toBe('builtin-en-us');
  });

  test('E5 a model nobody knows: the saved one', () => {
    const unknown = apply({ retell_llm: { model: 'gpt-99' } });
    expect(settingsOf(unknown)?.['model']).toBe('gpt-4.1');
    expect(codes(unknown)).toEqual(['unknown_model degraded retell_llm.model']);
    const target = buildTarget({ engine: FLOW });
    const flow = apply({ conversation_flow: { model_choice: { type: 'cascading', model: 'gpt-99' } } }, { target });
    expect(settingsOf(flow)?.['model_choice']).toEqual({ type: 'cascading', model: 'gpt-4.1' });
  });

  test('E5 a knowledge base that does not exist: the session runs without it', () => {
    const applied = apply({ retell_llm: { knowledge_base_ids: ['kb_1', 'kb_gone'] } });
    expect(settingsOf(applied)?.['knowledge_base_ids']).toEqual(['kb_1']);
    expect(codes(applied)).toEqual(['unknown_knowledge_base degraded retell_llm.knowledge_base_ids.1']);
    expect(applied.refused).toBeUndefined();
  });
});

describe('E5 E6 well-formedness', () => {
  test('E6 every fault at once, also two that stand in one place', () => {
    const applied = apply({
      agent: { voice_temperature: 9, volume: 'loud', custom_stt_config: {} },
      retell_llm: { model_temperature: -1 },
    });
    const config = applied.refused?.filter(({ pointer }) => pointer.endsWith('/custom_stt_config'));
    expect(config?.map(({ message }) => message).length).toBeGreaterThan(1);
    expect(applied.refused).toHaveLength(3 + config!.length);
    expect(applied.issues.filter(({ severity }) => severity === 'error')).toEqual(applied.refused);
  });

  test('E5 rules between fields look at the merged settings, and a fault found twice is told once', () => {
    const saved = buildTarget({ settings: { ...buildTarget().settings, fallback_voice_ids: ['openai-Echo'] } });
    const merged = apply({ agent: { voice_id: 'openai-Alloy' } }, { target: saved });
    expect(merged.refused).toMatchObject([{ code: 'fallback_voice_provider' }]);
    const both = apply({ agent: { voice_id: 'openai-Alloy', fallback_voice_ids: ['openai-Alloy'] } });
    expect(both.refused).toHaveLength(1);
  });

  test('E5 a webhook_url is judged once its variables are rendered', () => {
    const reply = { dynamic_variables: { host: 'private.example' } };
    const applied = apply({ agent: { webhook_url: 'https://u:p@{{host}}/hook?key=s' } }, { reply });
    expect(applied.refused).toMatchObject([{ code: 'unsafe_url' }]);
    expect(JSON.stringify(applied.refused)).not.toMatch(/u:p|key=s/);
    const safe = { dynamic_variables: { host: 'public.example' } };
    expect(apply({ agent: { webhook_url: 'https://{{host}}/hook' } }, { reply: safe }).refused).toBeUndefined();
  });

  test('E5 E6 an llm_websocket_url is judged once its variables are rendered, beside every other fault', () => {
    const response_engine = { type: 'custom-llm', llm_websocket_url: 'wss://u:p@{{host}}/llm?key=s' };
    const reply = { dynamic_variables: { host: 'private.example' } };
    const agent = { response_engine, webhook_url: 'https://private.example/', voice_temperature: 9 };
    const applied = apply({ agent }, { reply, target: buildTarget({ engine: CUSTOM }) });
    expect(applied.refused?.map(({ code, pointer }) => `${code} ${pointer}`)).toEqual([
      'out_of_range /call_inbound/agent_override/agent/voice_temperature',
      'unsafe_url /call_inbound/agent_override/agent/webhook_url',
      'unsafe_url /call_inbound/agent_override/agent/response_engine/llm_websocket_url',
    ]);
    expect(JSON.stringify(applied.refused)).not.toMatch(/u:p|key=s/);
    const safe = { dynamic_variables: { host: 'public.example' } };
    expect(apply({ agent: { response_engine } }, { reply: safe }).refused).toBeUndefined();
  });

  test('E5 the address of the saved engine is not the reply’s doing', () => {
    const saved = { type: 'custom-llm', llm_websocket_url: 'wss://private.example/' } as const;
    const settings = { ...buildTarget().settings, response_engine: saved };
    const applied = apply({ agent: { voice_speed: 1.1 } }, { target: buildTarget({ settings, engine: saved }) });
    expect(applied.refused).toBeUndefined();
  });

  test('E6 ignore: an unsafe webhook_url leaves the saved one, and no step says otherwise', () => {
    const target = buildTarget({ settings: { ...buildTarget().settings, webhook_url: 'https://saved.example/' } });
    const applied = apply({ agent: { webhook_url: 'https://private.example/' } }, { target, lenient: true });
    expect(applied.plan.agent['webhook_url']).toBe('https://saved.example/');
    expect(applied.plan.overridden).toEqual([]);
    expect(applied.steps).toEqual([]);
    expect(codes(applied)).toEqual(['unsafe_url ignored agent.webhook_url']);
  });

  test('E6 ignore: faults that depend on one another are left out until none is left', () => {
    const applied = apply(
      {
        agent: {
          voice_id: 'openai-Alloy',
          fallback_voice_ids: ['openai-Echo', 'openai-Nova'],
          voice_emotion: 'happy',
          voice_model: 'eleven_v3',
          stt_mode: 'custom',
          custom_stt_config: { provider: 'deepgram', endpointing_ms: 1 },
          voice_temperature: 9,
          voice_speed: 1.2,
        },
        retell_llm: { s2s_model: 'gpt-realtime' },
      },
      { lenient: true },
    );
    expect(applied.refused).toBeUndefined();
    expect(applied.issues.filter(({ severity }) => severity === 'error')).toEqual([]);
    expect(applied.plan.overridden).toContain('agent.voice_speed');
    for (const gone of ['agent.voice_temperature', 'agent.custom_stt_config', 'agent.stt_mode', 'agent.voice_model']) {
      expect(applied.plan.overridden).not.toContain(gone);
    }
    const refusing = apply({
      agent: Object.fromEntries(
        applied.plan.overridden.map((f) => [f.split('.')[1], applied.plan.agent[f.split('.')[1]!]!]),
      ),
    });
    expect(refusing.refused).toBeUndefined();
  });

  test('E5 a voice and language that were saved together refuse nobody who overrides neither', () => {
    const target = buildTarget({ settings: { ...buildTarget().settings, language: 'yue-CN' } });
    expect(apply({ agent: { voice_id: '11labs-Anna' } }, { target }).refused).toMatchObject([
      { code: 'voice_language' },
    ]);
    expect(apply({ agent: { voice_model: 'eleven_v3' } }, { target }).refused).toBeUndefined();
  });
});

describe('E7 groups and channels', () => {
  test('E7 a group for another engine is ignored with a warning, its faults too', () => {
    for (const engine of [FLOW, CUSTOM]) {
      const applied = apply({ retell_llm: { model_temperature: 77 } }, { target: buildTarget({ engine }) });
      expect(applied.refused).toBeUndefined();
      expect(codes(applied)).toEqual(['wrong_engine_group ignored retell_llm']);
      expect(applied.plan.engine).toEqual(engine);
    }
  });

  test('E4 E7 with a response_engine of another type its group counts, and the old one does not', () => {
    const response_engine = { type: 'conversation-flow', conversation_flow_id: 'flow_1' };
    const override = {
      agent: { response_engine },
      retell_llm: { begin_message: 'old' },
      conversation_flow: { begin_message: 'new' },
    };
    const applied = apply(override, { target: buildTarget({ engine: FLOW }) });
    expect(settingsOf(applied)?.['begin_message']).toBe('new');
    expect(codes(applied)).toEqual(['wrong_engine_group ignored retell_llm']);
  });

  test('E7 on a chat the fields of the voice are checked for form and have no effect', () => {
    const target = buildTarget({ channel: 'chat', settings: { language: 'en-US' } });
    const applied = apply({ agent: { voice_speed: 1.1, language: 'de-DE' } }, { target });
    expect(codes(applied)).toEqual(['voice_only not_applied agent.voice_speed']);
    expect(applied.plan.agent).toEqual({ language: 'de-DE' });
    expect(apply({ agent: { voice_speed: 99 } }, { target }).refused).toMatchObject([{ code: 'out_of_range' }]);
  });
});

describe('E9 variables', () => {
  test('E9 reply over SIP headers over tag over defaults', () => {
    const engine = { ...LLM, settings: { default_dynamic_variables: { a: 'd', b: 'd', c: 'd', 'x-h': 'd' } } } as const;
    const target = buildTarget({ engine, tag_variables: { a: 't', b: 't' } });
    const { plan } = apply({}, { target, reply: { dynamic_variables: { a: 'r' } } });
    expect(plan.variables).toEqual({ a: 'r', b: 't', c: 'd', 'x-h': 'd' });
    expect(plan.dynamic_variables).toEqual({ a: 'r' });
  });

  test('E9 system variables cannot be shadowed', () => {
    const applied = apply({}, { reply: { dynamic_variables: { user_number: '+1' } } });
    expect(applied.plan.variables).not.toHaveProperty('user_number');
    expect(codes(applied)).toEqual(['shadows_system_variable not_applied user_number']);
  });

  test('E9 case 32 a value that holds a placeholder is data', () => {
    const { plan } = apply({}, { reply: { dynamic_variables: { a: '{{b}}', b: '{{a}}' } } });
    expect(plan.variables).toMatchObject({ a: '{{b}}', b: '{{a}}' });
  });
});

test('E10 what the reply set is named, so that a runtime can say what it does not honour', () => {
  const { plan } = apply({ agent: { voice_speed: 1.1 }, retell_llm: { begin_message: 'Hi' } });
  expect(plan.overridden).toEqual(['agent.voice_speed', 'retell_llm.begin_message']);
});
