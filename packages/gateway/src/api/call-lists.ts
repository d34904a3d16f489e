/** Lists of calls: Retell's present filters, and the plain ones of older SDKs. */
import { CALL_FILTERS, fieldsSchema, LIST_FIELDS, type ListBody, parseListBody } from '@pickup/contract';
import { callBody, callPageText, NOT_LISTED } from '../stores/call-body.ts';
import { matchFilters } from '../stores/match-filters.ts';
import type { CallListRequest, CallRow, FieldFilter, Page } from '../stores/port.ts';
import type { ApiDeps } from './deps.ts';
import { accept } from './failure.ts';
import { modernCriteria } from './old-call-filters.ts';
import { type Ask, JsonText, type Route } from './route.ts';

/** Pages read for one answer where filters without an index leave them short: older SDKs take a short one for the last. */
const MOST_PAGES = 10;

/** The list routes of calls. */
export function callListRoutes(deps: ApiDeps): readonly Route[] {
  return [
    {
      method: 'POST',
      path: '/v3/list-calls',
      summary: 'List calls, without transcripts',
      access: 'read',
      body: fieldsSchema(LIST_FIELDS, true),
      async handle({ body, warn }) {
        const list = accept(parseListBody(body, CALL_FILTERS), warn);
        const request = storedRequest({ ...requestOf(list), omit: NOT_LISTED });
        const text = request ? await deps.store.listCallsAsText(request) : callPageText(noCalls(list));
        if (list.include_total && !TOTAL.test(text)) warn('total was left out: counting took too long.');
        return new JsonText(text);
      },
    },
    {
      method: 'POST',
      path: '/v2/list-calls',
      summary: "List calls as a bare array (older SDKs); the next page's key is in x-pickup-pagination-key",
      access: 'read',
      body: fieldsSchema(LIST_FIELDS, true),
      handle: (ask) => listForOldSdks(deps, ask),
    },
  ];
}

/** Those SDKs go on from the last call's id and stop at a page that is not full. */
async function listForOldSdks(deps: ApiDeps, { body, warn, header }: Ask) {
  const modern = modernCriteria(body);
  const list = accept(parseListBody(modern.body, CALL_FILTERS), warn);
  const request = requestOf({ ...list, filters: [...list.filters, ...modern.filters] });
  const items: CallRow[] = [];
  let page = await listCalls(deps, request);
  for (let pages = 1; ; pages += 1) {
    items.push(...page.items);
    const { pagination_key } = page;
    if (pagination_key === undefined) break;
    if (items.length >= list.limit || pages === MOST_PAGES) {
      header('x-pickup-pagination-key', pagination_key);
      break;
    }
    page = await listCalls(deps, { ...request, skip: 0, limit: list.limit - items.length, pagination_key });
  }
  return items.map(callBody);
}

/** What every call is here: a phone call that nobody has analysed, priced or placed in a batch. */
const EVERY_CALL = { call_type: 'phone_call' };
const NEVER_KNOWN: ReadonlySet<string> = new Set([
  ...['call_type', 'batch_call_id', 'call_successful', 'combined_cost', 'custom_analysis_data', 'e2e_latency_p50'],
  ...['in_voicemail', 'tool_calls', 'user_sentiment'],
]);

function requestOf({ filters, agents, ...page }: ListBody): CallListRequest {
  return { ...page, filters, ...(agents && agents.length > 0 && { agents }) };
}

/** The last member of a page's text. */
const TOTAL = /"total":\d+\}$/;

function noCalls({ include_total }: CallListRequest): Page<CallRow> {
  return { items: [], has_more: false, ...(include_total && { total: 0 }) };
}

/** Filters by what is never known are judged once: they hold for every call or, undefined, for none. */
function storedRequest({ filters = [], ...request }: CallListRequest): CallListRequest | undefined {
  const same = filters.filter(({ field }) => NEVER_KNOWN.has(field));
  if (!matchFilters(EVERY_CALL, same)) return undefined;
  return { ...request, filters: filters.filter(({ field }) => !NEVER_KNOWN.has(field)).map(storedFilter) };
}

async function listCalls(deps: ApiDeps, request: CallListRequest): Promise<Page<CallRow>> {
  const stored = storedRequest(request);
  return stored ? deps.store.listCalls(stored) : noCalls(request);
}

function storedFilter(filter: FieldFilter): FieldFilter {
  return filter.field === 'dynamic_variables' ? { ...filter, field: 'retell_llm_dynamic_variables' } : filter;
}
