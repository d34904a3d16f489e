/** Pages of lists, as asked for and as answered. */
import { parsePageQuery } from '@pickup/contract';
import type { Page, PageRequest } from '../stores/port.ts';
import { accept } from './failure.ts';
import type { Ask } from './route.ts';

/** Names of the paging parameters, for the document. */
export const PAGE_QUERY: readonly string[] = ['limit', 'pagination_key', 'sort_order'];

/** `?limit&pagination_key&sort_order`. Throws 400. */
export function pageOf({ query, warn }: Ask): PageRequest {
  return accept(parsePageQuery(query), warn);
}

/** A store's page with its items rendered. */
export function renderPage<T>(page: Page<T>, render: (item: T) => unknown) {
  return {
    items: page.items.map(render),
    has_more: page.has_more,
    ...(page.pagination_key !== undefined && { pagination_key: page.pagination_key }),
    ...(page.total !== undefined && { total: page.total }),
  };
}

/** For the old lists that answer with a bare array: the largest page there is. */
export const WHOLE: PageRequest = { limit: 1_000 };
