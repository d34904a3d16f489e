/** The table of G: what a caller who is turned away hears from us, and which session object is left. */
import type { Outcome, Refusal } from '@pickup/contract';
import type { RefusalAnswer, StillbornSession } from './effect.ts';
import type { InboundFacts } from './facts.ts';

const CODES: Readonly<Record<Refusal, number>> = {
  declined: 603,
  no_agent: 603,
  webhook_failed: 603,
  invalid_override: 603,
  unknown_agent: 603,
  blocked_caller: 603,
  blocked_country: 603,
  concurrency_limit: 486,
  media_rejected: 488,
  agent_failed: 500,
  overloaded: 503,
  unknown_number: 404,
};

/** Q.850 causes by SIP code (G). */
const CAUSES: Readonly<Record<number, number>> = { 603: 21, 486: 17, 404: 1, 480: 19, 488: 88, 500: 41, 503: 41 };

/** The answer for an outcome: the number's own code where it sets one, else the table's. */
export function refusalAnswer(facts: InboundFacts, outcome: Refusal | 'interrupted'): RefusalAnswer {
  const number = facts.entry.kind === 'number' ? facts.entry.number : undefined;
  const redirect =
    outcome === 'concurrency_limit' && facts.channel === 'call' && number?.redirects
      ? number.fallback_number
      : undefined;
  const code = redirect ? 302 : (ownCode(facts, outcome) ?? (outcome === 'interrupted' ? 500 : CODES[outcome]));
  const cause = CAUSES[code];
  return {
    outcome,
    code,
    ...(cause !== undefined && { cause }),
    ...(redirect && { redirect_to: redirect }),
    named: number?.outcome_header === true,
  };
}

function ownCode(facts: InboundFacts, outcome: Outcome): number | undefined {
  if (facts.entry.kind !== 'number') return undefined;
  return (facts.entry.number.refusal_codes as Readonly<Partial<Record<Outcome, number>>> | undefined)?.[outcome];
}

/** A call that waited in vain for a slot leaves an object only where the number has an agent (G). */
export function stillbornOfConcurrency(facts: InboundFacts, answer: RefusalAnswer): StillbornSession | undefined {
  if (facts.entry.kind !== 'number' || !facts.entry.drawn?.resolved.found) return undefined;
  const { target } = facts.entry.drawn.resolved;
  return {
    ...(answer.redirect_to
      ? { status: 'ended', disconnection_reason: 'no_concurrency_fallback' }
      : { status: 'error', disconnection_reason: 'concurrency_limit_reached' }),
    agent_id: target.agent_id,
    agent_version: target.version,
  };
}
