/** How a list of inbounds is read: the newest first, filters tried on each. */
import type { InboundObject } from '@pickup/contract';
import type { FieldFilter, PageRequest } from '../port.ts';
import { type FieldPlaces, filterSql } from './filter-sql.ts';
import { INBOUND_COLUMNS, type InboundCells, toInbound } from './read-inbounds.ts';
import type { Key, ScanPlan } from './scan-list.ts';

const PLACES: FieldPlaces = {
  columns: new Set([
    ...['inbound_id', 'channel', 'edge', 'from_number', 'to_number', 'arrival_timestamp'],
    ...['outcome', 'outcome_timestamp', 'agent_id', 'agent_version'],
  ]),
};

/** Inbounds lie in the order of their arrival. */
export function planInbounds(
  request: PageRequest & { readonly filters?: readonly FieldFilter[] },
): ScanPlan<InboundCells & Key, InboundObject> {
  const filters = request.filters ?? [];
  const named = filters.find(({ field, op }) => field === 'inbound_id' && (op === 'eq' || op === 'in'));
  return {
    table: 'inbounds',
    key: ['seq'],
    select: INBOUND_COLUMNS,
    lanes: [{ from: 'inbounds', where: named ? [filterSql(named, PLACES)] : [] }],
    rest: filters.filter((filter) => filter !== named).map((filter) => filterSql(filter, PLACES)),
    read: ({ k1: _first, k2: _second, ...cells }) => toInbound(cells),
  };
}
