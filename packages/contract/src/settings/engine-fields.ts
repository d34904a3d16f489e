/** Prompted LLMs and conversation flows. Tools, states and nodes: the envelope is checked, the rest kept as sent. */
import {
  choice,
  envelope,
  type Fields,
  field,
  flag,
  integer,
  list,
  nonEmptyText,
  nullable,
  number,
  optional,
  orNull,
  required,
  savedOnly,
  shape,
  stringMap,
  tag,
  text,
} from './field.ts';

const LLM_TOOL_TYPES = [
  'end_call',
  'transfer_call',
  'check_availability_cal',
  'book_appointment_cal',
  'agent_swap',
  'press_digit',
  'send_sms',
  'custom',
  'code',
  'extract_dynamic_variable',
  'bridge_transfer',
  'cancel_transfer',
  'mcp',
] as const;

const NODE_TYPES = [
  'conversation',
  'subagent',
  'end',
  'function',
  'code',
  'transfer_call',
  'press_digit',
  'branch',
  'sms',
  'extract_dynamic_variables',
  'agent_swap',
  'mcp',
  'component',
  'bridge_transfer',
  'cancel_transfer',
] as const;

const kbConfig = shape({
  filter_score: optional(number({ min: 0, max: 1 })),
  top_k: optional(integer({ min: 1, max: 10 })),
});
const startSpeaker = choice(['user', 'agent']);
const silenceMs = integer({ min: 0, unit: 'ms' });
const ids = list(text());
const temperature = number({ min: 0, max: 1 });
const mcps = list(envelope({ name: text(), url: text() }));
const llmTools = list(envelope({ type: choice(LLM_TOOL_TYPES), name: nonEmptyText() }));
const flowTools = list(
  envelope({ type: choice(['custom', 'check_availability_cal', 'book_appointment_cal']), name: nonEmptyText() }),
);
const nodes = list(envelope({ id: nonEmptyText(), type: choice(NODE_TYPES) }));
const position = shape({ x: optional(number()), y: optional(number()) });

/** A prompted LLM: 10 overridable fields and those only create and update take. Models are an open list (E5). */
export const LLM_FIELDS: Fields = new Map(
  Object.entries({
    model: nullable(text()),
    s2s_model: nullable(text()),
    model_temperature: field(temperature),
    model_high_priority: nullable(flag()),
    tool_call_strict_mode: nullable(flag()),
    knowledge_base_ids: nullable(ids),
    kb_config: nullable(kbConfig),
    start_speaker: field(startSpeaker),
    begin_after_user_silence_ms: nullable(silenceMs),
    begin_message: nullable(text()),
    general_prompt: savedOnly(nullable(text())),
    general_tools: savedOnly(nullable(llmTools)),
    states: savedOnly(
      nullable(
        list(
          envelope({
            name: nonEmptyText(),
            state_prompt: optional(orNull(text())),
            tools: optional(orNull(llmTools)),
            edges: optional(orNull(list(envelope({ destination_state_name: nonEmptyText(), description: text() })))),
          }),
        ),
      ),
    ),
    starting_state: savedOnly(nullable(text())),
    default_dynamic_variables: savedOnly(nullable(stringMap())),
    mcps: savedOnly(nullable(mcps)),
    is_transfer_llm: savedOnly(nullable(flag())),
  }),
);

/** A conversation flow: 8 overridable fields and those only create and update take. */
export const FLOW_FIELDS: Fields = new Map(
  Object.entries({
    model_choice: required(field(shape({ type: tag('cascading'), model: text(), high_priority: optional(flag()) }))),
    model_temperature: nullable(temperature),
    tool_call_strict_mode: nullable(flag()),
    knowledge_base_ids: nullable(ids),
    kb_config: field(kbConfig),
    start_speaker: required(field(startSpeaker)),
    begin_after_user_silence_ms: nullable(silenceMs),
    begin_message: nullable(text()),
    nodes: savedOnly(required(field(nodes))),
    start_node_id: savedOnly(nullable(text())),
    global_prompt: savedOnly(nullable(text())),
    tools: savedOnly(nullable(flowTools)),
    components: savedOnly(nullable(list(envelope({ name: text(), nodes: optional(nodes) })))),
    default_dynamic_variables: savedOnly(nullable(stringMap())),
    mcps: savedOnly(nullable(mcps)),
    notes: savedOnly(nullable(list(envelope({})))),
    flex_mode: savedOnly(nullable(flag())),
    is_transfer_cf: savedOnly(nullable(flag())),
    begin_tag_display_position: savedOnly(nullable(position)),
  }),
);
