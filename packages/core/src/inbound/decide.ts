/**
 * The inbound machine: a value and an event give a new value and what to do. Pure: no clock, no chance,
 * no socket. Rules of inbound.md A–H; the machine's own invariants M1–M5 are in state.ts.
 */

import { webhookUrl } from '../webhook/build-request.ts';
import { judgeAdmission } from './admit.ts';
import { ask, attemptRecord, onAttemptEnded, ringBudget } from './ask.ts';
import { choose, NO_WISHES, onResolved, ownChoice } from './choose.ts';
import { abandon, answer, emptied, freed, heard, record, refusal, refuse, settleVerdict } from './conclude.ts';
import type { InboundEvent, Instant } from './event.ts';
import type { InboundFacts } from './facts.ts';
import { after, go, type Move, note, report, stay, withAttempt } from './move.ts';
import type { Choice, InboundState } from './state.ts';

/** How often a waiting caller asks for a slot again, and how often a text, which is in no hurry. */
const SLOT_POLL_MS = { call: 250, sms: 5_000 } as const;
/** A caller waits for a slot at most this long (A5), a text an hour (G). */
const SLOT_WAIT_MS = { call: 40_000, sms: 3_600_000 } as const;
/** Of the budget, what a slot wait leaves for the webhook (A5). */
const SLOT_RESERVE_MS = 10_500;

/** The first move: the arrival is to be made durable, and the caller hears ringing unless turned away at once. */
export function begin(facts: InboundFacts): Move {
  const early = judgeAdmission(facts);
  const arrived = `${facts.channel} from ${facts.from_number} to ${facts.to_number} at the ${facts.edge} edge`;
  const simulated = facts.simulated_fault === undefined ? [] : [`a simulated fault: ${facts.simulated_fault}`];
  const blank: InboundState = {
    facts,
    ledger: { attempts: [], issues: [], steps: [arrived, ...simulated] },
    phase: { name: 'opening', next: 'admit' },
    holds_slot: false,
    session_started: false,
  };
  if (!early) return { state: blank, effects: [{ type: 'open' }, { type: 'ring' }] };
  const verdict = refusal(blank, early.outcome);
  const told = note(blank, `${early.step} → ${early.outcome}, ${heard(blank, verdict.answer)}`);
  return go(told, { name: 'opening', next: verdict }, { type: 'open' });
}

/** The transition. Events that a phase does not expect change nothing (M5). */
export function decide(state: InboundState, event: InboundEvent): Move {
  switch (event.type) {
    case 'caller_gone':
      return onCallerGone(state, event.at);
    case 'interrupted':
      return onInterrupted(state);
    case 'store_failed':
      return onStoreFailed(state);
    case 'attempt_ended':
      return onAttempt(state, event);
    case 'opened':
      return state.phase.name === 'opening' ? onOpened(state, event.at) : stay(state);
    case 'slot_taken':
    case 'slot_full':
      return onSlot(state, event.type === 'slot_taken', event.at);
    case 'timer':
      return onTimer(state, event.name, event.at);
    case 'resolved':
      return state.phase.name === 'resolving'
        ? onResolved(state, state.phase.choice, event.found, event.at)
        : stay(state);
    case 'session_ready':
    case 'session_failed':
      return onSession(state, event);
    case 'decision_recorded':
      return state.phase.name === 'recording' ? answer(state, state.phase.verdict, true) : stay(state);
    case 'answer_handed':
      return state.phase.name === 'answering'
        ? settleVerdict(state, state.phase.verdict, state.phase.durable)
        : stay(state);
  }
}

/** The arrival is durable. */
export function onOpened(state: InboundState, at: Instant): Move {
  if (state.phase.name !== 'opening') return stay(state);
  if (state.phase.next !== 'admit') return record(state, state.phase.next);
  return needsSlot(state) ? takeSlot(state) : proceed(state, at);
}

function needsSlot(state: InboundState): boolean {
  return state.facts.gateway.concurrency > 0;
}

/** The wait counts from the arrival, as the budget does: a slow disk takes nothing from the webhook. */
export function takeSlot(state: InboundState): Move {
  const { channel } = state.facts;
  // The budget of a text begins when it has its slot.
  const room = channel === 'sms' ? Number.POSITIVE_INFINITY : ringBudget(state.facts) - SLOT_RESERVE_MS;
  const until = state.facts.arrived.monoMs + Math.max(0, Math.min(SLOT_WAIT_MS[channel], room));
  const endpoint = endpointOf(webhookUrl(state.facts));
  return go(
    state,
    { name: 'waiting_for_slot', until_mono_ms: until },
    {
      type: 'take_slot',
      limit: state.facts.gateway.concurrency,
      ...(endpoint !== undefined && { endpoint }),
    },
  );
}

