/** Voice and chat agents: the same code, told apart by their channel. */
import { type AgentChannel, apiError, fieldsOf, fieldsSchema } from '@pickup/contract';
import type { AgentVersionRow } from '../stores/port.ts';
import { agentBody, findAgent, latestDraft, versionOf } from './agent-body.ts';
import { checkAgent } from './agent-checks.ts';
import { agentListRoutes } from './agent-lists.ts';
import type { ApiDeps } from './deps.ts';
import { ApiFailure, refuseDeletion, unknownAsset } from './failure.ts';
import type { Turns } from './one-at-a-time.ts';
import type { Route } from './route.ts';

const KINDS: readonly { readonly channel: AgentChannel; readonly noun: string }[] = [
  { channel: 'voice', noun: 'agent' },
  { channel: 'chat', noun: 'chat-agent' },
];

/** The routes of agents. */
export function agentRoutes(deps: ApiDeps, turns: Turns): readonly Route[] {
  const ofKinds = KINDS.flatMap(({ channel, noun }) => [
    createRoute(deps, channel, noun),
    getRoute(deps, channel, noun),
    updateRoute(deps, turns, channel, noun),
    deleteRoute(deps, channel, noun),
  ]);
  return [...ofKinds, ...agentListRoutes(deps)];
}

function createRoute(deps: ApiDeps, channel: AgentChannel, noun: string): Route {
  return {
    method: 'POST',
    path: `/create-${noun}`,
    summary: `Create a ${channel} agent`,
    access: 'write',
    status: 201,
    body: fieldsSchema(fieldsOf('agent', channel), true),
    async handle({ body, warn }) {
      const settings = await checkAgent(deps, { channel, mode: 'create', body, before: {}, warn });
      const row: AgentVersionRow = {
        agent_id: `agent_${deps.newId()}`,
        version: 0,
        channel,
        base_version: null,
        is_published: false,
        last_modification_timestamp: deps.clock.wallMs(),
        settings,
        tags: [],
      };
      if (!(await deps.store.createAgent(row))) throw new Error('an agent id was given out twice');
      return agentBody(row);
    },
  };
}

function getRoute(deps: ApiDeps, channel: AgentChannel, noun: string): Route {
  return {
    method: 'GET',
    path: `/get-${noun}/{agent_id}`,
    summary: `Read a ${channel} agent; default its latest version`,
    access: 'read',
    query: ['version'],
    handle: async (ask) => agentBody(await findAgent(deps.store, ask.params['agent_id']!, versionOf(ask), channel)),
  };
}

function updateRoute(deps: ApiDeps, turns: Turns, channel: AgentChannel, noun: string): Route {
  return {
    method: 'PATCH',
    path: `/update-${noun}/{agent_id}`,
    summary: `Change a draft of a ${channel} agent; default the latest draft`,
    access: 'write',
    body: fieldsSchema(fieldsOf('agent', channel), false),
    query: ['version'],
    handle: (ask) =>
      turns(`agent ${ask.params['agent_id']}`, async () => {
        const agentId = ask.params['agent_id']!;
        const version = versionOf(ask);
        const asked = await findAgent(deps.store, agentId, version, channel);
        const draft = version === undefined ? await latestDraft(deps.store, agentId) : asked;
        if (draft === undefined || draft.is_published) throw published(agentId, asked.version);
        const { body, warn } = ask;
        const settings = await checkAgent(deps, { channel, mode: 'update', body, before: draft.settings, warn });
        const row = { ...draft, settings, last_modification_timestamp: deps.clock.wallMs() };
        const outcome = await deps.store.updateAgent(row);
        if (outcome === 'published') throw published(agentId, row.version);
        if (outcome === 'unknown') throw unknownAsset();
        return agentBody(row);
      }),
  };
}

function published(id: string, version: number): ApiFailure {
  const remedy = `make a draft of it with POST /create-agent-version/${id} {"base_version": ${version}}`;
  return new ApiFailure(apiError('published_version', { id, version, remedy }));
}

function deleteRoute(deps: ApiDeps, channel: AgentChannel, noun: string): Route {
  return {
    method: 'DELETE',
    path: `/delete-${noun}/{agent_id}`,
    summary: `Delete a ${channel} agent with all its versions; refused while a number uses it`,
    access: 'write',
    status: 204,
    async handle({ params }) {
      const agentId = params['agent_id']!;
      await findAgent(deps.store, agentId, undefined, channel);
      refuseDeletion(agentId, await deps.store.deleteAgent(agentId));
    },
  };
}
