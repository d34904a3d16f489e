/** A flow in writing: what it says is sent at once, and between two messages of the user's nothing happens. */
import { canRunWithoutModel, type FlowRunnability, reachableNodes } from './can-run.ts';
import type { FlowGraph } from './flow-graph.ts';
import type { FlowState } from './flow-state.ts';
import { type FlowContext, stepFlow } from './step-flow.ts';

/** What comes of the flow's beginning, or of a message. */
export interface TextTurn {
  /** At rest: it waits for a message, or is over. */
  readonly state: FlowState;
  /** In order, never blank. */
  readonly said: readonly string[];
  /** Why the flow ended, for the log; absent while it goes on. */
  readonly ended?: string;
}

/**
 * Drives the machine until it waits for the user. Timers are not armed: nobody is reminded in writing, an entry of
 * keys ends with its message. Pure; ends by F2.
 */
export function takeTextTurn(
  flow: FlowGraph,
  before: FlowState,
  event: { readonly on: 'start' } | { readonly on: 'message'; readonly text: string },
  context: FlowContext,
): TextTurn {
  const said: string[] = [];
  let ended: string | undefined;
  let step = stepFlow(flow, before, event, context);
  for (;;) {
    for (const effect of step.effects) {
      if (effect.do === 'say') said.push(effect.spans.map((span) => span.text).join(''));
      if (effect.do === 'end') ended = effect.why;
    }
    if (step.state.phase !== 'speaking') break;
    step = stepFlow(flow, step.state, { on: 'said' }, context);
  }
  return { state: step.state, said, ...(ended !== undefined && { ended }) };
}

/** As `canRunWithoutModel`, for a chat: there is no line to send tones on. */
export function canRunInWriting(flow: FlowGraph): FlowRunnability {
  const found = canRunWithoutModel(flow);
  const presses = [...reachableNodes(flow)].filter(({ kind }) => kind === 'presses');
  if (presses.length === 0) return found;
  const tones = presses.map(({ id }) => `node ${id}: it presses keys, which takes a call`);
  return { runnable: false, missing: [...(found.runnable ? [] : found.missing), ...tones] };
}
