/** Which `{{names}}` an engine's settings use, and which of them the conversation itself sets. */
import type { Json, JsonObject, Settings } from '@pickup/contract';

/** A name, and the first place it stands at: `general_prompt`, `nodes[2].instruction.text`. */
export interface VariableUse {
  readonly name: string;
  /** The field of the engine's settings. */
  readonly field: string;
  readonly place: string;
}

/** All that is known of the variables of one engine's settings. */
export interface VariableUses {
  /** One per name and field, in the order of the fields. */
  readonly uses: readonly VariableUse[];
  /** Set while the conversation goes on: extracted by a node or a tool, or taken from a tool's answer. */
  readonly made: ReadonlySet<string>;
}

/** Fields whose texts are rendered, of both engines. */
const TEMPLATE_FIELDS: readonly string[] = [
  'begin_message',
  'general_prompt',
  'states',
  'general_tools',
  'global_prompt',
  'nodes',
  'components',
  'tools',
];

/** The keys a caller pressed, set by a flow as it is walked. */
const KEYS_VARIABLE = 'user_dtmf_input';

const known = new WeakMap<Settings, VariableUses>();

/** The uses in these settings; looked for once, for as long as the settings are held. */
export function variableUses(settings: Settings): VariableUses {
  const told = known.get(settings);
  if (told) return told;
  const uses: VariableUse[] = [];
  const made = new Set<string>([KEYS_VARIABLE]);
  for (const field of TEMPLATE_FIELDS) uses.push(...usesIn(field, settings[field], made));
  const found = { uses, made };
  known.set(settings, found);
  return found;
}

/** The uses in one field's value; names that the conversation sets are added to `made`. */
export function usesIn(field: string, value: Json | undefined, made: Set<string> = new Set()): readonly VariableUse[] {
  if (!TEMPLATE_FIELDS.includes(field)) return [];
  const places = new Map<string, string>();
  const open: { readonly value: Json | undefined; readonly place: string }[] = [{ value, place: field }];
  for (let next = open.pop(); next; next = open.pop()) {
    if (typeof next.value === 'string') {
      for (const name of namesIn(next.value)) if (!places.has(name)) places.set(name, next.place);
    } else if (typeof next.value === 'object' && next.value !== null)
      open.push(...membersOf(next.value, next.place, made));
  }
  return [...places].map(([name, place]) => ({ name, field, place }));
}

/** The last one first, as a stack takes them. */
function membersOf(value: readonly Json[] | JsonObject, place: string, made: Set<string>) {
  if (Array.isArray(value)) {
    return value.map((entry: Json, index) => ({ value: entry, place: `${place}[${index}]` })).reverse();
  }
  const object = value as JsonObject;
  for (const name of namesMadeBy(object)) made.add(name);
  return (
    Object.entries(object)
      // A condition may well ask whether a variable is there.
      .filter(([key]) => key !== 'equations')
      .map(([key, member]) => ({ value: member, place: `${place}.${key}` }))
      .reverse()
  );
}

function namesMadeBy(object: JsonObject): readonly string[] {
  const { type, variables, response_variables: answered } = object;
  const extracts = typeof type === 'string' && type.startsWith('extract_dynamic') && Array.isArray(variables);
  const extracted = extracts ? (variables as readonly (JsonObject | null)[]).map((one) => String(one?.['name'])) : [];
  const isMap = typeof answered === 'object' && answered !== null && !Array.isArray(answered);
  return [...extracted, ...(isMap ? Object.keys(answered) : [])];
}

/** As the renderer reads them: innermost braces, trimmed. What nests names depends on values, and is left out. */
function namesIn(text: string): readonly string[] {
  if (!text.includes('{{')) return [];
  return [...text.matchAll(/\{\{([^{}]{1,512})\}\}/g)]
    .map(([, name = '']) => name.trim())
    .filter((name) => name !== '');
}
