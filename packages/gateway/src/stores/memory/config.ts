/** Numbers, agents, engines and knowledge bases in memory. */
import { isNamed } from '../agent-name.ts';
import { MOST_USERS } from '../agents-of-number.ts';
import { forkVersion, pinned } from '../fork-version.ts';
import type { AgentVersionRow, ConfigCommands, EngineVersionRow, NumberRow, TagRow } from '../port.ts';
import { type ConfigReads, engineToPublish, findVersion, resolveTarget } from '../resolve-target.ts';
import { copyOf, engineKey, type MemoryAgent, type MemoryData } from './data.ts';
import { createAgentDeletions, versionsNaming } from './deletions.ts';
import { bareBase } from './knowledge.ts';
import { listPage } from './list-page.ts';

/** The configuration commands over shared data. */
export function createMemoryConfig(data: MemoryData): ConfigCommands {
  const reads = createReads(data);
  return {
    ...createNumbers(data),
    ...createAgents(data, reads),
    ...createEngines(data, reads),
    async putKnowledgeBase(id, name) {
      const row = { ...(data.knowledge.bases.get(id)?.row ?? bareBase(id, name)), knowledge_base_name: name };
      data.knowledge.bases.set(id, { row, was_settled: true });
    },
    knowledgeBasesExist: async (ids) => new Set(ids.filter((id) => data.knowledge.bases.has(id))),
    resolveTarget: async (request) => resolveTarget(reads, request),
  };
}

function createNumbers(
  data: MemoryData,
): Pick<ConfigCommands, 'getNumber' | 'putNumber' | 'deleteNumber' | 'listNumbers' | 'listGuardedNumbers'> {
  const rows = () =>
    [...data.numbers.values()].map(({ sequence, row }) => ({ key: [sequence, 0] as const, value: row }));
  return {
    getNumber: async (phoneNumber) => data.numbers.get(phoneNumber)?.row,
    async putNumber(row, mode) {
      const phoneNumber = row.settings.phone_number;
      const before = data.numbers.get(phoneNumber);
      if (mode === 'create' && before) return false;
      data.numbers.set(phoneNumber, { sequence: before?.sequence ?? data.nextSequence(), row: copyOf(row) });
      return true;
    },
    deleteNumber: async (phoneNumber) => data.numbers.delete(phoneNumber),
    listNumbers: async (request) => listPage(rows(), request),
    async listGuardedNumbers(request) {
      const isGuarded = ({ value: { settings } }: { readonly value: NumberRow }) =>
        (settings.sip_peers ?? settings.sip_inbound_username ?? null) !== null;
      return listPage(rows().filter(isGuarded), request);
    },
  };
}

type AgentCommands = Pick<
  ConfigCommands,
  | 'createAgent'
  | 'getAgent'
  | 'updateAgent'
  | 'publishAgent'
  | 'createAgentVersion'
  | 'deleteAgent'
  | 'deleteAgentVersion'
  | 'listAgents'
  | 'listAgentVersions'
  | 'assignTag'
>;

function createAgents(data: MemoryData, reads: ConfigReads): AgentCommands {
  return {
    ...createAgentLists(data, reads),
    async createAgent(row) {
      if (data.agents.has(row.agent_id)) return false;
      const versions = new Map([[row.version, copyOf(row)]]);
      data.agents.set(row.agent_id, { sequence: data.nextSequence(), versions, tags: new Map() });
      return true;
    },
    getAgent: async (agentId, reference) => findVersion(reads, agentId, reference ?? 'latest')?.row,
    async updateAgent(row) {
      const agent = data.agents.get(row.agent_id);
      const before = agent?.versions.get(row.version);
      if (agent === undefined || before === undefined) return 'unknown';
      if (before.is_published) return 'published';
      const { channel, base_version, is_published } = before;
      agent.versions.set(row.version, { ...copyOf(row), channel, base_version, is_published });
      return 'updated';
    },
    async publishAgent(agentId, version, now) {
      const agent = data.agents.get(agentId);
      const before = agent?.versions.get(version);
      if (agent === undefined || before === undefined) return 'unknown';
      if (before.is_published) return 'already';
      const engine = engineToPublish(reads, before.settings);
      if (engine) {
        const published = { ...engine, is_published: true };
        data.engines.get(engineKey(engine.kind, engine.id))?.set(engine.version, published);
      }
      const stamps = { published_timestamp: now, last_modification_timestamp: now };
      const frozen = engine && { published_engine_version: engine.version };
      agent.versions.set(version, { ...before, ...stamps, ...frozen, is_published: true });
      return 'published';
    },
    async createAgentVersion(agentId, baseVersion, now) {
      const agent = data.agents.get(agentId);
      const base = agent?.versions.get(baseVersion);
      if (agent === undefined || base === undefined) return undefined;
      const { published_timestamp: _at, published_engine_version: _engine, ...kept } = base;
      const version = Math.max(...agent.versions.keys()) + 1;
      const { settings, engine, pin } = forkVersion(reads, base, version, now);
      if (engine && pin !== undefined) {
        pinDrafts(agent, engine, pin);
        data.engines.get(engineKey(engine.kind, engine.id))?.set(engine.version, engine);
      }
      const draft = { version, base_version: baseVersion, is_published: false, last_modification_timestamp: now };
      const row = { ...kept, ...draft, settings, tags: [] };
      agent.versions.set(version, row);
      return row;
    },
    ...createAgentDeletions(data, reads),
    async assignTag(given) {
      const tag = copyOf(given);
      const agent = data.agents.get(tag.agent_id);
      if (agent === undefined || (tag.version !== null && !agent.versions.has(tag.version))) return false;
      agent.tags.set(tag.tag, tag);
      return true;
    },
  };
}

