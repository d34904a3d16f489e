/** An override against the target it is laid on (E4, E5, E7). */
import type { Catalogue, ResolvedEngine, ResolvedTarget, Settings } from '../agent.ts';
import type { Channel, Issue, Json, JsonObject } from '../inbound.ts';
import { CHAT_TWINS } from '../settings/agent-fields.ts';
import { checkAcross } from '../settings/check-across.ts';
import { type Available, checkAvailability } from '../settings/check-availability.ts';
import { chatFieldOf } from '../settings/check-settings.ts';
import { isObject, warning } from '../settings/issue.ts';
import type { AgentOverride, OverridesReply } from './judged-reply.ts';

/** What the override is held against. */
export interface TargetOptions {
  readonly channel: Channel;
  readonly target: ResolvedTarget;
  /** The engine an override's `response_engine` names, resolved; default the target's own (E4). */
  readonly engine?: ResolvedEngine;
  readonly catalogue?: Catalogue;
  readonly knowledgeBases?: ReadonlySet<string>;
}

/** The reply with an override that fits the target. */
export interface FittedReply {
  /** Groups for other engines, and on a chat the voice's fields, are gone; `override_faults` include the new ones. */
  readonly reply: OverridesReply;
  /** What was found here. */
  readonly issues: readonly Issue[];
  /** Earlier faults that no longer count: they stood in a group that is ignored. */
  readonly dropped: readonly Issue[];
  /** What the session uses (E5); absent without a catalogue. */
  readonly available?: Available;
}

type EngineGroup = 'retell_llm' | 'conversation_flow';
const ENGINE_GROUPS: readonly EngineGroup[] = ['retell_llm', 'conversation_flow'];
const GROUP_OF_ENGINE: Readonly<Record<ResolvedEngine['type'], EngineGroup | undefined>> = {
  'retell-llm': 'retell_llm',
  'conversation-flow': 'conversation_flow',
  'custom-llm': undefined,
};

function sameEngine(engine: ResolvedEngine, named: JsonObject): boolean {
  if (engine.type !== named['type']) return false;
  if (engine.type === 'custom-llm') return true;
  const id = engine.type === 'retell-llm' ? named['llm_id'] : named['conversation_flow_id'];
  const version = named['version'];
  return engine.id === id && (version === undefined || version === null || version === engine.version);
}

/** The engine's type and settings; settings are undefined where an override names another engine nobody resolved. */
function engineOf(options: TargetOptions, override: AgentOverride) {
  const engine = options.engine ?? options.target.engine;
  const named = override.agent?.['response_engine'];
  if (options.engine === undefined && isObject(named) && !sameEngine(engine, named as JsonObject)) {
    return { type: named['type'] as ResolvedEngine['type'], settings: undefined };
  }
  return { type: engine.type, settings: engine.type === 'custom-llm' ? {} : engine.settings };
}

const CHAT_PRESETS: Readonly<Record<string, string>> = {
  call_summary: 'chat_summary',
  call_successful: 'chat_successful',
};

function chatAnalysis(value: Json): Json {
  if (!Array.isArray(value)) return value;
  return value.map((item: Json) => {
    const name = isObject(item) && item['type'] === 'system-presets' ? CHAT_PRESETS[String(item['name'])] : undefined;
    return name === undefined ? item : { ...(item as JsonObject), name };
  });
}

function forChat(agent: JsonObject, pointer: string, issues: Issue[]): JsonObject {
  const kept: Record<string, Json> = {};
  for (const name of Object.keys(agent)) {
    const chatName = chatFieldOf(name);
    if (chatName !== undefined) kept[chatName] = CHAT_TWINS.has(name) ? chatAnalysis(agent[name]!) : agent[name]!;
    else {
      const message = `agent.${name} is a setting of voice agents and has no effect on a chat.`;
      issues.push(
        warning({ code: 'voice_only', pointer: `${pointer}/${name}`, message, sent: agent[name] }, 'not_applied'),
      );
    }
  }
  return kept;
}

