/**
 * How a list of calls is read: by call id, by number, by agent, by how calls failed, or else in the order of creation
 * (a start time narrows any of them). Filters that no index answers are tried on each row; docs/operations.md says
 * which is which.
 */
import type { Database } from 'better-sqlite3';
import type { AgentWanted, CallListRequest, CallRow, FieldFilter } from '../port.ts';
import { agentsSql, type Condition, type FieldPlaces, filterSql } from './filter-sql.ts';
import { ENDED_RARELY, IS_FILED, IS_LIVE, IS_UNFILED, STARTED_LATER } from './migrations/0007-call-lists.ts';
import type { Key, Lane, ScanPlan } from './scan-list.ts';

/** More values than that are tried on each row instead: each is a look-up of its own. */
const MOST_LANES = 20;
/** Looked through call by call for each list. */
const MOST_UNFILED = 5_000;
const COMMON_ENDS: ReadonlySet<unknown> = new Set(['user_hangup', 'agent_hangup']);
const LIVE: ReadonlySet<unknown> = new Set(['registered', 'ongoing']);
const FAILED: ReadonlySet<unknown> = new Set(['not_connected', 'error']);

const PLACES: FieldPlaces = {
  columns: new Set([
    ...['call_id', 'created_timestamp', 'call_status', 'agent_id', 'from_number', 'to_number'],
    ...['direction', 'start_timestamp', 'disconnection_reason', 'node_id'],
  ]),
  computed: { duration_ms: "max(0, json_extract(doc, '$.end_timestamp') - start_timestamp)" },
  doc: 'doc',
};

const VERSION = "json_extract(doc, '$.agent_version')";

export interface CallCells extends Key {
  readonly doc: string;
}

/** Decides on the lanes of a list of calls. */
export function planCalls(db: Database, request: CallListRequest): ScanPlan<CallCells, CallRow> {
  const { filters = [], agents } = request;
  const chosen = chooseLanes(db, filters, agents);
  const window = startWindow(db, filters);
  const rest = filters.filter((filter) => filter !== chosen.answered).map((filter) => filterSql(filter, PLACES));
  if (!chosen.answersAgents) rest.push(...agentsSql(agents, VERSION));
  return {
    table: 'calls',
    key: ['created_timestamp', 'seq'],
    select: 'doc',
    lanes: chosen.lanes.map((lane) => ({ ...lane, where: [...lane.where, ...window] })),
    rest,
    read: reader(request.omit),
  };
}

interface Choice {
  readonly lanes: readonly Lane[];
  /** The filter that the lanes answer wholly. */
  readonly answered?: FieldFilter;
  readonly answersAgents?: true;
}

function chooseLanes(
  db: Database,
  filters: readonly FieldFilter[],
  agents: readonly AgentWanted[] | undefined,
): Choice {
  const find = (field: string) => filters.find((filter) => filter.field === field && valuesOf(filter) !== undefined);
  const callId = find('call_id');
  if (callId) return { lanes: [{ from: 'calls', where: [filterSql(callId, PLACES)] }], answered: callId };
  const filed = isFilingBehind(db) ? undefined : filedLanes(find('to_number'), find('from_number'), agents);
  return filed ?? endLanes(find('call_status'), find('disconnection_reason')) ?? { lanes: [IN_ORDER] };
}

/** Where more calls end for a while than can be filed meanwhile. */
function isFilingBehind(db: Database): boolean {
  const unfiled = `SELECT 1 FROM calls INDEXED BY unfiled_calls WHERE ${IS_UNFILED} LIMIT 1 OFFSET ${MOST_UNFILED}`;
  return db.prepare(unfiled).get() !== undefined;
}

function filedLanes(
  callee: FieldFilter | undefined,
  caller: FieldFilter | undefined,
  agents: readonly AgentWanted[] | undefined,
): Choice | undefined {
  if (callee) return { lanes: filedAndNew('calls_by_callee', 'to_number', valuesOf(callee)!), answered: callee };
  if (caller) return { lanes: filedAndNew('calls_by_caller', 'from_number', valuesOf(caller)!), answered: caller };
  return agentLanes(agents);
}

const IN_ORDER: Lane = { from: 'calls INDEXED BY calls_by_creation', where: [] };

