export type { AttemptRecord, Explanation, Issue, Outcome } from '@pickup/contract';
export type { Endpoint, FetchFunction } from './kit/endpoint.ts';
export type { Fault, FaultKind } from './kit/fault-name.ts';
export type { KnownAgent } from './kit/known-agents.ts';
export { type RingOptions, type RingOutcome, ring, text } from './kit/ring.ts';
