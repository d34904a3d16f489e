/** Which events a change of a call makes, and what they say (retell-contract.md, section e). */
import type { Outcome } from '@pickup/contract';
import { callBody } from './call-body.ts';
import type { CallRow, EventRow } from './port.ts';

/** The events of a phone call that are told of here. */
export type CallEvent = 'call_started' | 'call_ended' | 'call_analyzed';

const OVER: readonly CallEvent[] = ['call_ended', 'call_analyzed'];

/** A new call: one that never connected was not started. */
export function eventsOfSettlement(call: CallRow, outcome: Outcome): readonly EventRow[] {
  const started: readonly CallEvent[] = outcome === 'connected' ? ['call_started'] : [];
  return eventRows(call, isOver(call) ? [...started, ...OVER] : started);
}

/** A call that changed: it ends once. */
export function eventsOfChange(before: CallRow, after: CallRow): readonly EventRow[] {
  return eventRows(after, isOver(after) && !isOver(before) ? OVER : []);
}

function isOver({ call_status: status }: CallRow): boolean {
  return status !== 'ongoing' && status !== 'registered';
}

function eventRows(call: CallRow, events: readonly CallEvent[]): readonly EventRow[] {
  const { event_hook: hook, call_id } = call;
  if (!hook) return [];
  return events
    .filter((event) => hook.events.includes(event))
    .map((event) => {
      const at = event === 'call_started' ? call.start_timestamp : call.end_timestamp;
      const created = at ?? call.created_timestamp;
      return {
        event_id: `${call_id}.${event}`,
        subject_id: call_id,
        event,
        url: hook.url,
        timeout_ms: hook.timeout_ms,
        body: JSON.stringify({ event, call: callOf(event, call) }),
        created_timestamp: created,
        attempts: [],
        next_timestamp: created,
      };
    });
}

/** Only what was analysed has an analysis; nothing here analyses yet, so it says nothing. */
function callOf(event: CallEvent, call: CallRow) {
  return { ...callBody(call), ...(event === 'call_analyzed' && { call_analysis: {} }) };
}
