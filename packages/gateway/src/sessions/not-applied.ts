/** What a reply asked for and the session's runtime cannot do (E10). */
import type { Issue } from '@pickup/contract';
import type { SessionPlan } from '@pickup/core';

/** Acted on outside the runtime: when the target is resolved (E4, E5), by the records and by the events. */
const GATEWAY_FIELDS: ReadonlySet<string> = new Set([
  'agent.agent_name',
  'agent.data_storage_setting',
  'agent.fallback_voice_ids',
  'agent.response_engine',
  'agent.webhook_events',
  'agent.webhook_timeout_ms',
  'agent.webhook_url',
]);

/** Why a runtime without a model and without ears cannot act on a field; the first match counts. */
const REASONS: readonly (readonly [RegExp, string])[] = [
  [/^(?:retell_llm|conversation_flow)\.(?:model|s2s_model|knowledge_base|kb_|tool)/, 'it uses no model'],
  [/^agent\.(?:expressive|enable_expressive|guardrail)/, 'it uses no model'],
  [/^agent\.(?:stt_|custom_stt|vocab|boosted_keywords|denoising)/, 'it does not transcribe speech'],
  [/^agent\.interruption_sensitivity$/, 'only keys interrupt it, at nodes and agents whose setting is above 0'],
  [/^agent\.(?:responsiveness|enable_|backchannel|reminder|handbook)/, 'it holds no conversation'],
  [/^agent\.(?:allow_.*dtmf|user_dtmf|ivr_|voicemail|call_screening)/, 'it reacts to no keys, menus or machines'],
  [/^agent\.(?:voice_id|language)$/, 'it speaks with another voice'],
  [/^agent\.(?:voice_|pronunciation|ambient)/, 'its voice has no such setting'],
  [/^agent\.(?:post_call|pii)/, 'it makes no transcript of the caller'],
];

/**
 * One warning for every overridden field that neither `honours` nor the gateway itself covers. Pointers start at `/call_inbound` for calls and
 * at `/chat_inbound` for texts. `runtime` is how messages name the runtime.
 */
export function notApplied(plan: SessionPlan, honours: ReadonlySet<string>, runtime = 'built-in'): readonly Issue[] {
  const root = plan.channel === 'voice' ? 'call_inbound' : 'chat_inbound';
  return plan.overridden
    .filter((field) => !honours.has(field) && !GATEWAY_FIELDS.has(field))
    .map((field) => ({
      severity: 'warning',
      effect: 'not_applied',
      code: 'not_honoured',
      rule: 'E10',
      pointer: `/${root}/agent_override/${pointerOf(field)}`,
      message: `${field} has no effect: ${why(field, runtime)}.`,
    }));
}

function why(field: string, runtime: string): string {
  const reason = runtime === 'built-in' ? REASONS.find(([pattern]) => pattern.test(field))?.[1] : undefined;
  return reason
    ? `the ${runtime} runtime answers this session, and ${reason}`
    : `the ${runtime} runtime, which answers this session, cannot act on it`;
}

/** `agent.voice_speed` → `agent/voice_speed`; a group or field name has no dot of its own. */
function pointerOf(field: string): string {
  return field
    .split('.')
    .map((token) => token.replaceAll('~', '~0').replaceAll('/', '~1'))
    .join('/');
}
