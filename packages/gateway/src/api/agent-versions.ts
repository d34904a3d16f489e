/** Versions of agents, of either channel. */
import {
  apiError,
  CREATE_VERSION_FIELDS,
  fieldsSchema,
  PUBLISH_FIELDS,
  type PublishBody,
  parseCreateVersion,
  parseEngineVersionQuery,
  parsePublish,
} from '@pickup/contract';
import type { AgentVersionRow } from '../stores/port.ts';
import { agentBody, findAgent, latestDraft } from './agent-body.ts';
import type { ApiDeps } from './deps.ts';
import { ApiFailure, accept, badReference, invalid, refuseDeletion } from './failure.ts';
import type { Turns } from './one-at-a-time.ts';
import { PAGE_QUERY, pageOf, renderPage, WHOLE } from './page.ts';
import type { Route } from './route.ts';

/** The routes of versions. */
export function agentVersionRoutes(deps: ApiDeps, turns: Turns): readonly Route[] {
  return [
    publishRoute(deps, turns),
    createVersionRoute(deps, turns),
    deleteVersionRoute(deps, turns),
    ...listRoutes(deps),
    oldPublishRoute(deps, turns, '/publish-agent/{agent_id}'),
    oldPublishRoute(deps, turns, '/publish-chat-agent/{agent_id}'),
  ];
}

/** 404: the agent exists, the version does not. */
export function noVersion(id: string, version: number): ApiFailure {
  return new ApiFailure(apiError('version_not_found', { id, version }));
}

function publishRoute(deps: ApiDeps, turns: Turns): Route {
  return {
    method: 'POST',
    path: '/publish-agent-version/{agent_id}',
    summary: 'Publish a draft: from then on it cannot change. Publishing it again changes nothing',
    access: 'write',
    body: fieldsSchema(PUBLISH_FIELDS, true),
    handle: ({ params, body, warn }) =>
      turns(`agent ${params['agent_id']}`, async () => {
        const agentId = params['agent_id']!;
        await findAgent(deps.store, agentId);
        const publication = accept(parsePublish(body), warn);
        await titleDraft(deps, agentId, publication);
        const outcome = await deps.store.publishAgent(agentId, publication.version, deps.clock.wallMs());
        if (outcome === 'unknown') throw noVersion(agentId, publication.version);
      }),
  };
}

/** Title and description belong to the settings of the version. */
async function titleDraft(deps: ApiDeps, agentId: string, publication: PublishBody): Promise<void> {
  const { version, ...titles } = publication;
  const row = await deps.store.getAgent(agentId, version);
  if (row === undefined) throw noVersion(agentId, version);
  if (row.is_published || Object.keys(titles).length === 0) return;
  const settings = { ...row.settings, ...titles };
  await deps.store.updateAgent({ ...row, settings, last_modification_timestamp: deps.clock.wallMs() });
}

function createVersionRoute(deps: ApiDeps, turns: Turns): Route {
  return {
    method: 'POST',
    path: '/create-agent-version/{agent_id}',
    summary: 'Make a new draft from a version, and one of its LLM or flow with it',
    access: 'write',
    status: 201,
    body: fieldsSchema(CREATE_VERSION_FIELDS, true),
    handle: ({ params, body, warn }) =>
      turns(`agent ${params['agent_id']}`, async () => {
        const agentId = params['agent_id']!;
        await findAgent(deps.store, agentId);
        const { base_version } = accept(parseCreateVersion(body), warn);
        const row = await deps.store.createAgentVersion(agentId, base_version, deps.clock.wallMs());
        if (row === undefined) throw noVersion(agentId, base_version);
        return agentBody(row);
      }),
  };
}

function deleteVersionRoute(deps: ApiDeps, turns: Turns): Route {
  return {
    method: 'DELETE',
    path: '/delete-agent-version/{agent_id}',
    summary: 'Delete a version; refused while a tag or number names it, and for the only one',
    access: 'write',
    status: 204,
    query: ['version'],
    handle: ({ params, query, warn }) =>
      turns(`agent ${params['agent_id']}`, async () => {
        const agentId = params['agent_id']!;
        await findAgent(deps.store, agentId);
        const given = query['version'];
        const version = accept(parseEngineVersionQuery(typeof given === 'string' ? given : undefined), warn);
        if (version === undefined) throw invalid('version is required: the number of the version to delete.');
        const deletion = await deps.store.deleteAgentVersion(agentId, version);
        if (deletion === 'unknown') throw noVersion(agentId, version);
        if (deletion === 'only') throw new ApiFailure(apiError('only_version', { id: agentId, version }));
        refuseDeletion(`Version ${version} of ${agentId}`, deletion);
      }),
  };
}

function listRoutes(deps: ApiDeps): readonly Route[] {
  const old = (path: string): Route => ({
    method: 'GET',
    path,
    summary: 'List versions as a bare array (older SDKs); at most the newest 1,000',
    access: 'read',
    async handle({ params }) {
      await findAgent(deps.store, params['agent_id']!);
      return (await deps.store.listAgentVersions(params['agent_id']!, WHOLE)).items.map(agentBody);
    },
  });
  return [
    {
      method: 'GET',
      path: '/list-agent-versions/{agent_id}',
      summary: 'List the versions of an agent',
      access: 'read',
      query: PAGE_QUERY,
      async handle(ask) {
        const agentId = ask.params['agent_id']!;
        await findAgent(deps.store, agentId);
        return renderPage(await deps.store.listAgentVersions(agentId, pageOf(ask)), versionBody);
      },
    },
    old('/get-agent-versions/{agent_id}'),
    old('/get-chat-agent-versions/{agent_id}'),
  ];
}

/** In this list the SDK's type takes no null, unlike on the agent: not of a first version's base, not of titles. */
function versionBody(row: AgentVersionRow): Record<string, unknown> {
  const body = agentBody(row);
  for (const name of ['base_version', 'version_title', 'version_description']) {
    if (body[name] === null) delete body[name];
  }
  return body;
}

function oldPublishRoute(deps: ApiDeps, turns: Turns, path: string): Route {
  return {
    method: 'POST',
    path,
    summary: 'Publish the latest draft and go on with a new one (older SDKs)',
    access: 'write',
    handle: ({ params }) =>
      turns(`agent ${params['agent_id']}`, async () => {
        const agentId = params['agent_id']!;
        await findAgent(deps.store, agentId);
        const draft = await latestDraft(deps.store, agentId);
        if (draft === undefined) throw badReference(`${agentId} has no draft to publish.`);
        const now = deps.clock.wallMs();
        await deps.store.publishAgent(agentId, draft.version, now);
        await deps.store.createAgentVersion(agentId, draft.version, now);
      }),
  };
}
