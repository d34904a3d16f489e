/** What a model is shown of a talk (T3). */
import type { TalkEntry } from './entry.ts';
import type { ModelMessage, ToolCall } from './model.ts';
import { readArguments } from './model-tools.ts';
import { MAX_HISTORY, MAX_HISTORY_TEXT } from './step.ts';

type History = readonly TalkEntry[];

/**
 * The history with more at its end, cut at the front at a message of the user's, so that no tool's result is left
 * without its call. The last such message always stays.
 */
export function withEntries(history: History, entries: History): History {
  const all = [...history, ...entries.filter(isShown)];
  let [size, from] = [0, all.length];
  for (let at = all.length - 1; at >= 0; at--) {
    const entry = all[at]!;
    size += textOf(entry).length;
    if (from < all.length && (size > MAX_HISTORY_TEXT || all.length - at > MAX_HISTORY)) break;
    if (entry.role === 'user' || at === 0) from = at;
  }
  return from === 0 || from === all.length ? all : all.slice(from);
}

/** The history as messages: calls stand together with what was said beside them, each with its result behind it. */
export function messagesOf(history: History): readonly ModelMessage[] {
  const results = new Map<string, string>();
  for (const entry of history) {
    if (entry.role === 'tool_call_result') results.set(entry.tool_call_id, entry.content);
  }
  const messages: ModelMessage[] = [];
  let calls: ToolCall[] = [];
  const flush = () => {
    if (calls.length === 0) return;
    const last = messages.at(-1);
    if (last?.role === 'assistant' && !last.toolCalls) messages[messages.length - 1] = { ...last, toolCalls: calls };
    else messages.push({ role: 'assistant', content: '', toolCalls: calls });
    for (const { id } of calls)
      messages.push({ role: 'tool', toolCallId: id, content: results.get(id) ?? 'No result.' });
    calls = [];
  };
  let answered = false;
  for (const entry of history) {
    if (entry.role === 'tool_call_invocation') {
      if (answered) flush();
      answered = false;
      // Some providers refuse a talk with arguments that are no JSON, such as those of a model that broke off.
      const args = readArguments(entry.arguments) ? entry.arguments : '{}';
      calls.push({ id: entry.tool_call_id, name: entry.name, arguments: args });
      continue;
    }
    if (entry.role === 'tool_call_result') {
      answered = true;
      continue;
    }
    flush();
    if (entry.role === 'user') messages.push({ role: 'user', content: entry.content });
    if (entry.role === 'agent') messages.push({ role: 'assistant', content: entry.content });
  }
  flush();
  return messages;
}

/** Material for a model, which cannot end its own element. */
export function enclosed(element: string, text: string): string {
  return `<${element}>\n${text.replaceAll('</', '<\\/')}\n</${element}>`;
}

/** The talk for a model that judges it: further lines of an entry are indented, so that none can pass for another entry. */
export function judgedLines(history: History): string {
  return history
    .map((entry) => linesOf([entry]).replaceAll(/\r\n?|[\n\u2028\u2029]/g, '\n  '))
    .filter((line) => line !== '')
    .join('\n');
}

/** The talk as lines, for people. */
export function linesOf(history: History): string {
  return history
    .map((entry) => {
      if (entry.role === 'user') return `User: ${entry.content}`;
      if (entry.role === 'agent') return `Agent: ${entry.content}`;
      if (entry.role === 'tool_call_invocation') return `Tool call ${entry.name}: ${entry.arguments}`;
      return entry.role === 'tool_call_result' ? `Tool result: ${entry.content}` : '';
    })
    .filter((line) => line !== '')
    .join('\n');
}

/** What the user last said; "" where nothing. */
export function lastWords(history: History): string {
  const last = history.findLast((entry) => entry.role === 'user');
  return last?.role === 'user' ? last.content : '';
}

function isShown({ role }: TalkEntry): boolean {
  return role !== 'node_transition' && role !== 'state_transition';
}

function textOf(entry: TalkEntry): string {
  if (entry.role === 'tool_call_invocation') return entry.name + entry.arguments;
  return 'content' in entry ? entry.content : '';
}
