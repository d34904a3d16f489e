/** Lists and searches, as the reader thread does them: a filter without an index reads the whole table. */
import type { Database } from 'better-sqlite3';
import { type Cursor, readPageRequest, toPage } from '../page.ts';
import type {
  AgentVersionRow,
  AuditEntry,
  CallRow,
  ConfigCommands,
  EngineKind,
  EngineVersionRow,
  FieldFilter,
  NumberRow,
  Page,
  PageRequest,
} from '../port.ts';
import type { Cell } from './cells.ts';
import { type FieldPlaces, filterSql } from './filter-sql.ts';
import { IS_GUARDED } from './migrations/0003-guarded-numbers.ts';
import { type NumberCells, readConfig, toNumber } from './read-config.ts';
import {
  INBOUND_COLUMNS,
  type InboundCells,
  type OpenInboundCells,
  toInbound,
  toOpenInbound,
} from './read-inbounds.ts';

interface ListRequest extends PageRequest {
  readonly filters?: readonly FieldFilter[];
  readonly skip?: number;
  readonly include_total?: boolean;
}

interface CallCells {
  readonly seq: number;
  readonly created_timestamp: number;
  readonly doc: string;
}

interface Source extends FieldPlaces {
  readonly table: string;
  readonly select: string;
  /** One or two columns that order the list. */
  readonly key: readonly string[];
  /** What holds for every row of it, in SQL. */
  readonly where?: string;
}

const INBOUNDS: Source = {
  table: 'inbounds',
  select: INBOUND_COLUMNS,
  key: ['seq'],
  columns: new Set([
    ...['inbound_id', 'channel', 'edge', 'from_number', 'to_number', 'arrival_timestamp'],
    ...['outcome', 'outcome_timestamp', 'agent_id', 'agent_version'],
  ]),
};
const CALLS: Source = {
  table: 'calls',
  select: 'seq, created_timestamp, doc',
  key: ['created_timestamp', 'seq'],
  columns: new Set([
    ...['call_id', 'created_timestamp', 'call_status', 'agent_id', 'from_number', 'to_number'],
    ...['direction', 'start_timestamp', 'disconnection_reason', 'node_id'],
  ]),
  doc: 'doc',
};
const NUMBERS: Source = { table: 'numbers', select: '*', key: ['id'], columns: new Set() };
const GUARDED_NUMBERS: Source = { ...NUMBERS, table: 'numbers INDEXED BY guarded_numbers', where: IS_GUARDED };

