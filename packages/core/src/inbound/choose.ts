/** Who is to take the inbound (E1–E4), and what becomes of a target once it was read. */
import type { Issue, JsonObject } from '@pickup/contract';
import { applyOverride } from '../agent/apply-override.ts';
import { refuse } from './conclude.ts';
import type { Instant } from './event.ts';
import type { ResolvedKnowledge } from './facts.ts';
import { go, type Move, note, report } from './move.ts';
import type { Choice, InboundState, Wishes } from './state.ts';

export const NO_WISHES: Wishes = { dynamic_variables: {}, faults: [] };

/** The number's own agent with these wishes; undefined where the number has none. */
export function ownChoice(state: InboundState, wishes: Wishes, because: string): Choice | undefined {
  const { entry } = state.facts;
  if (entry.kind !== 'number' || !entry.drawn) return undefined;
  const { agent } = entry.drawn;
  return { agent_id: agent.agent_id, reference: agent.agent_version ?? 'latest', because, wishes };
}

/** Reads the target, or uses the read of the arrival where it says all (E8). */
export function choose(state: InboundState, choice: Choice, at: Instant): Move {
  const told = note(state, `agent ${choice.agent_id} because ${choice.because}`);
  const known = knownTarget(state, choice);
  if (known) return applyTarget(told, choice, known, at);
  const engine = choice.wishes.agent_override?.agent?.['response_engine'] as JsonObject | undefined;
  const bases = knowledgeBases(choice.wishes);
  return go(
    told,
    { name: 'resolving', choice },
    {
      type: 'resolve',
      agent_id: choice.agent_id,
      reference: choice.reference,
      ...(engine && { engine_override: engine }),
      ...(bases.length > 0 && { knowledge_base_ids: bases }),
    },
  );
}

function knownTarget(state: InboundState, choice: Choice): ResolvedKnowledge | undefined {
  const { entry } = state.facts;
  if (entry.kind === 'registered') return entry.resolved;
  if (entry.kind !== 'number' || !entry.drawn) return undefined;
  const { agent, resolved } = entry.drawn;
  const same = agent.agent_id === choice.agent_id && (agent.agent_version ?? 'latest') === choice.reference;
  const readsMore =
    choice.wishes.agent_override?.agent?.['response_engine'] || knowledgeBases(choice.wishes).length > 0;
  return same && !readsMore ? resolved : undefined;
}

function knowledgeBases(wishes: Wishes): readonly string[] {
  const { retell_llm: llm, conversation_flow: flow } = wishes.agent_override ?? {};
  return [
    ...((llm?.['knowledge_base_ids'] as string[] | null) ?? []),
    ...((flow?.['knowledge_base_ids'] as string[] | null) ?? []),
  ];
}

/** Lays the reply on the target that was read, and starts the session or refuses (E4–E7). */
export function applyTarget(state: InboundState, choice: Choice, found: ResolvedKnowledge, at: Instant): Move {
  const missing = whatIsMissing(state, choice, found);
  if (missing) return unknownAgent(state, choice, missing, at);
  if (!found.found) throw new Error('unreachable: a missing target was handled');
  const { target } = found;
  const told = note(state, `version ${target.version} because ${target.how}${target.is_published ? '' : ', a draft'}`);
  const applied = applyOverride({
    facts: state.facts,
    target,
    knowledge_bases: found.knowledge_bases,
    wishes: choice.wishes,
    at,
  });
  const ready = note(report(told, applied.issues), ...applied.steps);
  if (applied.refused) {
    const count = applied.refused.length;
    return refuse(ready, 'invalid_override', `the override breaks ${count} rule${count === 1 ? '' : 's'} (E6)`);
  }
  const started: InboundState = { ...ready, session_started: true };
  return go(started, { name: 'starting', plan: applied.plan }, { type: 'start_session', plan: applied.plan });
}

function whatIsMissing(state: InboundState, choice: Choice, found: ResolvedKnowledge): Issue | undefined {
  const group = state.facts.channel === 'call' ? 'call_inbound' : 'chat_inbound';
  const issue = (field: string, code: string, message: string, sent: string | number): Issue => ({
    severity: 'error',
    effect: 'refuses',
    code,
    pointer: `/${group}/${field}`,
    message,
    sent,
  });
  if (!found.found) {
    return found.missing === 'version'
      ? issue('override_agent_version', 'unknown_version', found.message, choice.reference)
      : issue('override_agent_id', 'unknown_agent', found.message, choice.agent_id);
  }
  const wanted = state.facts.channel === 'call' ? 'voice' : 'chat';
  if (found.target.channel === wanted) return undefined;
  const message = `override_agent_id: ${choice.agent_id} is a ${found.target.channel} agent; a ${state.facts.channel} needs a ${wanted} agent (E1)`;
  return issue('override_agent_id', 'wrong_channel', message, choice.agent_id);
}

/** E6: refused, or the number's own agent where the number says `on_invalid_override: ignore`. */
function unknownAgent(state: InboundState, choice: Choice, issue: Issue, at: Instant): Move {
  const { entry } = state.facts;
  const own = ownChoice(
    state,
    choice.wishes,
    'the reply names none that exists, and on_invalid_override is ignore (E6)',
  );
  const lenient = entry.kind === 'number' && entry.number.on_invalid_override === 'ignore';
  if (lenient && own && (own.agent_id !== choice.agent_id || own.reference !== choice.reference)) {
    return choose(report(state, [{ ...issue, severity: 'warning', effect: 'ignored' }]), own, at);
  }
  return refuse(report(state, [issue, ...choice.wishes.faults]), 'unknown_agent', `${issue.message} (E6)`);
}
