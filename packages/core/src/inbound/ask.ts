/** The webhook chain: ask, judge, back off, ask again, fall back (C, D, E1–E3). */
import type { AttemptRecord } from '@pickup/contract';
import { buildRequestBody, webhookUrl } from '../webhook/build-request.ts';
import { judgeReply, type ReplyVerdict } from '../webhook/judge-reply.ts';
import { mayStart, planDeadline, planRetry } from '../webhook/plan-retry.ts';
import { choose, NO_WISHES, ownChoice } from './choose.ts';
import { refuse } from './conclude.ts';
import type { AttemptResult, Instant } from './event.ts';
import type { InboundFacts } from './facts.ts';
import { after, go, type Move, note, report, withAttempt, withReply } from './move.ts';
import type { InboundState, Wishes } from './state.ts';

/** Of a text (C4). */
const TEXT_BUDGET_MS = 120_000;

/** Monotonic ms at which the budget ends: from the arrival of a call, from the first look at a text (C4). */
export function budgetEnd({ facts, admitted_mono_ms }: InboundState): number {
  const start = facts.channel === 'sms' ? (admitted_mono_ms ?? facts.arrived.monoMs) : facts.arrived.monoMs;
  return start + ringBudget(facts);
}

/** The smaller of the number's budget and what the edge can ring, in ms; a text has a budget of its own (C4). */
export function ringBudget(facts: InboundFacts): number {
  if (facts.channel === 'sms') return facts.gateway.text_budget_ms ?? TEXT_BUDGET_MS;
  const own = facts.entry.kind === 'number' ? facts.entry.number.ring_budget_ms : undefined;
  return Math.min(own ?? facts.gateway.ring_budget_ms, facts.edge_ring_limit_ms);
}

/** Starts an attempt, or falls back where the budget does not let it (C4). */
export function ask(state: InboundState, attempt: number, at: Instant): Move {
  const url = webhookUrl(state.facts);
  const end = budgetEnd(state);
  if (url === undefined || !mayStart(at.monoMs, end))
    return fallBack(state, `the ${budgetName(state)} is used up (C4)`, at);
  const deadline = planDeadline(at.monoMs, end);
  const body = buildRequestBody(state.facts, at);
  const started = {
    ...state,
    ledger: attempt === 1 ? { ...state.ledger, request: body } : state.ledger,
    chain_started_mono_ms: state.chain_started_mono_ms ?? at.monoMs,
  };
  return go(
    started,
    { name: 'asking', attempt },
    {
      type: 'ask',
      attempt,
      url,
      body,
      deadline_mono_ms: deadline,
      deadline_wall_ms: at.wallMs + (deadline - at.monoMs),
    },
  );
}

/** What follows from the attempt that was under way. */
export function onAttemptEnded(
  state: InboundState,
  ended: { attempt: number; result: AttemptResult; chance: number; at: Instant },
): Move {
  const verdict = judgeReply(ended.result, state.facts.channel);
  const record = attemptRecord(ended.attempt, ended.result, verdict);
  const kept = report(withAttempt(state, record), ended.result.noticed ?? []);
  switch (verdict.kind) {
    case 'failed':
      return retryOrFallBack(kept, verdict, ended);
    case 'bad':
      return badReply(kept, verdict, ended);
    case 'none':
      return onOverrides(
        note(withReply(report(kept, verdict.issues), verdict.value), said(ended, 'success, no overrides (D2)')),
        NO_WISHES,
        {},
        ended.at,
      );
    case 'reject':
      return refuse(
        note(withReply(report(kept, verdict.issues), verdict.value), said(ended, 'reject: true (D8)')),
        'declined',
        'the endpoint rejects the caller',
      );
    case 'overrides': {
      const told = note(withReply(report(kept, verdict.issues), verdict.value), said(ended, 'success (D1)'));
      return onOverrides(told, verdict.wishes, verdict.target, ended.at);
    }
  }
}

function said(ended: { attempt: number; result: AttemptResult }, what: string): string {
  const status = ended.result.received ? `${ended.result.status} ` : '';
  return `attempt ${ended.attempt}: ${status}in ${Math.round(ended.result.ended.monoMs - ended.result.started.monoMs)} ms, ${what}`;
}

/** A sentence as part of another. */
const clause = (sentence: string): string => sentence.replace(/\.$/, '');

/** E1, E2: the reply's agent, else the number's with the reply's wishes, else declined. */
function onOverrides(
  state: InboundState,
  wishes: Wishes,
  target: { readonly agent_id?: string; readonly version?: number | string },
  at: Instant,
): Move {
  if (target.agent_id !== undefined) {
    const { agent_id, version: reference = 'latest' } = target;
    return choose(state, { named: 'agent', agent_id, reference, because: 'override_agent_id (E1)', wishes }, at);
  }
  const own = ownChoice(state, wishes, "it is the number's and the reply names none (E2)");
  if (!own) {
    return refuse(report(state, wishes.faults), 'declined', 'the reply names no agent and the number has none (E2)');
  }
  if (target.version === undefined) return choose(state, own, at);
  return choose(state, { ...own, named: 'version', reference: target.version }, at);
}

