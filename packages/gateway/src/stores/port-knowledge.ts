/**
 * Knowledge bases in the store. A source's text is written in pieces under an id of its own before any source names
 * it, so that a long one never holds up the commits of calls, and what a crash leaves half written is never seen:
 *   K1 a text is found only once a source names it, whole
 *   K2 a source that is read anew keeps its old text until the new one is in place
 *   K3 what nobody names any more is removed in small steps
 */

/** Where a source comes from, in Retell's names. */
export type KnowledgeOrigin =
  | { readonly type: 'text'; readonly title: string }
  | { readonly type: 'document'; readonly filename: string; readonly file_size: number }
  | { readonly type: 'url'; readonly url: string };

export interface KnowledgeBaseRow {
  readonly knowledge_base_id: string;
  readonly knowledge_base_name: string;
  /** Its URLs are read anew once a day. */
  readonly enable_auto_refresh: boolean;
  /** In characters. */
  readonly max_chunk_size: number;
  readonly min_chunk_size: number;
  /** Epoch ms. */
  readonly created_timestamp: number;
  /** When its URLs were last asked for; at first its creation. */
  readonly refreshed_timestamp: number;
}

/** A source to be added. */
export interface NewKnowledgeSource {
  readonly source_id: string;
  readonly origin: KnowledgeOrigin;
  /** The text written for it; without one it is pending. */
  readonly text_id?: string;
}

export interface KnowledgeSourceRow {
  readonly source_id: string;
  readonly origin: KnowledgeOrigin;
  /** Waits to be read, for the first time or anew. */
  readonly is_pending: boolean;
  readonly has_text: boolean;
  /** Why the last reading failed; public. */
  readonly error?: string;
}

export interface KnowledgeBaseView {
  readonly base: KnowledgeBaseRow;
  /** Whether there was a moment since its creation at which no source was pending. */
  readonly was_settled: boolean;
  /** In the order in which they were added. */
  readonly sources: readonly KnowledgeSourceRow[];
}

/** A source to be read, and how its text is to be split. */
export interface PendingKnowledgeSource {
  readonly source_id: string;
  readonly knowledge_base_id: string;
  readonly origin: KnowledgeOrigin;
  readonly max_chunk_size: number;
  readonly min_chunk_size: number;
}

export interface KnowledgeHit {
  readonly knowledge_base_id: string;
  readonly source_id: string;
  readonly origin: KnowledgeOrigin;
  /** The passage. */
  readonly text: string;
  /** The part of the query's words that the passage has, 0 to 1. */
  readonly score: number;
}

export interface KnowledgeCommands {
  /** False where the id exists. Throws where a text named is not there (S6). */
  createKnowledgeBase(base: KnowledgeBaseRow, sources: readonly NewKnowledgeSource[]): Promise<boolean>;
  /** False where there is no such knowledge base; the texts are then dropped. */
  addKnowledgeSources(baseId: string, sources: readonly NewKnowledgeSource[]): Promise<boolean>;
  getKnowledgeBase(baseId: string): Promise<KnowledgeBaseView | undefined>;
  /** All of them, newest first. */
  listKnowledgeBases(): Promise<readonly KnowledgeBaseView[]>;
  deleteKnowledgeBase(baseId: string): Promise<boolean>;
  deleteKnowledgeSource(baseId: string, sourceId: string): Promise<boolean>;

  /** Makes its URLs pending; they keep their texts (K2). */
  refreshKnowledgeBase(baseId: string, now: number): Promise<boolean>;
  /** Ids of those with `enable_auto_refresh` that were last refreshed before the time given and have nothing pending. */
  staleKnowledgeBases(before: number): Promise<readonly string[]>;
  /** The longest waiting first. */
  pendingKnowledgeSources(limit: number): Promise<readonly PendingKnowledgeSource[]>;
  /** Ends a reading. False where the source is gone; the text is then dropped. */
  settleKnowledgeSource(
    sourceId: string,
    result: { readonly text_id: string } | { readonly error: string },
  ): Promise<boolean>;

  /** Begins a text. */
  openKnowledgeText(textId: string, nodeId: string): Promise<void>;
  /** Appends passages; a call takes some tens of kB, so that the commit stays short. */
  addKnowledgeChunks(textId: string, chunks: readonly string[]): Promise<void>;
  /** Gives up a text that no source names; others stay. */
  dropKnowledgeText(textId: string): Promise<void>;
  /** After a crash: gives up what this node had begun. */
  dropOpenKnowledgeTexts(nodeId: string): Promise<void>;
  /** Removes at most `limit` passages that nobody names (K3); 0 once there are none. */
  sweepKnowledge(limit: number): Promise<number>;

  /** Passages of a source from this position on: together they are its text. Undefined where there is no such source. */
  readKnowledgeSource(
    baseId: string,
    sourceId: string,
    from: number,
    limit: number,
  ): Promise<readonly string[] | undefined>;
  /**
   * The best passages of these knowledge bases, best first; empty where the query has no word. Any text is a query.
   * `filter_score` leaves out hits of a lower score.
   */
  searchKnowledge(
    baseIds: readonly string[],
    query: string,
    options: { readonly top_k: number; readonly filter_score: number },
  ): Promise<readonly KnowledgeHit[]>;
}
