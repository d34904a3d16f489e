/** Decisions only, pure: what becomes of an inbound, given what happened. */
export { type Applied, type ApplyOptions, applyOverride, type SessionFacts } from './agent/apply-override.ts';
export { drawAgent } from './agent/draw-agent.ts';
export * from './agent/merge-variables.ts';
export { type OverrideReads, overrideReads } from './agent/override-reads.ts';
export * from './agent/render-variables.ts';
export * from './agent/system-variables.ts';
export { ringBudget } from './inbound/ask.ts';
export { begin, decide } from './inbound/decide.ts';
export type { InboundEffect, RefusalAnswer, StillbornSession } from './inbound/effect.ts';
export type { AttemptResult, InboundEvent, Instant, TimerName } from './inbound/event.ts';
export type { Entry, GatewaySettings, InboundFacts, ResolvedKnowledge } from './inbound/facts.ts';
export type { Move } from './inbound/move.ts';
export { packFacts, packProgress, resume, unpackFacts, unpackProgress } from './inbound/resume.ts';
export type { InboundLedger, InboundPhase, InboundState, Verdict } from './inbound/state.ts';
export type { SessionPlan } from './session-plan.ts';
export * from './texts/opt-out.ts';
export { LONGEST_PART, splitText } from './texts/split-text.ts';
export { buildRequestBody, webhookUrl } from './webhook/build-request.ts';