function badReply(
  state: InboundState,
  verdict: ReplyVerdict & { kind: 'bad' },
  ended: { attempt: number; result: AttemptResult; at: Instant },
): Move {
  const first = clause(verdict.issues[0]?.message ?? 'unusable');
  const told = note(
    withReply(report(state, verdict.issues), verdict.value),
    said(ended, `bad reply: ${first} (D3), not retried`),
  );
  return fallBack(told, 'the reply is unusable', ended.at);
}

function retryOrFallBack(
  state: InboundState,
  failed: ReplyVerdict & { kind: 'failed' },
  ended: { attempt: number; result: AttemptResult; chance: number; at: Instant },
): Move {
  return goOnAfter(state, {
    attempt: ended.attempt,
    startedMonoMs: ended.result.started.monoMs,
    ...(failed.retryAfterMs !== undefined && { retryAfterMs: failed.retryAfterMs }),
    said: (what) => said(ended, `${clause(failed.message)}${what}`),
    chance: ended.chance,
    at: ended.at,
  });
}

/** After a failed attempt, however that is known: the next one, or the fallback (C2, C3, E3). */
export function goOnAfter(
  state: InboundState,
  failed: {
    readonly attempt: number;
    readonly startedMonoMs: number;
    readonly retryAfterMs?: number;
    /** The step of the record; `what` follows from it. */
    readonly said: (what: string) => string;
    readonly chance: number;
    readonly at: Instant;
  },
): Move {
  const { attempt, at } = failed;
  const plan = planRetry({
    attempt,
    nowMonoMs: at.monoMs,
    chainStartedMonoMs: state.chain_started_mono_ms ?? failed.startedMonoMs,
    budgetEndMonoMs: budgetEnd(state),
    ...(failed.retryAfterMs !== undefined && { retryAfterMs: failed.retryAfterMs }),
    chance: failed.chance,
    ...(state.facts.most_attempts !== undefined && { mostAttempts: state.facts.most_attempts }),
  });
  if (!plan.retry) {
    const all = attempt === 1 ? 'the attempt failed' : `all ${attempt} attempts failed`;
    const why = plan.why === 'attempts_used' ? all : `the ${budgetName(state)} is used up (C4)`;
    return fallBack(note(state, failed.said('')), why, at);
  }
  const inMs = Math.round(plan.atMonoMs - at.monoMs);
  const asked = plan.becauseOf === 'retry_after' ? ', as Retry-After asks' : '';
  const told = note(state, failed.said(`; attempt ${plan.attempt} in ${inMs} ms${asked} (C3)`));
  const wait = go(
    told,
    { name: 'backing_off', next_attempt: plan.attempt },
    { type: 'set_timer', name: 'retry', at_mono_ms: plan.atMonoMs },
  );
  return after([{ type: 'record_attempt' }], wait);
}

function budgetName({ facts }: InboundState): string {
  return facts.channel === 'sms' ? 'time of a text' : 'ring budget';
}

/** E3: the number's own agent, with nothing from the reply; none: webhook_failed. */
export function fallBack(state: InboundState, why: string, at: Instant): Move {
  const own = ownChoice(state, NO_WISHES, `the webhook failed and it is the number's (E3): ${why}`);
  return own ? choose(state, own, at) : refuse(state, 'webhook_failed', `${why}, and the number has no agent (E3)`);
}

/** The attempt as recorded (H1). */
export function attemptRecord(
  attempt: number,
  result: AttemptResult,
  verdict: ReplyVerdict | 'aborted' | 'late',
): AttemptRecord {
  const failure = typeof verdict === 'object' && verdict.kind === 'failed' ? verdict : undefined;
  return {
    attempt,
    start_timestamp: result.started.wallMs,
    end_timestamp: result.started.wallMs + Math.round(result.ended.monoMs - result.started.monoMs),
    phases: result.phases,
    ...(result.received && { status: result.status, bytes: result.body.length }),
    ...(result.resent && { resent: true as const }),
    ...(failure && { error: failure.error, fault: failure.fault, message: failure.message }),
    ...(failure?.reason !== undefined && { reason: failure.reason }),
    ...(result.received && failure && result.verification && { verification: result.verification }),
    ...(result.simulated && { simulated: true as const }),
    verdict: recordedVerdict(verdict),
  };
}

function recordedVerdict(verdict: ReplyVerdict | 'aborted' | 'late'): AttemptRecord['verdict'] {
  if (typeof verdict === 'string') return verdict;
  if (verdict.kind === 'failed') return 'failed';
  return verdict.kind === 'bad' ? 'bad_reply' : 'accepted';
}
