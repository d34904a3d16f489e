/** Lists: paging from the query or the body, and filters in Retell's shapes. */
import type { z } from 'zod';
import type { Issue, Json } from '../inbound.ts';
import { faultsOf } from '../settings/faults.ts';
import {
  choice,
  type Field,
  field,
  flag,
  integer,
  list,
  nonEmptyText,
  number,
  optional,
  shape,
  tag,
  text,
} from '../settings/field.ts';
import { fault, isObject, kindOf, pointerTo } from '../settings/issue.ts';
import { didYouMean } from '../settings/nearest.ts';
import { anything, type BodyResult, bodyResult, LIMIT, readBody, table } from './body.ts';

/** One condition; all of a list hold at once. */
export interface ListFilter {
  readonly field: string;
  readonly op: 'eq' | 'ne' | 'sw' | 'ew' | 'co' | 'in' | 'gt' | 'ge' | 'lt' | 'le' | 'bt' | 'pr' | 'np';
  readonly value?: Json;
  /** For metadata and the like: the key inside. */
  readonly key?: string;
}

/** Which page to show. */
export interface PageBody {
  /** 1 to 1,000; default 50. */
  readonly limit: number;
  readonly pagination_key?: string;
  /** Default `descending`. */
  readonly sort_order: 'ascending' | 'descending';
}

/** A list's request, read. */
export interface ListBody extends PageBody {
  readonly skip?: number;
  readonly include_total: boolean;
  readonly filters: readonly ListFilter[];
  /** Any of these agents; without versions, any version. */
  readonly agents?: readonly { readonly agent_id: string; readonly version?: readonly number[] }[];
}

type FilterType = 'string' | 'enum' | 'number' | 'range' | 'boolean' | 'present';

const key = { key: optional(nonEmptyText()) };
const SHAPES: Readonly<Record<FilterType, z.ZodType>> = {
  string: shape({ type: tag('string'), op: choice(['eq', 'ne', 'sw', 'ew', 'co']), value: text(), ...key }),
  enum: shape({ type: tag('enum'), op: choice(['in']), value: list(text(), { min: 1 }), ...key }),
  number: shape({ type: tag('number'), op: choice(['eq', 'ne', 'gt', 'ge', 'lt', 'le']), value: number(), ...key }),
  range: shape({ type: tag('range'), op: choice(['bt']), value: list(number()), ...key }),
  boolean: shape({ type: tag('boolean'), op: choice(['eq', 'ne']), value: flag(), ...key }),
  present: shape({ type: tag('present'), op: choice(['pr', 'np']), ...key }),
};

const TEXT: readonly FilterType[] = ['string', 'enum', 'present'];
const NUMBER: readonly FilterType[] = ['number', 'range', 'present'];
const FLAG: readonly FilterType[] = ['boolean', 'present'];
const ANY: readonly FilterType[] = ['string', 'enum', 'number', 'range', 'boolean', 'present'];

/** A filterable field: the filter types it takes; `keyed` ones are lists whose filters name a key. */
interface Filterable {
  readonly types: readonly FilterType[];
  readonly keyed?: true;
  /** A list of agents, with or without versions, instead of filters. */
  readonly agents?: true;
  /** A list of tool calls, instead of filters. */
  readonly toolCalls?: true;
}

/** Fields a list filters by. */
export type FilterFields = Readonly<Record<string, Filterable>>;

/** `POST /v3/list-calls`. */
export const CALL_FILTERS: FilterFields = {
  agent: { types: [], agents: true },
  agent_tag: { types: TEXT },
  batch_call_id: { types: TEXT },
  call_id: { types: TEXT },
  call_status: { types: TEXT },
  call_successful: { types: FLAG },
  call_type: { types: TEXT },
  combined_cost: { types: NUMBER },
  custom_analysis_data: { types: ANY, keyed: true },
  custom_attributes: { types: ANY, keyed: true },
  data_storage_setting: { types: TEXT },
  direction: { types: TEXT },
  disconnection_reason: { types: TEXT },
  duration_ms: { types: NUMBER },
  dynamic_variables: { types: ANY, keyed: true },
  e2e_latency_p50: { types: NUMBER },
  end_timestamp: { types: NUMBER },
  from_number: { types: TEXT },
  in_voicemail: { types: FLAG },
  metadata: { types: ANY, keyed: true },
  start_timestamp: { types: NUMBER },
  to_number: { types: TEXT },
  tool_calls: { types: [], toolCalls: true },
  user_sentiment: { types: TEXT },
};

