/** What is asked of a language model and what it answers, whoever serves it. */

/** A JSON schema of an object, as providers take it. */
export type JsonSchema = Readonly<Record<string, unknown>>;

export interface ToolCall {
  readonly id: string;
  readonly name: string;
  /** JSON as the model wrote it; not yet judged. */
  readonly arguments: string;
}

export type ModelMessage =
  | { readonly role: 'system' | 'user'; readonly content: string }
  | { readonly role: 'assistant'; readonly content: string; readonly toolCalls?: readonly ToolCall[] }
  | { readonly role: 'tool'; readonly toolCallId: string; readonly content: string };

export interface ModelTool {
  readonly name: string;
  readonly description: string;
  readonly parameters: JsonSchema;
  /** The provider holds the model to the schema. */
  readonly strict?: boolean;
}

export interface ModelRequest {
  /** The name in the catalogue. */
  readonly model: string;
  readonly messages: readonly ModelMessage[];
  readonly tools?: readonly ModelTool[];
  /** Default `auto`; a name is the one tool that must be called. */
  readonly toolChoice?: 'auto' | 'none' | { readonly name: string };
  readonly temperature?: number;
  /** `model_high_priority`. */
  readonly highPriority?: boolean;
}

export interface TokenUse {
  readonly prompt: number;
  readonly completion: number;
}

export interface ModelReply {
  readonly content: string;
  readonly toolCalls: readonly ToolCall[];
}

/** `retry`: it may go better later. `reason` is public, `detail` private. */
export type ModelResult =
  | { readonly ok: true; readonly reply: ModelReply; readonly use: TokenUse; readonly tries: number }
  | {
      readonly ok: false;
      readonly retry: boolean;
      readonly reason: string;
      readonly detail: string;
      readonly use: TokenUse;
      readonly tries: number;
    };

/** Asks a model once, with the retries that are worth it. Never rejects. */
export type AskModel = (request: ModelRequest, signal: AbortSignal) => Promise<ModelResult>;
