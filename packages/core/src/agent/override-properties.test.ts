/** Case 31, 32 and worse: replies made to break the machine, and overrides of every kind. Seeded. */
import type { JsonObject } from '@pickup/contract';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  ARRIVED,
  bareNumber,
  buildFacts,
  buildTarget,
  bytes,
  found,
  frozen,
  ownedNumber,
  received,
} from '../../test/builders.ts';
import { play } from '../../test/world.ts';
import { judgeReply } from '../webhook/judge-reply.ts';
import { applyOverride } from './apply-override.ts';

const runs = (numRuns: number) => ({ seed: 20_261_123, numRuns });
const INBOUNDS = [bareNumber(), ownedNumber(), ownedNumber({ on_invalid_override: 'ignore' })].map((entry) =>
  frozen(buildFacts({ entry })),
);
const inbounds = fc.integer({ min: 0, max: INBOUNDS.length - 1 });

describe('hostile replies', () => {
  const names = fc.constantFrom(
    ...['override_agent_id', 'override_agent_version', 'dynamic_variables', 'metadata', 'agent_override', 'reject'],
    ...['agent', 'retell_llm', 'conversation_flow', 'voice_id', 'voice_model', 'language', 'fallback_voice_ids'],
    ...['stt_mode', 'custom_stt_config', 'response_engine', 'webhook_url', 'model', 's2s_model', 'model_choice'],
    ...['knowledge_base_ids', 'pronunciation_dictionary', 'voice_emotion', '__proto__', 'constructor', 'provider'],
  );
  const { value } = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      fc.constantFrom<unknown>(null, true, '', 'x', '{{a}}', 0, -1, 1e308, 'openai-Alloy', 'custom', 'retell-llm'),
      fc.array(tie('value'), { maxLength: 3 }),
      fc.array(fc.tuple(names, tie('value')), { maxLength: 4 }).map((pairs) => Object.fromEntries(pairs)),
    ),
  }));
  const groups = fc.array(fc.tuple(names, value), { maxLength: 4 }).chain((fields) =>
    fc.record({ agent: value, retell_llm: value, conversation_flow: value }).map((agent_override) => ({
      agent_override,
      ...Object.fromEntries(fields),
    })),
  );
  const bodiesOf = fc.oneof(
    groups.map((call_inbound) => bytes({ call_inbound })),
    groups.map((group) => bytes(JSON.stringify({ call_inbound: group }).replaceAll('"provider"', '"__proto__"'))),
    value.map(bytes),
    fc.json().map(bytes),
    fc.uint8Array({ maxLength: 60 }),
  );

  test('D no reply makes the machine throw or hang, and none reaches a prototype', () => {
    fc.assert(
      fc.property(inbounds, bodiesOf, (which, body) => {
        const story = play(INBOUNDS[which]!, { attempts: [{ status: 200, body }], resolve: () => found() });
        expect(story.state.phase.name).toBe('closed');
        expect(Object.keys(Object.prototype)).toEqual([]);
        expect(() => JSON.stringify(story.state.ledger)).not.toThrow();
      }),
      runs(1_500),
    );
  });
});

describe('overrides', () => {
  const of = (...values: readonly unknown[]) => fc.option(fc.constantFrom(...values), { nil: undefined });
  const overrides = fc.record({
    agent: fc.record({
      voice_id: of('openai-Alloy', '11labs-Anna', 'nobody', null),
      voice_model: of('eleven_v3', 'tts-1', 'sonic-3', null),
      fallback_voice_ids: of(['openai-Echo'], ['cartesia-Adam', 'nobody'], [], null),
      language: of('de-DE', 'multi', ['en-US', 'es-ES'], 'xx-XX'),
      voice_emotion: of('happy', null),
      stt_mode: of('custom', 'fast'),
      custom_stt_config: of(
        { provider: 'deepgram', endpointing_ms: 20 },
        { provider: 'azure', endpointing_ms: 1 },
        null,
      ),
      pronunciation_dictionary: of([{ word: 'a', alphabet: 'pinyin', phoneme: 'a' }], [], null),
      voice_temperature: of(0.3, 9),
    }),
    retell_llm: fc.record({
      model: of('gpt-4o-mini', 'gpt-99', null),
      s2s_model: of('gpt-realtime', null),
      knowledge_base_ids: of(['kb_1'], ['kb_gone'], null),
    }),
    conversation_flow: fc.record({ begin_message: of('Hi', 7) }),
  });
  const target = frozen(
    buildTarget({
      settings: { ...buildTarget().settings, fallback_voice_ids: ['openai-Nova'], voice_model: 'eleven_v3' },
    }),
  );
  const apply = (agent_override: JsonObject, which: number, onto = target) => {
    const verdict = judgeReply(received(200, bytes({ call_inbound: { agent_override } })), 'call');
    if (verdict.kind !== 'overrides') throw new Error(verdict.kind);
    const wishes = frozen(verdict.wishes);
    return applyOverride({
      facts: INBOUNDS[which]!,
      target: onto,
      knowledge_bases: new Set(['kb_1']),
      wishes,
      at: ARRIVED,
    });
  };

  test('E4 an override never changes the saved agent, and applying it twice equals once', () => {
    fc.assert(
      fc.property(overrides, inbounds, (override, which) => {
        const sent = JSON.parse(JSON.stringify(override)) as JsonObject;
        const once = apply(sent, which);
        if (once.refused) return;
        expect(apply(sent, which).plan).toEqual(once.plan);
        const laid = { ...target, settings: once.plan.agent, engine: once.plan.engine };
        const twice = apply(sent, which, frozen(laid));
        expect([twice.plan.agent, twice.plan.engine]).toEqual([once.plan.agent, once.plan.engine]);
        expect(twice.plan.voice_id).toBe(once.plan.voice_id);
      }),
      runs(600),
    );
  });

  test('E6 refused means an error for each fault; ignore never refuses and never reports an error', () => {
    fc.assert(
      fc.property(overrides, (override) => {
        const sent = JSON.parse(JSON.stringify(override)) as JsonObject;
        const strict = apply(sent, 1);
        const errors = strict.issues.filter(({ severity }) => severity === 'error');
        expect(errors).toEqual(strict.refused ?? []);
        for (const { pointer } of errors) expect(pointer).toMatch(/^\/call_inbound\/agent_override\/\w+\/\w+/);
        const lenient = apply(sent, 2);
        expect(lenient.refused).toBeUndefined();
        expect(lenient.issues.filter(({ severity }) => severity === 'error')).toEqual([]);
        if (!strict.refused) expect(lenient.plan).toEqual(strict.plan);
      }),
      runs(600),
    );
  });
});
