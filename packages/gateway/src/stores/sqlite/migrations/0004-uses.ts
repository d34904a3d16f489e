/** Who uses what, so that a deletion can be refused: agents their engines, numbers their agents. */
import type { Migration } from './index.ts';

const LISTS = ['inbound_agents', 'outbound_agents', 'inbound_sms_agents', 'outbound_sms_agents'];

export const uses: Migration = {
  number: 4,
  name: 'uses',
  breaking: true,
  sql: `
CREATE TABLE engines (
  seq INTEGER PRIMARY KEY,
  kind TEXT NOT NULL,
  id TEXT NOT NULL,
  UNIQUE (kind, id)
);
INSERT INTO engines (kind, id) SELECT kind, id FROM engine_versions GROUP BY kind, id ORDER BY min(rowid);

CREATE INDEX agent_versions_by_engine ON agent_versions (
  coalesce(json_extract(settings, '$.response_engine.llm_id'),
    json_extract(settings, '$.response_engine.conversation_flow_id'))
);

CREATE TABLE number_agents (
  agent_id TEXT NOT NULL,
  number INTEGER NOT NULL,
  PRIMARY KEY (agent_id, number)
) WITHOUT ROWID;
CREATE INDEX agents_of_number ON number_agents (number);
${LISTS.map(
  (list) => `INSERT OR IGNORE INTO number_agents
  SELECT json_extract(named.value, '$.agent_id'), numbers.id FROM numbers, json_each(numbers.settings, '$.${list}') AS named
  WHERE json_extract(named.value, '$.agent_id') IS NOT NULL;`,
).join('\n')}
`,
};
