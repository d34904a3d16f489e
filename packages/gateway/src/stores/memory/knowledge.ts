/** Knowledge bases in memory. */
import { countOf, scoreOf, searchTerms } from '../knowledge-terms.ts';
import type {
  KnowledgeBaseRow,
  KnowledgeBaseView,
  KnowledgeCommands,
  KnowledgeHit,
  KnowledgeOrigin,
  KnowledgeSourceRow,
  NewKnowledgeSource,
} from '../port-knowledge.ts';
import { copyOf } from './data.ts';

export interface MemoryText {
  readonly node_id: string;
  readonly chunks: string[];
}

export interface MemorySource {
  readonly knowledge_base_id: string;
  readonly origin: KnowledgeOrigin;
  readonly is_pending: boolean;
  readonly text?: MemoryText;
  readonly error?: string;
}

export interface MemoryKnowledge {
  readonly bases: Map<string, { readonly row: KnowledgeBaseRow; readonly was_settled: boolean }>;
  readonly sources: Map<string, MemorySource>;
  /** Being written. */
  readonly open: Map<string, MemoryText>;
  /** Passages of texts nobody names any more. */
  dropped: number;
}

/** No knowledge at all. */
export function createKnowledgeData(): MemoryKnowledge {
  return { bases: new Map(), sources: new Map(), open: new Map(), dropped: 0 };
}

/** A knowledge base of which only the name is known. */
export function bareBase(id: string, name: string): KnowledgeBaseRow {
  return {
    knowledge_base_id: id,
    knowledge_base_name: name,
    enable_auto_refresh: false,
    max_chunk_size: 2_000,
    min_chunk_size: 400,
    created_timestamp: 0,
    refreshed_timestamp: 0,
  };
}

/** The knowledge commands over shared data. */
export function createMemoryKnowledge(data: MemoryKnowledge): KnowledgeCommands {
  return { ...createBases(data), ...createSources(data), ...createTexts(data), ...createReads(data) };
}

type BaseCommands = Pick<
  KnowledgeCommands,
  | 'createKnowledgeBase'
  | 'getKnowledgeBase'
  | 'listKnowledgeBases'
  | 'deleteKnowledgeBase'
  | 'refreshKnowledgeBase'
  | 'staleKnowledgeBases'
>;

function createBases(data: MemoryKnowledge): BaseCommands {
  const hasPending = (baseId: string) => ofBase(data, baseId).some(([, source]) => source.is_pending);
  return {
    async createKnowledgeBase(given, sources) {
      const row = copyOf(given);
      if (data.bases.has(row.knowledge_base_id)) return false;
      refuseMissing(data, sources);
      data.bases.set(row.knowledge_base_id, { row, was_settled: false });
      add(data, row.knowledge_base_id, sources);
      return true;
    },
    getKnowledgeBase: async (baseId) => viewOf(data, baseId),
    async listKnowledgeBases() {
      const views = [...data.bases.keys()].map((id) => viewOf(data, id)!);
      const { compare } = new Intl.Collator('en');
      return views.sort(
        ({ base: one }, { base: other }) =>
          other.created_timestamp - one.created_timestamp || compare(other.knowledge_base_id, one.knowledge_base_id),
      );
    },
    async deleteKnowledgeBase(baseId) {
      if (!data.bases.delete(baseId)) return false;
      for (const [id, { text }] of ofBase(data, baseId)) {
        data.sources.delete(id);
        drop(data, text);
      }
      return true;
    },
    async refreshKnowledgeBase(baseId, now) {
      const base = data.bases.get(baseId);
      if (base === undefined) return false;
      data.bases.set(baseId, { ...base, row: { ...base.row, refreshed_timestamp: now } });
      for (const [id, source] of ofBase(data, baseId)) {
        if (source.origin.type === 'url') data.sources.set(id, { ...source, is_pending: true });
      }
      return true;
    },
    async staleKnowledgeBases(before) {
      return [...data.bases]
        .filter(([id, { row }]) => row.enable_auto_refresh && row.refreshed_timestamp < before && !hasPending(id))
        .map(([id]) => id);
    },
  };
}

type SourceCommands = Pick<
  KnowledgeCommands,
  'addKnowledgeSources' | 'deleteKnowledgeSource' | 'pendingKnowledgeSources' | 'settleKnowledgeSource'
>;

function createSources(data: MemoryKnowledge): SourceCommands {
  return {
    async addKnowledgeSources(baseId, sources) {
      if (!data.bases.has(baseId)) {
        for (const { text_id } of sources) if (text_id !== undefined) dropOpen(data, text_id);
        return false;
      }
      refuseMissing(data, sources);
      add(data, baseId, sources);
      return true;
    },
    async deleteKnowledgeSource(baseId, sourceId) {
      const source = data.sources.get(sourceId);
      if (source?.knowledge_base_id !== baseId) return false;
      data.sources.delete(sourceId);
      drop(data, source.text);
      settle(data, baseId);
      return true;
    },
    async pendingKnowledgeSources(limit) {
      const pending = [...data.sources].filter(([, source]) => source.is_pending).slice(0, limit);
      return pending.map(([source_id, { knowledge_base_id, origin }]) => {
        const { max_chunk_size, min_chunk_size } = data.bases.get(knowledge_base_id)!.row;
        return { source_id, knowledge_base_id, origin, max_chunk_size, min_chunk_size };
      });
    },
    async settleKnowledgeSource(sourceId, result) {
      const source = data.sources.get(sourceId);
      if (source === undefined) {
        if ('text_id' in result) dropOpen(data, result.text_id);
        return false;
      }
      if ('error' in result) {
        data.sources.set(sourceId, { ...source, is_pending: false, error: result.error });
      } else {
        const { error: _gone, ...rest } = source;
        data.sources.set(sourceId, { ...rest, is_pending: false, text: take(data, result.text_id) });
        drop(data, source.text);
      }
      settle(data, source.knowledge_base_id);
      return true;
    },
  };
}

