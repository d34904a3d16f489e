/** Lists and searches, as the reader thread does them. Those that may take long are generators: see scan-list.ts. */
import type { Database, Statement } from 'better-sqlite3';
import { callPageText } from '../call-body.ts';
import { BadPaginationKey, type Cursor, readPageRequest, toPage } from '../page.ts';
import type {
  AgentVersionRow,
  AuditEntry,
  CallListRequest,
  CallRow,
  ChatListRequest,
  ChatRow,
  EngineKind,
  EngineVersionRow,
  FieldFilter,
  NumberRow,
  Page,
  PageRequest,
  WholeChat,
} from '../port.ts';
import type { Cell } from './cells.ts';
import { type FieldPlaces, filterSql } from './filter-sql.ts';
import { IS_GUARDED } from './migrations/0003-guarded-numbers.ts';
import { type AgentListRequest, planAgents, teachNames } from './plan-agents.ts';
import { planCalls } from './plan-calls.ts';
import { planChats } from './plan-chats.ts';
import { planInbounds } from './plan-inbounds.ts';
import { prepareMessages } from './read-chats.ts';
import { type NumberCells, readConfig, toNumber } from './read-config.ts';
import { readEnds } from './read-ends.ts';
import { type OpenInboundCells, toOpenInbound } from './read-inbounds.ts';
import { readKnowledgeLists } from './read-knowledge.ts';
import { type ScanLimits, scanList } from './scan-list.ts';

interface ListRequest extends PageRequest {
  readonly filters?: readonly FieldFilter[];
}

interface Source extends FieldPlaces {
  readonly table: string;
  readonly select: string;
  /** One or two columns that order the list. */
  readonly key: readonly string[];
  /** What holds for every row of it, in SQL. */
  readonly where?: string;
}

const NUMBERS: Source = { table: 'numbers', select: '*', key: ['id'], columns: new Set() };
const GUARDED_NUMBERS: Source = { ...NUMBERS, table: 'numbers INDEXED BY guarded_numbers', where: IS_GUARDED };

/** Every list by name; the request is what the port's method got. */
export function readLists(db: Database, limits: ScanLimits) {
  const config = readConfig(db);
  teachNames(db);
  const placeOfCall = db
    .prepare<[string], string>(`SELECT created_timestamp || '.' || seq FROM calls WHERE call_id = ?`)
    .pluck();
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
  const messagesOf = prepareMessages(db);
  return {
    inbounds: (request: Parameters<typeof planInbounds>[0]) => scanList(db, planInbounds(request), request, limits),
    calls(request: CallListRequest): Generator<void, Page<CallRow>> {
      return scanList(db, planCalls(db, request), withPlace(placeOfCall, request), limits);
    },
    /** Text, as listCallsAsText promises. */
    *callsAsText(request: CallListRequest): Generator<void, string> {
      return callPageText(yield* scanList(db, planCalls(db, request), withPlace(placeOfCall, request), limits));
    },
    chats: (request: ChatListRequest) => scanList(db, planChats(request, toChat), request, limits),
    wholeChats(request: PageRequest): Generator<void, Page<WholeChat>> {
      const read = (doc: string) => {
        const chat = toChat(doc);
        return { chat, messages: messagesOf(chat.chat_id) };
      };
      return scanList(db, planChats(request, read), request, limits);
    },
    numbers: (request: PageRequest) => numberPage(db, NUMBERS, request),
    guardedNumbers: (request: PageRequest) => numberPage(db, GUARDED_NUMBERS, request),
    agents: (request: AgentListRequest) => scanList(db, planAgents(config, request), request, limits),
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
    ...readEnds(db),
    ...readKnowledgeLists(db),
    lapsed: ({ node_id, now }: { node_id: string; now: number }) => openInbounds.all(node_id, now).map(toOpenInbound),
    ongoing: ({ node_id }: { node_id: string }) => ongoing.all(node_id).map((doc) => JSON.parse(doc) as CallRow),
  };
}

function toChat(doc: string): ChatRow {
  return JSON.parse(doc) as ChatRow;
}

function numberPage(db: Database, source: Source, request: PageRequest): Page<NumberRow> {
  const cursor = readPageRequest(request);
  const rows = select<NumberCells>(db, source, request, cursor);
  return toPage(rows, cursor, (row) => [row.id, 0], toNumber);
}

/** Older SDKs go on from the last call they have seen. */
function withPlace(placeOf: Statement<[string], string>, request: CallListRequest): CallListRequest {
  const { pagination_key: key } = request;
  if (key === undefined || !key.startsWith('call_')) return request;
  const place = placeOf.get(key);
  if (place === undefined) throw new BadPaginationKey('pagination_key is not the id of a call');
  return { ...request, pagination_key: place };
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
  const sql = `SELECT ${source.select} FROM ${source.table} ${where} ORDER BY ${order} LIMIT ?`;
  const values = conditions.flatMap((one) => one.values);
  return db.prepare<Cell[], Row>(sql).all(...values, cursor.limit + 1);
}

export type Lists = ReturnType<typeof readLists>;
/** What a list comes to in the end. */
export type ListResult<Name extends keyof Lists> =
  ReturnType<Lists[Name]> extends Generator<void, infer Result> ? Result : ReturnType<Lists[Name]>;
