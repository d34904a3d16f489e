/** Registered calls (A3): claimed by one INVITE at a time (S4), for five minutes. */
import type { CallRow } from './port.ts';

const REGISTRATION_LIFE_MS = 300_000;
/** Longer than any inbound rings: a claim that is older was left by a process that died before it opened its inbound. */
const LONGEST_CLAIM_MS = 150_000;

/** Epoch ms from which the call can no longer be claimed: `registration.expires_timestamp`, else five minutes. */
export function registrationExpiresAt(call: CallRow): number {
  const given = call.registration?.['expires_timestamp'];
  return typeof given === 'number' ? given : call.created_timestamp + REGISTRATION_LIFE_MS;
}

/**
 * Whether the inbound may have the call. `holder` is the inbound ringing on it, null where none is or
 * where the one that was has had its outcome: a claim ends with its inbound.
 */
export function judgeClaim(
  call: CallRow | undefined,
  holder: string | null,
  inboundId: string,
  now: number,
): 'claimed' | 'busy' | 'expired' | 'unknown' | 'answered' {
  if (call === undefined) return 'unknown';
  if (call.disconnection_reason === 'registered_call_timeout') return 'expired';
  if (call.call_status !== 'registered') return 'answered';
  if (holder === inboundId) return 'claimed';
  if (holder !== null) return 'busy';
  return now >= registrationExpiresAt(call) ? 'expired' : 'claimed';
}

/** Whether nobody dialled the call in its time (A3): an inbound that still rings on it keeps it, but not for ever. */
export function isForgotten(call: CallRow, holder: string | null, now: number): boolean {
  return now >= registrationExpiresAt(call) + (holder === null ? 0 : LONGEST_CLAIM_MS);
}

/** The call as it stands once its five minutes are over. */
export function expireCall(call: CallRow, now: number): CallRow {
  return {
    ...call,
    call_status: 'error',
    disconnection_reason: 'registered_call_timeout',
    end_timestamp: call.end_timestamp ?? now,
  };
}

/** At most half of the slots, and at least one, ring on one endpoint (A5). */
export function endpointShare(limit: number): number {
  return Math.max(1, Math.floor(limit / 2));
}
