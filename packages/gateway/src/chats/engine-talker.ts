/** Talks by an engine that asks a model. */
import type { JsonObject } from '@pickup/contract';
import { FRESH_TALK, type TalkEngine, type TalkEvent, type TalkState } from '@pickup/conversation';
import { variablesOf } from './chat-talk.ts';
import { mannersOf } from './manners.ts';
import { runTurn, type TurnDeps } from './run-turn.ts';
import type { ChatMoment, ChatTalker } from './talker.ts';

export function engineTalker(deps: TurnDeps, engine: TalkEngine): ChatTalker {
  return {
    costly: true,
    open(moment, signal, before) {
      const event: TalkEvent = { on: 'start', messageWaits: before === 'a_message' };
      return runTurn(deps, { engine, state: FRESH_TALK, event, moment, signal });
    },
    answer(state, text, moment, signal) {
      const before = talkState(engine, state, moment);
      return runTurn(deps, { engine, state: before, event: { on: 'message', text }, moment, signal });
    },
  };
}

/** The state as it was stored; a chat that could not be answered when it began stands at its beginning. */
function talkState(engine: TalkEngine, stored: JsonObject, moment: ChatMoment): TalkState {
  if (typeof stored['phase'] === 'string' && Array.isArray(stored['history'])) {
    const { text_ids: _, ...state } = stored;
    return { ...FRESH_TALK, ...state } as unknown as TalkState;
  }
  const context = { lookup: variablesOf(moment), manners: mannersOf(moment.plan.agent) };
  return engine.step(FRESH_TALK, { on: 'start', messageWaits: true }, context).state;
}