function agentLanes(agents: readonly AgentWanted[] | undefined): Choice | undefined {
  const ids = [...new Set(agents?.map(({ agent_id }) => agent_id))];
  if (agents === undefined || ids.length === 0 || ids.length > MOST_LANES) return undefined;
  const lanes = filedAndNew('calls_by_agent', 'agent_id', ids);
  const anyVersion = agents.every(({ version = [] }) => version.length === 0);
  return { lanes, ...(anyVersion && { answersAgents: true }) };
}

/** Statuses and reasons that are rare; a list of common ones is soon full without an index. */
function endLanes(status: FieldFilter | undefined, reason: FieldFilter | undefined): Choice | undefined {
  const statuses = valuesOf(status) ?? [];
  if (status && statuses.every((one) => LIVE.has(one) || FAILED.has(one))) {
    const live = statuses.some((one) => LIVE.has(one));
    const failed = statuses
      .filter((one) => FAILED.has(one))
      .map((one) => oneOf('failed_calls', 'call_status', one, FAILED_SQL));
    return { lanes: [...failed, ...(live ? [liveLane([filterSql(status, PLACES)])] : [])], answered: status };
  }
  const reasons = valuesOf(reason) ?? [];
  if (reason === undefined || reasons.some((one) => COMMON_ENDS.has(one))) return undefined;
  const lanes = reasons.map((one) => oneOf('calls_by_rare_end', 'disconnection_reason', one, ENDED_RARELY));
  return { lanes, answered: reason };
}

const FAILED_SQL = `call_status IN ('not_connected', 'error')`;

/** Those that are not filed yet, and those that go on, are few. */
function filedAndNew(index: string, column: string, values: readonly string[]): readonly Lane[] {
  const filed = values.map((value) => oneOf(index, column, value, IS_FILED));
  const wanted = filterSql({ field: column, op: 'in', value: values }, PLACES);
  const unfiled = { from: 'calls INDEXED BY unfiled_calls', where: [{ sql: IS_UNFILED, values: [] }, wanted] };
  return [...filed, unfiled, liveLane([wanted])];
}

function oneOf(index: string, column: string, value: string, partial: string): Lane {
  return { from: `calls INDEXED BY ${index}`, where: [{ sql: `${column} = ? AND ${partial}`, values: [value] }] };
}

function liveLane(where: readonly Condition[]): Lane {
  return { from: 'calls INDEXED BY live_calls', where: [{ sql: IS_LIVE, values: [] }, ...where] };
}

/** The values of which the field has to be one; undefined for other filters, and for more than there may be lanes. */
function valuesOf(filter: FieldFilter | undefined): readonly string[] | undefined {
  const { op, value, key } = filter ?? {};
  if (key !== undefined) return undefined;
  if (op === 'eq' && typeof value === 'string') return [value];
  if (op !== 'in' || !Array.isArray(value)) return undefined;
  const values = [...new Set(value.filter((one) => typeof one === 'string'))];
  return filter?.field === 'call_id' || values.length <= MOST_LANES ? values : undefined;
}

const TIME_SQL: Partial<Record<FieldFilter['op'], string>> = { eq: '=', gt: '>', ge: '>=', lt: '<', le: '<=' };

/** What a start time says of the creation, by which lists are ordered; nothing while some call started later. */
function startWindow(db: Database, filters: readonly FieldFilter[]): readonly Condition[] {
  const window = filters.filter(({ field }) => field === 'start_timestamp').flatMap(timeSql);
  if (window.length === 0) return [];
  const later = `SELECT 1 FROM calls INDEXED BY calls_started_later WHERE ${STARTED_LATER} LIMIT 1`;
  return db.prepare(later).get() === undefined ? window : [];
}

function timeSql({ op, value }: FieldFilter): readonly Condition[] {
  const [low, high] = op === 'bt' && Array.isArray(value) ? value : [];
  if (typeof low === 'number' && typeof high === 'number') {
    return [{ sql: 'created_timestamp BETWEEN ? AND ?', values: [low, high] }];
  }
  const sign = TIME_SQL[op];
  return sign && typeof value === 'number' ? [{ sql: `created_timestamp ${sign} ?`, values: [value] }] : [];
}

function reader(omit: readonly (keyof CallRow)[] = []) {
  return ({ doc }: CallCells): CallRow => {
    const call = JSON.parse(doc) as Record<string, unknown>;
    for (const name of omit) delete call[name];
    return call as unknown as CallRow;
  };
}
