/** Reads of knowledge bases: single ones on the main thread, lists and searches on the reader thread. */
import type { Database } from 'better-sqlite3';
import { matchExpression, scoreOf, searchTerms } from '../knowledge-terms.ts';
import type {
  KnowledgeBaseView,
  KnowledgeHit,
  KnowledgeOrigin,
  KnowledgeSourceRow,
  PendingKnowledgeSource,
} from '../port-knowledge.ts';

/** Passages whose score is worked out for a search; the index has ordered them by then. */
const MOST_CANDIDATES = 200;

interface BaseCells {
  readonly id: string;
  readonly name: string;
  readonly enable_auto_refresh: number;
  readonly max_chunk_size: number;
  readonly min_chunk_size: number;
  readonly created_timestamp: number;
  readonly refreshed_timestamp: number;
  readonly was_settled: number;
}

interface SourceCells {
  readonly source_id: string;
  readonly origin: string;
  readonly is_pending: number;
  readonly text_seq: number | null;
  readonly error: string | null;
}

interface HitCells {
  readonly knowledge_base_id: string;
  readonly source_id: string;
  readonly origin: string;
  readonly text: string;
}

type PendingCells = Omit<PendingKnowledgeSource, 'origin'> & { readonly origin: string };

/** Point reads. */
export function readKnowledge(db: Database) {
  const base = db.prepare<[string], BaseCells>('SELECT * FROM knowledge_bases WHERE id = ?');
  const view = prepareView(db);
  const stale = db
    .prepare<[number], string>(
      `SELECT id FROM knowledge_bases WHERE enable_auto_refresh = 1 AND refreshed_timestamp < ? AND NOT EXISTS (
         SELECT 1 FROM knowledge_sources WHERE knowledge_base_id = knowledge_bases.id AND is_pending = 1)`,
    )
    .pluck();
  const pending = db.prepare<[number], PendingCells>(
    `SELECT source_id, knowledge_base_id, origin, max_chunk_size, min_chunk_size
     FROM knowledge_sources AS source INDEXED BY pending_knowledge_sources
     JOIN knowledge_bases AS base ON base.id = source.knowledge_base_id
     WHERE is_pending = 1 ORDER BY seq LIMIT ?`,
  );
  const source = db.prepare<[string, string], { text_seq: number | null }>(
    'SELECT text_seq FROM knowledge_sources WHERE source_id = ? AND knowledge_base_id = ?',
  );
  const chunks = db
    .prepare<[number, number, number], string>(
      'SELECT text FROM knowledge_chunks WHERE text_seq = ? AND position >= ? ORDER BY position LIMIT ?',
    )
    .pluck();
  return {
    base: db.transaction((id: string) => {
      const cells = base.get(id);
      return cells && view(cells);
    }),
    stale: (before: number) => stale.all(before),
    pending: (limit: number): PendingKnowledgeSource[] =>
      pending.all(limit).map((cells) => ({ ...cells, origin: toOrigin(cells.origin) })),
    chunks: db.transaction((baseId: string, sourceId: string, from: number, limit: number) => {
      const found = source.get(sourceId, baseId);
      if (found === undefined) return undefined;
      return found.text_seq === null ? [] : chunks.all(found.text_seq, from, limit);
    }),
  };
}

/** What may take longer. */
export function readKnowledgeLists(db: Database) {
  const all = db.prepare<[], BaseCells>('SELECT * FROM knowledge_bases ORDER BY created_timestamp DESC, id DESC');
  const view = prepareView(db);
  // The joins are in this order: first the words, then what they belong to.
  const search = db.prepare<[string, string, number], HitCells>(
    `SELECT source.knowledge_base_id, source.source_id, source.origin, chunk.text
     FROM knowledge_words AS words
     CROSS JOIN knowledge_chunks AS chunk ON chunk.id = words.rowid
     CROSS JOIN knowledge_sources AS source ON source.text_seq = chunk.text_seq
     WHERE knowledge_words MATCH ? AND source.knowledge_base_id IN (SELECT value FROM json_each(?))
     ORDER BY bm25(knowledge_words), chunk.id LIMIT ?`,
  );
  return {
    knowledgeBases: (_request: Record<string, never>): KnowledgeBaseView[] => all.all().map(view),
    searchKnowledge(request: {
      readonly base_ids: readonly string[];
      readonly query: string;
      readonly top_k: number;
      readonly filter_score: number;
    }): KnowledgeHit[] {
      const terms = searchTerms(request.query);
      if (terms.length === 0 || request.base_ids.length === 0) return [];
      const most = Math.max(request.top_k, MOST_CANDIDATES);
      const rows = search.all(matchExpression(terms), JSON.stringify(request.base_ids), most);
      const hits: KnowledgeHit[] = [];
      for (const { origin, ...row } of rows) {
        const score = scoreOf(terms, row.text);
        if (score >= request.filter_score) hits.push({ ...row, origin: toOrigin(origin), score });
        if (hits.length === request.top_k) break;
      }
      return hits;
    },
  };
}

function prepareView(db: Database): (cells: BaseCells) => KnowledgeBaseView {
  const sources = db.prepare<[string], SourceCells>(
    'SELECT source_id, origin, is_pending, text_seq, error FROM knowledge_sources WHERE knowledge_base_id = ? ORDER BY seq',
  );
  return ({ id, name, enable_auto_refresh, was_settled, ...plain }) => ({
    base: {
      ...plain,
      knowledge_base_id: id,
      knowledge_base_name: name,
      enable_auto_refresh: enable_auto_refresh === 1,
    },
    was_settled: was_settled === 1,
    sources: sources.all(id).map(toSource),
  });
}

function toSource({ source_id, origin, is_pending, text_seq, error }: SourceCells): KnowledgeSourceRow {
  return {
    source_id,
    origin: toOrigin(origin),
    is_pending: is_pending === 1,
    has_text: text_seq !== null,
    ...(error !== null && { error }),
  };
}

function toOrigin(cell: string): KnowledgeOrigin {
  return JSON.parse(cell) as KnowledgeOrigin;
}
