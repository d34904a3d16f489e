/** A page of rows held in memory. */
import { readPageRequest, toPage } from '../page.ts';
import type { Page, PageRequest } from '../port.ts';

export interface Keyed<T> {
  readonly key: readonly [number, number];
  readonly value: T;
}

/** Sorts by key and cuts the page asked for out of it. `skip` leaves out that many first. */
export function listPage<T>(rows: readonly Keyed<T>[], request: PageRequest & { readonly skip?: number }): Page<T> {
  const cursor = readPageRequest(request);
  const sign = cursor.descending ? -1 : 1;
  const { after } = cursor;
  const ordered = rows
    .filter((row) => after === undefined || sign * compare(row.key, after) > 0)
    .sort((left, right) => sign * compare(left.key, right.key))
    .slice(request.skip ?? 0);
  return toPage(
    ordered,
    cursor,
    (row) => row.key,
    (row) => row.value,
  );
}

function compare(left: readonly [number, number], right: readonly [number, number]): number {
  return left[0] - right[0] || left[1] - right[1];
}
