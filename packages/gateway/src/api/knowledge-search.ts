/** Our own routes of knowledge bases: search, read a text, read the URLs anew. */
import { Readable } from 'node:stream';
import { fieldsSchema, parseSearchKnowledge, SEARCH_KNOWLEDGE_FIELDS } from '@pickup/contract';
import type { ApiDeps } from './deps.ts';
import { accept, unknownAsset } from './failure.ts';
import { knowledgeBaseBody } from './knowledge-body.ts';
import type { Route } from './route.ts';

/** Passages read at once. */
const PIECE = 50;

/** The routes. */
export function knowledgeSearchRoutes(deps: ApiDeps): readonly Route[] {
  return [
    {
      method: 'POST',
      path: '/search-knowledge-base/{knowledge_base_id}',
      summary: 'Find the passages that fit a query best; score is the part of its words that a passage has',
      access: 'read',
      body: fieldsSchema(SEARCH_KNOWLEDGE_FIELDS, true),
      async handle({ params, body, warn }) {
        const id = params['knowledge_base_id']!;
        const { query, top_k, filter_score } = accept(parseSearchKnowledge(body), warn);
        if ((await deps.store.knowledgeBasesExist([id])).size === 0) throw unknownAsset();
        const hits = await deps.store.searchKnowledge([id], query, { top_k, filter_score });
        const results = hits.map(({ source_id, origin, text, score }) => ({
          source_id,
          ...origin,
          content: text,
          score,
        }));
        return { results };
      },
    },
    {
      method: 'GET',
      path: '/get-knowledge-base-source/{knowledge_base_id}/source/{source_id}',
      summary: 'The text of a source, as it is searched',
      access: 'read',
      async handle({ params, header }) {
        const [baseId, sourceId] = [params['knowledge_base_id']!, params['source_id']!];
        const first = await deps.store.readKnowledgeSource(baseId, sourceId, 0, PIECE);
        if (first === undefined) throw unknownAsset();
        header('content-type', 'text/plain; charset=utf-8');
        header('x-content-type-options', 'nosniff');
        return Readable.from(passages(deps, [baseId, sourceId], first), { objectMode: false });
      },
    },
    {
      method: 'POST',
      path: '/refresh-knowledge-base/{knowledge_base_id}',
      summary: 'Read the URLs of a knowledge base anew; their texts stay until then',
      access: 'write',
      async handle({ params }) {
        const id = params['knowledge_base_id']!;
        if (!(await deps.library.refresh(id))) throw unknownAsset();
        const view = await deps.store.getKnowledgeBase(id);
        if (view === undefined) throw unknownAsset();
        return knowledgeBaseBody(view, deps.publicUrl());
      },
    },
  ];
}

/** Piece by piece, so that a long text is never in memory as a whole. */
async function* passages(deps: ApiDeps, [baseId, sourceId]: readonly [string, string], first: readonly string[]) {
  let piece = first;
  for (let at = 0; piece.length > 0; ) {
    yield Buffer.from(piece.join(''));
    at += piece.length;
    piece = (await deps.store.readKnowledgeSource(baseId, sourceId, at, PIECE)) ?? [];
  }
}
