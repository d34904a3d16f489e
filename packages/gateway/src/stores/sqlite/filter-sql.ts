/** A list's filters as SQL; the meaning is that of match-filters.ts. */
import type { Json } from '@pickup/contract';
import type { AgentWanted, FieldFilter } from '../port.ts';
import type { Cell } from './cells.ts';

/** A condition with its bound values. */
export interface Condition {
  readonly sql: string;
  readonly values: readonly Cell[];
}

/** Where a table keeps its fields: in columns, and the others inside a JSON column if it has one. */
export interface FieldPlaces {
  readonly columns: ReadonlySet<string>;
  /** Fields that are worked out, as SQL. */
  readonly computed?: Readonly<Record<string, string>>;
  readonly doc?: string;
}

/** Throws where the table has no such field. */
export function filterSql(filter: FieldFilter, places: FieldPlaces): Condition {
  const found = fieldSql(filter, places);
  const compare = comparisonSql(filter.op, filter.value ?? null);
  // A bare column is named in place, so that an index on it can serve.
  if (found.values.length === 0 && places.columns.has(found.sql)) {
    return { sql: `(${compare.sql.replace(/\bx\b/g, found.sql)})`, values: compare.values };
  }
  const sql = `(SELECT ${compare.sql} FROM (SELECT ${found.sql} AS x))`;
  // Values are bound in the order of the text: the comparison stands before the field.
  return { sql, values: [...compare.values, ...found.values] };
}

const agentsText = (version: string) => `EXISTS (SELECT 1 FROM json_each(?) AS wanted
  WHERE json_extract(wanted.value, '$.agent_id') = agent_id
  AND (coalesce(json_array_length(wanted.value, '$.version'), 0) = 0
    OR ${version} IN (SELECT value FROM json_each(wanted.value, '$.version'))))`;

/** Any of the agents, as matchAgents; of a table with a column `agent_id` and, unless told otherwise, `agent_version`. */
export function agentsSql(agents: readonly AgentWanted[] | undefined, version = 'agent_version'): readonly Condition[] {
  if (agents === undefined || agents.length === 0) return [];
  return [{ sql: agentsText(version), values: [JSON.stringify(agents)] }];
}

/** True and false as blobs, for SQLite's JSON gives them out as 1 and 0, which are numbers. */
const MEMBER = "CASE type WHEN 'true' THEN x'01' WHEN 'false' THEN x'00' ELSE value END";

function fieldSql({ field, key }: FieldFilter, { columns, computed, doc }: FieldPlaces): Condition {
  if (key === undefined && columns.has(field)) return { sql: field, values: [] };
  const worked = computed?.[field];
  if (key === undefined && worked !== undefined) return { sql: worked, values: [] };
  if (doc === undefined || !/^\w+$/.test(field)) throw new Error(`There is no field ${field} to filter by.`);
  if (key === undefined) return { sql: `json_extract(${doc}, '$.${field}')`, values: [] };
  return { sql: `(SELECT ${MEMBER} FROM json_each(${doc}, '$.${field}') WHERE key = ?)`, values: [key] };
}

const TEXT_SQL = {
  sw: 'substr(x, 1, length(?1)) = ?1',
  ew: 'substr(x, -length(?1)) = ?1',
  co: 'instr(x, ?1) > 0',
} as const;
const ORDER_SQL = { gt: '>', ge: '>=', lt: '<', le: '<=' } as const;

function comparisonSql(op: FieldFilter['op'], value: Json): Condition {
  switch (op) {
    case 'pr':
      return { sql: 'x IS NOT NULL', values: [] };
    case 'np':
      return { sql: 'x IS NULL', values: [] };
    case 'eq':
      return isScalar(value) ? equalSql('IS', value) : NEVER;
    case 'ne':
      return isScalar(value) ? equalSql('IS NOT', value) : ALWAYS;
    case 'in':
      return {
        sql: 'x IN (SELECT value FROM json_each(?))',
        values: [JSON.stringify(Array.isArray(value) ? value : [])],
      };
    case 'sw':
    case 'ew':
    case 'co':
      return textSql(op, value);
    case 'bt':
      return Array.isArray(value) ? both(orderSql('>=', value[0] ?? null), orderSql('<=', value[1] ?? null)) : NEVER;
    default:
      return orderSql(ORDER_SQL[op], value);
  }
}

const NEVER: Condition = { sql: '0', values: [] };
const ALWAYS: Condition = { sql: '1', values: [] };

function textSql(op: keyof typeof TEXT_SQL, value: Json): Condition {
  if (typeof value !== 'string') return NEVER;
  if (value === '') return { sql: `typeof(x) = 'text'`, values: [] };
  const sql = TEXT_SQL[op];
  const values = Array.from({ length: sql.split('?1').length - 1 }, () => value);
  return { sql: `typeof(x) = 'text' AND ${sql.replaceAll('?1', '?')}`, values };
}

/** Numbers against numbers and text against text. */
function orderSql(operator: string, value: Json): Condition {
  if (typeof value === 'number')
    return { sql: `typeof(x) IN ('integer', 'real') AND x ${operator} ?`, values: [value] };
  return typeof value === 'string' ? { sql: `typeof(x) = 'text' AND x ${operator} ?`, values: [value] } : NEVER;
}

function both(left: Condition, right: Condition): Condition {
  return { sql: `${left.sql} AND ${right.sql}`, values: [...left.values, ...right.values] };
}

function isScalar(value: Json): value is null | boolean | number | string {
  return value === null || typeof value !== 'object';
}

function equalSql(operator: 'IS' | 'IS NOT', value: null | boolean | number | string): Condition {
  if (typeof value === 'boolean') return { sql: `x ${operator} ${value ? "x'01'" : "x'00'"}`, values: [] };
  return { sql: `x ${operator} ?`, values: [value] };
}
