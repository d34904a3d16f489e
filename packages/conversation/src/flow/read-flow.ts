/** Retell's conversation-flow JSON into a graph. Never throws: what cannot run is a node that says why. */
import { type Exits, type FlowEdge, type FlowGraph, type FlowNode, GO_BACK, type NodeOverrides } from './flow-graph.ts';
import { readCondition, readPressedKeys, readPrompt } from './read-condition.ts';
import { type Fields, fieldsOf, flagIn, isFields, listOf, numberIn, own, textIn } from './read-json.ts';

/** What a node of another type would need; `needs` completes "it is a … node, which needs". */
const NEEDS: Readonly<Record<string, string>> = {
  subagent: 'a model',
  extract_dynamic_variables: 'a model',
  function: 'a runtime with tools',
  code: 'a runtime with tools',
  mcp: 'a runtime with tools',
  sms: 'a runtime that sends texts',
  transfer_call: 'a runtime that transfers calls',
  bridge_transfer: 'a runtime that transfers calls',
  cancel_transfer: 'a runtime that transfers calls',
  agent_swap: 'a runtime that swaps agents',
  component: 'a runtime that knows components',
};
const MAX_DELAY_MS = 60_000;

/** Of two nodes with one id the first counts. */
export function readFlow(json: unknown): FlowGraph {
  const fields = fieldsOf(json);
  const nodes = new Map<string, FlowNode>();
  for (const item of listOf(own(fields, 'nodes'))) {
    const node = isFields(item) ? readNode(item) : undefined;
    if (node && !nodes.has(node.id)) nodes.set(node.id, node);
  }
  const startId = textIn(fields, 'start_node_id');
  return {
    nodes,
    globals: [...nodes.values()].filter((node) => node.global),
    ...(startId !== undefined && { startId }),
    ...(own(fields, 'flex_mode') === true && { unrunnable: 'flex_mode turns the flow into one prompt for a model' }),
  };
}

function readNode(fields: Fields): FlowNode | undefined {
  const id = textIn(fields, 'id');
  if (id === undefined) return undefined;
  const base = {
    id,
    name: textIn(fields, 'name') || id,
    ...readGlobal(own(fields, 'global_node_setting')),
    exits: readExits(fields),
  };
  const type = textIn(fields, 'type') ?? '';
  const instruction = fieldsOf(own(fields, 'instruction'));
  const text = textIn(instruction, 'text') ?? '';
  const written = own(instruction, 'type') === 'static_text';
  if (type === 'branch') return { ...base, kind: 'branches' };
  if (type === 'conversation') {
    if (!written) return { ...base, kind: 'unrunnable', why: 'its instruction is a prompt, which needs a model' };
    return { ...base, kind: 'says', text, overrides: readOverrides(fields) };
  }
  if (type === 'end') {
    const speaks = flagIn(fields, 'speak_during_execution') ?? written;
    if (speaks && text !== '' && !written) {
      return { ...base, kind: 'unrunnable', why: 'its last words are a prompt, which needs a model' };
    }
    return { ...base, kind: 'ends', text: speaks && written ? text : '' };
  }
  if (type === 'press_digit') {
    const keys = readPressedKeys(text) ?? (/^\s*\{\{[^{}]+\}\}\s*$/.test(text) ? text.trim() : undefined);
    if (keys === undefined)
      return { ...base, kind: 'unrunnable', why: 'its instruction names no key, which needs a model' };
    return { ...base, kind: 'presses', keys, delayMs: numberIn(fields, 'delay_ms', 0, MAX_DELAY_MS) ?? 0 };
  }
  const needs = Object.hasOwn(NEEDS, type) ? NEEDS[type] : 'another runtime';
  return { ...base, kind: 'unrunnable', why: `it is a ${type || 'typeless'} node, which needs ${needs}` };
}

function readGlobal(json: unknown): Pick<FlowNode, 'global'> {
  if (!isFields(json)) return {};
  const condition = readPrompt(textIn(json, 'condition') ?? '');
  return { global: { condition, coolDown: numberIn(json, 'cool_down', 0, Number.MAX_SAFE_INTEGER) ?? 0 } };
}

/** The ways back of a global node; Retell leaves their destination out. */
function readWaysBack(json: unknown): FlowEdge[] {
  if (!isFields(json)) return [];
  return listOf(own(json, 'go_back_conditions')).flatMap((edge) =>
    isFields(edge)
      ? {
          id: textIn(edge, 'id') ?? '',
          condition: readCondition(own(edge, 'transition_condition')),
          to: textIn(edge, 'destination_node_id') || GO_BACK,
        }
      : [],
  );
}

function readExits(fields: Fields): Exits {
  const always = readEdge(own(fields, 'always_edge'));
  const otherwise = readEdge(own(fields, 'else_edge'));
  const skip = readEdge(own(fields, 'skip_response_edge'));
  return {
    edges: [
      ...listOf(own(fields, 'edges')).flatMap((edge) => readEdge(edge) ?? []),
      ...readWaysBack(own(fields, 'global_node_setting')),
    ],
    ...(always && { always }),
    ...(otherwise && { otherwise }),
    ...(skip && { skip }),
  };
}

/** An edge that leads nowhere is no exit: the dashboard saves those that nobody connected. */
function readEdge(json: unknown): FlowEdge | undefined {
  if (!isFields(json)) return undefined;
  const to = textIn(json, 'destination_node_id');
  if (to === undefined || to === '') return undefined;
  return { id: textIn(json, 'id') ?? '', condition: readCondition(own(json, 'transition_condition')), to };
}

function readOverrides(fields: Fields): NodeOverrides {
  const allowDtmfInterruption = flagIn(fields, 'allow_dtmf_interruption');
  const interruptionSensitivity = numberIn(fields, 'interruption_sensitivity', 0, 1);
  const reminderAfterMs = numberIn(fields, 'reminder_trigger_ms', 1, Number.MAX_SAFE_INTEGER);
  const reminderMaxCount = numberIn(fields, 'reminder_max_count', 0, Number.MAX_SAFE_INTEGER);
  const voiceSpeed = numberIn(fields, 'voice_speed', 0.5, 2);
  return {
    ...(allowDtmfInterruption !== undefined && { allowDtmfInterruption }),
    ...(interruptionSensitivity !== undefined && { interruptionSensitivity }),
    ...(reminderAfterMs !== undefined && { reminderAfterMs }),
    ...(reminderMaxCount !== undefined && { reminderMaxCount }),
    ...(voiceSpeed !== undefined && { voiceSpeed }),
  };
}
