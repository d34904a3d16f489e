/** Puts a streamed completion together (M3). */
import type { OpenAI } from 'openai';
import type { ModelReply, TokenUse, ToolCall } from '../talk/model.ts';
import { type Failed, filtered, streamCut } from './failure.ts';
import type { Watch } from './watch.ts';

type Chunk = OpenAI.Chat.Completions.ChatCompletionChunk;
type CallDelta = NonNullable<Chunk['choices'][number]['delta']['tool_calls']>[number];

/** More than any answer needs, in UTF-16 units; a model that goes on is stopped. */
const MAX_TEXT = 200_000;
const MAX_CALLS = 32;

export type ReadResult =
  | { readonly ok: true; readonly reply: ModelReply; readonly use: TokenUse }
  | ({ readonly ok: false } & Failed);

/** Rejects with what the stream rejects with. */
export async function readStream(stream: AsyncIterable<Chunk>, watch: Watch): Promise<ReadResult> {
  const read = new Reading();
  for await (const chunk of stream) {
    watch.heard();
    read.take(chunk);
    if (read.size > MAX_TEXT) watch.stop('too_much');
    if (watch.cause !== undefined) break;
  }
  return read.result();
}

class Reading {
  size = 0;
  use: TokenUse = { prompt: 0, completion: 0 };
  #content = '';
  #finish: string | undefined;
  readonly #calls: { id: string; name: string; arguments: string }[] = [];

  take(chunk: Chunk): void {
    // Some endpoints send the running total with every chunk: the last one counts.
    const { usage } = chunk;
    if (usage) this.use = { prompt: countOf(usage.prompt_tokens), completion: countOf(usage.completion_tokens) };
    const choice = chunk.choices?.[0];
    if (!choice) return;
    const { content, refusal, tool_calls: calls } = choice.delta ?? {};
    for (const text of [content, refusal]) {
      if (typeof text !== 'string') continue;
      this.#content += text;
      this.size += text.length;
    }
    for (const call of calls ?? []) this.#takeCall(call);
    if (choice.finish_reason) this.#finish = choice.finish_reason;
  }

  result(): ReadResult {
    const { use } = this;
    if (this.#finish === undefined) return { ok: false, ...streamCut(), use };
    if (this.#finish === 'content_filter') return { ok: false, ...filtered(), use };
    const toolCalls: readonly ToolCall[] = this.#calls.filter(({ name }) => name !== '');
    return { ok: true, reply: { content: this.#content, toolCalls }, use };
  }

  /** Pieces of one call have its index; endpoints that leave it out send each call whole. */
  #takeCall(delta: CallDelta | null): void {
    const { index, id, function: part } = delta ?? { index: -1 };
    const at = typeof index === 'number' ? index : this.#calls.length;
    if (!Number.isInteger(at) || at < 0 || at >= MAX_CALLS) return;
    while (this.#calls.length <= at) this.#calls.push({ id: '', name: '', arguments: '' });
    const call = this.#calls[at]!;
    if (isText(id)) call.id = id;
    if (isText(part?.name)) call.name = part.name;
    const text = textOf(part?.arguments);
    call.arguments += text;
    this.size += text.length;
  }
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

/** Some endpoints send the arguments as they are instead of as JSON. */
function textOf(written: unknown): string {
  if (typeof written === 'string') return written;
  return typeof written === 'object' && written !== null ? JSON.stringify(written) : '';
}

function countOf(tokens: unknown): number {
  return typeof tokens === 'number' && Number.isFinite(tokens) ? tokens : 0;
}
