import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { createOutbound, type Outbound } from '@pickup/outbound';
import { ManualClock } from '@pickup/testkit/clock';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type PageAnswer, type PageServer, page, startPageServer } from '../../test/start-page-server.ts';
import { silentLog } from '../observe/log.ts';
import { type Clock, systemClock } from '../runners/clock.ts';
import { newId } from '../runners/new-id.ts';
import { createMemoryStore, openSqliteStore, type Store } from '../stores/index.ts';
import { createLibrary, type Library } from './library.ts';

const PATIENT = { timeout: 10_000, interval: 10 };
const BOUNDS = { limitMs: 1_000, mostBytes: 10_000, retryAfterMs: [10, 10] };
const NOTHING = { texts: [], urls: [], files: [] };
const BASE = {
  knowledge_base_id: 'kb_1',
  knowledge_base_name: 'Shop',
  enable_auto_refresh: false,
  max_chunk_size: 2_000,
  min_chunk_size: 400,
};

let server: PageServer;
let opened: { close(): Promise<void> }[];

beforeEach(async () => {
  server = await startPageServer();
  opened = [server];
});
afterEach(async () => {
  for (const thing of opened.reverse()) await thing.close();
});

function libraryOn(
  store: Store,
  over: { readonly loopback?: boolean; readonly clock?: Clock; readonly limitMs?: number } = {},
): Library {
  const outbound = createOutbound({ clock: systemClock, loopback: over.loopback ?? true });
  const clock = over.clock ?? systemClock;
  const bounds = { ...BOUNDS, ...(over.limitMs !== undefined && { limitMs: over.limitMs }) };
  const library = createLibrary({ store, outbound, clock, newId, nodeId: 'node_1', log: silentLog, bounds });
  opened.push(outbound, library);
  return library;
}

async function settled(store: Store, id = 'kb_1') {
  return vi.waitFor(async () => {
    const view = await store.getKnowledgeBase(id);
    expect(view?.sources.some((source) => source.is_pending)).toBe(false);
    return view!;
  }, PATIENT);
}

async function found(store: Store, query: string) {
  return (await store.searchKnowledge(['kb_1'], query, { top_k: 10, filter_score: 0 })).map((hit) => hit.text);
}

/** What became of one URL. */
async function readOne(path: string, over: { readonly loopback?: boolean } = {}) {
  const store = createMemoryStore();
  const library = libraryOn(store, over);
  const url = path.startsWith('http') ? path : `${server.url}${path}`;
  await library.create(BASE, { ...NOTHING, urls: [url] });
  const { sources } = await settled(store);
  return {
    error: sources[0]?.error,
    text: (await store.readKnowledgeSource('kb_1', sources[0]!.source_id, 0, 9))?.[0],
  };
}

