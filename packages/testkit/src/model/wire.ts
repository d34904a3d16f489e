/** OpenAI's chat completions as they are on the wire: what a test sees of a request and scripts as an answer. */

export interface WireMessage {
  readonly role: 'system' | 'developer' | 'user' | 'assistant' | 'tool';
  readonly content?: string | null;
  readonly tool_calls?: readonly {
    readonly id: string;
    readonly type: 'function';
    readonly function: { readonly name: string; readonly arguments: string };
  }[];
  readonly tool_call_id?: string;
}

export interface WireTool {
  readonly type: 'function';
  readonly function: {
    readonly name: string;
    readonly description?: string;
    readonly parameters?: Readonly<Record<string, unknown>>;
    readonly strict?: boolean;
  };
}

/** A request that arrived; `body` is all of it. */
export interface RecordedModelRequest {
  readonly path: string;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: Readonly<Record<string, unknown>>;
  readonly model: string;
  readonly messages: readonly WireMessage[];
  /** Empty where the request offers none. */
  readonly tools: readonly WireTool[];
  /** Epoch ms. */
  readonly at: number;
}

/** What the model says: text, tool calls, or both. */
export interface SaidByModel {
  readonly text?: string;
  /** Arguments that are no string are written as JSON. */
  readonly tool_calls?: readonly { readonly name: string; readonly arguments: unknown; readonly id?: string }[];
  /** Before the first byte, in ms. */
  readonly delayMs?: number;
  /** Between two pieces, in ms. */
  readonly tokenDelayMs?: number;
  /** Default: `tool_calls` or `stop`. */
  readonly finish_reason?: string;
  readonly usage?: { readonly prompt_tokens: number; readonly completion_tokens: number };
  /** Ends the stream after so many pieces: with a TCP reset, or as if it were complete but for its end marks. */
  readonly cut?: { readonly after: number; readonly how: 'reset' | 'end' };
}

export type ModelAnswer =
  | SaidByModel
  /** An error as the API gives it. */
  | {
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly error?: {
        readonly message?: string;
        readonly type?: string;
        readonly code?: string;
        readonly param?: string;
      };
    }
  /** `hang`: never a byte; `reset`: a TCP reset. */
  | 'hang'
  | 'reset';

/** Why the API would refuse a request with 400; undefined for a good one. */
export function faultOf(body: Readonly<Record<string, unknown>>): string | undefined {
  const messages = body['messages'];
  if (typeof body['model'] !== 'string') return 'you must provide a model parameter';
  if (!Array.isArray(messages) || messages.length === 0) return "'messages' must be a non-empty array";
  return faultOfMessages(messages as readonly WireMessage[]) ?? faultOfTools(body);
}

/** Every call must be answered by a tool message at once, and a tool message must answer one. */
function faultOfMessages(messages: readonly WireMessage[]): string | undefined {
  let open = new Set<string>();
  for (const [index, message] of messages.entries()) {
    if (message.role === 'tool') {
      if (!open.delete(message.tool_call_id ?? '')) return `messages[${index}]: a tool message answers no tool call`;
      continue;
    }
    if (open.size > 0) return `messages[${index}]: tool_call_ids without response messages: ${[...open].join(', ')}`;
    if (typeof message.content !== 'string' && !message.tool_calls?.length) return `messages[${index}]: no content`;
    open = new Set(message.tool_calls?.map(({ id }) => id));
  }
  return open.size > 0 ? `tool_call_ids without response messages: ${[...open].join(', ')}` : undefined;
}

function faultOfTools(body: Readonly<Record<string, unknown>>): string | undefined {
  const tools = body['tools'] as readonly WireTool[] | undefined;
  if (tools === undefined) return body['tool_choice'] === undefined ? undefined : 'tool_choice without tools';
  if (tools.length === 0) return "'tools' must not be empty";
  const names = tools.map((tool) => tool.function.name);
  const bad = names.find((name) => !/^[a-zA-Z0-9_-]{1,64}$/.test(name));
  if (bad !== undefined) return `tool name ${bad} does not match ^[a-zA-Z0-9_-]+$`;
  if (new Set(names).size < names.length) return 'tool names are not unique';
  const chosen = (body['tool_choice'] as { readonly function?: { readonly name?: string } } | undefined)?.function
    ?.name;
  if (chosen !== undefined && !names.includes(chosen)) return `tool_choice names no tool: ${chosen}`;
  for (const tool of tools) {
    const { strict, parameters, name } = tool.function;
    const fault = strict ? faultOfStrict(parameters ?? {}, name) : undefined;
    if (fault) return fault;
  }
  return undefined;
}

/** A strict schema closes every object and requires every member. */
function faultOfStrict(schema: Readonly<Record<string, unknown>>, place: string): string | undefined {
  const properties = schema['properties'] as Readonly<Record<string, Readonly<Record<string, unknown>>>> | undefined;
  const type = schema['type'];
  if (type === 'object' || (Array.isArray(type) && type.includes('object'))) {
    if (schema['additionalProperties'] !== false) return `${place}: 'additionalProperties' must be false`;
    const required = new Set((schema['required'] ?? []) as readonly string[]);
    const loose = Object.keys(properties ?? {}).find((name) => !required.has(name));
    if (loose !== undefined) return `${place}: 'required' must include every key; missing ${loose}`;
  }
  for (const [name, inner] of Object.entries(properties ?? {})) {
    const fault = faultOfStrict(inner, `${place}.${name}`);
    if (fault) return fault;
  }
  const items = schema['items'] as Readonly<Record<string, unknown>> | undefined;
  return items ? faultOfStrict(items, `${place}[]`) : undefined;
}