function pinDrafts(agent: MemoryAgent, engine: EngineVersionRow, pin: number): void {
  for (const row of agent.versions.values()) {
    const settings = row.is_published ? undefined : pinned(row.settings, engine, pin);
    if (settings) agent.versions.set(row.version, { ...row, settings });
  }
}

function createAgentLists(
  data: MemoryData,
  reads: ConfigReads,
): Pick<ConfigCommands, 'listAgents' | 'listAgentVersions'> {
  return {
    async listAgents(request) {
      const rows = [...data.agents].flatMap(([agentId, agent]) => {
        const row = reads.latest(agentId);
        if (row === undefined || (request.channel !== undefined && row.channel !== request.channel)) return [];
        if (request.name !== undefined && !isNamed(agentId, row.settings['agent_name'], request.name)) return [];
        return [{ key: [agent.sequence, 0] as const, value: { ...row, all_tags: allTags(agent) } }];
      });
      return listPage(rows, request);
    },
    async listAgentVersions(agentId, request) {
      const agent = data.agents.get(agentId);
      const versions = agent === undefined ? [] : [...agent.versions.keys()];
      return listPage(
        versions.map((version) => ({ key: [version, 0] as const, value: reads.version(agentId, version)! })),
        request,
      );
    },
  };
}

function createEngines(
  data: MemoryData,
  reads: ConfigReads,
): Pick<ConfigCommands, 'createEngine' | 'getEngine' | 'updateEngine' | 'deleteEngine' | 'listEngines'> {
  return {
    async createEngine(row) {
      const versions = data.engines.get(engineKey(row.kind, row.id)) ?? new Map<number, EngineVersionRow>();
      if (versions.has(row.version)) return false;
      versions.set(row.version, copyOf(row));
      data.engines.set(engineKey(row.kind, row.id), versions);
      return true;
    },
    async deleteEngine(kind, id, force) {
      if (!data.engines.has(engineKey(kind, id))) return 'unknown';
      const users = force ? [] : [...new Set(versionsNaming(data, kind, id).map((row) => row.agent_id))];
      if (users.length > 0) return { used_by: users.slice(0, MOST_USERS) };
      data.engines.delete(engineKey(kind, id));
      return 'deleted';
    },
    async listEngines(kind, request) {
      // A map keeps the order of creation.
      const rows = [...data.engines.values()].map((versions, index) => ({
        key: [index, 0] as const,
        value: versions.get(Math.max(...versions.keys()))!,
      }));
      return listPage(
        rows.filter((row) => row.value.kind === kind),
        request,
      );
    },
    getEngine: async (kind, id, version) => reads.engine(kind, id, version),
    async updateEngine(row) {
      const versions = data.engines.get(engineKey(row.kind, row.id));
      const before = versions?.get(row.version);
      if (versions === undefined || before === undefined) return 'unknown';
      if (before.is_published) return 'published';
      versions.set(row.version, copyOf(row));
      return 'updated';
    },
  };
}

function createReads(data: MemoryData): ConfigReads {
  const withTags = (agentId: string, row: AgentVersionRow | undefined): AgentVersionRow | undefined => {
    if (row === undefined) return undefined;
    return { ...row, tags: tagsOf(data.agents.get(agentId), row.version).map((tag) => tag.tag) };
  };
  const versions = (agentId: string) => [...(data.agents.get(agentId)?.versions.values() ?? [])];
  return {
    version: (agentId, version) => withTags(agentId, data.agents.get(agentId)?.versions.get(version)),
    latest: (agentId) => withTags(agentId, versions(agentId).sort((a, b) => b.version - a.version)[0]),
    latestPublished: (agentId) =>
      withTags(
        agentId,
        versions(agentId)
          .filter((row) => row.is_published)
          .sort((a, b) => (b.published_timestamp ?? 0) - (a.published_timestamp ?? 0) || b.version - a.version)[0],
      ),
    tag: (agentId, tag) => data.agents.get(agentId)?.tags.get(tag),
    engine(kind, id, version) {
      const rows = data.engines.get(engineKey(kind, id));
      if (version !== 'latest_draft') return rows?.get(version ?? Math.max(...rows.keys()));
      const drafts = [...(rows?.values() ?? [])].filter((row) => !row.is_published);
      return drafts.sort((a, b) => b.version - a.version)[0];
    },
    hasKnowledgeBase: (id) => data.knowledge.bases.has(id),
  };
}

/** Most recently assigned first; the name decides between two of the same moment. */
function tagsOf(agent: MemoryAgent | undefined, version: number): readonly TagRow[] {
  return agent === undefined ? [] : allTags(agent).filter((tag) => tag.version === version);
}

function allTags(agent: MemoryAgent): readonly TagRow[] {
  return [...agent.tags.values()].sort(
    (a, b) => b.assigned_timestamp - a.assigned_timestamp || (a.tag < b.tag ? -1 : 1),
  );
}
