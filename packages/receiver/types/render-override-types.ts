/** Renders the types of `agent_override`'s groups from the rule set: what the linter accepts is what the types accept. */
import { type Fields, FLOW_FIELDS, fieldsSchema, LLM_FIELDS, VOICE_AGENT_FIELDS } from '@pickup/contract';
import { LANGUAGES, LLM_MODELS, S2S_MODELS, VOICE_MODELS } from '../../contract/src/settings/values.ts';
import { FIELD_WORDS } from './field-words.ts';

interface Schema {
  readonly type?: string;
  readonly const?: string;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly description?: string;
}

const GROUPS = [
  ['agent', 'AgentSettings', VOICE_AGENT_FIELDS, 'Settings of the agent, for this session only.'],
  [
    'retell_llm',
    'RetellLlmSettings',
    LLM_FIELDS,
    'Settings of a prompted LLM; ignored with a warning where the agent has another engine.',
  ],
  [
    'conversation_flow',
    'ConversationFlowSettings',
    FLOW_FIELDS,
    'Settings of a conversation flow; ignored with a warning where the agent has another engine.',
  ],
] as const;

/** Open lists: these names are offered, and any other string is taken (E5). */
const OPEN: Readonly<Record<string, string>> = {
  'agent.voice_model': 'VoiceModel',
  'agent.post_call_analysis_model': 'LlmModel',
  'retell_llm.model': 'LlmModel',
  'retell_llm.s2s_model': 'SpeechModel',
  'conversation_flow.model_choice.model': 'LlmModel',
};

const literals = (values: readonly unknown[]): string => values.map((value) => JSON.stringify(value)).join(' | ');

function typeOf(schema: Schema, path: string): string {
  if (OPEN[path] !== undefined && schema.type === 'string') return OPEN[path];
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum !== undefined) return choiceType(schema.enum);
  const branches = schema.anyOf ?? schema.oneOf;
  if (branches !== undefined) return branches.map((branch) => typeOf(branch, path)).join(' | ');
  if (schema.type === 'array') return `readonly (${typeOf(schema.items ?? {}, path)})[]`;
  if (schema.type === 'object') return objectType(schema, path);
  if (schema.type === 'integer') return 'number';
  if (schema.type === 'null' || schema.type === 'string' || schema.type === 'boolean' || schema.type === 'number')
    return schema.type;
  throw new Error(`${path}: no type for ${JSON.stringify(schema)}`);
}

/** The long list of locales has a name. */
function choiceType(values: readonly unknown[]): string {
  if (!LANGUAGES.every((language) => values.includes(language))) return literals(values);
  const others = values.filter((value) => !(LANGUAGES as readonly unknown[]).includes(value));
  return ['Locale', ...others.map((value) => JSON.stringify(value))].join(' | ');
}

function objectType(schema: Schema, path: string): string {
  const required = new Set(schema.required);
  const members = Object.entries(schema.properties ?? {}).map(
    ([name, of]) => `readonly ${name}${required.has(name) ? '' : '?'}: ${typeOf(of, `${path}.${name}`)};`,
  );
  return `{ ${members.join(' ')} }`;
}

/** The rule in words, where it says more than the type does. */
function rule(schema: Schema): string {
  const words =
    schema.description ?? schema.anyOf?.map((branch) => branch.description ?? '').find((text) => text !== '');
  return words !== undefined && /\d|time zone|URL|duplicates/.test(words) && !/values\)/.test(words) ? ` ${words}` : '';
}

function member(group: string, name: string, schema: Schema): string {
  const words = FIELD_WORDS[group]?.[name];
  if (words === undefined) throw new Error(`packages/receiver/types/field-words.ts has no words for ${group}.${name}`);
  return `/** ${words}${rule(schema)} */\nreadonly ${name}?: ${typeOf(schema, `${group}.${name}`)};`;
}

function groupType(group: string, name: string, fields: Fields, words: string): string {
  const { properties } = fieldsSchema(fields, false) as unknown as Required<Schema>;
  const members = [...fields]
    .filter(([, of]) => of.overridable)
    .map(([field]) => member(group, field, properties[field]!))
    .toSorted((a, b) => (a.slice(a.indexOf('readonly')) < b.slice(b.indexOf('readonly')) ? -1 : 1));
  return `/** ${words} */\nexport interface ${name} {\n${members.join('\n')}\n}`;
}

const open = (name: string, values: readonly string[], words: string): string =>
  `/** ${words} Any other name is taken too: a gateway may know more. */\nexport type ${name} = ${literals(values)} | (string & {});`;

/** The text of src/reply/override-settings.ts, before formatting. */
export function renderOverrideTypes(): string {
  return [
    '/** Generated from the rule set by packages/receiver/types/write-override-types.ts; a test keeps it equal. */',
    `/** A language and the region it is spoken in. */\nexport type Locale = ${literals(LANGUAGES)};`,
    open('LlmModel', LLM_MODELS, 'A language model.'),
    open('SpeechModel', S2S_MODELS, 'A speech-to-speech model.'),
    open('VoiceModel', VOICE_MODELS, "A voice provider's model."),
    ...GROUPS.map(([group, name, fields, words]) => groupType(group, name, fields, words)),
  ].join('\n\n');
}
