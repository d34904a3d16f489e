/**
 * What a new draft of an agent takes with it: an engine version of its own, so that what is changed there changes
 * nothing for the versions before. Drafts of the same agent that followed the engine's latest version stay with it.
 */
import type { Json, JsonObject, Settings } from '@pickup/contract';
import type { AgentVersionRow, EngineVersionRow } from './port.ts';
import { type ConfigReads, responseEngine, storedEngine } from './resolve-target.ts';

export interface VersionFork {
  /** Of the new draft; they name the engine's new version where there is one. */
  readonly settings: Settings;
  /** To be created; absent where the engine is another server's or is missing. */
  readonly engine?: EngineVersionRow;
  /** The engine's version that older drafts have to name from now on. */
  readonly pin?: number;
}

/** The engine's new number is the agent's where that is free, else the next. */
export function forkVersion(
  reads: Pick<ConfigReads, 'engine'>,
  base: AgentVersionRow,
  version: number,
  now: number,
): VersionFork {
  const named = responseEngine(base);
  const stored = storedEngine(named);
  const row = 'id' in stored ? reads.engine(stored.kind, stored.id, stored.version) : undefined;
  const latest = row && reads.engine(row.kind, row.id);
  if (!row || !latest) return { settings: base.settings };
  const next = Math.max(latest.version + 1, version);
  return {
    settings: withEngineVersion(base.settings, named, next),
    engine: { ...row, version: next, is_published: false, last_modification_timestamp: now },
    pin: latest.version,
  };
}

/** The settings of a draft that followed this engine's latest version, with `version` named; undefined for others. */
export function pinned(settings: Settings, engine: EngineVersionRow, version: number): Settings | undefined {
  const named = settings['response_engine'];
  const stored = storedEngine(named);
  if (!('id' in stored) || stored.kind !== engine.kind || stored.id !== engine.id || stored.version !== undefined)
    return undefined;
  return withEngineVersion(settings, named, version);
}

function withEngineVersion(settings: Settings, named: Json | undefined, version: number): Settings {
  return { ...settings, response_engine: { ...(named as JsonObject), version } };
}
