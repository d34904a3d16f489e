/**
 * Texts in and out, and durable work. A text and a part keep what was said only until they are done with: then it
 * stands in the chat, as far as that may be kept. Partial indexes hold what is open, which stays small.
 */
import type { Migration } from './index.ts';

export const texts: Migration = {
  number: 20,
  name: 'texts',
  breaking: true,
  sql: `
CREATE TABLE texts (
  seq INTEGER PRIMARY KEY,
  text_id TEXT NOT NULL UNIQUE,
  edge TEXT NOT NULL,
  provider_message_id TEXT NOT NULL,
  pair TEXT NOT NULL,
  handling TEXT NOT NULL,
  inbound_id TEXT NOT NULL,
  chat_id TEXT,
  done_timestamp INTEGER,
  doc TEXT,
  UNIQUE (edge, provider_message_id)
);
CREATE INDEX waiting_texts ON texts (pair, seq) WHERE done_timestamp IS NULL;
CREATE INDEX done_texts ON texts (done_timestamp) WHERE done_timestamp IS NOT NULL;

CREATE TABLE text_pairs (
  pair TEXT PRIMARY KEY,
  opted_out INTEGER NOT NULL DEFAULT 0,
  chat_id TEXT,
  inbound_id TEXT,
  edge TEXT,
  reply_route TEXT
) WITHOUT ROWID;

CREATE TABLE text_runs (
  seq INTEGER PRIMARY KEY,
  inbound_id TEXT NOT NULL UNIQUE,
  facts TEXT NOT NULL,
  progress TEXT,
  progress_timestamp INTEGER,
  version INTEGER NOT NULL DEFAULT 0
);

CREATE TABLE outgoing_texts (
  seq INTEGER PRIMARY KEY,
  part_id TEXT NOT NULL UNIQUE,
  pair TEXT NOT NULL,
  chat_id TEXT,
  state TEXT NOT NULL,
  edge TEXT,
  provider_message_id TEXT,
  done_timestamp INTEGER,
  doc TEXT NOT NULL
);
CREATE INDEX open_parts ON outgoing_texts (pair, seq) WHERE done_timestamp IS NULL;
CREATE INDEX done_parts ON outgoing_texts (done_timestamp) WHERE done_timestamp IS NOT NULL;
CREATE INDEX parts_of_chat ON outgoing_texts (chat_id, seq) WHERE chat_id IS NOT NULL;
CREATE INDEX parts_of_provider ON outgoing_texts (provider_message_id) WHERE provider_message_id IS NOT NULL;

CREATE TABLE jobs (
  -- The id of a job that was done is never another's: its end may be told in the commit that takes the next.
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  task TEXT NOT NULL,
  payload TEXT NOT NULL,
  queue TEXT,
  job_key TEXT,
  run_at INTEGER NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0,
  max_attempts INTEGER NOT NULL,
  last_error TEXT,
  locked_by TEXT,
  locked_until INTEGER
);
CREATE UNIQUE INDEX job_keys ON jobs (job_key) WHERE job_key IS NOT NULL;
CREATE INDEX due_jobs ON jobs (run_at, seq) WHERE locked_by IS NULL AND attempts < max_attempts;
CREATE INDEX dead_jobs ON jobs (seq) WHERE locked_by IS NULL AND attempts >= max_attempts;
CREATE INDEX taken_jobs ON jobs (locked_until) WHERE locked_by IS NOT NULL;
CREATE INDEX taken_queues ON jobs (queue) WHERE locked_by IS NOT NULL;
`,
};
