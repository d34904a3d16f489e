/**
 * The graph of a conversation flow: what create and update refuse, and what they warn of. Nodes of every kind are
 * looked at alike: whatever names a `destination_node_id` is a way out.
 */
import type { Settings } from '../agent.ts';
import type { Issue, Json } from '../inbound.ts';
import { fault, isObject, pointerTo, warning } from './issue.ts';

type Node = Readonly<Record<string, unknown>>;

interface WayOut {
  readonly to: string;
  /** From the node. */
  readonly path: readonly (string | number)[];
}

/** Issues of the flow's own nodes and of those of its components; pointers start at the settings' root. */
export function checkFlow(settings: Settings): readonly Issue[] {
  const issues = checkGraph(nodesOf(settings['nodes']), settings['start_node_id'], {
    base: [],
    of: 'conversation_flow',
  });
  const components = Array.isArray(settings['components']) ? settings['components'] : [];
  components.forEach((component, index) => {
    if (!isObject(component)) return;
    const place = { base: ['components', index], of: `conversation_flow.components[${index}]` };
    issues.push(...checkGraph(nodesOf(component['nodes']), component['start_node_id'] as Json | undefined, place));
  });
  return issues;
}

interface Place {
  readonly base: readonly (string | number)[];
  readonly of: string;
}

function checkGraph(nodes: readonly Node[], start: Json | undefined, place: Place): Issue[] {
  const issues: Issue[] = [];
  const ids = new Map<string, Node>();
  nodes.forEach((node, index) => {
    const id = String(node['id']);
    if (ids.has(id)) issues.push(duplicate(id, index, place));
    else ids.set(id, node);
  });
  nodes.forEach((node, index) => {
    for (const way of waysOut(node))
      if (!ids.has(way.to)) issues.push(unknownNode(way, index, String(node['id']), place));
  });
  if (nodes.length > 0) issues.push(...checkStart(ids, start, place));
  return issues;
}

function checkStart(ids: ReadonlyMap<string, Node>, start: Json | undefined, place: Place): Issue[] {
  const pointer = pointerTo('', ...place.base, 'start_node_id');
  const where = `${place.of}.start_node_id`;
  if (typeof start !== 'string' || start === '') {
    const message = `${where} is not set: no call can begin in this flow.`;
    return [warning({ code: 'no_start_node', pointer, message }, 'degraded')];
  }
  if (!ids.has(start)) {
    const message = `${where} must be the id of one of the nodes.`;
    return [fault({ code: 'unknown_node', pointer, message, allowed: [...ids.keys()], sent: start })];
  }
  const cut = unreached(ids, start);
  if (cut.length === 0) return [];
  const message = `${place.of}.nodes: no way leads from the start to ${cut.slice(0, 10).join(', ')}.`;
  const nodesPointer = pointerTo('', ...place.base, 'nodes');
  return [warning({ code: 'unreachable_node', pointer: nodesPointer, message })];
}

/** Global nodes are reached from anywhere. */
function unreached(ids: ReadonlyMap<string, Node>, start: string): readonly string[] {
  const reached = new Set<string>([start]);
  for (const [id, node] of ids) if (isObject(node['global_node_setting'])) reached.add(id);
  // A set yields what is added while it is walked.
  for (const id of reached) {
    const node = ids.get(id);
    if (node) for (const { to } of waysOut(node)) if (ids.has(to)) reached.add(to);
  }
  return [...ids.keys()].filter((id) => !reached.has(id));
}

/** Every non-empty `destination_node_id` inside a node, however deep; the dashboard saves "" for edges not connected. */
function waysOut(node: Node): readonly WayOut[] {
  const found: WayOut[] = [];
  const open: { readonly value: unknown; readonly path: readonly (string | number)[] }[] = [{ value: node, path: [] }];
  for (const { value, path } of open) {
    if (Array.isArray(value)) {
      for (const [index, item] of value.entries()) open.push({ value: item, path: [...path, index] });
    } else if (isObject(value)) {
      const to = value['destination_node_id'];
      if (typeof to === 'string' && to !== '') found.push({ to, path: [...path, 'destination_node_id'] });
      for (const [key, item] of Object.entries(value)) {
        if (typeof item === 'object' && item !== null) open.push({ value: item, path: [...path, key] });
      }
    }
  }
  return found;
}

function nodesOf(value: unknown): readonly Node[] {
  return Array.isArray(value) ? value.filter((node): node is Node => isObject(node)) : [];
}

function duplicate(id: string, index: number, place: Place): Issue {
  const pointer = pointerTo('', ...place.base, 'nodes', index, 'id');
  const message = `${place.of}.nodes[${index}].id is taken by a node before it; ids must differ.`;
  return fault({ code: 'duplicate', pointer, message, sent: id });
}

function unknownNode({ to, path }: WayOut, index: number, id: string, place: Place): Issue {
  const pointer = pointerTo('', ...place.base, 'nodes', index, ...path);
  const message = `${place.of}.nodes[${index}] (${id}): a way out leads to ${to}, but there is no such node.`;
  return fault({ code: 'unknown_node', pointer, message, sent: to });
}
