/**
 * The request that was sent, and a count of ends: whoever follows inbounds goes on behind the last one that it saw end.
 * Inbounds that ended before have none.
 */
import type { Migration } from './index.ts';

export const endsOfInbounds: Migration = {
  number: 10,
  name: 'ends of inbounds',
  // The version before would settle without the count, and those ends would be missed by who follows.
  breaking: true,
  sql: `
ALTER TABLE inbounds ADD COLUMN request TEXT;
ALTER TABLE inbounds ADD COLUMN ended INTEGER;
CREATE UNIQUE INDEX ended_inbounds ON inbounds (ended) WHERE ended IS NOT NULL;
`,
};
