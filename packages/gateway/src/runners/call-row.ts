/** Session objects as stored (H4). */
import type { InboundFacts, SessionPlan, StillbornSession } from '@pickup/core';
import type { CallRow, EdgeMemo, EventHook } from '../stores/port.ts';

/** The object of a call that was just connected. */
export function callRow(options: {
  readonly plan: SessionPlan;
  readonly facts: InboundFacts;
  readonly nodeId: string;
  readonly startedAt: number;
  readonly dialog?: EdgeMemo;
  readonly eventHook?: EventHook | undefined;
}): CallRow {
  const { plan, facts } = options;
  const name = plan.agent['agent_name'];
  const storage = plan.agent['data_storage_setting'];
  const basic = storage === 'basic_attributes_only';
  return {
    ...common(facts, options.nodeId),
    call_status: 'ongoing',
    agent_id: plan.agent_id,
    agent_version: plan.agent_version,
    ...(typeof name === 'string' && { agent_name: name }),
    ...(plan.agent_tag !== undefined && { agent_tag: plan.agent_tag }),
    ...(!basic && plan.metadata && { metadata: plan.metadata }),
    ...(!basic && { retell_llm_dynamic_variables: plan.dynamic_variables }),
    ...(!basic && Object.keys(plan.custom_sip_headers).length > 0 && { custom_sip_headers: plan.custom_sip_headers }),
    data_storage_setting: typeof storage === 'string' ? storage : 'everything',
    start_timestamp: options.startedAt,
    ...(options.dialog && { dialog: options.dialog }),
    ...(options.eventHook && { event_hook: options.eventHook }),
    created_timestamp: options.startedAt,
  };
}

/** The object left by a call that was never connected (G). */
export function stillbornRow(facts: InboundFacts, left: StillbornSession, nodeId: string, at: number): CallRow {
  return {
    ...common(facts, nodeId),
    call_status: left.status,
    agent_id: left.agent_id,
    agent_version: left.agent_version,
    start_timestamp: at,
    end_timestamp: at,
    disconnection_reason: left.disconnection_reason,
    created_timestamp: at,
  };
}

function common(facts: InboundFacts, nodeId: string) {
  return {
    call_id: facts.session_id,
    direction: facts.entry.kind === 'registered' ? facts.entry.direction : ('inbound' as const),
    from_number: facts.from_number,
    to_number: facts.to_number,
    inbound_id: facts.inbound_id,
    node_id: nodeId,
  };
}
