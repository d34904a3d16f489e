export type { AttemptRecord, Explanation, Issue, Outcome } from '@pickup/contract';
export type { Endpoint, FetchFunction } from './kit/endpoint.ts';
export type { KnownAgent } from './kit/known-agents.ts';
export type { Fault } from './kit/link-faults.ts';
export { type RingOptions, type RingOutcome, ring, text } from './kit/ring.ts';
