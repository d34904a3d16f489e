/**
 * The one rule set: what create, update, override and the linter ask of single fields (E5).
 * All faults are reported at once; what is well-formed comes back in `value`.
 */
import type { z } from 'zod';
import type { AgentChannel } from '../agent.ts';
import type { Issue, Json, JsonObject } from '../inbound.ts';
import { CHAT_AGENT_FIELDS, CHAT_TWINS, READ_ONLY_FIELDS, VOICE_AGENT_FIELDS } from './agent-fields.ts';
import { FLOW_FIELDS, LLM_FIELDS } from './engine-fields.ts';
import { faultsOf, forbiddenKey, unknownField, unknownInside } from './faults.ts';
import { type Field, type Fields, ruleTexts } from './field.ts';
import { fault, isForbiddenKey, isObject, kindOf, pointerTo, warning } from './issue.ts';

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

function schemaOf(of: Field, value: unknown): z.ZodType {
  return typeof of.schema === 'function' ? of.schema(value) : of.schema;
}

interface Place {
  readonly name: string;
  readonly pointer: string;
}

function checkField(of: Field, value: unknown, place: Place, issues: Issue[]): Json | undefined {
  if (value === null && of.nullable) return null;
  const schema = schemaOf(of, value);
  const parsed = schema.safeParse(value);
  if (!parsed.success) {
    issues.push(...faultsOf(schema, value, parsed.error, place));
    return undefined;
  }
  if (typeof value === 'object') unknownInside(schema, value, place, issues);
  return parsed.data as Json;
}

function strange(key: string, place: Place, fields: Fields, options: CheckSettingsOptions, sent: unknown): Issue {
  if (isForbiddenKey(key)) return forbiddenKey(place);
  if (!READ_ONLY_FIELDS.has(key)) return unknownField(place, key, fields.keys(), sent);
  const why = options.mode === 'override' ? 'cannot be overridden' : 'cannot be set';
  const code = options.mode === 'override' ? 'not_overridable' : 'read_only';
  return warning({ code, pointer: place.pointer, message: `${place.name} ${why} and was ignored.`, sent });
}

function notOverridable(place: Place): Issue {
  return warning({
    code: 'not_overridable',
    pointer: place.pointer,
    message: `${place.name} is a saved setting that an override cannot change and was ignored.`,
  });
}

function missing(group: SettingsGroup, fields: Fields, value: object, pointer: string): Issue[] {
  const issues: Issue[] = [];
  for (const [name, of] of fields) {
    if (!of.required || Object.hasOwn(value, name)) continue;
    const words = ruleTexts.get(schemaOf(of, undefined));
    issues.push(
      fault({
        code: 'required',
        pointer,
        message: `${group}.${name} is required: ${words?.must ?? 'a value'}.`,
        allowed: words?.allowed,
      }),
    );
  }
  return issues;
}

/**
 * Checks one group of settings field by field. Faults are errors that refuse; unknown fields, and in an override
 * known ones that cannot be overridden, are warnings and left out of `value`. Never throws.
 */
export function checkSettings(group: SettingsGroup, value: unknown, options: CheckSettingsOptions): CheckedSettings {
  const issues: Issue[] = [];
  if (!isObject(value)) {
    const message = `${group} must be an object, not ${kindOf(value)}.`;
    return { value: {}, issues: [fault({ code: 'wrong_type', pointer: options.pointer, message, sent: value })] };
  }
  const fields = fieldsOf(group, options.mode === 'override' ? 'voice' : options.channel);
  const kept: Record<string, Json> = {};
  for (const key of Object.keys(value)) {
    const place = { name: `${group}.${key}`, pointer: pointerTo(options.pointer, key) };
    const of = fields.get(key);
    if (of === undefined) issues.push(strange(key, place, fields, options, value[key]));
    else if (options.mode === 'override' && !of.overridable) issues.push(notOverridable(place));
    else {
      const checked = checkField(of, value[key], place, issues);
      if (checked !== undefined) kept[key] = checked;
    }
  }
  if (options.mode === 'create') issues.push(...missing(group, fields, value, options.pointer));
  return { value: kept, issues };
}

/** Fields of the override type that a chat agent has, its twins included (E7). */
export function chatFieldOf(voiceField: string): string | undefined {
  const twin = CHAT_TWINS.get(voiceField);
  if (twin !== undefined) return twin;
  return CHAT_AGENT_FIELDS.has(voiceField) ? voiceField : undefined;
}
