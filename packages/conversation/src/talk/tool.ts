/** Retell's tools, read once from an engine's JSON: what each is for the model, and what a chat does when it is called. */
import { type Fields, fieldsOf, flagIn, isFields, listOf, numberIn, own, textIn } from '../flow/read-json.ts';
import type { JsonSchema } from './model.ts';

/** What is said while a tool runs, where that is asked for; a prompt is left to the model. */
export type WhileRunning =
  | { readonly type: 'static_text'; readonly text: string }
  | { readonly type: 'prompt'; readonly text: string };

interface ToolBase {
  /** As the settings have it. */
  readonly name: string;
  readonly description: string;
  readonly says?: WhileRunning;
}

/** A function of the customer's, called over HTTP. */
export interface CustomTool extends ToolBase {
  readonly does: 'call';
  /** Templates: URL, headers and query. */
  readonly url: string;
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly headers: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
  readonly parameters: JsonSchema;
  /** Variable to the path of its value in the response. */
  readonly responseVariables: Readonly<Record<string, string>>;
  /** The body is the arguments alone. */
  readonly argsAtRoot: boolean;
  readonly form: boolean;
  /** Default 120,000, 1,000 to 600,000; a turn has less. */
  readonly timeoutMs: number;
  /** Default 0, at most 5. */
  readonly maxRetry: number;
  /** The model speaks about the result; default true. */
  readonly speaksAfter: boolean;
}

/** A value to be found in the talk. */
export interface Extracted {
  readonly name: string;
  readonly description: string;
  readonly type: 'string' | 'enum' | 'boolean' | 'number';
  readonly choices: readonly string[];
  readonly examples: readonly string[];
  readonly required: boolean;
  readonly condition?: string;
}

export type Tool =
  | CustomTool
  | (ToolBase & { readonly does: 'end' })
  | (ToolBase & { readonly does: 'extract'; readonly variables: readonly Extracted[] })
  | (ToolBase & { readonly does: 'swap'; readonly agentId: string; readonly version: string | number })
  /** A way to another state of a prompted LLM. */
  | (ToolBase & { readonly does: 'move'; readonly to: string; readonly parameters: JsonSchema })
  /** Makes no sense in writing, or is not there; never shown to the model. */
  | (ToolBase & { readonly does: 'nothing'; readonly why: string });

const METHODS: ReadonlySet<string> = new Set(['GET', 'POST', 'PUT', 'PATCH', 'DELETE']);
/** Why a chat has none of a kind of tool, or of node. */
export const NOT_IN_WRITING: Readonly<Record<string, string>> = {
  transfer_call: 'a chat cannot be transferred to a telephone',
  bridge_transfer: 'a chat cannot be transferred to a telephone',
  cancel_transfer: 'a chat cannot be transferred to a telephone',
  press_digit: 'a chat has no keys to press',
  send_sms: 'a chat is in writing already',
  check_availability_cal: 'Pickup does not talk to Cal.com; a custom function can',
  book_appointment_cal: 'Pickup does not talk to Cal.com; a custom function can',
  code: 'Pickup runs no code of an agent',
  mcp: 'Pickup does not talk to MCP servers',
};
const NO_PARAMETERS: JsonSchema = { type: 'object', properties: {} };

/** Every tool of the list; never throws. */
export function readTools(json: unknown): readonly Tool[] {
  return listOf(json).flatMap((item) => (isFields(item) ? readTool(item) : []));
}

/** One tool; undefined where it has no name. */
export function readTool(fields: Fields): Tool | readonly [] {
  const name = textIn(fields, 'name') ?? '';
  const type = textIn(fields, 'type') ?? '';
  if (name === '') return [];
  const says = readWhileRunning(fields);
  const base = { name, description: textIn(fields, 'description') ?? '', ...(says && { says }) };
  switch (type) {
    case 'end_call':
      return { ...base, does: 'end' };
    case 'extract_dynamic_variable':
      return { ...base, does: 'extract', variables: readExtracted(own(fields, 'variables')) };
    case 'agent_swap':
      return { ...base, does: 'swap', agentId: textIn(fields, 'agent_id') ?? '', version: versionIn(fields) };
    case 'custom':
      return { ...base, ...readCustom(fields) };
    default: {
      const why = Object.hasOwn(NOT_IN_WRITING, type) ? NOT_IN_WRITING[type]! : `${type} is no tool Pickup knows`;
      return { ...base, does: 'nothing', why };
    }
  }
}

