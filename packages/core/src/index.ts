export type { SessionPlan } from './session-plan.ts';
