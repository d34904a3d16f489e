/** The settings the built-in runtime acts on, with Retell's defaults and ranges. */
import type { Issue, Settings } from '@pickup/contract';
import type { SessionPlan } from '@pickup/core';
import { baseLanguage, DEFAULT_BUILTIN_VOICE, espeakLanguage, espeakVoice } from '../voice/builtin-voices.ts';
import { runnableFlow } from './find-flow.ts';

export interface BuiltinSettings {
  /** espeak-ng's name of the voice. */
  readonly voice: string;
  /** `voice_speed`, 0.5 to 2; default 1. */
  readonly speed: number;
  /** `volume`, 0 to 2; default 1. */
  readonly volume: number;
  /** `start_speaker` is not `user`. */
  readonly agentFirst: boolean;
  /** `begin_message_delay_ms`, 0 to 5,000, when the agent speaks first; default 0. */
  readonly delayMs: number;
  /** `begin_after_user_silence_ms` when the user speaks first; null waits as long as it takes. */
  readonly afterUserSilenceMs: number | null;
  /** `end_call_after_silence_ms`, at least 10,000; default 600,000. */
  readonly silenceLimitMs: number;
  /** `max_call_duration_ms`, 60,000 to 7,200,000; default 3,600,000. */
  readonly durationLimitMs: number;
}

export function builtinSettings(plan: SessionPlan): BuiltinSettings {
  const { agent } = plan;
  const engine: Settings = plan.engine.type === 'custom-llm' ? {} : plan.engine.settings;
  const afterUserSilence = engine['begin_after_user_silence_ms'];
  return {
    voice: chooseVoice(plan).voice,
    speed: numberIn(agent['voice_speed'], 0.5, 2, 1),
    volume: numberIn(agent['volume'], 0, 2, 1),
    agentFirst: engine['start_speaker'] !== 'user',
    delayMs: numberIn(agent['begin_message_delay_ms'], 0, 5_000, 0),
    afterUserSilenceMs:
      typeof afterUserSilence === 'number' ? numberIn(afterUserSilence, 0, Number.MAX_SAFE_INTEGER, 0) : null,
    silenceLimitMs: numberIn(agent['end_call_after_silence_ms'], 10_000, Number.MAX_SAFE_INTEGER, 600_000),
    durationLimitMs: numberIn(agent['max_call_duration_ms'], 60_000, 7_200_000, 3_600_000),
  };
}

/**
 * The plan's voice speaks, unless it is of another language than the agent's: then that language's voice does,
 * since English read by a German voice is understood by nobody. Where neither exists, the default voice.
 */
export function chooseVoice(plan: SessionPlan): {
  readonly voice: string;
  /** The plan's voice is the one that speaks. */
  readonly byVoiceId: boolean;
  /** What is spoken is the agent's language. */
  readonly inLanguage: boolean;
} {
  const fallback = espeakVoice(DEFAULT_BUILTIN_VOICE) ?? 'en-us';
  const named = espeakVoice(plan.voice_id);
  const locale = plan.agent['language'];
  const wanted = typeof locale === 'string' ? espeakLanguage(locale) : undefined;
  const namedBase = named && baseLanguage(plan.voice_id.slice('builtin-'.length));
  if (named && (!wanted || namedBase === baseLanguage(String(locale)))) {
    return { voice: named, byVoiceId: true, inLanguage: wanted !== undefined };
  }
  return { voice: wanted ?? fallback, byVoiceId: false, inLanguage: wanted !== undefined };
}

/** E5: the voice the agent was saved with does not speak its language, and another one does. Overrides are E10's. */
export function voiceIssues(plan: SessionPlan): readonly Issue[] {
  if (plan.overridden.includes('agent.voice_id') || !espeakVoice(plan.voice_id) || chooseVoice(plan).byVoiceId)
    return [];
  const root = plan.channel === 'voice' ? 'call_inbound' : 'chat_inbound';
  const language = String(plan.agent['language']);
  return [
    {
      severity: 'warning',
      effect: 'degraded',
      code: 'other_voice',
      rule: 'E5',
      pointer: plan.overridden.includes('agent.language') ? `/${root}/agent_override/agent/language` : '',
      message: `agent.voice_id ${plan.voice_id} does not speak ${language} (agent.language); a built-in voice of that language speaks.`,
    },
  ];
}

/** Acted on where a flow is walked. */
const FLOW_FIELDS = [
  'agent.allow_dtmf_interruption',
  'agent.allow_user_dtmf',
  'agent.reminder_max_count',
  'agent.reminder_trigger_ms',
  'agent.user_dtmf_options',
  'conversation_flow.default_dynamic_variables',
  'conversation_flow.nodes',
  'conversation_flow.start_node_id',
];

/** The fields acted on for this plan; see `AgentRuntime.honours`. */
export function honouredFields(plan: SessionPlan): ReadonlySet<string> {
  const fields = new Set([
    'agent.begin_message_delay_ms',
    'agent.end_call_after_silence_ms',
    'agent.max_call_duration_ms',
    'agent.timezone',
    'agent.voice_speed',
    'agent.volume',
  ]);
  const { byVoiceId, inLanguage } = chooseVoice(plan);
  if (byVoiceId) fields.add('agent.voice_id');
  if (inLanguage) fields.add('agent.language');
  if (plan.engine.type !== 'custom-llm') {
    const group = plan.engine.type === 'retell-llm' ? 'retell_llm' : 'conversation_flow';
    for (const field of ['begin_message', 'start_speaker', 'begin_after_user_silence_ms'])
      fields.add(`${group}.${field}`);
  }
  if (runnableFlow(plan.engine)) for (const field of FLOW_FIELDS) fields.add(field);
  return fields;
}

function numberIn(value: unknown, least: number, most: number, otherwise: number): number {
  if (typeof value !== 'number' || Number.isNaN(value)) return otherwise;
  return Math.min(most, Math.max(least, value));
}
