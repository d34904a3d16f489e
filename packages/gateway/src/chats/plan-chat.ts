/** Who answers a chat that begins by the API: the agent it names, with the request's override on top. */
import type { AgentOverride, AgentVersionReference, Catalogue, Issue, JsonObject } from '@pickup/contract';
import { applyOverride, overrideReads, type SessionFacts, type SessionPlan } from '@pickup/core';
import { notApplied } from '../sessions/not-applied.ts';
import type { ResolveResult, Store } from '../stores/port.ts';
import { writtenFlow } from './chat-talk.ts';

export interface ChatRequest {
  readonly agent_id: string;
  /** Default: the latest. */
  readonly agent_version?: AgentVersionReference;
  readonly metadata?: JsonObject;
  readonly retell_llm_dynamic_variables: Readonly<Record<string, string>>;
  /** Well-formed by itself. */
  readonly agent_override?: AgentOverride;
}

export interface PlanDeps {
  readonly store: Pick<Store, 'resolveTarget'>;
  readonly catalogue: Catalogue;
  /** Of addresses an override sets. */
  readonly checkUrl: SessionFacts['gateway']['checkUrl'];
}

export type PlannedChat =
  /** `warnings`: what of the override has no effect, and the like. */
  | { readonly planned: true; readonly plan: SessionPlan; readonly warnings: readonly Issue[] }
  | { readonly planned: false; readonly why: 'unknown_agent' }
  | { readonly planned: false; readonly why: 'unfit'; readonly message: string }
  /** The override does not fit the agent; pointers start at the request's root. */
  | { readonly planned: false; readonly why: 'faulty'; readonly faults: readonly Issue[] };

type Target = Extract<ResolveResult, { found: true }>;

/** Reads agent, version, engine and tag in one consistent read (E8); `id` is the chat's. */
export async function planChat(
  deps: PlanDeps,
  request: ChatRequest,
  { id, now }: { readonly id: string; readonly now: number },
): Promise<PlannedChat> {
  const { agent_id, agent_version: reference = 'latest', agent_override: override } = request;
  const resolved = await deps.store.resolveTarget({ agent_id, reference, ...overrideReads(override) });
  if (!resolved.found) {
    if (resolved.missing === 'agent') return { planned: false, why: 'unknown_agent' };
    return { planned: false, why: 'unfit', message: resolved.message };
  }
  if (resolved.target.channel !== 'chat') {
    const message = `${agent_id} is a voice agent; a chat needs a chat agent.`;
    return { planned: false, why: 'unfit', message };
  }
  const { plan, issues, refused } = lay(deps, request, resolved, { id, now });
  if (refused) return { planned: false, why: 'faulty', faults: refused.map(fromRoot) };
  return { planned: true, plan, warnings: [...issues, ...unheard(plan)].map(fromRoot) };
}

/** What of an override a chat does not act on (E10). */
export function unheard(plan: SessionPlan): readonly Issue[] {
  return notApplied(plan, honouredInChat(plan), 'chat');
}

function lay(deps: PlanDeps, request: ChatRequest, resolved: Target, { id, now }: { id: string; now: number }) {
  const { retell_llm_dynamic_variables: dynamic_variables, metadata, agent_override } = request;
  const facts: SessionFacts = {
    session_id: id,
    channel: 'sms',
    custom_sip_headers: {},
    from_number: '',
    to_number: '',
    // Like a registered call, it names its agent itself.
    entry: { kind: 'registered', direction: 'inbound', resolved, dynamic_variables },
    gateway: { catalogue: deps.catalogue, checkUrl: deps.checkUrl },
  };
  const wishes = {
    dynamic_variables,
    faults: [],
    ...(metadata && { metadata }),
    ...(agent_override && { agent_override }),
  };
  const { target, knowledge_bases } = resolved;
  return applyOverride({ facts, target, knowledge_bases, wishes, at: { monoMs: 0, wallMs: now } });
}

const WITH_MODEL = ['knowledge_base_ids', 'kb_config', 'model_temperature', 'tool_call_strict_mode'];
const MODEL_OF = { 'retell-llm': ['model', 'model_high_priority'], 'conversation-flow': ['model_choice'] } as const;

/** What of an override a chat acts on (E10). */
export function honouredInChat({ engine }: SessionPlan): ReadonlySet<string> {
  const fields = new Set(['agent.timezone', 'agent.post_chat_analysis_data', 'agent.post_chat_analysis_model']);
  if (engine.type === 'custom-llm') return fields;
  const group = engine.type === 'retell-llm' ? 'retell_llm' : 'conversation_flow';
  const own = ['begin_message', 'start_speaker'];
  // A flow of written sentences asks no model.
  if (!writtenFlow(engine)) {
    own.push(...WITH_MODEL, ...MODEL_OF[engine.type]);
    for (const field of ['language', 'handbook_config']) fields.add(`agent.${field}`);
  }
  for (const field of own) fields.add(`${group}.${field}`);
  return fields;
}

/** Pointers of a reply start at its group. */
function fromRoot(issue: Issue): Issue {
  return { ...issue, pointer: issue.pointer.replace(/^\/chat_inbound/, '') };
}
