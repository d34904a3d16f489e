/** Tags: names such as `prod` that point at a version. retell-sdk has no method for them. */
import type { JsonObject } from '@pickup/contract';
import { z } from 'zod';
import { findAgent } from './agent-body.ts';
import { noVersion } from './agent-versions.ts';
import type { ApiDeps } from './deps.ts';
import { invalid, unknownAsset } from './failure.ts';
import { FORBIDDEN_KEYS } from './json-body.ts';
import type { Route } from './route.ts';

const RESERVED = new Set(['latest', 'latest_published']);

const tagBody = z.object({
  tag: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,64}$/, 'must be 1 to 64 letters, digits, _ or -')
    .refine((tag) => !RESERVED.has(tag) && !/^\d+$/.test(tag), 'must not read as a version')
    // Tags are keys of an agent's `tags`, in answers too.
    .refine((tag) => !FORBIDDEN_KEYS.has(tag), 'must be another name'),
  version: z.int().min(0).nullable(),
  dynamic_variables: z.record(z.string(), z.string()).optional(),
});

const { $schema: _, ...TAG_SCHEMA } = z.toJSONSchema(tagBody, { unrepresentable: 'any' }) as JsonObject;

/** The route of tags. */
export function agentTagRoutes(deps: ApiDeps): readonly Route[] {
  return [
    {
      method: 'POST',
      path: '/assign-agent-tag/{agent_id}',
      summary: 'Point a tag at a version; with null it is unassigned and means the latest',
      access: 'write',
      body: TAG_SCHEMA,
      async handle({ params, body }) {
        const agentId = params['agent_id']!;
        await findAgent(deps.store, agentId);
        const parsed = tagBody.safeParse(body ?? {});
        if (!parsed.success) {
          throw invalid(parsed.error.issues.map(({ path, message }) => `${path.join('.')} ${message}.`).join(' '));
        }
        const { tag, version, dynamic_variables = {} } = parsed.data;
        const row = { agent_id: agentId, tag, version, dynamic_variables, assigned_timestamp: deps.clock.wallMs() };
        if (!(await deps.store.assignTag(row))) throw version === null ? unknownAsset() : noVersion(agentId, version);
        return row;
      },
    },
  ];
}
