/**
 * Lists whose filters may have no index. A list is read in slices of keys, in its order, through one or more lanes
 * (ranges of indices that share no row); the conditions no lane answers are tried on each slice's rows. Between slices
 * the thread does other work, and after a time the list answers with what it has and a key to go on from: no list
 * makes another wait, however much it has to look through.
 */
import type { Database } from 'better-sqlite3';
import { readPageRequest, toPage } from '../page.ts';
import type { Page, PageRequest } from '../port.ts';
import type { Cell } from './cells.ts';
import type { Condition } from './filter-sql.ts';

/** A range of an index that yields rows in the list's order, or one so small that sorting it costs nothing. */
export interface Lane {
  /** Table, with `INDEXED BY` where one is meant. */
  readonly from: string;
  readonly where: readonly Condition[];
}

/** How a list is read. */
export interface ScanPlan<Row extends Key, T> {
  readonly table: string;
  /** One or two columns that order the list; the last one is the table's integer key, by which rows are fetched. */
  readonly key: readonly [string] | readonly [string, string];
  /** What `read` needs besides the keys. */
  readonly select: string;
  readonly lanes: readonly Lane[];
  /** Tried on each row. Without any, a page is read off the lanes. */
  readonly rest: readonly Condition[];
  readonly read: (row: Row) => T;
}

export interface Key {
  readonly k1: number;
  /** 0 where one column orders the list. */
  readonly k2: number;
}

/** Own time of the thread, in ms, after which a page or a count is given up; with the time for others, five times that. */
export interface ScanLimits {
  readonly pageMs: number;
  readonly countMs: number;
}

export const SCAN_LIMITS: ScanLimits = { pageMs: 2_000, countMs: 10_000 };

export interface ScanRequest extends PageRequest {
  readonly skip?: number;
  readonly include_total?: boolean;
}

/** Rows looked at in one slice: a few ms, even where each is taken apart as JSON. */
const SLICE = 500;
const FIRST_SLICE = 128;

type Place = readonly [number, number];

/**
 * A page; each `yield` is a place where other work may be done. Where the time is up the page is shorter than asked
 * for and `has_more` is true; `total` is left out where counting takes too long.
 */
export function* scanList<Row extends Key, T>(
  db: Database,
  plan: ScanPlan<Row, T>,
  request: ScanRequest,
  limits: ScanLimits,
): Generator<void, Page<T>> {
  const page =
    plan.rest.length === 0 ? pageOffLanes(db, plan, request) : yield* filteredPage(db, plan, request, limits);
  if (request.include_total !== true) return page;
  const total = plan.rest.length === 0 ? countLanes(db, plan) : yield* countFiltered(db, plan, limits);
  return total === undefined ? page : { ...page, total };
}

function pageOffLanes<Row extends Key, T>(db: Database, plan: ScanPlan<Row, T>, request: ScanRequest): Page<T> {
  const cursor = readPageRequest(request);
  const slice = { after: cursor.after, descending: cursor.descending, size: cursor.limit + 1, skip: request.skip ?? 0 };
  const rows = fetchRows(db, plan, readKeys(db, plan, slice), cursor.descending);
  return toPage(rows, cursor, placeOf, plan.read);
}

function* filteredPage<Row extends Key, T>(
  db: Database,
  plan: ScanPlan<Row, T>,
  request: ScanRequest,
  limits: ScanLimits,
): Generator<void, Page<T>> {
  const cursor = readPageRequest(request);
  const stopwatch = startStopwatch();
  const rows: Row[] = [];
  let { after } = cursor;
  let skip = request.skip ?? 0;
  for (let size = FIRST_SLICE; ; size = Math.min(SLICE, size * 4)) {
    const keys = readKeys(db, plan, { after, descending: cursor.descending, size, skip: 0 });
    const found = fetchRows(db, plan, keys, cursor.descending);
    rows.push(...found.slice(skip));
    skip = Math.max(0, skip - found.length);
    const last = keys.at(-1);
    if (rows.length > cursor.limit || keys.length < size || last === undefined) {
      return toPage(rows, cursor, placeOf, plan.read);
    }
    after = placeOf(last);
    if (stopwatch.isOver(limits.pageMs)) {
      return { items: rows.map(plan.read), has_more: true, pagination_key: after.join('.') };
    }
    stopwatch.pause();
    yield;
    stopwatch.go();
  }
}

function countLanes<Row extends Key, T>(db: Database, plan: ScanPlan<Row, T>): number {
  const count = (lane: Lane) => {
    const { sql, values } = whereOf(lane.where);
    return (
      db
        .prepare<Cell[], number>(`SELECT count(*) FROM ${lane.from}${sql}`)
        .pluck()
        .get(...values) ?? 0
    );
  };
  return plan.lanes.reduce((sum, lane) => sum + count(lane), 0);
}

