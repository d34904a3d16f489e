/** Puts a document's text into the store, piece by piece: each commit is short, and those of calls go in between. */
import type { Store } from '../stores/port.ts';
import type { Document } from './read-document.ts';
import type { PassageSizes } from './split-text.ts';
import type { TextReader } from './text-reader.ts';

export interface TextWriting {
  readonly store: Pick<Store, 'openKnowledgeText' | 'addKnowledgeChunks' | 'dropKnowledgeText'>;
  readonly reader: TextReader;
  readonly newId: () => string;
  readonly nodeId: string;
}

export type WrittenText =
  | { readonly ok: true; readonly text_id: string }
  /** It cannot be read; `reason` is public. */
  | { readonly ok: false; readonly reason: string };

/** The text's id, for a source to name. What was begun is given up where it fails. */
export async function writeText(
  { store, reader, newId, nodeId }: TextWriting,
  document: Document,
  sizes: PassageSizes,
  heading?: string,
): Promise<WrittenText> {
  const opened = await reader.open(document, sizes, heading);
  if ('reason' in opened) return { ok: false, reason: opened.reason };
  const textId = `text_${newId()}`;
  try {
    await store.openKnowledgeText(textId, nodeId);
    for (let piece = await opened.next(); piece !== undefined; piece = await opened.next()) {
      await store.addKnowledgeChunks(textId, piece);
    }
    return { ok: true, text_id: textId };
  } catch (error) {
    opened.close();
    // The next start gives it up where the store cannot do so now.
    await store.dropKnowledgeText(textId).catch(() => {});
    throw error;
  }
}
