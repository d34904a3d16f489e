/** Lists of agents: slim items on the present route, whole agents on the old ones. */
import { AGENT_FILTERS, type AgentChannel, parseListBody } from '@pickup/contract';
import { matchFilters } from '../stores/match-filters.ts';
import type { AgentVersionRow, PageRequest, TagRow } from '../stores/port.ts';
import { agentBody } from './agent-body.ts';
import type { ApiDeps } from './deps.ts';
import { accept, invalid } from './failure.ts';
import { oldPage } from './old-page.ts';
import { PAGE_QUERY, pageOf, renderPage } from './page.ts';
import type { Route } from './route.ts';

type ListedAgent = AgentVersionRow & { readonly all_tags: readonly TagRow[] };

/** The list routes of agents. */
export function agentListRoutes(deps: ApiDeps): readonly Route[] {
  return [
    {
      method: 'POST',
      path: '/v2/list-agents',
      summary: 'List agents of both channels',
      access: 'read',
      query: PAGE_QUERY,
      body: { type: 'object', properties: { filter_criteria: { type: 'object' } } },
      async handle(ask) {
        const { query, filter_criteria } = takeQuery(ask.body);
        const { filters } = accept(parseListBody({ filter_criteria }, AGENT_FILTERS), ask.warn);
        const channels = (['voice', 'chat'] as const).filter((channel) => matchFilters({ channel }, filters));
        if (channels.length === 0) return { items: [], has_more: false };
        const only = channels.length === 1 ? channels[0] : undefined;
        const wanted = { ...(only && { channel: only }), ...(query !== '' && { name: query }) };
        return renderPage(await deps.store.listAgents({ ...pageOf(ask), ...wanted }), slimAgent);
      },
    },
    oldList(deps, '/list-agents', 'voice'),
    oldList(deps, '/list-chat-agents', 'chat'),
  ];
}

/** `filter_criteria.query` is plain text, unlike the other filters. */
function takeQuery(body: unknown): { readonly query: string; readonly filter_criteria?: unknown } {
  if (body !== undefined && body !== null && (typeof body !== 'object' || Array.isArray(body))) {
    throw invalid('The request body must be an object.');
  }
  const criteria = (body as { readonly filter_criteria?: unknown } | null | undefined)?.filter_criteria;
  if (typeof criteria !== 'object' || criteria === null || Array.isArray(criteria)) {
    return { query: '', filter_criteria: criteria };
  }
  const { query, ...filter_criteria } = criteria as { readonly query?: unknown };
  if (query !== undefined && query !== null && typeof query !== 'string') {
    throw invalid('filter_criteria.query must be a string.');
  }
  return { query: (query ?? '').trim(), filter_criteria };
}

function oldList(deps: ApiDeps, path: string, channel: AgentChannel): Route {
  const list = (request: PageRequest) => deps.store.listAgents({ ...request, channel });
  return {
    method: 'GET',
    path,
    summary: `List ${channel} agents as a bare array (older SDKs); \`pagination_key\` is the last one's id`,
    access: 'read',
    query: PAGE_QUERY,
    async handle(ask) {
      const rows = await oldPage(ask, { list, seek: list, idOf: (row) => row.agent_id });
      return rows.map(agentBody);
    },
  };
}

function nameOf(row: ListedAgent): string {
  const name = row.settings['agent_name'];
  return typeof name === 'string' ? name : '';
}

function slimAgent(row: ListedAgent) {
  const tags = row.all_tags.map((tag) => [
    tag.tag,
    { ...(tag.version !== null && { version: tag.version }), dynamic_variables: tag.dynamic_variables },
  ]);
  return {
    agent_id: row.agent_id,
    agent_name: nameOf(row),
    channel: row.channel,
    tags: Object.fromEntries(tags),
    user_modified_timestamp: row.last_modification_timestamp,
  };
}
