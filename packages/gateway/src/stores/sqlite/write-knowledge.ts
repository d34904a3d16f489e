/** Knowledge bases, as the writer thread does them. */
import type { Database } from 'better-sqlite3';
import type { KnowledgeBaseRow, NewKnowledgeSource } from '../port-knowledge.ts';
import type { Cell, WriteHandlers } from './cells.ts';

/** Handlers of the knowledge commands. */
export function writeKnowledge(db: Database): WriteHandlers {
  const texts = writeTexts(db);
  return { ...writeBases(db, texts), ...writeSources(db, texts), ...texts.handlers, sweepKnowledge: sweeper(db) };
}

type Texts = ReturnType<typeof writeTexts>;

/** Texts, and what sources do to them. */
function writeTexts(db: Database) {
  const open = db.prepare("INSERT INTO knowledge_texts (text_id, node_id, state) VALUES (?, ?, 'open')");
  const find = db
    .prepare<[string], number>("SELECT seq FROM knowledge_texts WHERE text_id = ? AND state = 'open'")
    .pluck();
  const setState = db.prepare('UPDATE knowledge_texts SET state = ? WHERE seq = ?');
  const dropOpen = db.prepare("UPDATE knowledge_texts SET state = 'dropped' WHERE text_id = ? AND state = 'open'");
  const dropOfNode = db.prepare("UPDATE knowledge_texts SET state = 'dropped' WHERE state = 'open' AND node_id = ?");
  const last = db
    .prepare<[number], number | null>('SELECT max(position) FROM knowledge_chunks WHERE text_seq = ?')
    .pluck();
  const addChunk = db.prepare('INSERT INTO knowledge_chunks (text_seq, position, text) VALUES (?, ?, ?)');
  const addWords = db.prepare('INSERT INTO knowledge_words (rowid, text) VALUES (?, ?)');
  const opened = (textId: string): number => {
    const seq = find.get(textId);
    if (seq === undefined) throw new Error(`There is no text ${textId} being written.`);
    return seq;
  };
  return {
    /** The text now belongs to a source. */
    use(textId: string): number {
      const seq = opened(textId);
      setState.run('used', seq);
      return seq;
    },
    drop: (seq: number | null) => void (seq !== null && setState.run('dropped', seq)),
    dropOpen: (textId: string) => dropOpen.run(textId).changes,
    handlers: {
      openKnowledgeText: (textId: string, nodeId: string) => open.run(textId, nodeId).changes,
      addKnowledgeChunks(textId: string, chunks: string) {
        const seq = opened(textId);
        let position = (last.get(seq) ?? -1) + 1;
        for (const text of JSON.parse(chunks) as string[]) {
          addWords.run(addChunk.run(seq, position++, text).lastInsertRowid, text);
        }
        return position;
      },
      dropKnowledgeText: (textId: string) => dropOpen.run(textId).changes,
      dropOpenKnowledgeTexts: (nodeId: string) => dropOfNode.run(nodeId).changes,
    },
  };
}

/** Knowledge bases as a whole. */
function writeBases(db: Database, texts: Texts): WriteHandlers {
  const add = prepareAdd(db, texts);
  const create = db.prepare(
    `INSERT INTO knowledge_bases (id, name, enable_auto_refresh, max_chunk_size, min_chunk_size, created_timestamp,
       refreshed_timestamp) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING`,
  );
  const remove = db.prepare('DELETE FROM knowledge_bases WHERE id = ?');
  const textsOf = db
    .prepare<[string], number | null>('SELECT text_seq FROM knowledge_sources WHERE knowledge_base_id = ?')
    .pluck();
  const removeSources = db.prepare('DELETE FROM knowledge_sources WHERE knowledge_base_id = ?');
  const refresh = db.prepare('UPDATE knowledge_bases SET refreshed_timestamp = ? WHERE id = ?');
  const markUrls = db.prepare(
    "UPDATE knowledge_sources SET is_pending = 1 WHERE knowledge_base_id = ? AND origin ->> '$.type' = 'url'",
  );
  const settle = prepareSettle(db);
  return {
    createKnowledgeBase(base: string, sources: string) {
      const row = JSON.parse(base) as KnowledgeBaseRow;
      const cells: Cell[] = [row.knowledge_base_id, row.knowledge_base_name, row.enable_auto_refresh ? 1 : 0];
      cells.push(row.max_chunk_size, row.min_chunk_size, row.created_timestamp, row.refreshed_timestamp);
      if (create.run(...cells).changes === 0) return 0;
      add(row.knowledge_base_id, JSON.parse(sources) as NewKnowledgeSource[]);
      settle(row.knowledge_base_id);
      return 1;
    },
    deleteKnowledgeBase(baseId: string) {
      if (remove.run(baseId).changes === 0) return 0;
      for (const seq of textsOf.all(baseId)) texts.drop(seq);
      removeSources.run(baseId);
      return 1;
    },
    refreshKnowledgeBase(baseId: string, now: number) {
      if (refresh.run(now, baseId).changes === 0) return 0;
      markUrls.run(baseId);
      return 1;
    },
  };
}

