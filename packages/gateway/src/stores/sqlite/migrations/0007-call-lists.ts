/** Indices behind the lists of calls. Each is in the lists' order within one value, so that a page is read off it. */
import type { Migration } from './index.ts';

/** Calls that are over. A query has to say these things word for word to use the indices. */
const IS_OVER = `call_status NOT IN ('registered', 'ongoing')`;
/** Calls that are over and entered in the indices by agent and number, and those that are still to be. */
export const IS_FILED = `filed = 1 AND ${IS_OVER}`;
export const IS_UNFILED = `filed IS NULL AND ${IS_OVER}`;
/** Calls that are not: the index `live_calls` of the first schema. */
export const IS_LIVE = `call_status IN ('registered', 'ongoing')`;
/** The ways calls rarely end; the others fill pages without an index. */
export const ENDED_RARELY = `disconnection_reason NOT IN ('user_hangup', 'agent_hangup')`;
/** Lists are ordered by creation, which for nearly all calls is when they started. */
export const STARTED_LATER = 'start_timestamp <> created_timestamp';

/**
 * An entry in an index by agent or number dirties a page of its own, which costs as much as the call's row. So calls are
 * filed a little after they have ended (file-calls.ts): no commit that a caller waits for has to do it. Not breaking:
 * what the version before writes is found among the unfiled.
 */
export const callLists: Migration = {
  number: 7,
  name: 'call lists',
  breaking: false,
  sql: `
ALTER TABLE calls ADD COLUMN filed INTEGER;
CREATE INDEX unfiled_calls ON calls (created_timestamp) WHERE ${IS_UNFILED};
CREATE INDEX calls_by_agent ON calls (agent_id, created_timestamp) WHERE ${IS_FILED};
CREATE INDEX calls_by_caller ON calls (from_number, created_timestamp) WHERE ${IS_FILED};
CREATE INDEX calls_by_callee ON calls (to_number, created_timestamp) WHERE ${IS_FILED};
CREATE INDEX failed_calls ON calls (call_status, created_timestamp) WHERE call_status IN ('not_connected', 'error');
CREATE INDEX calls_by_rare_end ON calls (disconnection_reason, created_timestamp) WHERE ${ENDED_RARELY};
CREATE INDEX calls_started_later ON calls (created_timestamp) WHERE ${STARTED_LATER};
`,
};
