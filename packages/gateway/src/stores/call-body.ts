/** Calls as others see them, in answers and events: Retell's phone call object. */
import type { CallRow } from './port.ts';

/** A call without what only the gateway needs; empty metadata and variables are left out. */
export function callBody(row: CallRow): Record<string, unknown> {
  const { node_id: _node, dialog: _dialog, registration: _registration, event_hook: _hook, ...rest } = row;
  const { created_timestamp: _created, ...shown } = rest;
  const { start_timestamp: start, end_timestamp: end } = row;
  const body: Record<string, unknown> = {
    call_type: 'phone_call',
    ...shown,
    ...(start !== undefined && end !== undefined && { duration_ms: Math.max(0, end - start) }),
  };
  for (const name of ['metadata', 'retell_llm_dynamic_variables', 'custom_sip_headers']) {
    const value = body[name];
    if (typeof value === 'object' && value !== null && Object.keys(value).length === 0) delete body[name];
  }
  return body;
}

/** A list's item: no transcripts. */
export function slimCallBody(row: CallRow): Record<string, unknown> {
  const { transcript: _text, transcript_object: _object, ...slim } = callBody(row);
  return slim;
}
