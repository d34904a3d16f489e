/**
 * Which agent version a reference means, and what comes with it (retell-contract.md, section d).
 * One reading for every driver: a driver only says how single rows are found, inside one snapshot.
 */
import type { AgentVersionReference, Json, JsonObject, ResolvedEngine, Settings } from '@pickup/contract';
import type { AgentVersionRow, EngineKind, EngineVersionRow, ResolveResult, TagRow } from './port.ts';

/** Single-row reads of one consistent snapshot (E8). A version's tags stand in order, the one assigned last first. */
export interface ConfigReads {
  version(agentId: string, version: number): AgentVersionRow | undefined;
  /** The largest version number, draft or not. */
  latest(agentId: string): AgentVersionRow | undefined;
  /** The most recently published one. */
  latestPublished(agentId: string): AgentVersionRow | undefined;
  tag(agentId: string, tag: string): TagRow | undefined;
  /** Without a version: the latest. */
  engine(kind: EngineKind, id: string, version?: number | 'latest_draft'): EngineVersionRow | undefined;
  hasKnowledgeBase(id: string): boolean;
}

/** A version found by a reference: how, and by which tag if by one. */
export interface FoundVersion {
  readonly row: AgentVersionRow;
  readonly how: string;
  readonly tag?: TagRow;
}

/** Number, tag (one that is unassigned means the latest version), `latest`, `latest_published`. */
export function findVersion(
  reads: ConfigReads,
  agentId: string,
  reference: AgentVersionReference,
): FoundVersion | undefined {
  if (typeof reference === 'number') return found(reads.version(agentId, reference), 'number');
  if (reference === 'latest') return found(reads.latest(agentId), 'latest');
  if (reference === 'latest_published') return found(reads.latestPublished(agentId), 'latest_published');
  const tag = reads.tag(agentId, reference);
  if (tag === undefined) return undefined;
  if (tag.version === null) return found(reads.latest(agentId), `tag ${reference}, unassigned: latest`, tag);
  return found(reads.version(agentId, tag.version), `tag ${reference}`, tag);
}

function found(row: AgentVersionRow | undefined, how: string, tag?: TagRow): FoundVersion | undefined {
  if (row === undefined) return undefined;
  return tag === undefined ? { row, how } : { row, how, tag };
}

export interface ResolveRequest {
  readonly agent_id: string;
  readonly reference: AgentVersionReference;
  readonly engine_override?: JsonObject;
  readonly knowledge_base_ids?: readonly string[];
}

/**
 * The whole target. The tag named by the reference lends its variables; otherwise the one most recently
 * assigned to the version does. The knowledge bases told of are those asked for and those of the engine.
 */
export function resolveTarget(reads: ConfigReads, request: ResolveRequest): ResolveResult {
  const version = findVersion(reads, request.agent_id, request.reference);
  if (version === undefined) return notFound(reads, request);
  const { row, how } = version;
  const engine = findEngine(reads, request.engine_override ?? responseEngine(row));
  if ('missing' in engine) return { found: false, missing: 'engine', message: engine.missing };
  const preferred = row.tags[0];
  const tag = version.tag ?? (preferred === undefined ? undefined : reads.tag(row.agent_id, preferred));
  const target = {
    agent_id: row.agent_id,
    version: row.version,
    is_published: row.is_published,
    channel: row.channel,
    how,
    ...(tag && { tag: tag.tag }),
    tag_variables: tag?.dynamic_variables ?? {},
    settings: row.settings,
    engine,
  };
  return { found: true, target, knowledge_bases: knowledgeBases(reads, engine, request.knowledge_base_ids) };
}

function notFound(reads: ConfigReads, request: ResolveRequest): ResolveResult {
  const { agent_id, reference } = request;
  const latest = reads.latest(agent_id);
  if (latest === undefined) return { found: false, missing: 'agent', message: `There is no agent ${agent_id}.` };
  const what = typeof reference === 'number' ? `version ${reference}` : `version or tag "${reference}"`;
  const message =
    reference === 'latest_published'
      ? `Agent ${agent_id} has no published version.`
      : `Agent ${agent_id} has no ${what}; its latest is version ${latest.version}.`;
  return { found: false, missing: 'version', message };
}

/** What the version's `response_engine` means: of a published one, the engine's version is known (E8). */
export function responseEngine({ settings, published_engine_version: version }: AgentVersionRow): Json | undefined {
  const named = settings['response_engine'];
  return version !== undefined && isObject(named) ? { ...named, version } : named;
}

/** The stored engine that a publication takes with it; undefined for an engine of another server or a missing one. */
export function engineToPublish(reads: Pick<ConfigReads, 'engine'>, settings: Settings): EngineVersionRow | undefined {
  const stored = storedEngine(settings['response_engine']);
  return 'id' in stored ? reads.engine(stored.kind, stored.id, stored.version) : undefined;
}

function findEngine(reads: ConfigReads, named: Json | undefined): ResolvedEngine | { readonly missing: string } {
  if (!isObject(named)) return { missing: 'The agent names no response engine.' };
  const type = named['type'];
  if (type === 'custom-llm') {
    const url = named['llm_websocket_url'];
    if (typeof url !== 'string') return { missing: 'A custom-llm engine needs llm_websocket_url.' };
    return { type, llm_websocket_url: url };
  }
  const stored = storedEngine(named);
  if ('missing' in stored) return stored;
  const { kind, id, version } = stored;
  const row = reads.engine(kind, id, version);
  if (row === undefined) {
    return { missing: `There is no ${kind} ${id}${version === undefined ? '' : ` version ${version}`}.` };
  }
  return { type: kind, id, version: row.version, settings: row.settings };
}

/** A `response_engine` that names an engine of this store; without a version it means the latest. */
export function storedEngine(
  named: Json | undefined,
):
  | { readonly kind: EngineKind; readonly id: string; readonly version: number | undefined }
  | { readonly missing: string } {
  if (!isObject(named)) return { missing: 'The agent names no response engine.' };
  const { type, version } = named;
  if (type !== 'retell-llm' && type !== 'conversation-flow')
    return { missing: 'The response engine has no known type.' };
  const idField = type === 'retell-llm' ? 'llm_id' : 'conversation_flow_id';
  const id = named[idField];
  if (typeof id !== 'string') return { missing: `A ${type} engine needs ${idField}.` };
  return { kind: type, id, version: typeof version === 'number' ? version : undefined };
}

function knowledgeBases(
  reads: ConfigReads,
  engine: ResolvedEngine,
  asked: readonly string[] | undefined,
): ReadonlySet<string> {
  const own = engine.type === 'custom-llm' ? undefined : engine.settings['knowledge_base_ids'];
  const known = new Set<string>();
  for (const id of [...(asked ?? []), ...(Array.isArray(own) ? own : [])]) {
    if (typeof id === 'string' && reads.hasKnowledgeBase(id)) known.add(id);
  }
  return known;
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
