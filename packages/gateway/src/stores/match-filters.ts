/** The meaning of a list's filters, over plain objects. The SQL of other drivers must agree with it. */
import type { Json } from '@pickup/contract';
import type { AgentWanted, FieldFilter } from './port.ts';

/** True where every filter holds. A missing field is null; text is compared by code point, case matters. */
export function matchFilters(row: object, filters: readonly FieldFilter[] | undefined): boolean {
  return filters === undefined || filters.every((filter) => matchFilter(row, filter));
}

/** True where one of the agents fits; no agents, or a list of none, asks for nothing. */
export function matchAgents(
  row: { readonly agent_id: string; readonly agent_version: number },
  agents: readonly AgentWanted[] | undefined,
): boolean {
  if (agents === undefined || agents.length === 0) return true;
  return agents.some(({ agent_id, version = [] }) => {
    return agent_id === row.agent_id && (version.length === 0 || version.includes(row.agent_version));
  });
}

function matchFilter(row: object, filter: FieldFilter): boolean {
  const found = fieldOf(row, filter);
  const wanted = filter.value ?? null;
  switch (filter.op) {
    case 'pr':
      return found !== null;
    case 'np':
      return found === null;
    case 'eq':
      return found === wanted;
    case 'ne':
      return found !== wanted;
    case 'in':
      return found !== null && Array.isArray(wanted) && wanted.includes(found);
    case 'sw':
    case 'ew':
    case 'co':
      return typeof found === 'string' && typeof wanted === 'string' && matchText(found, filter.op, wanted);
    case 'gt':
      return below(wanted, found);
    case 'ge':
      return upTo(wanted, found);
    case 'lt':
      return below(found, wanted);
    case 'le':
      return upTo(found, wanted);
    case 'bt':
      return Array.isArray(wanted) && upTo(wanted[0] ?? null, found) && upTo(found, wanted[1] ?? null);
  }
}

function fieldOf(row: object, filter: FieldFilter): Json {
  const field = ownValue(row, filter.field);
  if (filter.key === undefined) return field;
  return field !== null && typeof field === 'object' ? ownValue(field, filter.key) : null;
}

function ownValue(row: object, name: string): Json {
  return Object.hasOwn(row, name) ? ((row as Record<string, Json | undefined>)[name] ?? null) : null;
}

function matchText(text: string, op: 'sw' | 'ew' | 'co', part: string): boolean {
  if (op === 'sw') return text.startsWith(part);
  return op === 'ew' ? text.endsWith(part) : text.includes(part);
}

/** Numbers against numbers and text against text; anything else is not in order. */
function below(left: Json, right: Json): boolean {
  if (typeof left === 'number' && typeof right === 'number') return left < right;
  return typeof left === 'string' && typeof right === 'string' && left < right;
}

function upTo(left: Json, right: Json): boolean {
  return below(left, right) || (left === right && (typeof left === 'number' || typeof left === 'string'));
}
