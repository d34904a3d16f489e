import { expect, test } from 'vitest';
import type { TwoConnections } from '../conformance.ts';
import type { Store } from '../port.ts';
import type { KnowledgeBaseRow, NewKnowledgeSource } from '../port-knowledge.ts';
import { NOW } from './samples.ts';

const base = (id: string, over: Partial<KnowledgeBaseRow> = {}): KnowledgeBaseRow => ({
  knowledge_base_id: id,
  knowledge_base_name: `Name of ${id}`,
  enable_auto_refresh: false,
  max_chunk_size: 2_000,
  min_chunk_size: 400,
  created_timestamp: NOW,
  refreshed_timestamp: NOW,
  ...over,
});

const url = (id: string): NewKnowledgeSource => ({
  source_id: id,
  origin: { type: 'url', url: `https://example.com/${id}` },
});

/** Writes a text and says what names it. */
async function written(store: Store, id: string, chunks: readonly string[]): Promise<NewKnowledgeSource> {
  await store.openKnowledgeText(`text_${id}`, 'node_1');
  for (const chunk of chunks) await store.addKnowledgeChunks(`text_${id}`, [chunk]);
  return { source_id: id, origin: { type: 'text', title: `Title of ${id}` }, text_id: `text_${id}` };
}

const ANY = { top_k: 10, filter_score: 0 };
const EVERYWHERE = ['kb_1', 'kb_2'];

async function found(store: Store, query: string, ids: readonly string[] = EVERYWHERE): Promise<readonly string[]> {
  return (await store.searchKnowledge(ids, query, ANY)).map((hit) => hit.text);
}

