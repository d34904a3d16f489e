/** What the caller, or the sender of a text, would have lived through: in plain words, without a term of ours. Pure. */
import type { InboundObject, Outcome } from '@pickup/contract';

/** What the agent said or wrote, as far as it is known. */
export interface Heard {
  readonly said: readonly string[];
  /** Of a text: it was answered, and this is all that was said to it. */
  readonly isWhole?: boolean;
  /** Of a text whose answer had not come by then: how long it was waited for. */
  readonly silentMs?: number;
  readonly continues?: Continued;
}

/** The chat that a text went on in, and when its answer was there. */
export interface Continued {
  readonly chat_id: string;
  readonly answeredAfterMs: number;
}

/** One or two sentences. */
export function livedThrough(inbound: InboundObject, heard: Heard = { said: [] }): string {
  return inbound.channel === 'call' ? called(inbound, heard) : texted(inbound, heard);
}

function called(inbound: InboundObject, { said }: Heard): string {
  const { outcome } = inbound;
  if (outcome === null) return `The caller still hears ringing.`;
  if (SILENT_ENDS.has(outcome)) return `The caller hears no ringing; ${TURNED_AWAY[outcome] ?? 'the call fails'}.`;
  const rang = `The caller hears ringing for ${rangFor(inbound)}`;
  if (outcome === 'connected') {
    const words = said.length === 0 ? '' : `, and says: ${said.map((line) => `“${line}”`).join(' ')}`;
    return `${rang}, then ${inbound.agent_id ?? 'an agent'} answers${words}.`;
  }
  if (outcome === 'caller_abandoned') return `${rang} and hangs up. Nobody answered.`;
  return `${rang}, then ${TURNED_AWAY[outcome] ?? 'the call fails'}.`;
}

/** Decided before anybody is asked. */
const SILENT_ENDS: ReadonlySet<Outcome> = new Set([
  'unknown_number',
  'media_rejected',
  'blocked_caller',
  'blocked_country',
]);

const TURNED_AWAY: Readonly<Partial<Record<Outcome, string>>> = {
  declined: 'the call is rejected, as if somebody had pressed decline',
  no_agent: 'the call is rejected, as if somebody had pressed decline',
  webhook_failed: 'the call is rejected, as if somebody had pressed decline',
  invalid_override: 'the call is rejected, as if somebody had pressed decline',
  unknown_agent: 'the call is rejected, as if somebody had pressed decline',
  blocked_caller: 'the call is rejected at once',
  blocked_country: 'the call is rejected at once',
  concurrency_limit: 'the line is busy',
  media_rejected: 'the call fails at once',
  unknown_number: 'the carrier says that the number is not in service',
};

function rangFor({ arrival_timestamp, outcome_timestamp = arrival_timestamp }: InboundObject): string {
  return seconds(Math.max(0, outcome_timestamp - arrival_timestamp));
}

const seconds = (ms: number) => (ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(1)} s`);

function texted(inbound: InboundObject, { said, isWhole, silentMs, continues }: Heard): string {
  const { outcome, agent_id = 'an agent' } = inbound;
  if (outcome === null) return 'The sender has no answer yet.';
  if (outcome === 'opted_out') {
    return 'The sender gets no answer of an agent: to STOP, START and HELP one confirmation, else silence.';
  }
  if (outcome !== 'connected') return 'The sender gets no answer: silence.';
  const after = continues ? seconds(continues.answeredAfterMs) : rangFor(inbound);
  if (said.length > 0) return `After ${after} ${agent_id} answers: ${said.map((line) => `“${line}”`).join(' ')}`;
  if (isWhole) return `The text goes to ${agent_id}, which says nothing to it: silence.`;
  if (silentMs !== undefined) {
    return `The text goes to ${agent_id}, which has not answered within ${seconds(silentMs)}: silence so far. The gateway keeps trying; its log says why.`;
  }
  return `After ${after} the text goes to ${agent_id}, whose reply the sender gets.`;
}
