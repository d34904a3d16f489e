/** Filters of the SDKs before `/v3/list-calls`: lists of values, thresholds, and lists by key. */
import type { Json } from '@pickup/contract';
import type { FieldFilter } from '../stores/port.ts';
import { invalid } from './failure.ts';

type Members = Readonly<Record<string, unknown>>;

const KEYED: ReadonlySet<string> = new Set(['dynamic_variables', 'metadata']);
const FLAGS: ReadonlySet<string> = new Set(['call_successful', 'in_voicemail']);

/**
 * The body with its criteria in today's form. What that form cannot say is in `filters`: versions whatever the agent.
 * An empty list asks for nothing. Criteria in today's form stay as they are.
 */
export function modernCriteria(body: unknown): { readonly body: unknown; readonly filters: readonly FieldFilter[] } {
  const criteria = isMembers(body) ? body['filter_criteria'] : undefined;
  if (!isMembers(criteria)) return { body, filters: [] };
  const { agent_id, version, ...others } = criteria;
  const modern: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(others)) modern[name] = modernise(name, value);
  if (Array.isArray(agent_id)) modern['agent'] = agent_id.map((one: unknown) => ({ agent_id: one }));
  else if (agent_id !== undefined) throw invalid('filter_criteria.agent_id must be a list of strings.');
  return { body: { ...(body as Members), filter_criteria: modern }, filters: versionFilters(version) };
}

function versionFilters(version: unknown): readonly FieldFilter[] {
  if (version === undefined) return [];
  if (!Array.isArray(version) || !version.every(Number.isSafeInteger)) {
    throw invalid('filter_criteria.version must be a list of whole numbers.');
  }
  return version.length === 0 ? [] : [{ field: 'agent_version', op: 'in', value: version as Json }];
}

function modernise(name: string, value: unknown): unknown {
  if (Array.isArray(value)) return FLAGS.has(name) ? flags(value) : values(value);
  if (!isMembers(value) || 'type' in value) return value;
  return KEYED.has(name) ? keyed(name, value) : thresholds(value);
}

/** Lists of filters are today's form. */
function values(value: readonly unknown[]): unknown {
  if (value.length > 0 && value.every(isMembers)) return value;
  return value.length === 0 ? [] : { type: 'enum', op: 'in', value };
}

/** Both true and false: any call of which it is known. */
function flags(value: readonly unknown[]): unknown {
  if (value.every(isMembers)) return value;
  const wanted = [...new Set(value)];
  return wanted.length === 2 && wanted.every((one) => typeof one === 'boolean')
    ? { type: 'present', op: 'pr' }
    : wanted.map((one) => ({ type: 'boolean', op: 'eq', value: one }));
}

function keyed(name: string, value: Members): unknown {
  return Object.entries(value).map(([key, wanted]) => {
    if (!Array.isArray(wanted)) throw invalid(`filter_criteria.${name}.${key} must be a list of strings.`);
    return { type: 'enum', op: 'in', key, value: wanted };
  });
}

function thresholds(value: Members): readonly unknown[] {
  const { lower_threshold: low, upper_threshold: high } = value;
  return [
    ...(low === undefined || low === null ? [] : [{ type: 'number', op: 'ge', value: low }]),
    ...(high === undefined || high === null ? [] : [{ type: 'number', op: 'le', value: high }]),
  ];
}

function isMembers(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