/** `POST /v3/list-chats`. */
export const CHAT_FILTERS: FilterFields = {
  agent: { types: [], agents: true },
  agent_tag: { types: TEXT },
  chat_id: { types: TEXT },
  chat_status: { types: TEXT },
  chat_successful: { types: FLAG },
  combined_cost: { types: NUMBER },
  custom_analysis_data: { types: ANY, keyed: true },
  custom_attributes: { types: ANY, keyed: true },
  disconnection_reason: { types: TEXT },
  duration_ms: { types: NUMBER },
  end_timestamp: { types: NUMBER },
  start_timestamp: { types: NUMBER },
  user_sentiment: { types: TEXT },
};

/** `POST /list-inbounds`. */
export const INBOUND_FILTERS: FilterFields = {
  inbound_id: { types: TEXT },
  channel: { types: TEXT },
  edge: { types: TEXT },
  from_number: { types: TEXT },
  to_number: { types: TEXT },
  outcome: { types: TEXT },
  agent_id: { types: TEXT },
  agent_version: { types: NUMBER },
  call_id: { types: TEXT },
  chat_id: { types: TEXT },
  arrival_timestamp: { types: NUMBER },
  outcome_timestamp: { types: NUMBER },
};

/** `POST /v2/list-agents`. */
export const AGENT_FILTERS: FilterFields = { channel: { types: TEXT } };

function readFilter(
  value: unknown,
  name: string,
  of: Filterable,
  pointer: string,
  issues: Issue[],
): ListFilter | undefined {
  if (!isObject(value)) {
    issues.push(
      fault({
        code: 'wrong_type',
        pointer,
        message: `${name} must be a filter object, not ${kindOf(value)}.`,
        sent: value,
      }),
    );
    return undefined;
  }
  const type = of.types.find((candidate) => candidate === value['type']);
  if (type === undefined) {
    const at = value['type'] === undefined ? pointer : pointerTo(pointer, 'type');
    const message = `${name}.type must be one of ${of.types.join(', ')}.`;
    issues.push(fault({ code: 'not_allowed_value', pointer: at, message, allowed: of.types, sent: value['type'] }));
    return undefined;
  }
  const parsed = SHAPES[type].safeParse(value);
  if (!parsed.success) {
    issues.push(...faultsOf(SHAPES[type], value, parsed.error, { name, pointer }));
    return undefined;
  }
  if (type === 'range' && (value['value'] as unknown[]).length !== 2) {
    const message = `${name}.value must be a list of two numbers, the lowest and the highest.`;
    issues.push(
      fault({ code: 'not_allowed_value', pointer: pointerTo(pointer, 'value'), message, sent: value['value'] }),
    );
    return undefined;
  }
  if (of.keyed === true && value['key'] === undefined) {
    issues.push(fault({ code: 'required', pointer, message: `${name}.key is required: the key inside.` }));
    return undefined;
  }
  const { type: _type, ...rest } = parsed.data as Record<string, Json>;
  return { field: name, ...rest } as unknown as ListFilter;
}

/** A filter that was left out would show everything instead of little. */
function unknownFilter(name: string, known: FilterFields, pointer: string, found: number): Issue {
  const names = Object.keys(known);
  const { hint, nearest } = didYouMean(name, names, found);
  const message = `filter_criteria.${name.slice(0, 100)} is not a known field.${hint}`;
  return fault({ code: 'unknown_field', pointer, message, allowed: names, nearest });
}

const agentList = list(shape({ agent_id: nonEmptyText(), version: optional(list(integer({ min: 0 }))) }));

/** Each filter costs something on each row that is looked at. */
const MOST_FILTERS = 100;
const MOST_AGENTS = 1_000;

function refuseMany(name: string, found: number, most: number, issues: Issue[]): void {
  if (found <= most) return;
  const message = `filter_criteria may have at most ${most} ${name}.`;
  issues.push(fault({ code: 'not_allowed_value', pointer: '/filter_criteria', message, sent: found }));
}

const toolCallShape = shape({
  name: optional(text()),
  type: optional(text()),
  latency_ms: optional(anything()),
  success: optional(anything()),
});