/** The server behind a webhook URL, without userinfo: scheme, host and port in lower case. */
function endpointOf(url: string | undefined): string | undefined {
  const [, scheme, host] = /^([a-z]+:\/\/)(?:[^/?#]*@)?([^/?#]+)/i.exec(url ?? '') ?? [];
  return scheme === undefined || host === undefined ? undefined : `${scheme}${host}`.toLowerCase();
}

function onSlot(state: InboundState, taken: boolean, at: Instant): Move {
  if (state.phase.name !== 'waiting_for_slot') {
    // The caller went while the store was asked: what was taken goes back. What is held was only told of twice.
    const over = state.phase.name === 'answering' || state.phase.name === 'closed';
    return taken && over && !state.holds_slot ? { state, effects: [{ type: 'release_slot' }] } : stay(state);
  }
  if (taken) {
    const waitedMs = at.monoMs - state.facts.arrived.monoMs;
    const told =
      waitedMs < SLOT_POLL_MS[state.facts.channel]
        ? state
        : note(state, `waited ${(waitedMs / 1_000).toFixed(1)} s for a slot (A5)`);
    return proceed({ ...told, holds_slot: true }, at);
  }
  if (at.monoMs >= state.phase.until_mono_ms) {
    return refuse(state, 'concurrency_limit', `no slot of ${state.facts.gateway.concurrency} came free in time (A5)`);
  }
  const next = Math.min(at.monoMs + SLOT_POLL_MS[state.facts.channel], state.phase.until_mono_ms);
  return { state, effects: [{ type: 'set_timer', name: 'slot_poll', at_mono_ms: next }] };
}

/** Admitted: a registered call has its target, a number's webhook is asked, else its agent takes the call. */
function proceed(admitted: InboundState, at: Instant): Move {
  const { entry, channel } = admitted.facts;
  const state = channel === 'sms' ? { ...admitted, admitted_mono_ms: at.monoMs } : admitted;
  if (entry.kind === 'registered') return connectRegistered(state, at);
  if (webhookUrl(state.facts) !== undefined) return ask(state, 1, at);
  const own = ownChoice(state, NO_WISHES, "it is the number's, which has no webhook (A2)");
  return own ? choose(state, own, at) : refuse(state, 'no_agent', 'the number has neither webhook nor agent (A2)');
}

function connectRegistered(state: InboundState, at: Instant): Move {
  const { entry } = state.facts;
  if (entry.kind !== 'registered') return stay(state);
  if (!entry.resolved.found) return refuse(state, 'unknown_agent', `${entry.resolved.message} (A3)`);
  const { target } = entry.resolved;
  const choice: Choice = {
    named: 'nothing',
    agent_id: target.agent_id,
    reference: target.version,
    because: 'the call was registered for it (A3)',
    wishes: {
      dynamic_variables: entry.dynamic_variables,
      ...(entry.metadata && { metadata: entry.metadata }),
      ...(entry.agent_override && { agent_override: entry.agent_override }),
      faults: [],
    },
  };
  return choose(state, choice, at);
}

function onTimer(state: InboundState, name: 'retry' | 'slot_poll', at: Instant): Move {
  if (name === 'slot_poll') return state.phase.name === 'waiting_for_slot' ? takeSlot(state) : stay(state);
  // The loop may have stalled past the moment: `ask` looks at the budget again.
  return state.phase.name === 'backing_off' ? ask(state, state.phase.next_attempt, at) : stay(state);
}

function onAttempt(state: InboundState, event: InboundEvent & { readonly type: 'attempt_ended' }): Move {
  const { phase } = state;
  if (phase.name === 'asking' && phase.attempt === event.attempt) return onAttemptEnded(state, event);
  if (phase.name === 'abandoning' && phase.attempt === event.attempt) {
    return abandon(withAttempt(state, attemptRecord(event.attempt, event.result, 'aborted')), event.at);
  }
  if (!event.result.received || isAnswered(state, event.attempt)) return stay(state);
  const late = withAttempt(state, attemptRecord(event.attempt, event.result, 'late'));
  return { state: late, effects: [{ type: 'record_late', ledger: late.ledger }] };
}

/** A reply to this attempt is in the record already: the same news twice says nothing (M5). */
function isAnswered(state: InboundState, attempt: number): boolean {
  return state.ledger.attempts.some((known) => known.attempt === attempt && known.status !== undefined);
}

function onSession(
  state: InboundState,
  event: InboundEvent & { readonly type: 'session_ready' | 'session_failed' },
): Move {
  if (state.phase.name !== 'starting') return stay(state);
  const { plan } = state.phase;
  if (event.type === 'session_ready') {
    const told = note(
      report(state, event.issues),
      `connect to ${plan.agent_id} version ${plan.agent_version} by the ${event.runtime} runtime`,
    );
    return record(told, { kind: 'connect', plan });
  }
  const verdict = refusal(state, 'agent_failed', {
    status: 'error',
    disconnection_reason: 'error_retell',
    agent_id: plan.agent_id,
    agent_version: plan.agent_version,
  });
  const told = note(
    state,
    `the agent could not start: ${event.message} → agent_failed, ${heard(state, verdict.answer)} (F4)`,
  );
  return record({ ...told, session_started: false }, verdict);
}

function onCallerGone(state: InboundState, at: Instant): Move {
  switch (state.phase.name) {
    case 'closed':
    case 'abandoning':
      return stay(state);
    case 'asking':
      return go(state, { name: 'abandoning', attempt: state.phase.attempt }, { type: 'abort_attempt' });
    default:
      return abandon(state, at);
  }
}

const STORE_PHASES: ReadonlySet<string> = new Set(['opening', 'waiting_for_slot', 'resolving', 'recording']);

/** The store cannot write, or not read a target: the caller is told at once, without waiting for the disk (G). */
function onStoreFailed(state: InboundState): Move {
  const { name } = state.phase;
  if (!STORE_PHASES.has(name)) return stay(state);
  const verdict = refusal(state, 'overloaded');
  const told = note(
    state,
    `the store cannot ${name === 'resolving' ? 'read' : 'write'} → overloaded, SIP ${verdict.answer.code}`,
  );
  return after(freed(state), answer(emptied(told), verdict, false));
}

/** The process must stop now: whoever still rings is told so (H5). */
function onInterrupted(state: InboundState): Move {
  const { name } = state.phase;
  if (name === 'closed' || name === 'answering' || name === 'abandoning') return stay(state);
  const verdict = refusal(state, 'interrupted');
  const told = note(state, `the gateway was stopped → interrupted, SIP ${verdict.answer.code} (H5)`);
  const aborted = name === 'asking' ? [{ type: 'abort_attempt' } as const] : [];
  return after([...aborted, ...freed(state)], answer(emptied(told), verdict, false));
}