function* countFiltered<Row extends Key, T>(
  db: Database,
  plan: ScanPlan<Row, T>,
  limits: ScanLimits,
): Generator<void, number | undefined> {
  const stopwatch = startStopwatch();
  const rest = whereOf([fetchedBy(plan), ...plan.rest]);
  const count = db.prepare<Cell[], number>(`SELECT count(*) FROM ${plan.table}${rest.sql}`).pluck();
  let total = 0;
  for (let after: Place | undefined; ; ) {
    const keys = readKeys(db, plan, { after, descending: true, size: SLICE, skip: 0 });
    total += count.get(idsOf(plan, keys), ...rest.values) ?? 0;
    const last = keys.at(-1);
    if (keys.length < SLICE || last === undefined) return total;
    if (stopwatch.isOver(limits.countMs)) return undefined;
    after = placeOf(last);
    stopwatch.pause();
    yield;
    stopwatch.go();
  }
}

interface Slice {
  readonly after: Place | undefined;
  readonly descending: boolean;
  readonly size: number;
  readonly skip: number;
}

/** The next keys of all lanes together. */
function readKeys<Row extends Key, T>(db: Database, plan: ScanPlan<Row, T>, slice: Slice): readonly Key[] {
  const one = plan.lanes.length === 1;
  const lists = plan.lanes.map((lane) => {
    const from = one ? { limit: slice.size, skip: slice.skip } : { limit: slice.size + slice.skip, skip: 0 };
    return laneKeys(db, plan, lane, { ...slice, ...from });
  });
  if (one) return lists[0]!;
  return lists
    .flat()
    .sort(inOrder(slice.descending))
    .slice(slice.skip, slice.skip + slice.size);
}

function laneKeys<Row extends Key, T>(
  db: Database,
  plan: ScanPlan<Row, T>,
  lane: Lane,
  { after, descending, limit, skip }: Omit<Slice, 'size'> & { readonly limit: number },
): Key[] {
  const { sql, values } = whereOf([...lane.where, ...beyond(plan.key, after, descending)]);
  const order = plan.key.map((column) => `${column} ${descending ? 'DESC' : 'ASC'}`).join(', ');
  const text = `SELECT ${keyColumns(plan)} FROM ${lane.from}${sql} ORDER BY ${order} LIMIT ? OFFSET ?`;
  return db.prepare<Cell[], Key>(text).all(...values, limit, skip);
}

function beyond(key: readonly string[], after: Place | undefined, descending: boolean): readonly Condition[] {
  if (after === undefined) return [];
  const sign = descending ? '<' : '>';
  const [first, second] = key;
  if (second === undefined) return [{ sql: `${first} ${sign} ?`, values: [after[0]] }];
  // The plain comparison beside the one of pairs is what SQLite finds its place in the index by.
  return [{ sql: `${first} ${sign}= ? AND (${first}, ${second}) ${sign} (?, ?)`, values: [after[0], ...after] }];
}

function keyColumns<Row extends Key, T>({ key: [first, second] }: ScanPlan<Row, T>): string {
  return `${first} AS k1, ${second ?? '0'} AS k2`;
}

/** The rows of these keys for which the rest holds, in order. */
function fetchRows<Row extends Key, T>(
  db: Database,
  plan: ScanPlan<Row, T>,
  keys: readonly Key[],
  descending: boolean,
): Row[] {
  if (keys.length === 0) return [];
  const { sql, values } = whereOf([fetchedBy(plan), ...plan.rest]);
  const text = `SELECT ${keyColumns(plan)}, ${plan.select} FROM ${plan.table}${sql}`;
  const rows = db.prepare<Cell[], Row>(text).all(idsOf(plan, keys), ...values);
  return rows.sort(inOrder(descending));
}

function fetchedBy<Row extends Key, T>(plan: ScanPlan<Row, T>): Condition {
  return { sql: `${plan.key.at(-1)} IN (SELECT value FROM json_each(?))`, values: [] };
}

function idsOf<Row extends Key, T>(plan: ScanPlan<Row, T>, keys: readonly Key[]): string {
  return JSON.stringify(keys.map(plan.key.length === 1 ? (one) => one.k1 : (one) => one.k2));
}

function whereOf(conditions: readonly Condition[]): Condition {
  if (conditions.length === 0) return { sql: '', values: [] };
  const sql = ` WHERE ${conditions.map((one) => one.sql).join(' AND ')}`;
  return { sql, values: conditions.flatMap((one) => one.values) };
}

function placeOf({ k1, k2 }: Key): Place {
  return [k1, k2];
}

function inOrder(descending: boolean) {
  const sign = descending ? -1 : 1;
  return (left: Key, right: Key) => sign * (left.k1 - right.k1 || left.k2 - right.k2);
}

/** How much longer than its own time a list may take where it makes way for many others. */
const PATIENCE = 5;

/** Counts the thread's own time, without that of others it makes way for, and the time in all. */
function startStopwatch() {
  const begun = performance.now();
  let ran = 0;
  let since = begun;
  return {
    isOver(limitMs: number) {
      const now = performance.now();
      return ran + now - since >= limitMs || now - begun >= PATIENCE * limitMs;
    },
    pause() {
      ran += performance.now() - since;
      since = performance.now();
    },
    go() {
      since = performance.now();
    },
  };
}
