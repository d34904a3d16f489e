/** An answer in the pieces in which OpenAI streams it: text by the word, arguments of tool calls by a few characters. */
import type { SaidByModel } from './wire.ts';

type Json = Readonly<Record<string, unknown>>;

interface Numbered {
  readonly id: string;
  readonly index: number;
  readonly name: string;
  readonly arguments: string;
}

/** The calls with their ids and their arguments as text. */
export function callsOf(said: SaidByModel, newId: () => string): readonly Numbered[] {
  return (said.tool_calls ?? []).map((call, index) => ({
    id: call.id ?? newId(),
    index,
    name: call.name,
    arguments: typeof call.arguments === 'string' ? call.arguments : JSON.stringify(call.arguments),
  }));
}

/** `finish_reason` of an answer. */
export function finishOf(said: SaidByModel): string {
  return said.finish_reason ?? (said.tool_calls?.length ? 'tool_calls' : 'stop');
}

/** Deltas in order; the first has the role. */
export function deltasOf(said: SaidByModel, calls: readonly Numbered[]): readonly Json[] {
  const words = said.text?.match(/\s*\S+|\s+$/g) ?? [];
  const deltas: Json[] = [{ role: 'assistant', content: calls.length > 0 && words.length === 0 ? null : '' }];
  for (const content of words) deltas.push({ content });
  for (const { id, index, name, arguments: text } of calls) {
    deltas.push({ tool_calls: [{ index, id, type: 'function', function: { name, arguments: '' } }] });
    for (let at = 0; at < text.length; at += 5) {
      deltas.push({ tool_calls: [{ index, function: { arguments: text.slice(at, at + 5) } }] });
    }
  }
  return deltas;
}

/** Tokens as a test may count on: one for every four characters. */
export function usageOf(said: SaidByModel, promptText: string, calls: readonly Numbered[]) {
  const tokens = (text: string) => Math.ceil(text.length / 4);
  const written = (said.text ?? '') + calls.map((call) => call.name + call.arguments).join('');
  const { prompt_tokens, completion_tokens } = said.usage ?? {
    prompt_tokens: tokens(promptText),
    completion_tokens: tokens(written),
  };
  return { prompt_tokens, completion_tokens, total_tokens: prompt_tokens + completion_tokens };
}
