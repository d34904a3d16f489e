/**
 * Pages of the lists of older SDKs: a bare array, and the next page is asked for with the id of its last item. A client
 * that pages until nothing comes would never end where that id was ignored.
 */
import type { Page, PageRequest } from '../stores/port.ts';
import { invalid } from './failure.ts';
import { pageOf } from './page.ts';
import type { Ask } from './route.ts';

const LARGEST = 1_000;

type List<Row> = (request: PageRequest) => Promise<Page<Row>>;

interface OldList<Row, Sought> {
  readonly list: List<Row>;
  /** The same items in the same order, to look for the last id among them. */
  readonly seek: List<Sought>;
  readonly idOf: (row: Sought) => string;
  /** Default 1,000. */
  readonly defaultLimit?: number;
}

/**
 * What the query asks for: `limit` up to 1,000, `pagination_key` the id of the last item of the page before, or a key
 * that a newer list returned. Newest first unless asked otherwise. Throws 400 for an id that is not in the list.
 */
export async function oldPage<Row, Sought>(ask: Ask, from: OldList<Row, Sought>): Promise<readonly Row[]> {
  const limit = ask.query['limit'] || String(from.defaultLimit ?? LARGEST);
  const { pagination_key: last, ...request } = pageOf({ ...ask, query: { ...ask.query, limit } });
  if (last === undefined) return fill(request, from.list);
  const after = KEY_OF_A_LIST.test(last) ? last : await keyBehind(last, request, from);
  return after === undefined ? [] : fill({ ...request, pagination_key: after }, from.list);
}

/** Those SDKs take a page that is not full for the last one. */
async function fill<Row>(request: PageRequest, list: List<Row>): Promise<readonly Row[]> {
  const limit = request.limit ?? LARGEST;
  let page = await list(request);
  const items = [...page.items];
  while (page.pagination_key !== undefined && items.length < limit) {
    page = await list({ ...request, limit: limit - items.length, pagination_key: page.pagination_key });
    items.push(...page.items);
  }
  return items;
}

const KEY_OF_A_LIST = /^-?\d+\.\d+$/;

/** The list's own key of the place behind this item; undefined where nothing comes behind it. */
async function keyBehind<Row, Sought>(
  id: string,
  { sort_order }: PageRequest,
  { seek, idOf }: OldList<Row, Sought>,
): Promise<string | undefined> {
  let place: Pick<PageRequest, 'pagination_key'> = {};
  for (;;) {
    const request: PageRequest = { ...(sort_order && { sort_order }), ...place };
    const page = await seek({ ...request, limit: LARGEST });
    const at = page.items.findIndex((row) => idOf(row) === id);
    if (at >= 0) return (await seek({ ...request, limit: at + 1 })).pagination_key;
    if (page.pagination_key === undefined) throw invalid(`pagination_key ${id} is not the id of an item of this list.`);
    place = { pagination_key: page.pagination_key };
  }
}
