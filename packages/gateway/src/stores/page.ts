/** Pages of a list: the limit's bounds and an opaque pagination key over the last row's sort key. */
import type { Page, PageRequest } from './port.ts';

const DEFAULT_LIMIT = 50;
const MAX_LIMIT = 1_000;

/** Where a page starts and how far it goes. `after` is the last row's sort key of the page before. */
export interface Cursor {
  readonly limit: number;
  readonly descending: boolean;
  readonly after?: readonly [number, number];
}

/** A pagination key that no list has given out. */
export class BadPaginationKey extends Error {
  override readonly name = 'BadPaginationKey';
}

/** Newest first unless asked otherwise; the limit is brought into 1 to 1,000. Throws BadPaginationKey. */
export function readPageRequest(request: PageRequest): Cursor {
  const limit = Math.min(MAX_LIMIT, Math.max(1, Math.trunc(request.limit ?? DEFAULT_LIMIT)));
  const descending = request.sort_order !== 'ascending';
  if (request.pagination_key === undefined) return { limit, descending };
  return { limit, descending, after: decodeKey(request.pagination_key) };
}

/** Builds a page from `limit + 1` rows: the extra one only says that there is more. */
export function toPage<Row, T>(
  rows: readonly Row[],
  cursor: Cursor,
  keyOf: (row: Row) => readonly [number, number],
  read: (row: Row) => T,
): Page<T> {
  const shown = rows.slice(0, cursor.limit);
  const last = shown.at(-1);
  const has_more = rows.length > cursor.limit;
  const items = shown.map(read);
  return has_more && last !== undefined
    ? { items, has_more, pagination_key: keyOf(last).join('.') }
    : { items, has_more };
}

function decodeKey(key: string): readonly [number, number] {
  const found = /^(-?\d{1,16})\.(\d{1,16})$/.exec(key);
  if (!found) throw new BadPaginationKey('pagination_key is not one that a list returned');
  return [Number(found[1]), Number(found[2])];
}
