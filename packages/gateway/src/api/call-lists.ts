/** Lists of calls: Retell's present filters, and the plain ones of older SDKs. */
import { CALL_FILTERS, fieldsSchema, LIST_FIELDS, type ListBody, parseListBody } from '@pickup/contract';
import { callBody, slimCallBody } from '../stores/call-body.ts';
import { matchFilters } from '../stores/match-filters.ts';
import type { FieldFilter } from '../stores/port.ts';
import type { ApiDeps } from './deps.ts';
import { accept, invalid } from './failure.ts';
import { renderPage } from './page.ts';
import type { Route } from './route.ts';

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
        const page = await listCalls(deps, accept(parseListBody(body, CALL_FILTERS), warn));
        return renderPage(page, slimCallBody);
      },
    },
    {
      method: 'POST',
      path: '/v2/list-calls',
      summary: "List calls as a bare array (older SDKs); the next page's key is in x-pickup-pagination-key",
      access: 'read',
      body: fieldsSchema(LIST_FIELDS, true),
      async handle({ body, warn, header }) {
        const page = await listCalls(deps, accept(parseListBody(modernise(body), CALL_FILTERS), warn));
        if (page.pagination_key !== undefined) header('x-pickup-pagination-key', page.pagination_key);
        return page.items.map(callBody);
      },
    },
  ];
}

async function listCalls(deps: ApiDeps, list: ListBody) {
  const { filters, agents, ...page } = list;
  const ofType = filters.filter(({ field }) => field === 'call_type');
  // Every call here is a phone call.
  if (!matchFilters({ call_type: 'phone_call' }, ofType)) return { items: [], has_more: false };
  const stored = filters.filter(({ field }) => field !== 'call_type').map(storedFilter);
  return deps.store.listCalls({ ...page, filters: [...stored, ...agentFilters(agents)] });
}

const STORED = new Set([
  ...['agent_tag', 'call_id', 'call_status', 'data_storage_setting', 'direction', 'disconnection_reason'],
  ...['end_timestamp', 'from_number', 'metadata', 'start_timestamp', 'to_number'],
]);

function storedFilter(filter: FieldFilter): FieldFilter {
  if (filter.field === 'dynamic_variables') return { ...filter, field: 'retell_llm_dynamic_variables' };
  if (!STORED.has(filter.field)) throw invalid(`calls cannot be filtered by ${filter.field} here.`);
  return filter;
}

/** Any of several agents; versions where one agent is named. */
function agentFilters(agents: ListBody['agents']): FieldFilter[] {
  if (agents === undefined || agents.length === 0) return [];
  const ids: FieldFilter = { field: 'agent_id', op: 'in', value: agents.map(({ agent_id }) => agent_id) };
  const versions = agents[0]?.version;
  if (agents.every(({ version }) => version === undefined || version.length === 0)) return [ids];
  if (agents.length > 1) throw invalid('filter_criteria.agent can name versions of one agent at a time.');
  return [ids, { field: 'agent_version', op: 'in', value: versions ?? [] }];
}

/** Older SDKs send lists of values and `{lower_threshold, upper_threshold}`. */
function modernise(body: unknown): unknown {
  const { filter_criteria: criteria, ...page } = (body ?? {}) as { readonly filter_criteria?: unknown };
  if (typeof criteria !== 'object' || criteria === null) return page;
  const modern: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(criteria as Readonly<Record<string, unknown>>)) {
    if (name === 'agent_id' && Array.isArray(value)) modern['agent'] = value.map((agent_id) => ({ agent_id }));
    else if (Array.isArray(value) && value.every((one) => typeof one === 'string')) {
      modern[name] = { type: 'enum', op: 'in', value };
    } else modern[name] = thresholds(value) ?? value;
  }
  return { ...page, filter_criteria: modern };
}

function thresholds(value: unknown): readonly unknown[] | undefined {
  if (typeof value !== 'object' || value === null || 'type' in value) return undefined;
  const { lower_threshold: low, upper_threshold: high } = value as Readonly<Record<string, unknown>>;
  return [
    ...(low === undefined || low === null ? [] : [{ type: 'number', op: 'ge', value: low }]),
    ...(high === undefined || high === null ? [] : [{ type: 'number', op: 'le', value: high }]),
  ];
}
