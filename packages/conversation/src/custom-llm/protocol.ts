/** Retell's LLM WebSocket, as a chat speaks it: what a customer's server is told, and what it says. */
import { type Fields, fieldsOf, flagIn, isFields, own, textIn } from '../flow/read-json.ts';
import type { TalkEntry } from '../talk/entry.ts';
import { MAX_SAID, MAX_TOOL_TEXT } from '../talk/step.ts';

/** The begin message, which the server says unasked. */
export const BEGIN_RESPONSE = 0;

export type ServerEvent =
  | {
      readonly type: 'config';
      readonly callDetails: boolean;
      readonly keepsAlive: boolean;
      readonly withToolCalls: boolean;
    }
  /** `content` is a piece; `complete` ends the response. */
  | {
      readonly type: 'response';
      readonly id: number;
      readonly content: string;
      readonly complete: boolean;
      readonly endsChat: boolean;
      /** What it asks for that a chat cannot do. */
      readonly unable: readonly string[];
    }
  /** Said although nobody asked. */
  | { readonly type: 'interrupt'; readonly content: string; readonly complete: boolean; readonly endsChat: boolean }
  | { readonly type: 'entry'; readonly entry: TalkEntry }
  | { readonly type: 'ping' }
  /** Of no meaning in a chat, or not of the protocol. */
  | { readonly type: 'other' };

/** One message of the server's; never throws. */
export function readServerEvent(message: string): ServerEvent {
  const fields = parse(message);
  switch (fields && textIn(fields, 'response_type')) {
    case 'config': {
      const config = fieldsOf(own(fields!, 'config'));
      return {
        type: 'config',
        callDetails: flagIn(config, 'call_details') ?? false,
        keepsAlive: flagIn(config, 'auto_reconnect') ?? false,
        withToolCalls: flagIn(config, 'transcript_with_tool_calls') ?? false,
      };
    }
    case 'response':
      return { type: 'response', id: idIn(fields!), ...spoken(fields!), unable: unableIn(fields!) };
    case 'agent_interrupt':
      return { type: 'interrupt', ...spoken(fields!) };
    case 'tool_call_invocation':
    case 'tool_call_result':
      return readToolEvent(fields!);
    case 'ping_pong':
      return { type: 'ping' };
    default:
      return { type: 'other' };
  }
}

/** What was said and used so far, as the server is told of it. */
function transcriptFor(history: readonly TalkEntry[], withToolCalls: boolean) {
  const transcript = history.filter(({ role }) => role === 'agent' || role === 'user');
  return { transcript, ...(withToolCalls && { transcript_with_tool_calls: history }) };
}

/** It is the server's turn to speak. */
export function responseRequired(id: number, history: readonly TalkEntry[], withToolCalls: boolean): string {
  const interaction = { interaction_type: 'response_required', response_id: id };
  return JSON.stringify({ ...interaction, ...transcriptFor(history, withToolCalls) });
}

/** Where the server's config asks for them. */
export function callDetails(call: Fields): string {
  return JSON.stringify({ interaction_type: 'call_details', call });
}

export function pingPong(timestamp: number): string {
  return JSON.stringify({ interaction_type: 'ping_pong', timestamp });
}

function readToolEvent(fields: Fields): ServerEvent {
  const id = textIn(fields, 'tool_call_id');
  if (id === undefined) return { type: 'other' };
  if (textIn(fields, 'response_type') === 'tool_call_result') {
    const content = (textIn(fields, 'content') ?? '').slice(0, MAX_TOOL_TEXT).toWellFormed();
    const successful = flagIn(fields, 'successful') ?? true;
    return { type: 'entry', entry: { role: 'tool_call_result', tool_call_id: id, content, successful } };
  }
  const name = textIn(fields, 'name') ?? '';
  const written = (textIn(fields, 'arguments') ?? '{}').slice(0, MAX_TOOL_TEXT).toWellFormed();
  return { type: 'entry', entry: { role: 'tool_call_invocation', tool_call_id: id, name, arguments: written } };
}

function spoken(fields: Fields) {
  return {
    content: (textIn(fields, 'content') ?? '').slice(0, MAX_SAID),
    complete: flagIn(fields, 'content_complete') ?? false,
    endsChat: flagIn(fields, 'end_call') ?? false,
  };
}

function idIn(fields: Fields): number {
  const id = own(fields, 'response_id');
  return typeof id === 'number' ? id : Number.NaN;
}

function unableIn(fields: Fields): readonly string[] {
  return ['transfer_number', 'digit_to_press'].filter(
    (name) => own(fields, name) !== undefined && own(fields, name) !== null,
  );
}

function parse(message: string): Fields | undefined {
  try {
    const json: unknown = JSON.parse(message);
    return isFields(json) ? json : undefined;
  } catch {
    return undefined;
  }
}
