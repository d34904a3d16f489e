/** The agents a rehearsal knows. Without a list every agent exists, and the decision says that it was not checked. */
import type { ResolvedTarget } from '@pickup/contract';
import { blankTarget, type ResolvedKnowledge, type ResolveTarget, resolveBlank } from '@pickup/core';

/** An agent that exists. */
export interface KnownAgent {
  readonly agent_id: string;
  /** Its versions; default: every number. */
  readonly versions?: readonly number[];
  /** Its published versions; default: all. */
  readonly published?: readonly number[];
  /** Tags and the versions they stand for. */
  readonly tags?: Readonly<Record<string, number>>;
  /** Default `retell-llm`: decides which group of `agent_override` applies. */
  readonly engine?: 'retell-llm' | 'conversation-flow' | 'custom-llm';
  /** Default: of the channel that is rung. */
  readonly channel?: 'voice' | 'chat';
  /** Saved settings, on which an override is laid: `{ voice_id, language, … }`. */
  readonly settings?: ResolvedTarget['settings'];
  /** Saved settings of the engine. */
  readonly engine_settings?: ResolvedTarget['settings'];
}

type Channel = Parameters<typeof blankTarget>[0];

/** Reads agents from the list, as the gateway reads them from its store, and remembers what it had to invent. */
export class AgentBook {
  readonly #known: ReadonlyMap<string, KnownAgent> | undefined;
  readonly #channel: Channel;
  readonly #invented = new Set<string>();

  constructor(agents: readonly (string | KnownAgent)[] | undefined, channel: Channel) {
    const listed = agents?.map((agent) => (typeof agent === 'string' ? { agent_id: agent } : agent));
    this.#known = listed && new Map(listed.map((agent) => [agent.agent_id, agent]));
    this.#channel = channel;
  }

  /** One read of an agent and version. */
  async resolve(request: ResolveTarget): Promise<ResolvedKnowledge> {
    const { agent_id, reference, knowledge_base_ids = [] } = request;
    if (this.#known === undefined) {
      this.#invented[typeof reference === 'number' ? 'delete' : 'add'](agent_id);
      return resolveBlank(this.#channel)(request);
    }
    const agent = this.#known.get(agent_id);
    if (agent === undefined) return { found: false, missing: 'agent', message: `There is no agent ${agent_id}.` };
    const version = versionOf(agent, reference);
    if (version === undefined)
      return { found: false, missing: 'version', message: `Agent ${agent_id} has no ${spelled(reference)}.` };
    const target = targetOf(agent, version, this.#channel);
    return { found: true, target, knowledge_bases: new Set(knowledge_base_ids) };
  }

  /** False where the number that was resolved stands for a version nobody knows. */
  knowsVersionOf(agentId: string): boolean {
    return !this.#invented.has(agentId);
  }
}

interface FoundVersion {
  readonly version: number;
  readonly how: string;
  readonly tag?: string;
}

function versionOf(agent: KnownAgent, reference: number | string): FoundVersion | undefined {
  const { versions, published = versions } = agent;
  if (typeof reference === 'number')
    return versions?.includes(reference) === false ? undefined : { version: reference, how: 'number' };
  if (reference === 'latest') return { version: Math.max(0, ...(versions ?? [])), how: reference };
  if (reference === 'latest_published')
    return published?.length === 0 ? undefined : { version: Math.max(0, ...(published ?? [])), how: reference };
  const tagged = agent.tags?.[reference];
  return tagged === undefined ? undefined : { version: tagged, how: `tag ${reference}`, tag: reference };
}

function spelled(reference: number | string): string {
  if (typeof reference === 'number') return `version ${reference}`;
  return reference === 'latest_published' ? 'published version' : `version or tag "${reference}"`;
}

function targetOf(agent: KnownAgent, { version, how, tag }: FoundVersion, channel: Channel): ResolvedTarget {
  const { unchecked: _, ...blank } = blankTarget(channel, agent.agent_id, version);
  const type = agent.engine ?? 'retell-llm';
  return {
    ...blank,
    how,
    ...(tag !== undefined && { tag }),
    channel: agent.channel ?? blank.channel,
    is_published: agent.published?.includes(version) ?? true,
    settings: agent.settings ?? {},
    engine:
      type === 'custom-llm'
        ? { type, llm_websocket_url: 'wss://llm.invalid/' }
        : { type, id: '', version: 0, settings: agent.engine_settings ?? {} },
  };
}
