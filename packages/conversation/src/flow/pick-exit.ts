/** Which way out of a node a turn of the user's takes. */
import type { VariableLookup } from '@pickup/core';
import type { Condition, Exits, FlowEdge } from './flow-graph.ts';
import { judgeEquation } from './judge-equation.ts';

/** The variable that has the keys last pressed. */
export const KEYS_VARIABLE = 'user_dtmf_input';

/**
 * How a turn came about: keys were pressed (branches look at the last ones), the user spoke, or nothing happened for
 * as long as reminders take.
 */
export type Turn = { readonly by: 'keys'; readonly keys: string } | { readonly by: 'speech' | 'silence' };

/** Equations first, as Retell has it, then conditions about keys. */
export function pickNamed(exits: Exits, turn: Turn, lookup: VariableLookup): FlowEdge | undefined {
  const equation = exits.edges.find(
    ({ condition }) => condition.kind === 'equations' && holds(condition, turn, lookup),
  );
  return equation ?? exits.edges.find(({ condition }) => holds(condition, turn, lookup));
}

/** Where no condition holds: `always`, then `otherwise`. */
export function pickDefault({ always, otherwise }: Exits, turn: Turn): FlowEdge | undefined {
  // Silence is no turn: whoever wrote "always" meant after the user's answer.
  return (turn.by === 'silence' ? undefined : always) ?? otherwise;
}

/** Does the condition hold after that turn? What needs a model never does. */
export function holds(condition: Condition, turn: Turn, lookup: VariableLookup): boolean {
  switch (condition.kind) {
    case 'equations': {
      const judge = (equation: (typeof condition.equations)[number]) => judgeEquation(equation, lookup);
      return condition.all ? condition.equations.every(judge) : condition.equations.some(judge);
    }
    case 'keys':
      return turn.by === 'keys' && condition.entries.includes(turn.keys);
    case 'no_keys':
      return turn.by === 'silence' || (turn.by === 'keys' && turn.keys === '');
    case 'prompt':
    case 'unreadable':
      return false;
  }
}

/** True where a way out depends on keys: then words, which nobody here understands, are no turn. */
export function waitsForKeys(exits: Exits): boolean {
  return exits.edges.some(({ condition }) => {
    if (condition.kind === 'keys' || condition.kind === 'no_keys') return true;
    if (condition.kind !== 'equations') return false;
    return condition.equations.some(({ left, right }) => `${left} ${right}`.includes(KEYS_VARIABLE));
  });
}

/** True where the node leads somewhere. */
export function hasExit({ edges, always, otherwise }: Exits): boolean {
  return edges.length > 0 || always !== undefined || otherwise !== undefined;
}

/** Every edge of a node that could be taken; where `skip` is there, no other ever is. */
export function takeableEdges({ edges, always, otherwise, skip }: Exits): readonly FlowEdge[] {
  if (skip) return [skip];
  return [...edges, ...(always ? [always] : []), ...(otherwise ? [otherwise] : [])];
}
