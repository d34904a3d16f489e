/** Deletions of agents and versions in memory. */
import { agentsOf, MOST_USERS, namesVersion } from '../agents-of-number.ts';
import type { AgentVersionRow, ConfigCommands, EngineKind, NumberRow } from '../port.ts';
import { type ConfigReads, storedEngine } from '../resolve-target.ts';
import { engineKey, type MemoryData } from './data.ts';

/** The versions of agents that name an engine. */
export function versionsNaming(data: MemoryData, kind: EngineKind, id: string): readonly AgentVersionRow[] {
  return [...data.agents.values()]
    .flatMap((agent) => [...agent.versions.values()])
    .filter(({ settings }) => {
      const engine = storedEngine(settings['response_engine']);
      return 'id' in engine && engine.kind === kind && engine.id === id;
    });
}

/** The deletions of agents over shared data. */
export function createAgentDeletions(
  data: MemoryData,
  reads: ConfigReads,
): Pick<ConfigCommands, 'deleteAgent' | 'deleteAgentVersion'> {
  const numbersWhere = (names: (row: NumberRow) => boolean) =>
    [...data.numbers.values()].filter(({ row }) => names(row)).map(({ row }) => row.settings.phone_number);
  return {
    async deleteAgent(agentId) {
      const users = numbersWhere(({ settings }) => agentsOf(settings).has(agentId));
      if (users.length > 0) return { used_by: users.slice(0, MOST_USERS) };
      return data.agents.delete(agentId) ? 'deleted' : 'unknown';
    },
    async deleteAgentVersion(agentId, version) {
      const row = reads.version(agentId, version);
      const versions = data.agents.get(agentId)?.versions;
      if (row === undefined || versions === undefined) return 'unknown';
      const tags = row.tags.map((tag) => `tag ${tag}`);
      const users = [...tags, ...numbersWhere(({ settings }) => namesVersion(settings, agentId, version))];
      if (users.length > 0) return { used_by: users.slice(0, MOST_USERS) };
      if (versions.size === 1) return 'only';
      versions.delete(version);
      deleteDraft(data, row);
      return 'deleted';
    },
  };
}

function deleteDraft(data: MemoryData, row: AgentVersionRow): void {
  const engine = storedEngine(row.settings['response_engine']);
  if (!('id' in engine) || engine.version === undefined) return;
  const versions = data.engines.get(engineKey(engine.kind, engine.id));
  const isNamed = versionsNaming(data, engine.kind, engine.id).some((other) => {
    const named = storedEngine(other.settings['response_engine']);
    return 'id' in named && (named.version ?? engine.version) === engine.version;
  });
  if (isNamed || versions?.get(engine.version)?.is_published !== false || versions.size === 1) return;
  versions.delete(engine.version);
}
