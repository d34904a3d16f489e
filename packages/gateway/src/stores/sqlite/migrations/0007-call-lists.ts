/** Indices behind the lists of calls. Each is in the lists' order within one value, so that a page is read off it. */
import type { Migration } from './index.ts';

/** Calls that are over. A query has to say the same, word for word, to use the indices. */
export const IS_OVER = `call_status NOT IN ('registered', 'ongoing')`;
/** Calls that are not: the index `live_calls` of the first schema. */
export const IS_LIVE = `call_status IN ('registered', 'ongoing')`;
/** The ways calls rarely end; the others fill pages without an index. */
export const ENDED_RARELY = `disconnection_reason NOT IN ('user_hangup', 'agent_hangup')`;
/** Lists are ordered by creation, which for nearly all calls is when they started. */
export const STARTED_LATER = 'start_timestamp <> created_timestamp';

/**
 * A call enters them when it ends, which nobody waits for: while it rings and is connected it costs no more than
 * before. Not breaking: the version before writes the same rows.
 */
export const callLists: Migration = {
  number: 7,
  name: 'call lists',
  breaking: false,
  sql: `
CREATE INDEX calls_by_agent ON calls (agent_id, created_timestamp) WHERE ${IS_OVER};
CREATE INDEX calls_by_caller ON calls (from_number, created_timestamp) WHERE ${IS_OVER};
CREATE INDEX calls_by_callee ON calls (to_number, created_timestamp) WHERE ${IS_OVER};
CREATE INDEX failed_calls ON calls (call_status, created_timestamp) WHERE call_status IN ('not_connected', 'error');
CREATE INDEX calls_by_rare_end ON calls (disconnection_reason, created_timestamp) WHERE ${ENDED_RARELY};
CREATE INDEX calls_started_later ON calls (created_timestamp) WHERE ${STARTED_LATER};
`,
};
