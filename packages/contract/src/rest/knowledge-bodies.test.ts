import { describe, expect, test } from 'vitest';
import { parseAddKnowledgeSources, parseCreateKnowledgeBase, parseSearchKnowledge } from './knowledge-bodies.ts';

const faults = (read: ReturnType<typeof parseCreateKnowledgeBase>) =>
  read.ok ? [] : read.issues.map(({ code, pointer }) => `${code} ${pointer}`);
const form = (value: Record<string, string | readonly string[]>) => parseCreateKnowledgeBase(value, { isForm: true });
const json = (value: unknown) => parseCreateKnowledgeBase(value, { isForm: false });

describe('knowledge bases', () => {
  test('a form as the SDK sends it: lists are one field of JSON, numbers and flags are texts', () => {
    const read = form({
      knowledge_base_name: '12',
      knowledge_base_texts: '[{"title":"Hours","text":"Nine to five"}]',
      knowledge_base_urls: '["https://example.com/"]',
      knowledge_base_files: '[]',
      enable_auto_refresh: 'true',
      max_chunk_size: '1000',
      min_chunk_size: '200',
    });
    expect(read).toMatchObject({
      ok: true,
      value: {
        knowledge_base_name: '12',
        knowledge_base_texts: [{ title: 'Hours', text: 'Nine to five' }],
        knowledge_base_urls: ['https://example.com/'],
        enable_auto_refresh: true,
        max_chunk_size: 1000,
        min_chunk_size: 200,
      },
    });
  });

  test('other clients repeat a field, or send one entry plain', () => {
    const urls = ['https://a.example/', 'https://b.example/'];
    expect(form({ knowledge_base_name: 'x', knowledge_base_urls: urls })).toMatchObject({
      value: { knowledge_base_urls: urls, knowledge_base_texts: [], max_chunk_size: 2000, min_chunk_size: 400 },
    });
    expect(form({ knowledge_base_name: 'x', knowledge_base_urls: urls[0]! })).toMatchObject({
      value: { knowledge_base_urls: [urls[0]] },
    });
    const texts = ['{"title":"a","text":"b"}', '{"title":"c","text":"d"}'];
    expect(form({ knowledge_base_name: 'x', knowledge_base_texts: texts })).toMatchObject({
      value: { knowledge_base_texts: [{ title: 'a' }, { title: 'c' }] },
    });
  });

  test.each([
    ['no name', {}, ['required ']],
    ['a name of 40 characters', { knowledge_base_name: 'x'.repeat(40) }, ['bad_format /knowledge_base_name']],
    [
      'broken JSON',
      { knowledge_base_name: 'x', knowledge_base_texts: '[{"title"' },
      ['wrong_type /knowledge_base_texts/0'],
    ],
    [
      'a file URL',
      { knowledge_base_name: 'x', knowledge_base_urls: '["file:///etc/passwd"]' },
      ['bad_format /knowledge_base_urls/0'],
    ],
    ['a size that is no number', { knowledge_base_name: 'x', max_chunk_size: 'big' }, ['wrong_type /max_chunk_size']],
    [
      'sizes the wrong way round',
      { knowledge_base_name: 'x', max_chunk_size: '600', min_chunk_size: '600' },
      ['out_of_range /min_chunk_size'],
    ],
    [
      'a file that is a text',
      { knowledge_base_name: 'x', knowledge_base_files: 'hello' },
      ['wrong_type /knowledge_base_files'],
    ],
  ])('%s is refused', (_what, sent, expected) => {
    expect(faults(form(sent as Record<string, string>))).toEqual(expected);
  });

  test('as JSON, too; what is no object is refused', () => {
    expect(json({ knowledge_base_name: 'x', enable_auto_refresh: true })).toMatchObject({ ok: true });
    expect(faults(json({ knowledge_base_name: 'x', enable_auto_refresh: 'true' }))).toEqual([
      'wrong_type /enable_auto_refresh',
    ]);
    expect(faults(json([]))).toContain('wrong_type ');
    expect(parseAddKnowledgeSources({}, { isForm: false })).toMatchObject({ ok: true });
  });

  test('a search asks for a query', () => {
    expect(parseSearchKnowledge({ query: 'x' })).toMatchObject({ value: { query: 'x', top_k: 3, filter_score: 0 } });
    const refused = parseSearchKnowledge({ query: '', top_k: 11, filter_score: -1 });
    expect(refused.ok ? [] : refused.issues.map((issue) => issue.pointer)).toEqual([
      '/query',
      '/top_k',
      '/filter_score',
    ]);
  });
});
