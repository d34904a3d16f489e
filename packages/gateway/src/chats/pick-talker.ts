/** Who talks for a plan's agent. */
import type { SessionPlan } from '@pickup/core';
import { firstLineTalker, flowNeeds, flowTalker, writtenFlow } from './chat-talk.ts';
import type { ChatTalker } from './talker.ts';

/** A flow that needs no model is walked without one; everything else says its first line. */
export function talkerOf({ engine }: SessionPlan): ChatTalker {
  const graph = writtenFlow(engine);
  if (graph) return flowTalker(graph);
  return firstLineTalker(engine, needsOf(engine));
}

function needsOf(engine: SessionPlan['engine']): string {
  if (engine.type === 'custom-llm') return 'its agent is a custom LLM, which takes a runtime that talks to it';
  return engine.type === 'retell-llm' ? 'its agent is a prompted LLM, which takes a model' : flowNeeds(engine);
}
