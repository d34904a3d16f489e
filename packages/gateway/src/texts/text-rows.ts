/** What is written of a text's inbound (H1) and of the chat it leaves (G). */
import type { Issue } from '@pickup/contract';
import { begin, type InboundEffect, type InboundFacts, type InboundState, packFacts } from '@pickup/core';
import { usedSettings } from '../runners/inbound-object.ts';
import { LEASE_MARGIN_MS } from '../runners/inbound-rows.ts';
import type { ChatRow, EventHook, InboundDecision, TextOpening, WaitingText } from '../stores/port.ts';

type Settle = InboundEffect & { readonly type: 'settle' };

/** A text's inbound as it is stored: no lease ends it, its job goes on with it. */
const LEASE_MS = 24 * 3_600_000;

/** The arrival, and all that is needed to decide. */
export function openingOf(facts: InboundFacts, nodeId: string): TextOpening {
  const { state } = begin(facts);
  return {
    arrival: {
      inbound_id: facts.inbound_id,
      channel: 'sms',
      edge: facts.edge,
      from_number: facts.from_number,
      to_number: facts.to_number,
      arrival_timestamp: facts.arrived.wallMs,
      session_id: facts.session_id,
      settings: usedSettings(state),
      node_id: nodeId,
      lease_until: facts.arrived.wallMs + LEASE_MS + LEASE_MARGIN_MS,
    },
    facts: packFacts(facts),
  };
}

/** The decision, with what was found on the text itself. */
export function textDecisionRow(
  state: InboundState,
  settle: Settle,
  given: { text: WaitingText; at: number },
): InboundDecision {
  const { facts, ledger } = state;
  const { plan, stillborn, outcome } = settle;
  const agent = plan ?? stillborn;
  const found: readonly Issue[] = given.text.issues ?? [];
  return {
    inbound_id: facts.inbound_id,
    decided_timestamp: given.at,
    intended: outcome,
    ...(agent && { agent_id: agent.agent_id, agent_version: agent.agent_version }),
    attempts: ledger.attempts,
    ...(ledger.request !== undefined && { request: ledger.request }),
    ...(ledger.reply !== undefined && { reply: ledger.reply }),
    issues: [...found, ...ledger.issues],
    steps: ledger.steps,
  };
}

/** The object left by a text that nobody could answer (G). */
export function stillbornChat(
  facts: InboundFacts,
  left: NonNullable<Settle['stillborn']>,
  given: { readonly at: number; readonly eventHook: EventHook | undefined },
): ChatRow {
  const { at, eventHook } = given;
  return {
    chat_id: facts.session_id,
    chat_type: 'sms_chat',
    chat_status: left.status,
    agent_id: left.agent_id,
    agent_version: left.agent_version,
    from_number: facts.from_number,
    to_number: facts.to_number,
    data_storage_setting: 'everything',
    start_timestamp: at,
    end_timestamp: at,
    duration_ms: 0,
    disconnection_reason: left.disconnection_reason,
    ...(eventHook && { event_hook: eventHook }),
    turn: 0,
    expires_timestamp: at,
  };
}

/** What the agent gets to read: the words, and the links that came with them. */
export function contentOf({ text, media = [] }: Pick<WaitingText, 'text' | 'media'>): string {
  return [text, ...media.map(({ url }) => url)].filter((line) => line !== '').join('\n');
}
