/** A call's cells: the columns that lists look at, then the whole of it as JSON. */
import type { CallRow } from '../port.ts';
import type { Cell } from './cells.ts';

/** In the order of the table's columns from `call_id` to `doc`, without the holder. */
export function callCells(call: CallRow): Cell[] {
  return [
    call.call_id,
    call.created_timestamp,
    call.call_status,
    call.agent_id,
    call.from_number,
    call.to_number,
    call.direction,
    call.start_timestamp ?? null,
    call.disconnection_reason ?? null,
    call.node_id ?? null,
    JSON.stringify(call),
  ];
}
