/** Repair of a draft: references to what no longer exists are taken out of it and of its engine's draft. */
import { apiError, type Catalogue, type Settings } from '@pickup/contract';
import type { AgentVersionRow, EngineVersionRow } from '../stores/port.ts';
import { storedEngine } from '../stores/resolve-target.ts';
import { agentBody, findAgent, versionOf } from './agent-body.ts';
import type { ApiDeps } from './deps.ts';
import { ApiFailure } from './failure.ts';
import type { Turns } from './one-at-a-time.ts';
import type { Route } from './route.ts';

/** The route of repairs. */
export function repairRoutes(deps: ApiDeps, turns: Turns): readonly Route[] {
  return [
    {
      method: 'POST',
      path: '/repair-agent/{agent_id}',
      summary: 'Take references to voices and knowledge bases that no longer exist out of a draft and its engine',
      access: 'write',
      query: ['version'],
      handle: (ask) =>
        turns(`agent ${ask.params['agent_id']}`, async () => {
          const row = await findAgent(deps.store, ask.params['agent_id']!, versionOf(ask));
          if (row.is_published) throw published(row);
          await repairEngine(deps, turns, row);
          const settings = repairVoices(row, deps.catalogue);
          if (settings === row.settings) return agentBody(row);
          const repaired = { ...row, settings, last_modification_timestamp: deps.clock.wallMs() };
          if ((await deps.store.updateAgent(repaired)) === 'published') throw published(row);
          return agentBody(repaired);
        }),
    },
  ];
}

function published({ agent_id: id, version }: AgentVersionRow): ApiFailure {
  const remedy = `make a draft of it with POST /create-agent-version/${id} and repair that`;
  return new ApiFailure(apiError('published_version', { id, version, remedy }));
}

/** A voice nobody knows gives way to a built-in one; unknown fallback voices go. The same object where all are known. */
function repairVoices({ settings }: AgentVersionRow, { voices }: Catalogue): Settings {
  const { voice_id: voice, fallback_voice_ids: fallbacks } = settings;
  const known = Array.isArray(fallbacks) ? fallbacks.filter((id) => voices.has(String(id))) : undefined;
  const isVoiceLost = typeof voice === 'string' && !voices.has(voice);
  const areFallbacksLost = Array.isArray(fallbacks) && known?.length !== fallbacks.length;
  const builtin = [...voices.values()].find(({ provider }) => provider === 'builtin')?.voice_id;
  if (!areFallbacksLost && !(isVoiceLost && builtin !== undefined)) return settings;
  return {
    ...settings,
    ...(isVoiceLost && builtin !== undefined && { voice_id: builtin }),
    ...(areFallbacksLost && known && { fallback_voice_ids: known }),
  };
}

/** A published engine stays as it is. */
async function repairEngine(deps: ApiDeps, turns: Turns, agent: AgentVersionRow): Promise<void> {
  const named = storedEngine(agent.settings['response_engine']);
  if (!('id' in named)) return;
  await turns(`${named.kind} ${named.id}`, async () => {
    const engine = await deps.store.getEngine(named.kind, named.id, named.version);
    if (engine === undefined || engine.is_published) return;
    const settings = await repairKnowledge(deps, engine);
    if (settings === undefined) return;
    await deps.store.updateEngine({ ...engine, settings, last_modification_timestamp: deps.clock.wallMs() });
  });
}

async function repairKnowledge(deps: ApiDeps, { settings }: EngineVersionRow): Promise<Settings | undefined> {
  const ids = settings['knowledge_base_ids'];
  if (!Array.isArray(ids)) return undefined;
  const known = await deps.store.knowledgeBasesExist(ids.map(String));
  if (known.size === new Set(ids).size) return undefined;
  return { ...settings, knowledge_base_ids: ids.filter((id) => known.has(String(id))) };
}
