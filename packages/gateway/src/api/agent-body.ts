/** Agents as answered, and how a request names one. */
import { type AgentChannel, type AgentVersionReference, parseVersionQuery } from '@pickup/contract';
import type { AgentVersionRow, Store } from '../stores/port.ts';
import { responseEngine } from '../stores/resolve-target.ts';
import { unknownAsset } from './failure.ts';
import type { Ask } from './route.ts';

/** A version as answered. */
export function agentBody(row: AgentVersionRow): Record<string, unknown> {
  return {
    agent_id: row.agent_id,
    channel: row.channel,
    ...row.settings,
    response_engine: responseEngine(row),
    version: row.version,
    base_version: row.base_version,
    is_published: row.is_published,
    assigned_tags: row.tags,
    last_modification_timestamp: row.last_modification_timestamp,
  };
}

/** The version asked for, default the latest. Throws 422 for an unknown agent or version, or one of another channel. */
export async function findAgent(
  store: Store,
  agentId: string,
  reference?: AgentVersionReference,
  channel?: AgentChannel,
): Promise<AgentVersionRow> {
  const row = await store.getAgent(agentId, reference ?? 'latest');
  if (row === undefined || (channel !== undefined && row.channel !== channel)) throw unknownAsset();
  return row;
}

/** The draft with the largest version number. */
export async function latestDraft(store: Store, agentId: string): Promise<AgentVersionRow | undefined> {
  const latest = await store.getAgent(agentId, 'latest');
  if (latest === undefined || !latest.is_published) return latest;
  let key: string | undefined;
  do {
    const page = await store.listAgentVersions(agentId, {
      limit: 100,
      ...(key !== undefined && { pagination_key: key }),
    });
    const draft = page.items.find((row) => !row.is_published);
    if (draft !== undefined) return draft;
    key = page.has_more ? page.pagination_key : undefined;
  } while (key !== undefined);
  return undefined;
}

/** The request's `?version=`; 0 is a version, "" is none. */
export function versionOf({ query }: Ask) {
  const given = query['version'];
  return parseVersionQuery(typeof given === 'string' ? given : undefined);
}
