/** Sources and texts of knowledge bases, and the index over their words. */
import type { Migration } from './index.ts';

export const knowledge: Migration = {
  number: 9,
  name: 'knowledge',
  breaking: true,
  sql: `
ALTER TABLE knowledge_bases ADD COLUMN enable_auto_refresh INTEGER NOT NULL DEFAULT 0;
ALTER TABLE knowledge_bases ADD COLUMN max_chunk_size INTEGER NOT NULL DEFAULT 2000;
ALTER TABLE knowledge_bases ADD COLUMN min_chunk_size INTEGER NOT NULL DEFAULT 400;
ALTER TABLE knowledge_bases ADD COLUMN created_timestamp INTEGER NOT NULL DEFAULT 0;
ALTER TABLE knowledge_bases ADD COLUMN refreshed_timestamp INTEGER NOT NULL DEFAULT 0;
ALTER TABLE knowledge_bases ADD COLUMN was_settled INTEGER NOT NULL DEFAULT 0;
UPDATE knowledge_bases SET was_settled = 1;

CREATE TABLE knowledge_texts (
  seq INTEGER PRIMARY KEY,
  text_id TEXT NOT NULL UNIQUE,
  node_id TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('open', 'used', 'dropped'))
);
CREATE INDEX unused_knowledge_texts ON knowledge_texts (state, seq) WHERE state <> 'used';

CREATE TABLE knowledge_sources (
  seq INTEGER PRIMARY KEY,
  source_id TEXT NOT NULL UNIQUE,
  knowledge_base_id TEXT NOT NULL,
  origin TEXT NOT NULL,
  is_pending INTEGER NOT NULL,
  text_seq INTEGER,
  error TEXT
);
CREATE INDEX knowledge_sources_of_base ON knowledge_sources (knowledge_base_id, seq);
CREATE INDEX knowledge_sources_of_text ON knowledge_sources (text_seq) WHERE text_seq IS NOT NULL;
CREATE INDEX pending_knowledge_sources ON knowledge_sources (seq) WHERE is_pending = 1;

CREATE TABLE knowledge_chunks (
  id INTEGER PRIMARY KEY,
  text_seq INTEGER NOT NULL,
  position INTEGER NOT NULL,
  text TEXT NOT NULL,
  UNIQUE (text_seq, position)
);
CREATE VIRTUAL TABLE knowledge_words USING fts5(
  text, content = 'knowledge_chunks', content_rowid = 'id', tokenize = 'unicode61 remove_diacritics 2'
);
`,
};
