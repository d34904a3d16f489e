/**
 * Chats. Messages and the plan have tables of their own: a turn then appends rows and rewrites a small one, however
 * long the chat and however large its flow.
 */
import type { Migration } from './index.ts';

export const chats: Migration = {
  number: 8,
  name: 'chats',
  breaking: true,
  sql: `
CREATE TABLE chats (
  seq INTEGER PRIMARY KEY,
  chat_id TEXT NOT NULL UNIQUE,
  start_timestamp INTEGER NOT NULL,
  chat_status TEXT NOT NULL,
  agent_id TEXT NOT NULL,
  agent_version INTEGER NOT NULL,
  expires_timestamp INTEGER NOT NULL,
  doc TEXT NOT NULL
);
CREATE INDEX chats_by_start ON chats (start_timestamp);
CREATE INDEX silent_chats ON chats (expires_timestamp) WHERE chat_status = 'ongoing';
CREATE TABLE chat_plans (
  seq INTEGER PRIMARY KEY,
  chat_id TEXT NOT NULL UNIQUE,
  plan TEXT NOT NULL
);
CREATE TABLE chat_messages (
  chat_id TEXT NOT NULL,
  position INTEGER NOT NULL,
  doc TEXT NOT NULL,
  PRIMARY KEY (chat_id, position)
) WITHOUT ROWID;
`,
};
