/**
 * The one rule set: what create, update, override and the linter ask of single fields (E5).
 * All faults are reported at once; what is well-formed comes back in `value`.
 */
import type { AgentChannel } from '../agent.ts';
import type { Issue, JsonObject } from '../inbound.ts';
import { CHAT_AGENT_FIELDS, CHAT_TWINS, READ_ONLY_FIELDS, VOICE_AGENT_FIELDS } from './agent-fields.ts';
import { checkFields } from './check-fields.ts';
import { FLOW_FIELDS, LLM_FIELDS } from './engine-fields.ts';
import type { Fields } from './field.ts';
import { fault, isObject, kindOf } from './issue.ts';

/** The groups of `agent_override`. */
export type SettingsGroup = 'agent' | 'retell_llm' | 'conversation_flow';

/** `create` asks for the required fields, `override` takes only what Retell's override type has. */
export type SettingsMode = 'create' | 'update' | 'override';

/** What to check, and as what. */
export interface CheckSettingsOptions {
  /** RFC 6901 pointer of `value` in the document it stands in. */
  readonly pointer: string;
  readonly mode: SettingsMode;
  /** Kind of agent on create and update; default `voice`. Overrides always have the voice agent's fields (E7). */
  readonly channel?: AgentChannel;
}

/** Known, well-formed fields, and everything else as issues. */
export interface CheckedSettings {
  readonly value: JsonObject;
  readonly issues: readonly Issue[];
}

/** The fields of a group. */
export function fieldsOf(group: SettingsGroup, channel: AgentChannel = 'voice'): Fields {
  if (group === 'retell_llm') return LLM_FIELDS;
  if (group === 'conversation_flow') return FLOW_FIELDS;
  return channel === 'chat' ? CHAT_AGENT_FIELDS : VOICE_AGENT_FIELDS;
}

/**
 * Checks one group of settings field by field. Faults are errors that refuse; unknown fields, and in an override
 * known ones that cannot be overridden, are warnings and left out of `value`. Never throws.
 */
export function checkSettings(group: SettingsGroup, value: unknown, options: CheckSettingsOptions): CheckedSettings {
  if (!isObject(value)) {
    const message = `${group} must be an object, not ${kindOf(value)}.`;
    return { value: {}, issues: [fault({ code: 'wrong_type', pointer: options.pointer, message, sent: value })] };
  }
  const isOverride = options.mode === 'override';
  return checkFields(fieldsOf(group, isOverride ? 'voice' : options.channel), value, {
    pointer: options.pointer,
    prefix: `${group}.`,
    complete: options.mode === 'create',
    overridableOnly: isOverride,
    readOnly: READ_ONLY_FIELDS,
  });
}

/**
 * The chat agent's field for one of the override type, twins included (E7); undefined: voice only. `webhook_events`
 * is, for a call's events are not a chat's.
 */
export function chatFieldOf(voiceField: string): string | undefined {
  if (voiceField === 'webhook_events') return undefined;
  const twin = CHAT_TWINS.get(voiceField);
  if (twin !== undefined) return twin;
  return CHAT_AGENT_FIELDS.has(voiceField) ? voiceField : undefined;
}
