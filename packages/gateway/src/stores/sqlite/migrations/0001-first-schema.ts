import type { Migration } from './index.ts';

/**
 * The hot tables are `inbounds` and `calls`: rows are appended by rowid, and beside the unique id there is
 * one partial index over what is open, which stays small. Attempts live in the inbound's row (S1 holds
 * because the one writer reads and writes it within a transaction): a table of their own costs an insert
 * and an index entry per attempt. `numbers` is keyed by the number's digits, so that a look-up is one
 * descent of a table whose inner pages hold nothing but integers.
 */
export const firstSchema: Migration = {
  number: 1,
  name: 'first schema',
  breaking: true,
  sql: `
CREATE TABLE inbounds (
  seq INTEGER PRIMARY KEY,
  inbound_id TEXT NOT NULL UNIQUE,
  channel TEXT NOT NULL,
  edge TEXT NOT NULL,
  from_number TEXT NOT NULL,
  to_number TEXT NOT NULL,
  arrival_timestamp INTEGER NOT NULL,
  session_id TEXT NOT NULL,
  settings TEXT NOT NULL,
  dedupe_key TEXT,
  memo TEXT,
  node_id TEXT NOT NULL,
  lease_until INTEGER NOT NULL,
  outcome TEXT,
  outcome_timestamp INTEGER,
  decided_timestamp INTEGER,
  intended TEXT,
  agent_id TEXT,
  agent_version INTEGER,
  attempts TEXT,
  reply TEXT,
  issues TEXT,
  steps TEXT,
  dialog TEXT,
  sip_messages TEXT
);
CREATE UNIQUE INDEX open_inbounds ON inbounds (dedupe_key) WHERE outcome IS NULL;

CREATE TABLE calls (
  seq INTEGER PRIMARY KEY,
  call_id TEXT NOT NULL UNIQUE,
  created_timestamp INTEGER NOT NULL,
  call_status TEXT NOT NULL,
  agent_id TEXT NOT NULL,
  from_number TEXT NOT NULL,
  to_number TEXT NOT NULL,
  direction TEXT NOT NULL,
  start_timestamp INTEGER,
  disconnection_reason TEXT,
  node_id TEXT,
  holder TEXT,
  doc TEXT NOT NULL
);
CREATE INDEX calls_by_creation ON calls (created_timestamp);
CREATE INDEX live_calls ON calls (call_status, node_id) WHERE call_status IN ('registered', 'ongoing');

CREATE TABLE slots (
  inbound_id TEXT PRIMARY KEY,
  node_id TEXT NOT NULL,
  endpoint TEXT,
  connected INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;

CREATE TABLE numbers (
  id INTEGER PRIMARY KEY,
  phone_number TEXT NOT NULL,
  settings TEXT NOT NULL,
  sealed_auth_password TEXT
);

CREATE TABLE agents (
  seq INTEGER PRIMARY KEY,
  agent_id TEXT NOT NULL UNIQUE,
  channel TEXT NOT NULL
);
CREATE TABLE agent_versions (
  agent_id TEXT NOT NULL,
  version INTEGER NOT NULL,
  channel TEXT NOT NULL,
  base_version INTEGER,
  is_published INTEGER NOT NULL,
  published_timestamp INTEGER,
  last_modification_timestamp INTEGER NOT NULL,
  settings TEXT NOT NULL,
  UNIQUE (agent_id, version)
);
CREATE TABLE tags (
  agent_id TEXT NOT NULL,
  tag TEXT NOT NULL,
  version INTEGER,
  dynamic_variables TEXT NOT NULL,
  assigned_timestamp INTEGER NOT NULL,
  PRIMARY KEY (agent_id, tag)
) WITHOUT ROWID;
CREATE TABLE engine_versions (
  kind TEXT NOT NULL,
  id TEXT NOT NULL,
  version INTEGER NOT NULL,
  is_published INTEGER NOT NULL,
  last_modification_timestamp INTEGER NOT NULL,
  settings TEXT NOT NULL,
  UNIQUE (kind, id, version)
);
CREATE TABLE knowledge_bases (id TEXT PRIMARY KEY, name TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE api_keys (
  key_id TEXT PRIMARY KEY,
  login_hash TEXT NOT NULL,
  sealed_key TEXT NOT NULL,
  role TEXT NOT NULL,
  signs INTEGER NOT NULL,
  created_timestamp INTEGER NOT NULL,
  revoked_timestamp INTEGER
) WITHOUT ROWID;
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
`,
};
