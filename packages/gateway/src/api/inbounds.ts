/** Our own routes: the records of inbounds. */
import {
  explainInbound,
  fieldsSchema,
  INBOUND_FILTERS,
  type InboundObject,
  LIST_FIELDS,
  parseListBody,
} from '@pickup/contract';
import type { ApiDeps } from './deps.ts';
import { accept, invalid, unknownAsset } from './failure.ts';
import { renderPage } from './page.ts';
import type { Route } from './route.ts';

/** Fields that stores can search by. */
const STORED = new Set([
  ...['inbound_id', 'channel', 'edge', 'from_number', 'to_number', 'arrival_timestamp'],
  ...['outcome', 'outcome_timestamp', 'agent_id', 'agent_version'],
]);

/** The routes of inbounds. */
export function inboundRoutes(deps: ApiDeps): readonly Route[] {
  return [
    {
      method: 'GET',
      path: '/get-inbound/{inbound_id}',
      summary: 'Read the record of an inbound, also while it waits',
      access: 'read',
      async handle({ params }) {
        const inboundId = params['inbound_id']!;
        // Asked for first: an inbound that ends in between is then found in the store.
        const live = deps.liveInbound(inboundId);
        const inbound = merge(await deps.store.getInbound(inboundId), live);
        if (inbound === undefined) throw unknownAsset();
        return describeRecord(inbound);
      },
    },
    {
      method: 'POST',
      path: '/list-inbounds',
      summary: 'List records of inbounds, the newest first',
      access: 'read',
      body: fieldsSchema(LIST_FIELDS, true),
      async handle({ body, warn }) {
        const { filters, limit, pagination_key, sort_order } = accept(parseListBody(body, INBOUND_FILTERS), warn);
        const other = filters.find(({ field }) => !STORED.has(field));
        if (other !== undefined) throw invalid(`inbounds cannot be filtered by ${other.field} here.`);
        const page = { limit, sort_order, ...(pagination_key !== undefined && { pagination_key }) };
        const found = await deps.store.listInbounds({ ...page, filters });
        return renderPage(found, (inbound) => merge(inbound, deps.liveInbound(inbound.inbound_id)));
      },
    },
  ];
}

/** A record with what it comes to in a sentence or two. */
export function describeRecord(inbound: InboundObject) {
  return { ...inbound, explanation: explainInbound(inbound) };
}

/** What is stored wins once there is an outcome; until then the live record is further on. */
function merge(stored: InboundObject | undefined, live: InboundObject | undefined): InboundObject | undefined {
  if (live === undefined || (stored !== undefined && stored.outcome !== null)) return stored;
  return { ...stored, ...live };
}