/** Every list by name; the request is what the port's method got. */
export function readLists(db: Database) {
  const config = readConfig(db);
  const openInbounds = db.prepare<[string, number], OpenInboundCells>(
    `SELECT inbound_id, channel, edge, arrival_timestamp, lease_until, memo, dialog
     FROM inbounds INDEXED BY open_inbounds WHERE outcome IS NULL AND (node_id = ? OR lease_until < ?) ORDER BY seq`,
  );
  const ongoing = db
    .prepare<[string], string>(
      `SELECT doc FROM calls INDEXED BY live_calls
       WHERE call_status = 'ongoing' AND node_id = ? AND call_status IN ('registered', 'ongoing') ORDER BY seq`,
    )
    .pluck();
  return {
    inbounds(request: ListRequest) {
      const cursor = readPageRequest(request);
      const rows = select<InboundCells>(db, INBOUNDS, request, cursor);
      return toPage(rows, cursor, (row) => [row.seq, 0], toInbound);
    },
    calls(request: ListRequest): Page<CallRow> {
      const cursor = readPageRequest(request);
      const rows = select<CallCells>(db, CALLS, request, cursor);
      const page = toPage(rows, cursor, (row) => [row.created_timestamp, row.seq], toCall);
      return request.include_total ? { ...page, total: count(db, CALLS, request.filters) } : page;
    },
    numbers: (request: PageRequest) => numberPage(db, NUMBERS, request),
    guardedNumbers: (request: PageRequest) => numberPage(db, GUARDED_NUMBERS, request),
    agents(request: Parameters<ConfigCommands['listAgents']>[0]) {
      const cursor = readPageRequest(request);
      const source = { table: 'agents', select: 'seq, agent_id', key: ['seq'], columns: new Set(['channel']) };
      const filters = request.channel && [{ field: 'channel', op: 'eq' as const, value: request.channel }];
      const asked = { ...request, ...(filters && { filters }) };
      const rows = select<{ seq: number; agent_id: string }>(db, source, asked, cursor);
      const read = ({ agent_id }: { agent_id: string }) => ({
        ...config.latest(agent_id)!,
        all_tags: config.allTags(agent_id),
      });
      return toPage(rows, cursor, (row) => [row.seq, 0], read);
    },
    engines({ kind, ...request }: PageRequest & { readonly kind: EngineKind }): Page<EngineVersionRow> {
      const cursor = readPageRequest(request);
      const source = { table: 'engines', select: 'seq, id', key: ['seq'], columns: new Set(['kind']) };
      const filters = [{ field: 'kind', op: 'eq' as const, value: kind }];
      const rows = select<{ seq: number; id: string }>(db, source, { ...request, filters }, cursor);
      return toPage(
        rows,
        cursor,
        (row) => [row.seq, 0],
        (row) => config.engine(kind, row.id)!,
      );
    },
    audit(request: PageRequest): Page<AuditEntry> {
      const cursor = readPageRequest(request);
      const source = { table: 'audit', select: 'seq, doc', key: ['seq'], columns: new Set<string>() };
      const rows = select<{ seq: number; doc: string }>(db, source, request, cursor);
      return toPage(
        rows,
        cursor,
        (row) => [row.seq, 0],
        (row) => JSON.parse(row.doc) as AuditEntry,
      );
    },
    versions({ agent_id, ...request }: PageRequest & { readonly agent_id: string }): Page<AgentVersionRow> {
      const cursor = readPageRequest(request);
      const columns = new Set(['agent_id']);
      const source = { table: 'agent_versions', select: 'version', key: ['version'], columns };
      const filters = [{ field: 'agent_id', op: 'eq' as const, value: agent_id }];
      const rows = select<{ version: number }>(db, source, { ...request, filters }, cursor);
      const read = (row: { version: number }) => config.version(agent_id, row.version)!;
      return toPage(rows, cursor, (row) => [row.version, 0], read);
    },
    lapsed: ({ node_id, now }: { node_id: string; now: number }) => openInbounds.all(node_id, now).map(toOpenInbound),
    ongoing: ({ node_id }: { node_id: string }) => ongoing.all(node_id).map((doc) => JSON.parse(doc) as CallRow),
  };
}

function numberPage(db: Database, source: Source, request: PageRequest): Page<NumberRow> {
  const cursor = readPageRequest(request);
  const rows = select<NumberCells>(db, source, request, cursor);
  return toPage(rows, cursor, (row) => [row.id, 0], toNumber);
}

function toCall(row: CallCells): CallRow {
  return JSON.parse(row.doc) as CallRow;
}

function select<Row>(db: Database, source: Source, request: ListRequest, cursor: Cursor): readonly Row[] {
  const conditions = (request.filters ?? []).map((filter) => filterSql(filter, source));
  if (source.where !== undefined) conditions.push({ sql: source.where, values: [] });
  if (cursor.after !== undefined) {
    const marks = source.key.map(() => '?').join(', ');
    const sql = `(${source.key.join(', ')}) ${cursor.descending ? '<' : '>'} (${marks})`;
    conditions.push({ sql, values: cursor.after.slice(0, source.key.length) });
  }
  const where = conditions.length === 0 ? '' : `WHERE ${conditions.map((one) => one.sql).join(' AND ')}`;
  const order = source.key.map((column) => `${column} ${cursor.descending ? 'DESC' : 'ASC'}`).join(', ');
  const sql = `SELECT ${source.select} FROM ${source.table} ${where} ORDER BY ${order} LIMIT ? OFFSET ?`;
  const values = conditions.flatMap((one) => one.values);
  return db.prepare<Cell[], Row>(sql).all(...values, cursor.limit + 1, request.skip ?? 0);
}

function count(db: Database, source: Source, filters: readonly FieldFilter[] = []): number {
  const conditions = filters.map((filter) => filterSql(filter, source));
  const where = conditions.length === 0 ? '' : `WHERE ${conditions.map((one) => one.sql).join(' AND ')}`;
  const values = conditions.flatMap((one) => one.values);
  return (
    db
      .prepare<Cell[], number>(`SELECT count(*) FROM ${source.table} ${where}`)
      .pluck()
      .get(...values) ?? 0
  );
}

export type Lists = ReturnType<typeof readLists>;
