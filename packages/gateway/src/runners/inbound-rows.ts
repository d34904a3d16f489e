/** What is written of an inbound at its arrival, at its decision and at its end (H1, H2). */
import { type InboundEffect, type InboundState, ringBudget } from '@pickup/core';
import type { EdgeMemo, EventHook, InboundArrival, InboundDecision, InboundSettlement } from '../stores/port.ts';
import { callRow, stillbornRow } from './call-row.ts';
import { usedSettings } from './inbound-object.ts';
import type { CallLeg, ConnectedLeg } from './leg.ts';

/** How long after its ring budget another node may settle an inbound. */
export const LEASE_MARGIN_MS = 30_000;

export function arrivalRow(state: InboundState, leg: CallLeg, nodeId: string): InboundArrival {
  const { facts } = state;
  return {
    inbound_id: facts.inbound_id,
    channel: facts.channel,
    edge: facts.edge,
    from_number: facts.from_number,
    to_number: facts.to_number,
    arrival_timestamp: facts.arrived.wallMs,
    session_id: facts.session_id,
    settings: usedSettings(state),
    ...(leg.dedupeKey !== undefined && { dedupe_key: leg.dedupeKey }),
    ...(leg.memo && { memo: leg.memo }),
    node_id: nodeId,
    lease_until: facts.arrived.wallMs + ringBudget(facts) + LEASE_MARGIN_MS,
  };
}

export function decisionRow(
  state: InboundState,
  effect: InboundEffect & { readonly type: 'record_decision' },
  leg: CallLeg,
  at: number,
): InboundDecision {
  const { ledger, facts } = state;
  const { plan, intended } = effect;
  return {
    inbound_id: facts.inbound_id,
    decided_timestamp: at,
    intended,
    ...(plan && { agent_id: plan.agent_id, agent_version: plan.agent_version }),
    attempts: ledger.attempts,
    ...(ledger.request !== undefined && { request: ledger.request }),
    ...(ledger.reply !== undefined && { reply: ledger.reply }),
    issues: ledger.issues,
    steps: ledger.steps,
    ...(plan && leg.memo?.['dialog'] !== undefined && { dialog: leg.memo['dialog'] as EdgeMemo }),
  };
}

export function settlementRow(
  state: InboundState,
  effect: InboundEffect & { readonly type: 'settle' },
  end: {
    readonly leg: CallLeg;
    readonly connected: ConnectedLeg | undefined;
    readonly nodeId: string;
    readonly at: number;
    /** Of the session, where events of it are wanted. */
    readonly eventHook?: EventHook | undefined;
  },
): InboundSettlement {
  const { facts } = state;
  const { leg, connected, nodeId, at, eventHook } = end;
  const dialog = connected?.dialog;
  const call =
    effect.plan && connected
      ? callRow({ plan: effect.plan, facts, nodeId, startedAt: at, eventHook, ...(dialog && { dialog }) })
      : effect.stillborn && stillbornRow(facts, effect.stillborn, nodeId, at);
  const sip = leg.trace();
  return {
    inbound_id: facts.inbound_id,
    outcome: effect.outcome,
    outcome_timestamp: at,
    ...(effect.rewrite && {
      steps: effect.ledger.steps,
      issues: effect.ledger.issues,
      attempts: effect.ledger.attempts,
      ...(effect.ledger.request !== undefined && { request: effect.ledger.request }),
    }),
    ...(sip.length > 0 && { sip_messages: sip }),
    ...(call && { call }),
  };
}

/** What the caller hears where a fault of ours ends the inbound (G). */
export const FAULT_ANSWER = { outcome: 'interrupted', code: 500, cause: 41, named: false } as const;

/** The end of an inbound that a fault of ours broke off: nobody else is blamed for it. */
export function brokenOffRow({ facts, ledger }: InboundState, at: number): InboundSettlement {
  const { outcome, code } = FAULT_ANSWER;
  return {
    inbound_id: facts.inbound_id,
    outcome,
    outcome_timestamp: at,
    steps: [...ledger.steps, `a fault of Pickup → ${outcome}, SIP ${code}`],
    issues: ledger.issues,
    attempts: ledger.attempts,
    ...(ledger.request !== undefined && { request: ledger.request }),
  };
}
