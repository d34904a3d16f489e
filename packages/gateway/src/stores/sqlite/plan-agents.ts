/** How a list of agents is read: the newest first, each with its latest version. */
import type { AgentChannel } from '@pickup/contract';
import type { Database } from 'better-sqlite3';
import { isNamed } from '../agent-name.ts';
import type { AgentVersionRow, PageRequest, TagRow } from '../port.ts';
import type { Condition } from './filter-sql.ts';
import type { ConfigRows } from './read-config.ts';
import type { Key, ScanPlan } from './scan-list.ts';

export type AgentListRequest = PageRequest & { readonly channel?: AgentChannel; readonly name?: string };

interface AgentCells extends Key {
  readonly agent_id: string;
}

/** Names are looked for by a function of ours, since SQLite's own knows upper and lower case of ASCII only. */
export function teachNames(db: Database): void {
  const isNamedSql = (id: unknown, own: unknown, part: unknown) => Number(isNamed(String(id), own, String(part)));
  db.function('is_named', { deterministic: true }, isNamedSql);
}

/** The database has to know names by `teachNames`. */
export function planAgents(
  config: ConfigRows,
  { channel, name }: AgentListRequest,
): ScanPlan<AgentCells, AgentVersionRow & { readonly all_tags: readonly TagRow[] }> {
  const rest: Condition[] = [];
  if (channel !== undefined) rest.push({ sql: 'channel = ?', values: [channel] });
  if (name !== undefined) {
    rest.push({ sql: `is_named(agent_id, (${LATEST_NAME}), ?)`, values: [name] });
  }
  return {
    table: 'agents',
    key: ['seq'],
    select: 'agent_id',
    lanes: [{ from: 'agents', where: [] }],
    rest,
    read: ({ agent_id }) => ({ ...config.latest(agent_id)!, all_tags: config.allTags(agent_id) }),
  };
}

const LATEST_NAME = `SELECT json_extract(settings, '$.agent_name') FROM agent_versions
  WHERE agent_versions.agent_id = agents.agent_id ORDER BY version DESC LIMIT 1`;
