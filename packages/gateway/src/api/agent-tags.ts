/** Tags: names such as `prod` that point at a version. retell-sdk has no method for them. */
import { ASSIGN_TAG_FIELDS, fieldsSchema, parseAssignTag } from '@pickup/contract';
import { findAgent } from './agent-body.ts';
import { noVersion } from './agent-versions.ts';
import type { ApiDeps } from './deps.ts';
import { accept, unknownAsset } from './failure.ts';
import type { Route } from './route.ts';

/** The route of tags. */
export function agentTagRoutes(deps: ApiDeps): readonly Route[] {
  return [
    {
      method: 'POST',
      path: '/assign-agent-tag/{agent_id}',
      summary: 'Point a tag at a version; with null it is unassigned and means the latest',
      access: 'write',
      body: fieldsSchema(ASSIGN_TAG_FIELDS, true),
      async handle({ params, body, warn }) {
        const agentId = params['agent_id']!;
        await findAgent(deps.store, agentId);
        const { tag, version, dynamic_variables = {} } = accept(parseAssignTag(body), warn);
        const row = { agent_id: agentId, tag, version, dynamic_variables, assigned_timestamp: deps.clock.wallMs() };
        if (!(await deps.store.assignTag(row))) throw version === null ? unknownAsset() : noVersion(agentId, version);
        return row;
      },
    },
  ];
}
