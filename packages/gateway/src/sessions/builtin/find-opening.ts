/** What the built-in runtime is to say first: it has no model, so somebody must have written it. */
import type { Json, JsonObject, ResolvedEngine } from '@pickup/contract';

export type Opening =
  | { readonly kind: 'says'; readonly template: string }
  /** `begin_message` is "": the agent waits for the user. */
  | { readonly kind: 'waits' }
  /** Left to a model, or to somebody else's server. */
  | { readonly kind: 'missing'; readonly message: string; readonly missing: readonly string[] };

const MODEL_KEY = 'a model provider key';

/** A flow speaks the `begin_message` of an override, else its start node's static text. */
export function findOpening(engine: ResolvedEngine): Opening {
  if (engine.type === 'custom-llm') {
    return {
      kind: 'missing',
      message: 'The agent is answered by a custom LLM server, which the built-in runtime cannot talk to.',
      missing: ['a runtime for custom LLMs'],
    };
  }
  const written = engine.settings['begin_message'];
  const text =
    typeof written === 'string'
      ? written
      : engine.type === 'conversation-flow'
        ? startText(engine.settings)
        : undefined;
  if (text === '') return { kind: 'waits' };
  if (text !== undefined) return { kind: 'says', template: text };
  const source = engine.type === 'retell-llm' ? 'begin_message' : 'begin_message or static text in the start node';
  return {
    kind: 'missing',
    message: `The agent has no ${source}, and there is no model that could write the first line.`,
    missing: [`a ${source}`, MODEL_KEY],
  };
}

function startText(flow: JsonObject): string | undefined {
  const nodes = flow['nodes'];
  const startId = flow['start_node_id'];
  if (!Array.isArray(nodes) || typeof startId !== 'string') return undefined;
  const start = nodes.find((node: Json) => isObject(node) && node['id'] === startId);
  const instruction = isObject(start) ? start['instruction'] : undefined;
  if (!isObject(instruction) || instruction['type'] !== 'static_text') return undefined;
  return typeof instruction['text'] === 'string' ? instruction['text'] : undefined;
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
