/** Who is to take the inbound (E1–E4), and what becomes of a target once it was read. */
import type { Issue } from '@pickup/contract';
import { applyOverride, mayKeepReply } from '../agent/apply-override.ts';
import { ignored } from '../agent/lay-override.ts';
import { overrideReads } from '../agent/override-reads.ts';
import type { SessionPlan } from '../session-plan.ts';
import { refuse } from './conclude.ts';
import type { Instant } from './event.ts';
import type { ResolvedKnowledge } from './facts.ts';
import { judgeTarget } from './judge-target.ts';
import { go, type Move, note, report } from './move.ts';
import type { Choice, InboundState, Wishes } from './state.ts';

export const NO_WISHES: Wishes = { dynamic_variables: {}, faults: [] };

/** The number's own agent with these wishes; undefined where the number has none. */
export function ownChoice(state: InboundState, wishes: Wishes, because: string): Choice | undefined {
  const { entry } = state.facts;
  if (entry.kind !== 'number' || !entry.drawn) return undefined;
  const { agent } = entry.drawn;
  return { named: 'nothing', agent_id: agent.agent_id, reference: agent.agent_version ?? 'latest', because, wishes };
}

/** Reads the target, or uses the read of the arrival where it says all (E8). */
export function choose(state: InboundState, choice: Choice, at: Instant): Move {
  const told = note(state, `agent ${choice.agent_id} because ${choice.because}`);
  const arrived = readAtArrival(state, choice);
  const more = overrideReads(choice.wishes.agent_override);
  // What a registration names was read with it.
  const readsMore = Object.keys(more).length > 0 && state.facts.entry.kind !== 'registered';
  if (arrived && !(arrived.found && readsMore)) return applyTarget(told, choice, arrived, at);
  return go(
    told,
    { name: 'resolving', choice },
    { type: 'resolve', agent_id: choice.agent_id, reference: choice.reference, ...more },
  );
}

function readAtArrival(state: InboundState, choice: Choice): ResolvedKnowledge | undefined {
  const { entry } = state.facts;
  if (choice.named !== 'nothing') return undefined;
  if (entry.kind === 'registered') return entry.resolved;
  return entry.kind === 'number' ? entry.drawn?.resolved : undefined;
}

/** The read that a resolve asked for is here. */
export function onResolved(state: InboundState, choice: Choice, found: ResolvedKnowledge, at: Instant): Move {
  return applyTarget(state, choice, asArrived(state, choice, found), at);
}

/** What was read at arrival holds (E8); a later read adds only the engine and knowledge bases the reply names. */
function asArrived(state: InboundState, choice: Choice, found: ResolvedKnowledge): ResolvedKnowledge {
  const arrived = readAtArrival(state, choice);
  if (!arrived?.found) return found;
  const named = overrideReads(choice.wishes.agent_override).engine_override !== undefined;
  if (!found.found) return named ? { ...found, missing: 'engine' } : arrived;
  return {
    found: true,
    target: named ? { ...arrived.target, engine: found.target.engine } : arrived.target,
    knowledge_bases: new Set([...arrived.knowledge_bases, ...found.knowledge_bases]),
  };
}

/** Lays the reply on the target that was read, and starts the session or refuses (E4–E7). */
function applyTarget(state: InboundState, choice: Choice, found: ResolvedKnowledge, at: Instant): Move {
  const judged = judgeTarget(state.facts, choice, found);
  if (!judged.usable) return onUnusable(state, choice, judged.issue, at);
  const { target, knowledge_bases } = judged;
  const how = target.how === 'number' ? 'it was named' : target.how;
  const told = note(state, `version ${target.version} because ${how}${target.is_published ? '' : ', a draft'}`);
  const applied = applyOverride({
    facts: state.facts,
    target,
    knowledge_bases,
    wishes: choice.wishes,
    at,
  });
  const unsafe = applied.refused?.find(isOfEngine);
  if (unsafe && isLenient(state)) return onUnusable(state, choice, unsafe, at);
  const ready = withoutForbidden(note(report(told, applied.issues), ...applied.steps), applied.plan);
  if (applied.refused) {
    const count = applied.refused.length;
    return refuse(ready, 'invalid_override', `the override breaks ${count} rule${count === 1 ? '' : 's'} (E6)`);
  }
  const started: InboundState = { ...ready, session_started: true };
  return go(started, { name: 'starting', plan: applied.plan }, { type: 'start_session', plan: applied.plan });
}

/** Request and reply, and what issues quote, are kept only as far as the agent's `data_storage_setting` lets them (H1). */
function withoutForbidden(state: InboundState, plan: SessionPlan): InboundState {
  const { request, reply, ...ledger } = state.ledger;
  if (mayKeepReply(plan) || request === undefined) return state;
  const issues = ledger.issues.map(({ sent: _quoted, ...issue }) => issue);
  const setting = String(plan.agent['data_storage_setting']);
  const what = reply === undefined ? 'the request is' : 'request and reply are';
  return note({ ...state, ledger: { ...ledger, issues } }, `${what} not kept: data_storage_setting is ${setting}`);
}

/** E6: refused, or connected without the faulty part where the number says `on_invalid_override: ignore`. */
function onUnusable(state: InboundState, choice: Choice, issue: Issue, at: Instant): Move {
  const other = isLenient(state) ? withoutFault(state, choice, issue) : undefined;
  if (other) return choose(report(state, [ignored(issue)]), other, at);
  const outcome = isOfEngine(issue) ? 'invalid_override' : 'unknown_agent';
  return refuse(report(state, [issue, ...choice.wishes.faults]), outcome, `${issue.message} (E6)`);
}

function isLenient({ facts: { entry } }: InboundState): boolean {
  return entry.kind === 'number' && entry.number.on_invalid_override === 'ignore';
}

/** About the override's `response_engine`, or its address. */
function isOfEngine({ pointer }: Issue): boolean {
  return pointer.includes('/agent_override/agent/response_engine');
}

/** The choice without what `issue` is about; undefined where nothing of it is the reply's. Each step leaves less. */
function withoutFault(state: InboundState, choice: Choice, issue: Issue): Choice | undefined {
  if (isOfEngine(issue)) {
    return { ...choice, wishes: withoutEngine(choice.wishes) };
  }
  if (issue.code === 'unknown_version' && choice.named === 'agent' && choice.reference !== 'latest') {
    return { ...choice, reference: 'latest', because: 'override_agent_id (E1), without the unknown version (E6)' };
  }
  if (choice.named === 'nothing') return undefined;
  const because = 'the reply names none that can be used, and on_invalid_override is ignore (E6)';
  return ownChoice(state, choice.wishes, because);
}

function withoutEngine(wishes: Wishes): Wishes {
  const { response_engine: _unknown, ...agent } = wishes.agent_override?.agent ?? {};
  return { ...wishes, agent_override: { ...wishes.agent_override, agent } };
}
