/** Calls as others see them, in answers and events: Retell's phone call object. */
import type { CallRow, Page } from './port.ts';

const EMPTIABLE = ['metadata', 'retell_llm_dynamic_variables', 'custom_sip_headers', 'custom_attributes'] as const;

/** From start to end, once the call is over. */
export function durationOf({ start_timestamp: start, end_timestamp: end }: CallRow): number | undefined {
  return start === undefined || end === undefined ? undefined : Math.max(0, end - start);
}

/** A call without what only the gateway needs; empty metadata and variables are left out. */
export function callBody(row: CallRow): Record<string, unknown> {
  const { node_id: _node, dialog: _dialog, registration: _registration, event_hook: _hook, ...rest } = row;
  const { created_timestamp: _created, ...shown } = rest;
  const duration = durationOf(row);
  const body: Record<string, unknown> = {
    call_type: 'phone_call',
    ...shown,
    ...(duration !== undefined && { duration_ms: duration }),
    ...(row.end_timestamp !== undefined && toldWithTools(row)),
  };
  for (const name of EMPTIABLE) {
    const value = body[name];
    if (typeof value === 'object' && value !== null && Object.keys(value).length === 0) delete body[name];
  }
  return body;
}

/** Nothing here calls tools while it talks: woven with them, what was said is what was said. */
function toldWithTools({ transcript_object: said }: CallRow): object {
  return said === undefined ? {} : { transcript_with_tool_calls: said };
}

/** What a list's items leave out. */
export const NOT_LISTED: readonly (keyof CallRow)[] = ['transcript', 'transcript_object'];

/** A page as others see it. */
export function callPageText(page: Page<CallRow>): string {
  return JSON.stringify({ ...page, items: page.items.map(callBody) });
}
