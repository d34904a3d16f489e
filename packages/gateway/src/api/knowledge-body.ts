/** A knowledge base as Retell shows it. */
import type { KnowledgeBaseView, KnowledgeOrigin, KnowledgeSourceRow } from '../stores/port.ts';

/** `publicUrl`: without a slash at its end; texts are read there, with a key. */
export function knowledgeBaseBody({ base, was_settled, sources }: KnowledgeBaseView, publicUrl: string) {
  const { knowledge_base_id, knowledge_base_name, enable_auto_refresh, max_chunk_size, min_chunk_size } = base;
  const errors = sources.flatMap(({ origin, error }) => (error === undefined ? [] : [`${nameOf(origin)}: ${error}`]));
  return {
    knowledge_base_id,
    knowledge_base_name,
    status: statusOf(sources, was_settled),
    enable_auto_refresh,
    max_chunk_size,
    min_chunk_size,
    knowledge_base_sources: sources.map(({ source_id, origin }) =>
      sourceBody(source_id, origin, `${publicUrl}/get-knowledge-base-source/${knowledge_base_id}/source/${source_id}`),
    ),
    ...(errors.length > 0 && { error_messages: errors }),
    ...(enable_auto_refresh && { last_refreshed_timestamp: base.refreshed_timestamp }),
  };
}

function statusOf(sources: readonly KnowledgeSourceRow[], wasSettled: boolean) {
  if (sources.some((source) => source.is_pending)) return wasSettled ? 'refreshing_in_progress' : 'in_progress';
  return sources.length > 0 && sources.every((source) => !source.has_text) ? 'error' : 'complete';
}

function sourceBody(source_id: string, origin: KnowledgeOrigin, textUrl: string) {
  const { type } = origin;
  if (type === 'text') return { type, source_id, title: origin.title, content_url: textUrl };
  if (type === 'url') return { type, source_id, url: origin.url };
  return { type, source_id, filename: origin.filename, file_size: origin.file_size, file_url: textUrl };
}

/** What people know a source by. */
export function nameOf(origin: KnowledgeOrigin): string {
  if (origin.type === 'text') return origin.title;
  return origin.type === 'url' ? origin.url : origin.filename;
}
