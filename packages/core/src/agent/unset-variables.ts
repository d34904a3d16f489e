/** Warnings of `{{names}}` that the session's texts use and nobody sets (E9): they stay as they are written. */
import { type AgentOverride, type Issue, nearestName, type ResolvedTarget, replyGroupOf } from '@pickup/contract';
import type { SessionPlan } from '../session-plan.ts';
import { isHeaderVariable } from './merge-variables.ts';
import { isSystemVariableOf } from './system-variables.ts';
import { usesIn, type VariableUse, variableUses } from './variable-uses.ts';

/** Of one inbound; a prompt with more of them is not finished. */
const MOST = 20;
/** Set names that are compared with an unset one: each costs microseconds, and a reply may set thousands. */
const MOST_COMPARED = 100;

/** One warning per name. Names that a caller's SIP headers may set are left alone: the next call may bring them. */
export function unsetVariables(plan: SessionPlan, target: ResolvedTarget, override: AgentOverride): readonly Issue[] {
  const { engine } = target;
  if (engine.type === 'custom-llm' || target.unchecked) return [];
  const group = engine.type === 'retell-llm' ? 'retell_llm' : 'conversation_flow';
  const laid = override[group] ?? {};
  const { uses, made } = variableUses(engine.settings);
  const sent = Object.entries(laid).flatMap(([field, value]) => usesIn(field, value));
  if (uses.length === 0 && sent.length === 0) return [];
  const isSystem = isSystemVariableOf({ channel: plan.channel, from: plan.from_number, to: plan.to_number });
  const isSet = (name: string) =>
    Object.hasOwn(plan.variables, name) || made.has(name) || isSystem(name) || isHeaderVariable(name);
  const unset = new Map<string, VariableUse>();
  for (const use of [...sent, ...uses.filter(({ field }) => !Object.hasOwn(laid, field))]) {
    if (!isSet(use.name) && !unset.has(use.name)) unset.set(use.name, use);
  }
  const root = `/${replyGroupOf(plan.channel === 'voice' ? 'call' : 'sms')}/agent_override/${group}`;
  return [...unset.values()]
    .slice(0, MOST)
    .map((use) => warningOf(use, group, Object.hasOwn(laid, use.field) ? `${root}/${use.field}` : '', plan));
}

function warningOf({ name, place }: VariableUse, group: string, pointer: string, plan: SessionPlan): Issue {
  const nearest = nearestName(name, Object.keys(plan.variables).slice(0, MOST_COMPARED));
  const hint = nearest === undefined ? '' : ` ${nearest} is set: is that meant?`;
  return {
    severity: 'warning',
    effect: 'degraded',
    code: 'unset_variable',
    rule: 'E9',
    pointer,
    message: `{{${name.slice(0, 100)}}} in ${group}.${place} stays as it is written: nobody sets it.${hint}`,
    ...(nearest !== undefined && { nearest }),
  };
}