/** Single sources. */
function writeSources(db: Database, texts: Texts): WriteHandlers {
  const add = prepareAdd(db, texts);
  const exists = db.prepare<[string], number>('SELECT 1 FROM knowledge_bases WHERE id = ?').pluck();
  const find = db.prepare<[string], { knowledge_base_id: string; text_seq: number | null }>(
    'SELECT knowledge_base_id, text_seq FROM knowledge_sources WHERE source_id = ?',
  );
  const remove = db.prepare('DELETE FROM knowledge_sources WHERE source_id = ?');
  const read = db.prepare(
    'UPDATE knowledge_sources SET is_pending = 0, text_seq = ?, error = NULL WHERE source_id = ?',
  );
  const fail = db.prepare('UPDATE knowledge_sources SET is_pending = 0, error = ? WHERE source_id = ?');
  const settle = prepareSettle(db);
  return {
    addKnowledgeSources(baseId: string, given: string) {
      const sources = JSON.parse(given) as NewKnowledgeSource[];
      if (exists.get(baseId) === undefined) {
        for (const { text_id } of sources) if (text_id !== undefined) texts.dropOpen(text_id);
        return 0;
      }
      add(baseId, sources);
      settle(baseId);
      return 1;
    },
    deleteKnowledgeSource(baseId: string, sourceId: string) {
      const source = find.get(sourceId);
      if (source?.knowledge_base_id !== baseId) return 0;
      remove.run(sourceId);
      texts.drop(source.text_seq);
      settle(baseId);
      return 1;
    },
    settleKnowledgeSource(sourceId: string, textId: string | null, error: string | null) {
      const source = find.get(sourceId);
      if (source === undefined) {
        if (textId !== null) texts.dropOpen(textId);
        return 0;
      }
      if (textId === null) fail.run(error, sourceId);
      else {
        read.run(texts.use(textId), sourceId);
        texts.drop(source.text_seq);
      }
      settle(source.knowledge_base_id);
      return 1;
    },
  };
}

function prepareAdd(db: Database, texts: Texts): (baseId: string, sources: readonly NewKnowledgeSource[]) => void {
  const insert = db.prepare(
    `INSERT INTO knowledge_sources (source_id, knowledge_base_id, origin, is_pending, text_seq)
     VALUES (?, ?, ?, ?, ?)`,
  );
  return (baseId, sources) => {
    for (const { source_id, origin, text_id } of sources) {
      const seq = text_id === undefined ? null : texts.use(text_id);
      insert.run(source_id, baseId, JSON.stringify(origin), seq === null ? 1 : 0, seq);
    }
  };
}

/** Notes that nothing of the knowledge base is pending, where that is so. */
function prepareSettle(db: Database): (baseId: string) => void {
  const settle = db.prepare(
    `UPDATE knowledge_bases SET was_settled = 1 WHERE id = ? AND was_settled = 0 AND NOT EXISTS (
       SELECT 1 FROM knowledge_sources WHERE knowledge_base_id = knowledge_bases.id AND is_pending = 1)`,
  );
  return (baseId) => void settle.run(baseId);
}

function sweeper(db: Database): (limit: number) => number {
  const find = db
    .prepare<[], number>("SELECT seq FROM knowledge_texts WHERE state = 'dropped' ORDER BY seq LIMIT 1")
    .pluck();
  const chunks = db.prepare<[number, number], { id: number; text: string }>(
    'SELECT id, text FROM knowledge_chunks WHERE text_seq = ? LIMIT ?',
  );
  const forgetWords = db.prepare("INSERT INTO knowledge_words (knowledge_words, rowid, text) VALUES ('delete', ?, ?)");
  const remove = db.prepare('DELETE FROM knowledge_chunks WHERE id = ?');
  const removeText = db.prepare('DELETE FROM knowledge_texts WHERE seq = ?');
  return (limit) => {
    const seq = find.get();
    if (seq === undefined) return 0;
    const found = chunks.all(seq, limit);
    for (const { id, text } of found) {
      forgetWords.run(id, text);
      remove.run(id);
    }
    if (found.length < limit) removeText.run(seq);
    return Math.max(1, found.length);
  };
}
