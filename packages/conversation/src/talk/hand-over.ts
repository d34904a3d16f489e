/** From one agent to another within a talk: what was said and collected goes along. */
import type { TalkEntry } from './entry.ts';
import { withEntries } from './history.ts';
import { FRESH_TALK, type TalkState } from './step.ts';

/** The state to send `taken_over` to, and what is new in the transcript. */
export function handOver(state: TalkState): { readonly state: TalkState; readonly entries: readonly TalkEntry[] } {
  const [call] = state.calls;
  const entries: readonly TalkEntry[] = call
    ? [{ role: 'tool_call_result', tool_call_id: call.id, content: 'Another agent took over.', successful: true }]
    : [];
  const { variables, history, rounds, asks, called } = state;
  return { state: { ...FRESH_TALK, variables, rounds, asks, called, history: withEntries(history, entries) }, entries };
}
