/** A talk by hand, for tests: what a model, tools and agents answer is written down; the state waits as JSON. */
import { lookupIn } from '@pickup/core';
import type { TalkEntry } from './entry.ts';
import type { ModelReply, ModelRequest } from './model.ts';
import { FRESH_TALK, type TalkEngine, type TalkEvent, type TalkState, type TalkWish } from './step.ts';

export interface TalkScript {
  /** Answers the nth question, from 1: text, or calls as `[name, arguments]`. */
  readonly model?: (request: ModelRequest, nth: number) => string | readonly (readonly [string, unknown])[];
  readonly tool?: (wish: Extract<TalkWish, { want: 'tool' }>) => {
    readonly content: string;
    readonly successful: boolean;
  };
  readonly passages?: readonly string[];
  readonly variables?: Readonly<Record<string, string>>;
}

/** More wishes than any turn has. */
const MOST = 200;

export function talkByHand(engine: TalkEngine, script: TalkScript = {}) {
  let kept = JSON.stringify(FRESH_TALK);
  const asked: ModelRequest[] = [];
  const wishes: TalkWish[] = [];
  const unable = new Set<string>();
  const context = { lookup: lookupIn(script.variables ?? {}), manners: [] };
  const fetch = (wish: TalkWish): TalkEvent => {
    wishes.push(wish);
    if (wish.want === 'knowledge') return { on: 'passages', passages: script.passages ?? [] };
    if (wish.want === 'agent') return { on: 'swap_failed', why: 'There is no such agent.' };
    if (wish.want === 'tool') return { on: 'tool', ...(script.tool?.(wish) ?? { content: '{}', successful: true }) };
    asked.push(wish.request);
    return { on: 'model', reply: replyOf(script.model?.(wish.request, asked.length) ?? 'Yes.') };
  };
  const take = (event: TalkEvent): readonly string[] => {
    const lines: string[] = [];
    let next: TalkEvent | undefined = event;
    let state = JSON.parse(kept) as TalkState;
    for (let steps = 0; next !== undefined; steps++) {
      if (steps > MOST) throw new Error('a talk that never rests');
      const step = engine.step(state, next, context);
      lines.push(...step.entries.map(lineOf), ...(step.ended === undefined ? [] : [`end: ${step.ended}`]));
      for (const what of step.unable) unable.add(what);
      state = step.state;
      next = step.wish && fetch(step.wish);
    }
    kept = JSON.stringify(state);
    return lines;
  };
  return {
    start: (messageWaits = false) => take({ on: 'start', messageWaits }),
    write: (text: string) => take({ on: 'message', text }),
    state: () => JSON.parse(kept) as TalkState,
    ...{ asked, wishes, unable },
  };
}

function replyOf(said: string | readonly (readonly [string, unknown])[]): ModelReply {
  if (typeof said === 'string') return { content: said, toolCalls: [] };
  const toolCalls = said.map(([name, args]) => ({
    id: 'same',
    name,
    arguments: typeof args === 'string' ? args : JSON.stringify(args),
  }));
  return { content: '', toolCalls };
}

function lineOf(entry: TalkEntry): string {
  switch (entry.role) {
    case 'agent':
    case 'user':
      return entry.content;
    case 'tool_call_invocation':
      return `call ${entry.name} ${entry.arguments}`;
    case 'tool_call_result':
      return `result ${entry.content}`;
    case 'node_transition':
      return `→ ${entry.new_node_id}${entry.transition_type === 'normal' ? '' : ` (${entry.transition_type})`}`;
    case 'state_transition':
      return `→ ${entry.new_state_name}`;
  }
}