describe('pages', () => {
  test('HTML, plain text, JSON and what is compressed are read', async () => {
    server.pages.set('/html', page('<title>Shop</title><p>Open at nine</p>'));
    server.pages.set('/latin', page(Buffer.from('caf\xe9', 'latin1'), 'text/plain; charset=iso-8859-1'));
    server.pages.set('/json', page('{"open":9}', 'application/json'));
    server.pages.set('/gzip', (response) => {
      response.writeHead(200, { 'content-type': 'text/html', 'content-encoding': 'gzip' });
      response.end(gzipSync('<p>small</p>'));
    });
    expect(await readOne('/html')).toEqual({ error: undefined, text: 'Shop\n\nOpen at nine' });
    expect(await readOne('/latin')).toMatchObject({ text: 'café' });
    expect(await readOne('/json')).toMatchObject({ text: '{"open":9}' });
    expect(await readOne('/gzip')).toMatchObject({ text: 'small' });
  });

  test('redirects are followed, a few', async () => {
    const to =
      (location: string): PageAnswer =>
      (response) =>
        void response.writeHead(302, { location }).end();
    server.pages.set('/a', to('/b?x=1'));
    server.pages.set('/b?x=1', to(`${server.url}/c`));
    server.pages.set('/c', page('<p>there</p>'));
    server.pages.set('/round', to('/round'));
    expect(await readOne('/a')).toMatchObject({ text: 'there' });
    expect((await readOne('/round')).error).toBe('It redirects more than 5 times.');
    expect(server.asked.filter((path) => path === '/round')).toHaveLength(6);
  });

  test('case 39 an address that is not public is refused, also behind a redirect', async () => {
    server.pages.set(
      '/away',
      (response) => void response.writeHead(307, { location: 'http://169.254.169.254/latest' }).end(),
    );
    server.pages.set('/scheme', (response) => void response.writeHead(307, { location: 'file:///etc/passwd' }).end());
    expect((await readOne('/away')).error).toMatch(/address/);
    expect(await readOne('/scheme')).toMatchObject({ error: expect.stringMatching(/./), text: undefined });
    expect((await readOne('/private', { loopback: false })).error).toMatch(/address/);
    expect(server.asked).toEqual(['/away', '/scheme']);
  });

  test('what cannot be read is said, and not asked for again where that would not help', async () => {
    server.pages.set('/huge', page('x'.repeat(10_001)));
    server.pages.set('/bomb', (response) => {
      response.writeHead(200, { 'content-type': 'text/html', 'content-encoding': 'gzip' });
      response.end(gzipSync(Buffer.alloc(50_000_000)));
    });
    server.pages.set('/pdf', page('%PDF', 'application/pdf'));
    server.pages.set('/empty', page('<script>1</script>'));
    expect((await readOne('/gone')).error).toBe('It answered 404.');
    expect((await readOne('/huge')).error).toBe('It is longer than 10000 bytes.');
    expect((await readOne('/bomb')).error).toBe('It is longer than 10000 bytes.');
    expect((await readOne('/pdf')).error).toBe('It is of the type application/pdf, which is not read.');
    expect((await readOne('/empty')).error).toBe('It has no text.');
    expect(server.asked).toEqual(['/gone', '/huge', '/bomb', '/pdf', '/empty']);
  });

  test('what may be better later is asked for three times', async () => {
    let times = 0;
    server.pages.set('/busy', (response, request) => {
      if (++times < 3) response.writeHead(503).end();
      else page('<p>now</p>')(response, request);
    });
    server.pages.set('/broken', (response) => void response.writeHead(500).end());
    server.pages.set('/slow', () => {});
    expect(await readOne('/busy')).toMatchObject({ text: 'now' });
    expect((await readOne('/broken')).error).toBe('It answered 500.');
    expect((await readOne('/slow')).error).toMatch(/time/);
    for (const path of ['/broken', '/slow']) expect(server.asked.filter((one) => one === path)).toHaveLength(3);
  });

  test('a slow host holds up nobody but itself', async () => {
    for (let n = 0; n < 20; n++) server.pages.set(`/slow${n}`, () => {});
    const other = await startPageServer();
    opened.push(other);
    other.pages.set('/quick', page('<p>quick</p>'));
    const store = createMemoryStore();
    const library = libraryOn(store, { limitMs: 60_000 });
    const slow = Array.from({ length: 20 }, (_, n) => `${server.url}/slow${n}`);
    await library.create(BASE, { ...NOTHING, urls: [...slow, `${other.url}/quick`] });
    await vi.waitFor(async () => expect(await found(store, 'quick')).toEqual(['quick']), PATIENT);
    expect(server.asked.length).toBeLessThanOrEqual(2);
  });
});

describe('texts and files', () => {
  const file = (filename: string, content: string, type = '') => ({
    field: 'knowledge_base_files',
    filename,
    type,
    bytes: new Uint8Array(Buffer.from(content)),
  });

  test('are found as soon as they are taken; a title is part of the text', async () => {
    const store = createMemoryStore();
    const library = libraryOn(store);
    const texts = [{ title: 'Parking', text: 'Behind the house.' }];
    const files = [file('prices.md', '# Prices\n\nA haircut: 30'), file('page.html', '<p>Hello &amp; welcome</p>')];
    expect(await library.create(BASE, { ...NOTHING, texts, files })).toBe('taken');
    expect(await found(store, 'parking')).toEqual(['Parking\n\nBehind the house.']);
    expect(await found(store, 'welcome')).toEqual(['Hello & welcome']);
    expect((await store.getKnowledgeBase('kb_1'))?.sources[1]).toMatchObject({
      origin: { type: 'document', filename: 'prices.md', file_size: 23 },
      has_text: true,
    });
    expect(await library.add({ ...BASE, knowledge_base_id: 'kb_gone' }, { ...NOTHING, texts })).toBe('unknown');
  });

  test('of what holds one that cannot be read, nothing is kept', async () => {
    const store = createMemoryStore();
    const library = libraryOn(store);
    for (const bad of [file('b.pdf', 'x'), file('b.txt', 'nul \0'), file('b.txt', '   ')]) {
      const taken = await library.create(BASE, { ...NOTHING, files: [file('a.txt', 'good'), bad] });
      expect(taken).toMatchObject({ unreadable: expect.stringContaining(bad.filename) });
    }
    expect(await store.listKnowledgeBases()).toEqual([]);
    expect(await found(store, 'good')).toEqual([]);
  });
});