/** `agent_version`; default `latest`. */
export function versionIn(fields: Fields): string | number {
  const version = own(fields, 'agent_version');
  return typeof version === 'string' || typeof version === 'number' ? version : 'latest';
}

/** Variables of an extract tool or node. */
export function readExtracted(json: unknown): readonly Extracted[] {
  return listOf(json).flatMap((item) => {
    const fields = fieldsOf(item);
    const name = textIn(fields, 'name');
    const type = textIn(fields, 'type');
    if (!name || (type !== 'string' && type !== 'enum' && type !== 'boolean' && type !== 'number')) return [];
    const condition = textIn(fields, 'conditional_prompt');
    return {
      name,
      type,
      description: textIn(fields, 'description') ?? '',
      choices: textsOf(own(fields, 'choices')),
      examples: textsOf(own(fields, 'examples')),
      required: flagIn(fields, 'required') ?? false,
      ...(condition && { condition }),
    };
  });
}

/** The schema to find them by. */
export function extractSchema(variables: readonly Extracted[]): JsonSchema {
  const describe = ({ description, examples, condition }: Extracted) =>
    [
      description,
      ...(examples.length > 0 ? [`Examples: ${examples.join('; ')}`] : []),
      ...(condition ? [`Only where this holds: ${condition}`] : []),
    ].join('\n');
  const properties = Object.fromEntries(
    variables.map((one) => [
      one.name,
      {
        type: one.type === 'enum' ? 'string' : one.type,
        description: describe(one),
        ...(one.type === 'enum' && one.choices.length > 0 && { enum: one.choices }),
      },
    ]),
  );
  return { type: 'object', properties, required: variables.filter((one) => one.required).map(({ name }) => name) };
}

/** What the model found, as text; what does not fit its type is left out. */
export function foundVariables(variables: readonly Extracted[], found: Fields): Readonly<Record<string, string>> {
  const values: Record<string, string> = {};
  for (const { name, type, choices } of variables) {
    const value = own(found, name);
    if (value === undefined || value === null || name === '__proto__') continue;
    const fits =
      type === 'boolean'
        ? typeof value === 'boolean'
        : type === 'number'
          ? typeof value === 'number' && Number.isFinite(value)
          : typeof value === 'string' && (type !== 'enum' || choices.length === 0 || choices.includes(value));
    if (fits) values[name] = String(value);
  }
  return values;
}

function readCustom(fields: Fields): Omit<CustomTool, keyof ToolBase> {
  const method = textIn(fields, 'method') ?? 'POST';
  const parameters = own(fields, 'parameters');
  return {
    does: 'call',
    url: textIn(fields, 'url') ?? '',
    method: METHODS.has(method) ? (method as CustomTool['method']) : 'POST',
    headers: textMap(own(fields, 'headers')),
    query: textMap(own(fields, 'query_params')),
    parameters: isFields(parameters) ? parameters : NO_PARAMETERS,
    responseVariables: textMap(own(fields, 'response_variables')),
    argsAtRoot: flagIn(fields, 'args_at_root') ?? false,
    form: textIn(fields, 'parameter_type') === 'form',
    timeoutMs: numberIn(fields, 'timeout_ms', 1_000, 600_000) ?? 120_000,
    maxRetry: Math.floor(numberIn(fields, 'max_retry', 0, 5) ?? 0),
    speaksAfter: flagIn(fields, 'speak_after_execution') ?? true,
  };
}

/** Where only `execution_message_type` is set, the older way of settings: a description is what is meant. */
function readWhileRunning(fields: Fields): WhileRunning | undefined {
  const text = textIn(fields, 'execution_message_description') ?? '';
  if (flagIn(fields, 'speak_during_execution') !== true) return undefined;
  const type = textIn(fields, 'execution_message_type') === 'static_text' ? 'static_text' : 'prompt';
  return text === '' && type === 'static_text' ? undefined : { type, text };
}

function textMap(json: unknown): Readonly<Record<string, string>> {
  const entries = Object.entries(fieldsOf(json)).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string' && entry[0] !== '__proto__',
  );
  return Object.fromEntries(entries);
}

function textsOf(json: unknown): readonly string[] {
  return listOf(json).filter((item): item is string => typeof item === 'string');
}
