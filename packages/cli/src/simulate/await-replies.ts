/** What an agent wrote to a text, read from the chat until it is there. */
import type { Client } from '../client.ts';
import type { Context } from '../command.ts';

/** A line of a transcript. */
export interface Line {
  readonly message_id?: string;
  readonly role?: string;
  readonly content?: string;
}

/** `isWhole`: nothing is missing; `silentMs`: how long it was waited for an answer that did not come. */
export interface Replies {
  readonly said: readonly string[];
  readonly isWhole?: boolean;
  readonly silentMs?: number;
}

/** What the agent said. */
export const wordsOf = (lines: readonly Line[]): readonly string[] =>
  lines.filter(({ role, content }) => role === 'agent' && content).map(({ content = '' }) => content);

const POLL_MS = 100;

/**
 * A text and its answer come into the chat at once, so nothing more comes once it stands there. A text that begins a
 * chat is also answered by what was said before it (F2).
 */
export async function awaitReplies(
  context: Context,
  wanted: {
    readonly client: Client;
    readonly chatId: string;
    /** The message to be answered; absent: any words will do. */
    readonly textId?: string;
    /** What was said before it is no answer to it. */
    readonly onlyAfter?: boolean;
    readonly lingerMs: number;
  },
): Promise<Replies> {
  const { client, chatId, lingerMs } = wanted;
  const endMs = context.monoMs() + lingerMs;
  for (;;) {
    const { status, body } = await client.send('GET', `/get-chat/${encodeURIComponent(chatId)}`);
    const chat = status < 300 ? (body as { readonly message_with_tool_calls?: readonly Line[] }) : {};
    const said = repliesAmong(chat.message_with_tool_calls ?? [], wanted);
    if (said !== undefined) return { said, isWhole: true };
    if (context.monoMs() >= endMs) return { said: [], silentMs: lingerMs };
    await context.sleep(POLL_MS);
  }
}

/** Undefined until it is answered. */
function repliesAmong(
  lines: readonly Line[],
  { textId, onlyAfter = false }: { readonly textId?: string; readonly onlyAfter?: boolean },
): readonly string[] | undefined {
  if (textId === undefined) {
    const words = wordsOf(lines);
    return words.length > 0 ? words : undefined;
  }
  const at = lines.findIndex(({ message_id }) => message_id === textId);
  if (at < 0) return undefined;
  const next = lines.findIndex(({ role }, index) => index > at && role === 'user');
  return wordsOf(lines.slice(onlyAfter ? at : 0, next < 0 ? undefined : next));
}