/** Knowledge bases, their texts and the search. */
export function knowledgeCases(stores: () => TwoConnections): void {
  test('a knowledge base comes with its sources in their order, exists for targets, and goes with them', async () => {
    const { a, b } = stores();
    const text = await written(a, 'source_1', ['Open from nine.']);
    expect(await a.createKnowledgeBase(base('kb_1'), [text, url('source_2')])).toBe(true);
    expect(await b.createKnowledgeBase(base('kb_1', { knowledge_base_name: 'other' }), [])).toBe(false);
    expect(await b.getKnowledgeBase('kb_1')).toEqual({
      base: base('kb_1'),
      was_settled: false,
      sources: [
        { source_id: 'source_1', origin: text.origin, is_pending: false, has_text: true },
        { source_id: 'source_2', origin: url('source_2').origin, is_pending: true, has_text: false },
      ],
    });
    expect(await b.knowledgeBasesExist(['kb_1', 'kb_2'])).toEqual(new Set(['kb_1']));
    expect(await b.deleteKnowledgeBase('kb_1')).toBe(true);
    expect(await a.deleteKnowledgeBase('kb_1')).toBe(false);
    expect(await a.getKnowledgeBase('kb_1')).toBeUndefined();
    expect(await a.knowledgeBasesExist(['kb_1'])).toEqual(new Set());
    expect(await a.pendingKnowledgeSources(10)).toEqual([]);
    expect(await found(b, 'nine')).toEqual([]);
  });

  test('the list has all of them, newest first; one of which only the name is known is complete', async () => {
    const { a, b } = stores();
    await a.putKnowledgeBase('kb_abc123', 'Sample');
    await a.createKnowledgeBase(base('kb_1', { enable_auto_refresh: true }), []);
    await b.createKnowledgeBase(base('kb_2', { created_timestamp: NOW + 1 }), []);
    const all = await b.listKnowledgeBases();
    expect(all.map((view) => view.base.knowledge_base_id)).toEqual(['kb_2', 'kb_1', 'kb_abc123']);
    expect(all.map((view) => view.was_settled)).toEqual([true, true, true]);
    await a.putKnowledgeBase('kb_abc123', 'Renamed');
    expect((await b.getKnowledgeBase('kb_abc123'))?.base).toMatchObject({
      knowledge_base_name: 'Renamed',
      max_chunk_size: 2_000,
      min_chunk_size: 400,
    });
  });

  test('K1 a text is found once a source names it, and nobody finds one that was given up', async () => {
    const { a, b } = stores();
    await a.createKnowledgeBase(base('kb_1'), []);
    const kept = await written(a, 'source_1', ['Parking is free ', 'behind the house.']);
    await written(b, 'source_2', ['Parking costs money.']);
    expect(await found(a, 'parking')).toEqual([]);
    expect(await b.addKnowledgeSources('kb_1', [kept])).toBe(true);
    await b.dropKnowledgeText('text_source_2');
    await b.dropKnowledgeText('text_source_1');
    expect(await found(a, 'parking')).toEqual(['Parking is free ']);
    expect(await a.readKnowledgeSource('kb_1', 'source_1', 0, 10)).toEqual(['Parking is free ', 'behind the house.']);
    expect(await a.readKnowledgeSource('kb_1', 'source_1', 1, 10)).toEqual(['behind the house.']);
    expect(await a.readKnowledgeSource('kb_2', 'source_1', 0, 10)).toBeUndefined();
    await expect(a.addKnowledgeSources('kb_1', [{ ...kept, source_id: 'source_3' }])).rejects.toThrow();
    await expect(a.addKnowledgeChunks('text_source_2', ['x'])).rejects.toThrow();
    expect((await b.getKnowledgeBase('kb_1'))?.sources).toHaveLength(1);
    expect(await a.addKnowledgeSources('kb_gone', [await written(a, 'source_4', ['x'])])).toBe(false);
  });

  test('K1 what a crash left half written is given up at the next start, of this node alone', async () => {
    const { a, b } = stores();
    await a.createKnowledgeBase(base('kb_1'), []);
    const mine = await written(a, 'source_1', ['one']);
    await b.openKnowledgeText('text_other', 'node_2');
    await b.dropOpenKnowledgeTexts('node_1');
    await expect(a.addKnowledgeSources('kb_1', [mine])).rejects.toThrow();
    await a.addKnowledgeChunks('text_other', ['two']);
    await a.addKnowledgeSources('kb_1', [{ ...url('source_2'), text_id: 'text_other' }]);
    expect(await found(a, 'one two')).toEqual(['two']);
  });

  test('K2 a source read anew keeps its text until the new one is there, also when that fails', async () => {
    const { a, b } = stores();
    await a.createKnowledgeBase(base('kb_1'), [url('source_1'), await written(a, 'source_2', ['unchanged'])]);
    expect(await b.pendingKnowledgeSources(10)).toEqual([
      {
        source_id: 'source_1',
        knowledge_base_id: 'kb_1',
        origin: url('source_1').origin,
        max_chunk_size: 2_000,
        min_chunk_size: 400,
      },
    ]);
    await written(a, 'first', ['old price']);
    expect(await a.settleKnowledgeSource('source_1', { text_id: 'text_first' })).toBe(true);
    expect(await b.getKnowledgeBase('kb_1')).toMatchObject({ was_settled: true });
    expect(await b.refreshKnowledgeBase('kb_1', NOW + 5)).toBe(true);
    expect((await a.pendingKnowledgeSources(10)).map((one) => one.source_id)).toEqual(['source_1']);
    expect(await found(a, 'price')).toEqual(['old price']);
    await b.settleKnowledgeSource('source_1', { error: 'It answered 500.' });
    expect(await found(a, 'price')).toEqual(['old price']);
    expect((await a.getKnowledgeBase('kb_1'))?.sources[0]).toMatchObject({ has_text: true, error: 'It answered 500.' });
    await a.refreshKnowledgeBase('kb_1', NOW + 9);
    await written(b, 'second', ['new price']);
    await a.settleKnowledgeSource('source_1', { text_id: 'text_second' });
    expect(await found(b, 'price')).toEqual(['new price']);
    const view = await b.getKnowledgeBase('kb_1');
    expect(view?.base.refreshed_timestamp).toBe(NOW + 9);
    expect(view?.sources[0]).toEqual({
      source_id: 'source_1',
      origin: url('source_1').origin,
      is_pending: false,
      has_text: true,
    });
    expect(await a.refreshKnowledgeBase('kb_gone', NOW)).toBe(false);
  });

  test('a source that was deleted meanwhile is not settled; the last pending one settles by going', async () => {
    const { a, b } = stores();
    await a.createKnowledgeBase(base('kb_1'), [url('source_1'), url('source_2')]);
    expect(await b.deleteKnowledgeSource('kb_2', 'source_1')).toBe(false);
    expect(await b.deleteKnowledgeSource('kb_1', 'source_1')).toBe(true);
    await written(a, 'late', ['late']);
    expect(await a.settleKnowledgeSource('source_1', { text_id: 'text_late' })).toBe(false);
    expect(await found(a, 'late')).toEqual([]);
    expect(await a.getKnowledgeBase('kb_1')).toMatchObject({ was_settled: false });
    await a.deleteKnowledgeSource('kb_1', 'source_2');
    expect(await b.getKnowledgeBase('kb_1')).toMatchObject({ was_settled: true, sources: [] });
  });

  test('stale are those that refresh by themselves, were last asked before, and have nothing pending', async () => {
    const { a, b } = stores();
    const auto = { enable_auto_refresh: true };
    await a.createKnowledgeBase(base('kb_1', auto), [await written(a, 'source_1', ['x'])]);
    await a.createKnowledgeBase(base('kb_2'), []);
    await a.createKnowledgeBase(base('kb_3', auto), [url('source_2')]);
    expect(await b.staleKnowledgeBases(NOW)).toEqual([]);
    expect(await b.staleKnowledgeBases(NOW + 1)).toEqual(['kb_1']);
    await b.refreshKnowledgeBase('kb_1', NOW + 1);
    expect(await b.staleKnowledgeBases(NOW + 1)).toEqual([]);
  });

  test('K3 what nobody names is removed in steps, and nothing else', async () => {
    const { a, b } = stores();
    const passages = Array.from({ length: 5 }, (_, index) => `passage ${index}`);
    await a.createKnowledgeBase(base('kb_1'), [await written(a, 'source_1', passages)]);
    await a.createKnowledgeBase(base('kb_2'), [await written(a, 'source_2', ['passage kept'])]);
    expect(await b.sweepKnowledge(2)).toBe(0);
    await a.deleteKnowledgeBase('kb_1');
    let steps = 0;
    while ((await b.sweepKnowledge(2)) > 0) steps++;
    expect(steps).toBeGreaterThanOrEqual(3);
    expect(await found(a, 'passage')).toEqual(['passage kept']);
  });

  test('the search finds words in any order, case and accents aside, in the knowledge bases asked alone', async () => {
    const { a, b } = stores();
    const hours = 'Opening hours: the café is open from nine to five, Monday to Friday.';
    const prices = 'A haircut costs 30 euros, with a wash 40 euros.';
    const shop = 'Opening of the second shop. Bring your dogs, not the cat.';
    const hindi = 'नमस्ते दुनिया';
    await a.createKnowledgeBase(base('kb_1'), [await written(a, 'source_1', [hours, prices, hindi])]);
    await a.createKnowledgeBase(base('kb_2'), [await written(a, 'source_2', [shop])]);
    expect(await found(b, 'CAFE hour', ['kb_1'])).toEqual([hours]);
    expect(await found(b, 'what does a haircut cost?', ['kb_1'])).toEqual([prices]);
    expect(await found(b, 'washs euro', ['kb_1'])).toEqual([prices]);
    expect(await found(b, 'shops', ['kb_2'])).toHaveLength(1);
    expect(await found(b, 'sho', ['kb_2'])).toEqual([]);
    for (const word of ['dog', 'DOGS', 'cats', 'cat']) expect(await found(b, word, ['kb_2']), word).toEqual([shop]);
    expect(await found(b, 'दुनिया', ['kb_1'])).toEqual([hindi]);
    expect(new Set(await found(b, 'opening'))).toEqual(new Set([hours, shop]));
    expect(await found(b, 'opening', ['kb_3'])).toEqual([]);
    expect(await found(b, 'opening', [])).toEqual([]);
    const [hit] = await b.searchKnowledge(['kb_1'], 'haircut euros unicorn', { top_k: 1, filter_score: 0 });
    expect(hit).toEqual({
      knowledge_base_id: 'kb_1',
      source_id: 'source_1',
      origin: { type: 'text', title: 'Title of source_1' },
      text: prices,
      score: 0.667,
    });
    expect(await b.searchKnowledge(['kb_1'], 'haircut unicorn', { top_k: 1, filter_score: 0.6 })).toEqual([]);
  });

  test('no query is too hostile', async () => {
    const { a, b } = stores();
    await a.createKnowledgeBase(base('kb_1'), [await written(a, 'source_1', ['plain words near me'])]);
    const queries = [
      ...['', '"', '""', '*', 'text:plain', 'AND', 'NOT plain', '^plain', 'NEAR(plain words)', '{text} : x', '-', '+'],
      ...["'; DROP TABLE calls; --", '\u0000plain', '\ud800', '\u0301', '(((((', 'plain*', `${'a'.repeat(100_000)}`],
      'word '.repeat(10_000),
    ];
    for (const query of queries) {
      const hits = await b.searchKnowledge(['kb_1'], query, ANY);
      expect(hits.length, query.slice(0, 20)).toBe(/plain|word|NEAR/.test(query) ? 1 : 0);
    }
  });
}
