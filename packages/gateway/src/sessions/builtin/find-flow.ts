/** The flow of an engine, if the built-in runtime can walk it. */

import type { Issue, ResolvedEngine, Settings } from '@pickup/contract';
import { canRunWithoutModel, type FlowGraph, type FlowRunnability, readFlow } from '@pickup/conversation';

export interface FoundFlow {
  readonly graph: FlowGraph;
  readonly runnability: FlowRunnability;
}

/** Reasons named in one message. */
const MAX_REASONS = 5;

/** Settings are never written to, and one engine answers many calls. */
const known = new WeakMap<Settings, FoundFlow>();

/** Undefined for other engines. */
export function findFlow(engine: ResolvedEngine): FoundFlow | undefined {
  if (engine.type !== 'conversation-flow') return undefined;
  const kept = known.get(engine.settings);
  if (kept) return kept;
  const graph = readFlow(engine.settings);
  const found = { graph, runnability: canRunWithoutModel(graph) };
  known.set(engine.settings, found);
  return found;
}

/** The flow where it can be walked to its end. */
export function runnableFlow(engine: ResolvedEngine): FlowGraph | undefined {
  const found = findFlow(engine);
  return found?.runnability.runnable ? found.graph : undefined;
}

/** What the record says of a flow of which only the first line can be said. */
export function flowIssues(engine: ResolvedEngine): readonly Issue[] {
  const runnability = findFlow(engine)?.runnability;
  if (!runnability || runnability.runnable) return [];
  const { missing } = runnability;
  const more = missing.length > MAX_REASONS ? `; and ${missing.length - MAX_REASONS} more` : '';
  return [
    {
      severity: 'warning',
      effect: 'degraded',
      code: 'flow_needs_model',
      rule: 'E10',
      pointer: '',
      message: `The built-in runtime says only the first line of the conversation flow: ${missing.slice(0, MAX_REASONS).join('; ')}${more}.`,
    },
  ];
}
