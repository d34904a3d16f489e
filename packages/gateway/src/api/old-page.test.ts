import { afterEach, beforeEach, expect, test } from 'vitest';
import { makeAgent, startTestApi, type TestApi } from '../../test/start-test-api.ts';

let api: TestApi;
beforeEach(async () => {
  api = await startTestApi();
});
afterEach(() => api.close());

const ids = async (path: string, id: string) => {
  const items = (await (await api.request(path)).json()) as readonly Readonly<Record<string, string>>[];
  return items.map((item) => item[id]!);
};

/** As a client of an older SDK pages: with the last id, until nothing comes. */
async function pageThrough(path: string, id: string, limit: number): Promise<string[][]> {
  const pages: string[][] = [];
  let last: string | undefined;
  for (let turn = 0; turn < 10; turn += 1) {
    const key = last === undefined ? '' : `&pagination_key=${last}&pagination_key_version=0`;
    const page = await ids(`${path}?limit=${limit}${key}`, id);
    if (page.length === 0) return pages;
    pages.push(page);
    last = page.at(-1);
  }
  throw new Error('the pages do not end');
}

test('the lists of older SDKs go on behind the id of the last item, and end', async () => {
  for (let made = 0; made < 5; made += 1) await makeAgent(api.client);
  for (const [path, id] of [
    ['/list-agents', 'agent_id'],
    ['/list-retell-llms', 'llm_id'],
  ] as const) {
    const all = await ids(path, id);
    expect(all).toHaveLength(5);
    expect(await pageThrough(path, id, 2)).toEqual([all.slice(0, 2), all.slice(2, 4), all.slice(4)]);
    expect(await pageThrough(path, id, 5)).toEqual([all]);
    expect(await ids(`${path}?limit=1&sort_order=ascending`, id)).toEqual(all.slice(-1));
    expect(await ids(`${path}?limit=1&sort_order=ascending&pagination_key=${all[4]}`, id)).toEqual([all[3]]);
  }
  expect(await ids('/list-chat-agents', 'agent_id')).toEqual([]);
});

test('an id that is not in the list, and a limit that is none, are refused', async () => {
  const { llm_id } = await api.client.llm.create({});
  for (const query of ['pagination_key=agent_none', `pagination_key=${llm_id}`, 'limit=0', 'limit=1001', 'limit=x']) {
    const response = await api.request(`/list-agents?${query}`);
    expect([query, response.status]).toEqual([query, 400]);
  }
});
