/** What an agent was published with no longer changes: its engine's version is kept with it (E8). */
import type { Migration } from './index.ts';

/** An agent that was published before goes on with the engine's latest version of this moment, which is published too. */
export const publishedEngines: Migration = {
  number: 2,
  name: 'published engines',
  breaking: true,
  sql: `
ALTER TABLE agent_versions ADD COLUMN published_engine_version INTEGER;

UPDATE agent_versions SET published_engine_version = (
  SELECT max(version) FROM engine_versions
  WHERE kind = json_extract(agent_versions.settings, '$.response_engine.type')
    AND id = coalesce(json_extract(agent_versions.settings, '$.response_engine.llm_id'),
      json_extract(agent_versions.settings, '$.response_engine.conversation_flow_id'))
    AND version = coalesce(json_extract(agent_versions.settings, '$.response_engine.version'), version)
) WHERE is_published = 1;

UPDATE engine_versions SET is_published = 1 WHERE EXISTS (
  SELECT 1 FROM agent_versions WHERE is_published = 1 AND published_engine_version = engine_versions.version
    AND json_extract(settings, '$.response_engine.type') = engine_versions.kind
    AND coalesce(json_extract(settings, '$.response_engine.llm_id'),
      json_extract(settings, '$.response_engine.conversation_flow_id')) = engine_versions.id
);
`,
};