function merged(saved: Settings, override: JsonObject | undefined): Settings {
  return override === undefined ? saved : { ...saved, ...override };
}

/**
 * Fits a judged reply to its target: groups for another engine are ignored (E7, their faults too), on a chat the
 * voice's fields have no effect, then the rules between fields run on the merged settings and, with a catalogue,
 * availability. Pointers run from the reply's root. Warnings only, but for faults between fields (E6).
 */
export function checkAgainstTarget(reply: OverridesReply, options: TargetOptions): FittedReply {
  const pointer = `/${options.channel === 'call' ? 'call_inbound' : 'chat_inbound'}/agent_override`;
  const sent: AgentOverride = reply.agent_override ?? {};
  const engine = engineOf(options, sent);
  const group = GROUP_OF_ENGINE[engine.type];
  const issues: Issue[] = [];
  const dropped: Issue[] = [];
  const fitted: { agent?: JsonObject; retell_llm?: JsonObject; conversation_flow?: JsonObject } = {};
  for (const other of ENGINE_GROUPS) {
    const settings = sent[other];
    if (settings === undefined) continue;
    if (other === group || options.target.unchecked) fitted[other] = settings;
    else {
      const message = `agent_override.${other} is for another engine than the target's (${engine.type}) and was ignored.`;
      issues.push(
        warning({
          ...{ code: 'wrong_engine_group', pointer: `${pointer}/${other}`, message },
          allowed: group === undefined ? ['agent'] : ['agent', group],
        }),
      );
      dropped.push(...reply.override_faults.filter((found) => found.pointer.startsWith(`${pointer}/${other}`)));
    }
  }
  const isChat = options.target.channel === 'chat';
  if (sent.agent !== undefined) fitted.agent = isChat ? forChat(sent.agent, `${pointer}/agent`, issues) : sent.agent;

  const override = group === undefined ? undefined : fitted[group];
  const settings = { type: engine.type, settings: merged(engine.settings ?? {}, override) };
  const only = new Set<string>();
  for (const name of Object.keys(sent.agent ?? {})) only.add(`agent.${name}`);
  for (const name of Object.keys(override ?? {})) only.add(`${group}.${name}`);
  // What is saved, and what there is, is for a gateway to say.
  const unknown = options.target.unchecked === true;
  const pointerOf = (field: string): string => (only.has(field) ? `${pointer}/${field.replace('.', '/')}` : '');
  // Form is checked on a chat too (E7), so the voice's fields count among themselves.
  const agent = merged(options.target.settings, sent.agent);
  const catalogue = options.catalogue;
  const across = checkAcross({
    agent,
    engine: settings,
    catalogue: catalogue ?? NO_CATALOGUE,
    pointerOf,
    only,
    partial: isChat || unknown,
  });
  issues.push(...across);
  const available =
    catalogue === undefined || unknown
      ? undefined
      : checkAvailability({
          agent: isChat ? {} : agent,
          engine: settings,
          ...(engine.settings === undefined ? {} : { saved_engine: engine.settings }),
          catalogue,
          knowledgeBases: options.knowledgeBases ?? new Set(listed(settings.settings)),
          pointerOf,
        });
  if (available !== undefined) issues.push(...available.issues);
  const faults = [
    ...reply.override_faults.filter((found) => !dropped.includes(found)),
    ...across.filter((found) => found.severity === 'error'),
  ];
  return {
    reply: {
      ...reply,
      ...(reply.agent_override === undefined ? {} : { agent_override: fitted }),
      override_faults: faults,
    },
    issues,
    dropped,
    ...(available === undefined ? {} : { available }),
  };
}

const NO_CATALOGUE: Catalogue = {
  voices: new Map(),
  models: new Map(),
  voice_models: new Map(),
  available_providers: new Set(),
};

function listed(settings: Settings): readonly string[] {
  const ids = settings['knowledge_base_ids'];
  return Array.isArray(ids) ? (ids as string[]) : [];
}