type TextCommands = Pick<
  KnowledgeCommands,
  'openKnowledgeText' | 'addKnowledgeChunks' | 'dropKnowledgeText' | 'dropOpenKnowledgeTexts' | 'sweepKnowledge'
>;

function createTexts(data: MemoryKnowledge): TextCommands {
  return {
    async openKnowledgeText(textId, nodeId) {
      data.open.set(textId, { node_id: nodeId, chunks: [] });
    },
    async addKnowledgeChunks(textId, chunks) {
      found(data, textId).chunks.push(...chunks);
    },
    async dropKnowledgeText(textId) {
      dropOpen(data, textId);
    },
    async dropOpenKnowledgeTexts(nodeId) {
      for (const [id, { node_id }] of data.open) if (node_id === nodeId) dropOpen(data, id);
    },
    async sweepKnowledge(limit) {
      const swept = Math.min(limit, data.dropped);
      data.dropped -= swept;
      return swept;
    },
  };
}

function createReads(data: MemoryKnowledge): Pick<KnowledgeCommands, 'readKnowledgeSource' | 'searchKnowledge'> {
  return {
    async readKnowledgeSource(baseId, sourceId, from, limit) {
      const source = data.sources.get(sourceId);
      if (source?.knowledge_base_id !== baseId) return undefined;
      return source.text?.chunks.slice(from, from + limit) ?? [];
    },
    async searchKnowledge(baseIds, query, { top_k, filter_score }) {
      const terms = searchTerms(query);
      const asked = new Set(baseIds);
      const hits: { readonly hit: KnowledgeHit; readonly count: number }[] = [];
      for (const [source_id, { knowledge_base_id, origin, text }] of terms.length === 0 ? [] : data.sources) {
        if (!asked.has(knowledge_base_id)) continue;
        for (const chunk of text?.chunks ?? []) {
          const count = countOf(terms, chunk);
          if (count === 0) continue;
          hits.push({
            count,
            hit: { knowledge_base_id, source_id, origin, text: chunk, score: scoreOf(terms, chunk) },
          });
        }
      }
      hits.sort((one, other) => other.hit.score - one.hit.score || other.count - one.count);
      return hits
        .map(({ hit }) => hit)
        .filter(({ score }) => score >= filter_score)
        .slice(0, top_k);
    },
  };
}

function ofBase(data: MemoryKnowledge, baseId: string): readonly (readonly [string, MemorySource])[] {
  return [...data.sources].filter(([, source]) => source.knowledge_base_id === baseId);
}

function viewOf(data: MemoryKnowledge, baseId: string): KnowledgeBaseView | undefined {
  const base = data.bases.get(baseId);
  if (base === undefined) return undefined;
  const sources = ofBase(data, baseId).map(([source_id, source]): KnowledgeSourceRow => {
    const { origin, is_pending, text, error } = source;
    return { source_id, origin, is_pending, has_text: text !== undefined, ...(error !== undefined && { error }) };
  });
  return { base: base.row, was_settled: base.was_settled, sources };
}

function add(data: MemoryKnowledge, baseId: string, sources: readonly NewKnowledgeSource[]): void {
  for (const { source_id, origin, text_id } of sources) {
    const text = text_id === undefined ? undefined : take(data, text_id);
    const source = { knowledge_base_id: baseId, origin: copyOf(origin), is_pending: text === undefined };
    data.sources.set(source_id, { ...source, ...(text && { text }) });
  }
  settle(data, baseId);
}

function settle(data: MemoryKnowledge, baseId: string): void {
  const base = data.bases.get(baseId)!;
  if (ofBase(data, baseId).some(([, source]) => source.is_pending)) return;
  data.bases.set(baseId, { ...base, was_settled: true });
}

function refuseMissing(data: MemoryKnowledge, sources: readonly NewKnowledgeSource[]): void {
  for (const { text_id } of sources) if (text_id !== undefined) found(data, text_id);
}

function found(data: MemoryKnowledge, textId: string): MemoryText {
  const text = data.open.get(textId);
  if (text === undefined) throw new Error(`There is no text ${textId} being written.`);
  return text;
}

function take(data: MemoryKnowledge, textId: string): MemoryText {
  const text = found(data, textId);
  data.open.delete(textId);
  return text;
}

function drop(data: MemoryKnowledge, text: MemoryText | undefined): void {
  data.dropped += text?.chunks.length ?? 0;
}

function dropOpen(data: MemoryKnowledge, textId: string): void {
  drop(data, data.open.get(textId));
  data.open.delete(textId);
}
