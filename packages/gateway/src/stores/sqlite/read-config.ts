/** Single rows of the configuration, over one connection. */
import type { Settings } from '@pickup/contract';
import type { Database } from 'better-sqlite3';
import type { AgentVersionRow, EngineVersionRow, NumberRow, TagRow } from '../port.ts';
import type { ConfigReads } from '../resolve-target.ts';
import { numberKey } from './number-key.ts';

interface VersionCells {
  readonly version: number;
  readonly channel: AgentVersionRow['channel'];
  readonly base_version: number | null;
  readonly is_published: number;
  readonly published_timestamp: number | null;
  readonly published_engine_version: number | null;
  readonly last_modification_timestamp: number;
  readonly settings: string;
}

interface TagCells extends Omit<TagRow, 'dynamic_variables'> {
  readonly dynamic_variables: string;
}

interface EngineCells {
  readonly version: number;
  readonly is_published: number;
  readonly last_modification_timestamp: number;
  readonly settings: string;
}

export interface NumberCells {
  readonly id: number;
  readonly phone_number: string;
  readonly settings: string;
  readonly sealed_auth_password: string | null;
  readonly sealed_sip_inbound_password: string | null;
}

/** Everything the point reads and the lists of configuration need. */
export interface ConfigRows extends ConfigReads {
  number(phoneNumber: string): NumberRow | undefined;
  /** Most recently assigned first. */
  allTags(agentId: string): readonly TagRow[];
}

const VERSIONS = `SELECT version, channel, base_version, is_published, published_timestamp,
  published_engine_version, last_modification_timestamp, settings FROM agent_versions WHERE agent_id = ?`;
const TAGS = 'SELECT agent_id, tag, version, dynamic_variables, assigned_timestamp FROM tags WHERE agent_id = ?';
const ENGINES = `SELECT version, is_published, last_modification_timestamp, settings FROM engine_versions
  WHERE kind = ? AND id = ?`;

/** Prepares the reads. They see one snapshot when run inside one transaction. */
export function readConfig(db: Database): ConfigRows {
  const number = db.prepare<[number], NumberCells>('SELECT * FROM numbers WHERE id = ?');
  const version = db.prepare<[string, number], VersionCells>(`${VERSIONS} AND version = ?`);
  const latest = db.prepare<[string], VersionCells>(`${VERSIONS} ORDER BY version DESC LIMIT 1`);
  const latestPublished = db.prepare<[string], VersionCells>(
    `${VERSIONS} AND is_published = 1 ORDER BY published_timestamp DESC, version DESC LIMIT 1`,
  );
  const allTags = db.prepare<[string], TagCells>(`${TAGS} ORDER BY assigned_timestamp DESC, tag`);
  const tag = db.prepare<[string, string], TagCells>(`${TAGS} AND tag = ?`);
  const engine = db.prepare<[string, string, number], EngineCells>(`${ENGINES} AND version = ?`);
  const latestEngine = db.prepare<[string, string], EngineCells>(`${ENGINES} ORDER BY version DESC LIMIT 1`);
  const latestDraft = db.prepare<[string, string], EngineCells>(
    `${ENGINES} AND is_published = 0 ORDER BY version DESC LIMIT 1`,
  );
  const knowledgeBase = db.prepare<[string], number>('SELECT 1 FROM knowledge_bases WHERE id = ?').pluck();

  // A statement of its own: most versions have no tag, and an ordered subquery costs ten times as much.
  const tagNames = db
    .prepare<[string, number], string>(
      'SELECT tag FROM tags WHERE agent_id = ? AND version = ? ORDER BY assigned_timestamp DESC, tag',
    )
    .pluck();
  const read = (agentId: string, cells: VersionCells | undefined): AgentVersionRow | undefined =>
    cells && toVersion(agentId, cells, tagNames.all(agentId, cells.version));
  return {
    number(phoneNumber) {
      const cells = number.get(numberKey(phoneNumber));
      return cells?.phone_number === phoneNumber ? toNumber(cells) : undefined;
    },
    version: (agentId, wanted) => read(agentId, version.get(agentId, wanted)),
    latest: (agentId) => read(agentId, latest.get(agentId)),
    latestPublished: (agentId) => read(agentId, latestPublished.get(agentId)),
    allTags: (agentId) => allTags.all(agentId).map(toTag),
    tag(agentId, name) {
      const cells = tag.get(agentId, name);
      return cells && toTag(cells);
    },
    engine(kind, id, wanted) {
      const cells =
        typeof wanted === 'number'
          ? engine.get(kind, id, wanted)
          : (wanted === undefined ? latestEngine : latestDraft).get(kind, id);
      return cells && toEngine(kind, id, cells);
    },
    hasKnowledgeBase: (id) => knowledgeBase.get(id) !== undefined,
  };
}

/** A number's row from its cells. */
export function toNumber(cells: NumberCells): NumberRow {
  const settings = JSON.parse(cells.settings) as NumberRow['settings'];
  const { sealed_auth_password, sealed_sip_inbound_password } = cells;
  return {
    settings,
    ...(sealed_auth_password !== null && { sealed_auth_password }),
    ...(sealed_sip_inbound_password !== null && { sealed_sip_inbound_password }),
  };
}

function toVersion(agentId: string, cells: VersionCells, tags: readonly string[]): AgentVersionRow {
  return {
    agent_id: agentId,
    version: cells.version,
    channel: cells.channel,
    base_version: cells.base_version,
    is_published: cells.is_published === 1,
    ...(cells.published_timestamp !== null && { published_timestamp: cells.published_timestamp }),
    ...(cells.published_engine_version !== null && { published_engine_version: cells.published_engine_version }),
    last_modification_timestamp: cells.last_modification_timestamp,
    settings: JSON.parse(cells.settings) as Settings,
    tags,
  };
}

function toTag(cells: TagCells): TagRow {
  return { ...cells, dynamic_variables: JSON.parse(cells.dynamic_variables) as TagRow['dynamic_variables'] };
}

function toEngine(kind: EngineVersionRow['kind'], id: string, cells: EngineCells): EngineVersionRow {
  const { version, last_modification_timestamp } = cells;
  const settings = JSON.parse(cells.settings) as Settings;
  return { kind, id, version, is_published: cells.is_published === 1, last_modification_timestamp, settings };
}
