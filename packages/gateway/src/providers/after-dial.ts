/**
 * What becomes of a caller at Twilio whose call did not get through here, from what Twilio says of its `<Dial>`.
 * Sources: twilio.com/docs/voice/twiml/dial (DialCallStatus), twilio.com/docs/voice/twiml/sip (DialSipResponseCode and
 * the X-headers of the final response, as `SipHeader_X-…`).
 */
import type { PhoneNumberSettings } from '@pickup/contract';

/** How a `<Dial>` ended. */
export interface DialEnd {
  /** `completed`, `answered`, `busy`, `no-answer`, `failed` or `canceled`. */
  readonly status: string;
  /** Of our final SIP response; absent where none came. */
  readonly sipCode?: number;
  /** What we called it in `X-Pickup-Outcome`, where the number has `outcome_header`. */
  readonly outcome?: string;
}

export type AfterDial =
  /** The call was answered, or the caller has gone. */
  | { readonly kind: 'over' }
  | { readonly kind: 'reject'; readonly reason: 'busy' | 'rejected' }
  | { readonly kind: 'forward'; readonly number: string };

/** Outcomes that are no decision about the caller: nobody here could take the call. */
const NOBODY_COULD: ReadonlySet<string> = new Set([
  'concurrency_limit',
  'overloaded',
  'agent_failed',
  'interrupted',
  'media_rejected',
]);

/** A caller whom nobody could take goes on to `fallback_number` (G); one who was turned away hears so, or busy. */
export function judgeDial(end: DialEnd, number: Pick<PhoneNumberSettings, 'fallback_number'>): AfterDial {
  if (end.status === 'completed' || end.status === 'answered' || end.status === 'canceled') return { kind: 'over' };
  const { fallback_number: fallback } = number;
  if (fallback && couldNobody(end)) return { kind: 'forward', number: fallback };
  const isBusy = end.sipCode === 486 || end.sipCode === 600 || (end.sipCode === undefined && end.status === 'busy');
  return { kind: 'reject', reason: isBusy ? 'busy' : 'rejected' };
}

function couldNobody({ status, sipCode, outcome }: DialEnd): boolean {
  if (outcome !== undefined) return NOBODY_COULD.has(outcome);
  if (sipCode === undefined) return status !== 'busy';
  // Not reached, not answered in time, or credentials that do not fit (any more).
  return [401, 403, 407, 408, 480, 487].includes(sipCode) || (sipCode >= 500 && sipCode < 600);
}
