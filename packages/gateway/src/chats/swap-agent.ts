/** Another agent for a chat in progress: its plan, with the session's own variables and numbers. */
import type { SessionPlan } from '@pickup/core';
import { talkEngine } from './pick-talker.ts';
import { type PlanDeps, planChat } from './plan-chat.ts';
import type { SwapAgent } from './run-turn.ts';

export function createAgentSwap(deps: PlanDeps & { readonly wallMs: () => number }): SwapAgent {
  return async (plan, { agentId, version }) => {
    const request = {
      agent_id: agentId,
      agent_version: version,
      retell_llm_dynamic_variables: plan.dynamic_variables,
      ...(plan.metadata && { metadata: plan.metadata }),
    };
    const planned = await planChat(deps, request, { id: plan.session_id, now: deps.wallMs() });
    if (!planned.planned) return { why: 'The other agent is not there, or is no chat agent.' };
    const engine = talkEngine(planned.plan.engine);
    if (!engine) return { why: 'The other agent cannot take over a chat.' };
    return { plan: continued(plan, planned.plan), engine };
  };
}

function continued(before: SessionPlan, next: SessionPlan): SessionPlan {
  const { direction, from_number, to_number, custom_sip_headers } = before;
  const variables = { ...before.variables, ...next.variables };
  return { ...next, direction, from_number, to_number, custom_sip_headers, variables };
}
