/** What an engine's settings say of its model and its knowledge, with Retell's ranges and defaults. */
import { type Fields, fieldsOf, flagIn, listOf, numberIn, own, textIn } from '../flow/read-json.ts';
import type { ModelRequest } from './model.ts';

/** The model that speaks where an engine names none (Retell's default). */
export const DEFAULT_MODEL = 'gpt-4.1';

export interface ModelSettings {
  readonly model: string;
  /** 0 to 1; absent: the model's own. */
  readonly temperature?: number;
  readonly highPriority: boolean;
  /** `tool_call_strict_mode`. */
  readonly strict: boolean;
}

export interface KnowledgeSettings {
  readonly baseIds: readonly string[];
  /** `kb_config.top_k`, 1 to 10; default 3. */
  readonly topK: number;
  /** `kb_config.filter_score`, 0 to 1; default 0.6 of Retell's similarity, which is no share of words: here 0.2. */
  readonly filterScore: number;
}

/** Of a prompted LLM. */
export function llmModel(fields: Fields): ModelSettings {
  return {
    model: textIn(fields, 'model') ?? DEFAULT_MODEL,
    ...temperatureIn(fields),
    highPriority: flagIn(fields, 'model_high_priority') ?? false,
    strict: flagIn(fields, 'tool_call_strict_mode') ?? false,
  };
}

/** Of a conversation flow. */
export function flowModel(fields: Fields): ModelSettings {
  return withChoice(
    {
      model: DEFAULT_MODEL,
      ...temperatureIn(fields),
      highPriority: false,
      strict: flagIn(fields, 'tool_call_strict_mode') ?? false,
    },
    own(fields, 'model_choice'),
  );
}

/** With a `model_choice` laid on top, as a node's own. */
export function withChoice(settings: ModelSettings, choice: unknown): ModelSettings {
  const fields = fieldsOf(choice);
  const model = textIn(fields, 'model');
  if (model === undefined) return settings;
  return { ...settings, model, highPriority: flagIn(fields, 'high_priority') ?? false };
}

/** Of an engine, or of a node in addition to its flow's. */
export function knowledgeIn(fields: Fields, further?: KnowledgeSettings): KnowledgeSettings {
  const ids = listOf(own(fields, 'knowledge_base_ids')).filter((id): id is string => typeof id === 'string');
  const config = fieldsOf(own(fields, 'kb_config'));
  return {
    baseIds: [...new Set([...(further?.baseIds ?? []), ...ids])],
    topK: Math.floor(numberIn(config, 'top_k', 1, 10) ?? further?.topK ?? 3),
    filterScore: numberIn(config, 'filter_score', 0, 1) ?? further?.filterScore ?? 0.2,
  };
}

/** The part of a request that settings make. */
export function modelPart({ model, temperature, highPriority }: ModelSettings): Omit<ModelRequest, 'messages'> {
  return { model, ...(temperature !== undefined && { temperature }), ...(highPriority && { highPriority }) };
}

function temperatureIn(fields: Fields): { readonly temperature?: number } {
  const temperature = numberIn(fields, 'model_temperature', 0, 1);
  return temperature === undefined ? {} : { temperature };
}
