/** An agent of which nothing is known but its name: where no gateway is asked, every id that a reply names is one. */
import type { AgentVersionReference, Channel, ResolvedTarget } from '@pickup/contract';
import type { ResolvedKnowledge } from '../inbound/facts.ts';
import type { ResolveTarget } from './rehearse.ts';

/**
 * The target of a name that nobody looked up. A version that is no number is shown as 0, and the decision says that
 * neither was checked. What depends on saved settings (voice and language, the engine's group) is not judged on it.
 */
export function blankTarget(channel: Channel, agent_id: string, version: AgentVersionReference): ResolvedTarget {
  const numbered = typeof version === 'number';
  return {
    agent_id,
    version: numbered ? version : 0,
    is_published: true,
    channel: channel === 'call' ? 'voice' : 'chat',
    how: `${numbered ? 'it was named' : `nobody knows what ${version} is`}; that the agent exists was not checked`,
    unchecked: true,
    tag_variables: {},
    settings: {},
    engine: { type: 'retell-llm', id: '', version: 0, settings: {} },
  };
}

/** `resolve` for a rehearsal without a gateway: every agent exists, and every knowledge base it is given. */
export function resolveBlank(channel: Channel): (request: ResolveTarget) => Promise<ResolvedKnowledge> {
  return async ({ agent_id, reference, knowledge_base_ids = [] }) => ({
    found: true,
    target: blankTarget(channel, agent_id, reference),
    knowledge_bases: new Set(knowledge_base_ids),
  });
}
