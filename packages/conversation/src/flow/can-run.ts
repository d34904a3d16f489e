/** Whether a flow needs a model, and what for. */
import { type FlowGraph, type FlowNode, GO_BACK } from './flow-graph.ts';
import { takeableEdges } from './pick-exit.ts';
import { readFlow } from './read-flow.ts';

export type FlowRunnability =
  | { readonly runnable: true }
  /** For people, one entry per reason: `node greet: its instruction is a prompt, which needs a model`. */
  | { readonly runnable: false; readonly missing: readonly string[] };

/**
 * Looks at the nodes that can be reached from the start, and at global nodes, which can be reached from anywhere.
 * `flow` is Retell's JSON or what `readFlow` made of it; never throws.
 */
export function canRunWithoutModel(flow: unknown): FlowRunnability {
  const graph = isGraph(flow) ? flow : readFlow(flow);
  if (graph.unrunnable !== undefined) return { runnable: false, missing: [graph.unrunnable] };
  if (!graph.nodes.has(graph.startId ?? ''))
    return { runnable: false, missing: ['a start node: start_node_id names none of the nodes'] };
  const missing = [...reachableNodes(graph)].flatMap((node) => reasons(graph, node));
  for (const { id, global } of graph.globals) {
    if (global?.condition.kind === 'prompt' || global?.condition.kind === 'unreadable')
      missing.push(`node ${id}: it is a global node, whose condition needs a model`);
  }
  return missing.length === 0 ? { runnable: true } : { runnable: false, missing };
}

function isGraph(flow: unknown): flow is FlowGraph {
  return typeof flow === 'object' && flow !== null && (flow as { nodes?: unknown }).nodes instanceof Map;
}

/** From the start, and the global nodes, which are reached from anywhere. */
export function reachableNodes(graph: FlowGraph): ReadonlySet<FlowNode> {
  const start = graph.startId === undefined ? undefined : graph.nodes.get(graph.startId);
  const seen = new Set<FlowNode>([...(start ? [start] : []), ...graph.globals]);
  // A set yields what is added while it is walked.
  for (const node of seen) {
    for (const edge of takeableEdges(node.exits)) {
      const next = edge.to === GO_BACK ? undefined : graph.nodes.get(edge.to);
      if (next) seen.add(next);
    }
  }
  return seen;
}

function reasons(graph: FlowGraph, node: FlowNode): string[] {
  if (node.kind === 'unrunnable') return [`node ${node.id}: ${node.why}`];
  if (node.kind === 'ends') return [];
  const { skip, edges } = node.exits;
  const found: string[] = [];
  for (const { id, condition } of skip ? [] : edges) {
    if (condition.kind === 'prompt')
      found.push(`node ${node.id}, edge ${id}: its condition is a prompt, which needs a model`);
    if (condition.kind === 'unreadable')
      found.push(`node ${node.id}, edge ${id}: its condition is neither equation nor prompt`);
  }
  for (const { id, to } of takeableEdges(node.exits)) {
    if (to !== GO_BACK && !graph.nodes.has(to)) found.push(`node ${node.id}, edge ${id}: there is no node ${to}`);
  }
  return found;
}