describe('over a restart', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'pickup-knowledge-'));
    opened.unshift({ close: () => rm(folder, { recursive: true }) });
  });

  test('what was being read is read after it, and half a text is never seen', async () => {
    const half = openSqliteStore({ folder, log: silentLog });
    const before = createLibrary({
      ...{ store: half, outbound: neverAnswering, clock: systemClock, newId, nodeId: 'node_1', log: silentLog },
    });
    server.pages.set('/page', page('<p>read after all</p>'));
    await before.create(BASE, { ...NOTHING, urls: [`${server.url}/page`] });
    await half.openKnowledgeText('text_half', 'node_1');
    await half.addKnowledgeChunks('text_half', ['half of it']);
    await before.close();
    expect((await half.getKnowledgeBase('kb_1'))?.sources[0]).toMatchObject({ is_pending: true, has_text: false });
    await half.close();

    const store = openSqliteStore({ folder, log: silentLog });
    opened.push(store);
    const after = libraryOn(store);
    await after.recover();
    after.start();
    await settled(store);
    expect(await found(store, 'read half')).toEqual(['read after all']);
    await expect(store.addKnowledgeChunks('text_half', ['x'])).rejects.toThrow();
  });

  test('a long text is taken in pieces that let others in between', async () => {
    const store = openSqliteStore({ folder, log: silentLog });
    opened.push(store);
    const library = libraryOn(store);
    const bytes = new Uint8Array(Buffer.from('The quick brown fox jumps over the lazy dog. '.repeat(200_000)));
    let isTaken = false;
    const taken = library
      .create(BASE, { ...NOTHING, files: [{ field: 'f', filename: 'long.txt', type: '', bytes }] })
      .finally(() => {
        isTaken = true;
      });
    let most = 0;
    let commits = 0;
    while (!isTaken) {
      const startedMs = performance.now();
      await store.putMeta('beside', String(commits++));
      most = Math.max(most, performance.now() - startedMs);
    }
    expect(await taken).toBe('taken');
    expect(commits).toBeGreaterThan(50);
    expect(most).toBeLessThan(1_500);
    expect(await found(store, 'quick fox')).toHaveLength(10);
    await library.delete('kb_1');
    await vi.waitFor(async () => expect(await store.sweepKnowledge(1)).toBe(0), { timeout: 20_000 });
  }, 60_000);
});

const neverAnswering: Pick<Outbound, 'get'> = {
  get: ({ signal }) =>
    new Promise((resolve) => {
      const times = { startedMonoMs: 0, endedMonoMs: 0, startedWallMs: 0, endedWallMs: 0, phases: { total_ms: 0 } };
      const aborted = {
        ok: false,
        error: 'aborted',
        fault: 'gateway',
        message: 'x',
        detail: 'x',
        resent: false,
      } as const;
      signal?.addEventListener('abort', () => resolve({ ...aborted, ...times }));
    }),
};

test('once a day what asked for it is read anew, and keeps its text where that fails', async () => {
  const clock = new ManualClock();
  const store = createMemoryStore();
  let price = '30';
  server.pages.set('/price', (response, request) => page(`<p>costs ${price}</p>`)(response, request));
  const library = libraryOn(store, { clock: { ...systemClock, wallMs: () => clock.wallMs(), after: slowOnly(clock) } });
  library.start();
  await library.create({ ...BASE, enable_auto_refresh: true }, { ...NOTHING, urls: [`${server.url}/price`] });
  const first = await settled(store);
  price = '40';
  await clock.advance(23 * 3_600_000);
  expect(server.asked).toHaveLength(1);
  await clock.advance(2 * 3_600_000);
  await vi.waitFor(async () => expect(await found(store, 'costs')).toEqual(['costs 40']), PATIENT);
  expect((await settled(store)).base.refreshed_timestamp).toBeGreaterThan(first.base.refreshed_timestamp);
  server.pages.delete('/price');
  await clock.advance(25 * 3_600_000);
  await vi.waitFor(async () => expect((await settled(store)).sources[0]?.error).toBe('It answered 404.'), PATIENT);
  expect(await found(store, 'costs')).toEqual(['costs 40']);
});

/** Long waits by the clock given, short ones by the machine's. */
function slowOnly(clock: Clock): Clock['after'] {
  return (delayMs, fire) => (delayMs > 60_000 ? clock.after(delayMs, fire) : systemClock.after(delayMs, fire));
}
