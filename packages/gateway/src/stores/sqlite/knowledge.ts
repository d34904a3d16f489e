/** The knowledge commands. */
import type { Database } from 'better-sqlite3';
import type { KnowledgeCommands } from '../port-knowledge.ts';
import { readKnowledge } from './read-knowledge.ts';
import type { Reader } from './reader.ts';
import type { Writer } from './writer.ts';

/**
 * Writes through the writer, single ones from `db`, lists and searches from the reader. `changing` takes the commands
 * by which knowledge bases come and go, which targets that were read name.
 */
export function createKnowledge(
  writer: Pick<Writer, 'send'>,
  db: Database,
  reader: Reader,
  changing: Pick<Writer, 'send'> = writer,
): KnowledgeCommands {
  const reads = readKnowledge(db);
  return {
    async createKnowledgeBase(base, sources) {
      return (await changing.send('createKnowledgeBase', [JSON.stringify(base), JSON.stringify(sources)])) === 1;
    },
    async addKnowledgeSources(baseId, sources) {
      return (await writer.send('addKnowledgeSources', [baseId, JSON.stringify(sources)])) === 1;
    },
    getKnowledgeBase: async (baseId) => reads.base(baseId),
    listKnowledgeBases: () => reader.ask('knowledgeBases', {}),
    deleteKnowledgeBase: async (baseId) => (await changing.send('deleteKnowledgeBase', [baseId])) === 1,
    async deleteKnowledgeSource(baseId, sourceId) {
      return (await writer.send('deleteKnowledgeSource', [baseId, sourceId])) === 1;
    },
    async refreshKnowledgeBase(baseId, now) {
      return (await writer.send('refreshKnowledgeBase', [baseId, now])) === 1;
    },
    staleKnowledgeBases: async (before) => reads.stale(before),
    pendingKnowledgeSources: async (limit) => reads.pending(limit),
    async settleKnowledgeSource(sourceId, result) {
      const cells = 'text_id' in result ? [result.text_id, null] : [null, result.error];
      return (await writer.send('settleKnowledgeSource', [sourceId, ...cells])) === 1;
    },
    async openKnowledgeText(textId, nodeId) {
      await writer.send('openKnowledgeText', [textId, nodeId]);
    },
    async addKnowledgeChunks(textId, chunks) {
      await writer.send('addKnowledgeChunks', [textId, JSON.stringify(chunks)]);
    },
    async dropKnowledgeText(textId) {
      await writer.send('dropKnowledgeText', [textId]);
    },
    async dropOpenKnowledgeTexts(nodeId) {
      await writer.send('dropOpenKnowledgeTexts', [nodeId]);
    },
    sweepKnowledge: async (limit) => (await writer.send('sweepKnowledge', [limit])) as number,
    readKnowledgeSource: async (baseId, sourceId, from, limit) => reads.chunks(baseId, sourceId, from, limit),
    searchKnowledge: (baseIds, query, { top_k, filter_score }) =>
      reader.ask('searchKnowledge', { base_ids: baseIds, query, top_k, filter_score }),
  };
}
