/** What a session is to be like: the resolved target with the reply on top, for this session only (E4–E7, E9). */
import {
  type AgentOverride,
  type Available,
  httpUrlOf,
  type Issue,
  type Json,
  type JsonObject,
  type ResolvedEngine,
  type ResolvedTarget,
  replyGroupOf,
  urlsOf,
} from '@pickup/contract';
import type { Instant } from '../inbound/event.ts';
import type { InboundFacts } from '../inbound/facts.ts';
import type { Wishes } from '../inbound/state.ts';
import type { SessionPlan } from '../session-plan.ts';
import { ignored, layOn, layOverride } from './lay-override.ts';
import { mergeVariables } from './merge-variables.ts';
import { renderTemplate } from './render-variables.ts';
import { isSystemVariableOf, planVariables } from './system-variables.ts';
import { unsetVariables } from './unset-variables.ts';

/** What of an inbound's facts counts here; a chat that the API begins has no more. */
export type SessionFacts = Pick<
  InboundFacts,
  'channel' | 'custom_sip_headers' | 'entry' | 'from_number' | 'session_id' | 'to_number'
> & { readonly gateway: Pick<InboundFacts['gateway'], 'catalogue' | 'checkUrl'> };

export interface ApplyOptions {
  readonly facts: SessionFacts;
  readonly target: ResolvedTarget;
  readonly knowledge_bases: ReadonlySet<string>;
  readonly wishes: Wishes;
  readonly at: Instant;
}

export interface Applied {
  readonly plan: SessionPlan;
  /** Everything found; faults that refuse are in `refused` too. */
  readonly issues: readonly Issue[];
  readonly steps: readonly string[];
  /** The faults for which the caller is turned away (E6). */
  readonly refused?: readonly Issue[];
}

/**
 * Never throws; a faulty override is refused or, where the number says so, left out (E6). An unsafe response engine is
 * refused in both cases: the target was read with it, so leaving it out takes another read.
 */
export function applyOverride(options: ApplyOptions): Applied {
  const { facts, target, wishes } = options;
  const lenient = facts.entry.kind === 'number' && facts.entry.number.on_invalid_override === 'ignore';
  const laid = layOverride({ ...options, channel: facts.channel, gateway: facts.gateway, lenient });
  const variables = mergeVariables({
    reply: wishes.dynamic_variables,
    sipHeaders: facts.custom_sip_headers,
    tag: target.tag_variables,
    engineDefaults: defaultsOf(target.engine),
    group: replyGroupOf(facts.channel),
    isSystem: isSystemVariableOf({ channel: target.channel, from: facts.from_number, to: facts.to_number }),
  });
  const wanted = buildPlan(options, laid.override, laid.available, variables.variables);
  const urls = unsafeUrls(wanted, options);
  const webhook = lenient ? urls.find(({ pointer }) => pointer.endsWith('/webhook_url')) : undefined;
  const plan = webhook ? withoutWebhookUrl(wanted, target) : wanted;
  const unsafe = urls.filter((issue) => issue !== webhook);
  const refused = [...laid.refused, ...unsafe];
  return {
    plan,
    issues: [
      ...laid.issues,
      ...variables.warnings,
      ...unsetVariables(plan, target, laid.override),
      ...(webhook ? [ignored(webhook)] : []),
      ...unsafe,
    ],
    steps: stepsOf(laid.override, plan, wishes),
    ...(refused.length > 0 && { refused }),
  };
}

function defaultsOf(engine: ResolvedEngine): Readonly<Record<string, string>> | undefined {
  if (engine.type === 'custom-llm') return undefined;
  return engine.settings['default_dynamic_variables'] as Readonly<Record<string, string>> | undefined;
}

function buildPlan(
  { facts, target, wishes }: ApplyOptions,
  override: AgentOverride,
  available: Available,
  variables: Readonly<Record<string, string>>,
): SessionPlan {
  const agent = layOn(target.settings, override.agent);
  return {
    session_id: facts.session_id,
    channel: target.channel,
    agent_id: target.agent_id,
    agent_version: target.version,
    ...(target.tag !== undefined && { agent_tag: target.tag }),
    direction: facts.entry.kind === 'registered' ? facts.entry.direction : 'inbound',
    from_number: facts.from_number,
    to_number: facts.to_number,
    agent: available.voice_model === undefined ? agent : layOn(agent, { voice_model: available.voice_model }),
    engine: layOnEngine(target.engine, override, available),
    variables,
    dynamic_variables: wishes.dynamic_variables,
    ...(wishes.metadata && { metadata: wishes.metadata }),
    custom_sip_headers: facts.custom_sip_headers,
    voice_id: available.voice_id ?? String(agent['voice_id'] ?? ''),
    overridden: fieldsOf(override),
  };
}