/** Each names a tool call that has to be there; what it says of it is checked for form, since no call keeps any yet. */
function readToolCalls(value: unknown, pointer: string, issues: Issue[]): readonly ListFilter[] {
  const schema = list(toolCallShape);
  const parsed = schema.safeParse(value);
  if (!parsed.success) {
    issues.push(...faultsOf(schema, value, parsed.error, { name: 'tool_calls', pointer }));
    return [];
  }
  (parsed.data as readonly Record<string, unknown>[]).forEach((call, index) => {
    const at = pointerTo(pointer, index);
    for (const [name, types] of Object.entries({ latency_ms: NUMBER, success: FLAG })) {
      if (call[name] !== undefined) readFilter(call[name], name, { types }, pointerTo(at, name), issues);
    }
  });
  return (value as unknown[]).length === 0 ? [] : [{ field: 'tool_calls', op: 'pr' }];
}

function readCriteria(criteria: unknown, known: FilterFields, pointer: string, issues: Issue[]) {
  const filters: ListFilter[] = [];
  let agents: ListBody['agents'];
  if (criteria === undefined || criteria === null) return { filters, agents };
  if (!isObject(criteria)) {
    issues.push(
      fault({
        code: 'wrong_type',
        pointer,
        message: `filter_criteria must be an object, not ${kindOf(criteria)}.`,
        sent: criteria,
      }),
    );
    return { filters, agents };
  }
  for (const name of Object.keys(criteria)) {
    const value = criteria[name];
    const at = pointerTo(pointer, name);
    const of = Object.hasOwn(known, name) ? known[name] : undefined;
    if (of === undefined) {
      issues.push(unknownFilter(name, known, at, issues.length));
      continue;
    }
    if (of.agents === true) {
      const parsed = agentList.safeParse(value);
      if (parsed.success) agents = parsed.data as NonNullable<ListBody['agents']>;
      if (parsed.success) refuseMany('agents', agents?.length ?? 0, MOST_AGENTS, issues);
      else issues.push(...faultsOf(agentList, value, parsed.error, { name, pointer: at }));
      continue;
    }
    if (of.toolCalls === true) {
      filters.push(...readToolCalls(value, at, issues));
      continue;
    }
    const many: readonly unknown[] = Array.isArray(value) ? value : [value];
    refuseMany('filters', filters.length + many.length, MOST_FILTERS, issues);
    if (many.length > MOST_FILTERS) continue;
    many.forEach((one, index) => {
      const place = Array.isArray(value) ? pointerTo(at, index) : at;
      const filter = readFilter(one, name, of, place, issues);
      if (filter !== undefined) filters.push(filter);
    });
  }
  return { filters, agents };
}

const PAGE_FIELDS: Readonly<Record<string, Field>> = {
  limit: field(integer(LIMIT)),
  pagination_key: field(text()),
  sort_order: field(choice(['ascending', 'descending'])),
};
/** The members of a list’s request. */
export const LIST_FIELDS = table({
  ...PAGE_FIELDS,
  skip: field(integer({ min: 0 })),
  include_total: field(flag()),
  filter_criteria: field(anything()),
});

/** Reads a list's body; an absent body is an empty one. */
export function parseListBody(value: unknown, known: FilterFields): BodyResult<ListBody> {
  const read = readBody(value ?? {}, LIST_FIELDS);
  const issues: Issue[] = [...read.issues];
  const sent = isObject(value) ? value['filter_criteria'] : undefined;
  const { filters, agents } = readCriteria(sent, known, '/filter_criteria', issues);
  const { filter_criteria: _criteria, ...page } = read.value;
  const body = {
    limit: 50,
    sort_order: 'descending',
    include_total: false,
    ...page,
    filters,
    ...(agents === undefined ? {} : { agents }),
  };
  return bodyResult(body as ListBody, issues);
}

const QUERY_FIELDS = table(PAGE_FIELDS);

/** Reads a list's query: texts only, "" is absent. Names that are not paging are left alone. */
export function parsePageQuery(query: Readonly<Record<string, unknown>>): BodyResult<PageBody> {
  const given: Record<string, unknown> = {};
  for (const name of QUERY_FIELDS.keys()) {
    const sent = query[name];
    if (sent === undefined || sent === '') continue;
    given[name] = name === 'limit' && typeof sent === 'string' && /^\d{1,9}$/.test(sent) ? Number(sent) : sent;
  }
  const read = readBody(given, QUERY_FIELDS);
  return bodyResult({ limit: 50, sort_order: 'descending', ...read.value } as PageBody, read.issues);
}
