/** Who talks for a plan's agent. */
import { flowEngine, flowModel, llmModel, promptEngine, type TalkEngine } from '@pickup/conversation';
import type { SessionPlan } from '@pickup/core';
import { firstLineTalker, flowNeeds, flowTalker, writtenFlow } from './chat-talk.ts';
import { engineTalker } from './engine-talker.ts';
import type { TurnDeps } from './run-turn.ts';
import { type SocketDeps, socketTalker } from './socket-talker.ts';
import type { ChatTalker } from './talker.ts';

type Engine = SessionPlan['engine'];

/** A flow that needs no model is walked without one; what lacks its model says its first line. */
export function talkerOf({ engine }: SessionPlan, turns?: TurnDeps & SocketDeps): ChatTalker {
  const graph = writtenFlow(engine);
  if (graph) return flowTalker(graph);
  if (!turns) return firstLineTalker(engine, needsOf(engine));
  if (engine.type === 'custom-llm') return socketTalker(turns, engine.llm_websocket_url);
  const talk = talkEngine(engine);
  if (!talk) return firstLineTalker(engine, needsOf(engine));
  const found = turns.models.find(modelOf(engine));
  return 'missing' in found ? firstLineTalker(engine, found.missing) : engineTalker(turns, talk);
}

/** Settings are never written to, and one engine answers many chats. */
const known = new WeakMap<object, TalkEngine>();

/** The engine that asks a model; undefined for what is no engine of ours. */
export function talkEngine(engine: Engine): TalkEngine | undefined {
  if (engine.type === 'custom-llm') return undefined;
  const kept = known.get(engine.settings);
  if (kept) return kept;
  const made = engine.type === 'retell-llm' ? promptEngine(engine.settings) : flowEngine(engine.settings);
  known.set(engine.settings, made);
  return made;
}

function modelOf(engine: Engine): string {
  if (engine.type === 'custom-llm') return '';
  return (engine.type === 'retell-llm' ? llmModel(engine.settings) : flowModel(engine.settings)).model;
}

function needsOf(engine: Engine): string {
  if (engine.type === 'custom-llm') return 'its agent is a custom LLM, which takes a runtime that talks to it';
  return engine.type === 'retell-llm' ? 'its agent is a prompted LLM, which takes a model' : flowNeeds(engine);
}
