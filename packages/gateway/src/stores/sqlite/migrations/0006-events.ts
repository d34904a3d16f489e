/** Event webhooks that wait to be delivered, and what became of them. */
import type { Migration } from './index.ts';

export const events: Migration = {
  number: 6,
  name: 'events',
  breaking: true,
  sql: `
CREATE TABLE events (
  seq INTEGER PRIMARY KEY,
  event_id TEXT NOT NULL UNIQUE,
  subject_id TEXT NOT NULL,
  event TEXT NOT NULL,
  url TEXT NOT NULL,
  timeout_ms INTEGER NOT NULL,
  body TEXT NOT NULL,
  created_timestamp INTEGER NOT NULL,
  attempts TEXT NOT NULL,
  next_timestamp INTEGER
);
CREATE INDEX due_events ON events (next_timestamp) WHERE next_timestamp IS NOT NULL;
CREATE INDEX events_of_subject ON events (subject_id, seq);
`,
};
