/** A conversation flow with what a model is needed for: the static machine's graph, and beside it what else nodes do. */
import type { FlowEdge, FlowGraph, FlowNode } from '../flow/flow-graph.ts';
import { readFlow } from '../flow/read-flow.ts';
import { type Fields, fieldsOf, flagIn, isFields, listOf, own, textIn } from '../flow/read-json.ts';
import { flowModel, type KnowledgeSettings, knowledgeIn, type ModelSettings, withChoice } from '../talk/settings.ts';
import {
  type Extracted,
  NOT_IN_WRITING,
  readExtracted,
  readTool,
  readTools,
  type Tool,
  versionIn,
} from '../talk/tool.ts';

/** What a node does that the static machine cannot. */
export type Doing =
  /** Talks by a prompt; subagents have tools. */
  | { readonly does: 'converse'; readonly prompt: string; readonly tools: readonly Tool[] }
  /** Last words by a prompt. */
  | { readonly does: 'part'; readonly prompt: string }
  | { readonly does: 'extract'; readonly variables: readonly Extracted[] }
  | { readonly does: 'call'; readonly tool: Extract<Tool, { does: 'call' }>; readonly says?: string }
  | { readonly does: 'swap'; readonly agentId: string; readonly version: string | number; readonly failed?: FlowEdge }
  /** Makes no sense in writing, or is not there: the talk goes on by this edge. */
  | { readonly does: 'pass'; readonly why: string; readonly edge?: FlowEdge };

export interface ModelNode {
  readonly node: FlowNode;
  /** Absent where the static machine knows what it does. */
  readonly doing?: Doing;
  readonly model: ModelSettings;
  readonly knowledge: KnowledgeSettings;
}

export interface ModelFlow {
  readonly graph: FlowGraph;
  readonly nodes: ReadonlyMap<string, ModelNode>;
  readonly model: ModelSettings;
  readonly knowledge: KnowledgeSettings;
  readonly globalPrompt: string;
  readonly userFirst: boolean;
  readonly beginMessage: string | undefined;
}

const NO_NODE: Readonly<Record<string, string>> = {
  ...NOT_IN_WRITING,
  sms: 'a chat is in writing already; it goes on as if the text was sent',
  component: 'Pickup has no components of flows',
};

/** `settings` is a flow's JSON; never throws, whatever it is. */
export function readModelFlow(settings: unknown): ModelFlow {
  const fields = fieldsOf(settings);
  const graph = readFlow(fields);
  const shared = new Map<string, Fields>();
  for (const item of listOf(own(fields, 'tools'))) {
    const id = isFields(item) ? textIn(item, 'tool_id') : undefined;
    if (id !== undefined) shared.set(id, fieldsOf(item));
  }
  const [model, knowledge] = [flowModel(fields), knowledgeIn(fields)];
  const nodes = new Map<string, ModelNode>();
  for (const item of listOf(own(fields, 'nodes'))) {
    const raw = fieldsOf(item);
    const id = textIn(raw, 'id');
    const node = id === undefined ? undefined : graph.nodes.get(id);
    if (!node || nodes.has(node.id)) continue;
    const isWritten = node.kind === 'says' || node.kind === 'ends' || node.kind === 'branches';
    nodes.set(node.id, {
      node,
      ...(!isWritten && { doing: readDoing(raw, node, shared) }),
      model: withChoice(model, own(raw, 'model_choice')),
      knowledge: knowledgeIn(raw, knowledge),
    });
  }
  return {
    graph,
    ...{ nodes, model, knowledge },
    globalPrompt: textIn(fields, 'global_prompt') ?? '',
    userFirst: own(fields, 'start_speaker') === 'user',
    beginMessage: textIn(fields, 'begin_message'),
  };
}

function readDoing(raw: Fields, node: FlowNode, shared: ReadonlyMap<string, Fields>): Doing {
  const type = textIn(raw, 'type') ?? '';
  const instruction = fieldsOf(own(raw, 'instruction'));
  const prompt = textIn(instruction, 'text') ?? '';
  switch (type) {
    case 'conversation':
      return { does: 'converse', prompt, tools: [] };
    case 'subagent': {
      const ids = listOf(own(raw, 'tool_ids')).flatMap((id) => (typeof id === 'string' ? (shared.get(id) ?? []) : []));
      return { does: 'converse', prompt, tools: [...readTools(own(raw, 'tools')), ...readTools(ids)] };
    }
    case 'end':
      return { does: 'part', prompt };
    case 'extract_dynamic_variables':
      return { does: 'extract', variables: readExtracted(own(raw, 'variables')) };
    case 'function':
      return readCall(raw, node, shared);
    case 'agent_swap': {
      const failed = readEdge(raw, 'edge');
      const agentId = textIn(raw, 'agent_id') ?? '';
      return { does: 'swap', agentId, version: versionIn(raw), ...(failed && { failed }) };
    }
    default: {
      const why = Object.hasOwn(NO_NODE, type) ? NO_NODE[type]! : `${type} is no node Pickup knows`;
      const edge = readEdge(raw, 'success_edge') ?? readEdge(raw, 'edge') ?? wayOn(node);
      return { does: 'pass', why, ...(edge && { edge }) };
    }
  }
}

function readCall(raw: Fields, node: FlowNode, shared: ReadonlyMap<string, Fields>): Doing {
  const read = readTool(shared.get(textIn(raw, 'tool_id') ?? '') ?? {});
  const tool = 'does' in read ? read : undefined;
  if (tool?.does !== 'call') {
    const why = tool?.does === 'nothing' ? tool.why : 'the flow has no such tool';
    const edge = wayOn(node);
    return { does: 'pass', why, ...(edge && { edge }) };
  }
  const instruction = fieldsOf(own(raw, 'instruction'));
  const text = textIn(instruction, 'text') ?? '';
  const isSaid = flagIn(raw, 'speak_during_execution') === true && own(instruction, 'type') === 'static_text';
  return { does: 'call', tool, ...(isSaid && text !== '' && { says: text }) };
}

/** Where nothing can be judged: the way for everything else, or the only one. */
function wayOn({ exits }: FlowNode): FlowEdge | undefined {
  return exits.otherwise ?? exits.always ?? exits.skip ?? exits.edges[0];
}

function readEdge(raw: Fields, name: string): FlowEdge | undefined {
  const edge = fieldsOf(own(raw, name));
  const to = textIn(edge, 'destination_node_id');
  return to ? { id: textIn(edge, 'id') ?? '', condition: { kind: 'unreadable' }, to } : undefined;
}