/** The engine's settings for this session, with what is to be had here in place of what is not (E5). */
function layOnEngine(engine: ResolvedEngine, override: AgentOverride, available: Available): ResolvedEngine {
  if (engine.type === 'custom-llm') return engine;
  const laid = layOn(engine.settings, engine.type === 'retell-llm' ? override.retell_llm : override.conversation_flow);
  const { knowledge_base_ids, s2s_model, model } = available;
  const choice = laid['model_choice'] as JsonObject | undefined;
  const models = engine.type === 'retell-llm' ? { model } : { model_choice: { ...choice, model } };
  const settings = {
    ...laid,
    ...(knowledge_base_ids !== undefined && { knowledge_base_ids }),
    ...(s2s_model !== undefined && { s2s_model }),
    ...(model !== undefined && (models as JsonObject)),
  };
  return { ...engine, settings };
}

const GROUPS = ['agent', 'retell_llm', 'conversation_flow'] as const;

/** Group, field and value of all that an override sets, in the order of the groups. */
function entriesOf(override: AgentOverride): readonly (readonly [group: string, field: string, value: Json])[] {
  return GROUPS.flatMap((group) =>
    Object.entries(override[group] ?? {}).map(([field, value]) => [group, field, value] as const),
  );
}

function fieldsOf(override: AgentOverride): readonly string[] {
  return entriesOf(override).map(([group, field]) => `${group}.${field}`);
}

/** E5: the addresses an override sets are judged once their variables are rendered. */
function unsafeUrls(plan: SessionPlan, { facts, at }: ApplyOptions): readonly Issue[] {
  const set = urlsOf(plan.agent).filter(({ field }) => plan.overridden.includes(`agent.${field}`));
  return set.flatMap(({ path, url }) => {
    const rendered = renderTemplate(url, planVariables(plan, at.wallMs));
    const judged = facts.gateway.checkUrl(path.length > 1 ? httpUrlOf(rendered) : rendered);
    if (judged.ok) return [];
    const issue: Issue = {
      severity: 'error',
      effect: 'refuses',
      code: 'unsafe_url',
      rule: 'E5',
      pointer: `/${replyGroupOf(facts.channel)}/agent_override/agent/${path.join('/')}`,
      message: `agent.${path.join('.')}, once its variables are rendered: ${judged.message}`,
      sent: redactUrls(url),
    };
    return [issue];
  });
}

function withoutWebhookUrl(plan: SessionPlan, target: ResolvedTarget): SessionPlan {
  const { webhook_url: _unsafe, ...agent } = plan.agent;
  const saved = target.settings['webhook_url'];
  return {
    ...plan,
    agent: saved === undefined ? agent : { ...agent, webhook_url: saved },
    overridden: plan.overridden.filter((field) => field !== 'agent.webhook_url'),
  };
}

/** The agent's `data_storage_setting` lets the record hold what the reply said (H1). */
export function mayKeepReply(plan: SessionPlan): boolean {
  const setting = plan.agent['data_storage_setting'];
  return setting === undefined || setting === 'everything';
}

/** "voice_temperature 0.6 from agent_override.agent" (H1); without the value where the reply may not be kept. */
function stepsOf(override: AgentOverride, plan: SessionPlan, wishes: Wishes): readonly string[] {
  const steps: string[] = [];
  const kept = mayKeepReply(plan);
  for (const [group, field, value] of entriesOf(override)) {
    if (!plan.overridden.includes(`${group}.${field}`)) continue;
    steps.push(`${field}${kept ? ` ${shown(value)}` : ''} from agent_override.${group}`);
  }
  const names = Object.keys(wishes.dynamic_variables);
  if (names.length > 0) {
    steps.push(`variables from the reply: ${names.slice(0, 20).join(', ')}${names.length > 20 ? '…' : ''}`);
  }
  if (wishes.metadata) steps.push('metadata from the reply');
  return steps;
}

function shown(value: Json): string {
  const text = redactUrls(JSON.stringify(value));
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}

/** Far longer than any URL: what follows is not shown, and the search below stays cheap. */
const LONGEST_SEARCHED = 1_000;

/** Userinfo and query of URLs are secrets (H1). */
function redactUrls(text: string): string {
  if (!text.includes('://')) return text;
  return text
    .slice(0, LONGEST_SEARCHED)
    .replace(/(\w{1,20}:\/\/)[^/\s?#"]*@/g, '$1***@')
    .replace(/(\w{1,20}:\/\/[^\s?#"]*)\?[^\s#"]*/g, '$1?***');
}
