/** What was said in a text's chat, and how far each text of ours is. Pure. */
import { printable, type Style } from '../style.ts';
import { duration } from '../timeline.ts';
import { labelled } from '../wrap-text.ts';

/** The part of a chat object that is shown. */
export interface ShownChat {
  readonly chat_status?: string;
  readonly disconnection_reason?: string;
  readonly end_timestamp?: number;
  readonly message_with_tool_calls?: readonly {
    readonly role?: string;
    readonly content?: string;
    readonly name?: string;
    readonly arguments?: string;
    readonly new_node_name?: string;
    readonly new_state_name?: string;
    /** Epoch ms. */
    readonly created_timestamp?: number;
  }[];
  readonly outgoing_texts?: readonly {
    readonly part_id: string;
    readonly state: string;
    readonly edge?: string;
    readonly provider_message_id?: string;
    readonly accepted_timestamp?: number;
    readonly failures?: number;
    readonly error_code?: string;
    readonly error_message?: string;
  }[];
}

type Message = NonNullable<ShownChat['message_with_tool_calls']>[number];
type Sent = NonNullable<ShownChat['outgoing_texts']>[number];

export interface ShownAt {
  /** Epoch ms that times count from. */
  readonly since: number;
  readonly width: number;
  readonly style: Style;
}

/** A line for each message, and how the chat ended where it has. */
export function conversationLines(chat: ShownChat, at: ShownAt): readonly string[] {
  const said = (chat.message_with_tool_calls ?? []).flatMap((message) => {
    const [who, what] = wordsOf(message);
    return timed(message.created_timestamp, who, what, at);
  });
  if (chat.chat_status === undefined || chat.chat_status === 'ongoing') return said;
  const end = [chat.chat_status, chat.disconnection_reason].filter(Boolean).join(', ');
  return [...said, ...timed(chat.end_timestamp, 'over', end, at)];
}

function wordsOf(message: Message): readonly [who: string, what: string] {
  switch (message.role) {
    case 'user':
      return ['sender', `“${message.content ?? ''}”`];
    case 'tool_call_invocation':
      return ['calls', `${message.name ?? 'a tool'}(${message.arguments ?? ''})`];
    case 'tool_call_result':
      return ['result', message.content ?? ''];
    case 'node_transition':
    case 'state_transition':
      return ['goes to', message.new_node_name ?? message.new_state_name ?? ''];
    default:
      return [message.role ?? 'agent', `“${message.content ?? ''}”`];
  }
}

/** A line for each text of ours: sent, waiting, or why it was not sent. */
export function sentLines({ outgoing_texts = [] }: ShownChat, at: ShownAt): readonly string[] {
  return outgoing_texts.flatMap((part) => {
    const lines = timed(part.accepted_timestamp, part.state, sentWords(part), at);
    return part.error_code === undefined && part.error_message === undefined ? lines : lines.map(at.style.bad);
  });
}

function sentWords({ part_id, edge, provider_message_id, failures = 0, error_code, error_message }: Sent): string {
  // The provider's own id is what can be looked up there.
  const what = provider_message_id === undefined ? part_id : `by ${edge ?? 'its provider'} as ${provider_message_id}`;
  const tries = failures === 0 ? '' : `, after ${failures} failed ${failures === 1 ? 'try' : 'tries'}`;
  const why = [error_message, error_code && `[${error_code}]`].filter(Boolean).join(' ');
  return `${what}${tries}${why === '' ? '' : `: ${why}`}`;
}

function timed(when: number | undefined, label: string, text: string, { since, width }: ShownAt): readonly string[] {
  const time = when === undefined ? '' : `+${duration(Math.max(0, when - since))}`;
  return labelled(`${time.padStart(11)}  ${printable(label).padEnd(10)} `, text, width);
}
