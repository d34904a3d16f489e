/** Who changed what, and which key was last used when. */
import type { Migration } from './index.ts';

export const audit: Migration = {
  number: 5,
  name: 'audit',
  breaking: true,
  sql: `
CREATE TABLE audit (
  seq INTEGER PRIMARY KEY,
  doc TEXT NOT NULL
);
ALTER TABLE api_keys ADD COLUMN last_used_timestamp INTEGER;
`,
};
