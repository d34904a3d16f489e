/** A number may say itself who calls it: its callers' password, and a way to find the few that do among a million. */
import type { Migration } from './index.ts';

/** What makes a number guarded. A query has to say the same, word for word, to use the index. */
export const IS_GUARDED = `coalesce(json_extract(settings, '$.sip_peers'),
  json_extract(settings, '$.sip_inbound_username')) IS NOT NULL`;

/** Breaking, since the version before writes rows without the new column. */
export const guardedNumbers: Migration = {
  number: 3,
  name: 'guarded numbers',
  breaking: true,
  sql: `
ALTER TABLE numbers ADD COLUMN sealed_sip_inbound_password TEXT;
CREATE INDEX guarded_numbers ON numbers (id) WHERE ${IS_GUARDED};
`,
};
