import type { JsonObject, ResolvedEngine, ResolvedTarget } from '@pickup/contract';
import { expect, test } from 'vitest';
import { ARRIVED, buildFacts, buildTarget, FLOW, LLM } from '../../test/builders.ts';
import { applyOverride } from './apply-override.ts';
import { variableUses } from './variable-uses.ts';

const llm = (settings: JsonObject): ResolvedEngine => ({ ...LLM, settings }) as ResolvedEngine;
const flow = (settings: JsonObject): ResolvedEngine => ({ ...FLOW, settings }) as ResolvedEngine;

interface More extends Partial<ResolvedTarget> {
  readonly variables?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly override?: JsonObject;
}

/** The warnings of a session on this engine. */
function unset(engine: ResolvedEngine, more: More = {}) {
  const { variables = {}, headers = {}, override, ...target } = more;
  const wishes = { dynamic_variables: variables, faults: [], ...(override && { agent_override: override }) };
  const { issues } = applyOverride({
    facts: buildFacts({ custom_sip_headers: headers }),
    target: buildTarget({ engine, ...target }),
    knowledge_bases: new Set(),
    wishes,
    at: ARRIVED,
  });
  return issues.filter(({ code }) => code === 'unset_variable');
}
const names = (issues: readonly { readonly message: string }[]) =>
  issues.map(({ message }) => /^\{\{(.*?)\}\}/.exec(message)?.[1]);

test('E9 a name that nobody sets is told once, with its place and effect', () => {
  const found = unset(llm({ begin_message: 'Hi {{ name }}, {{name}}!', general_prompt: '{{name}} calls {{city}}' }));
  expect(found).toEqual([
    {
      ...{ severity: 'warning', effect: 'degraded', code: 'unset_variable', rule: 'E9', pointer: '' },
      message: '{{name}} in retell_llm.begin_message stays as it is written: nobody sets it.',
    },
    {
      ...{ severity: 'warning', effect: 'degraded', code: 'unset_variable', rule: 'E9', pointer: '' },
      message: '{{city}} in retell_llm.general_prompt stays as it is written: nobody sets it.',
    },
  ]);
});

test('E9 reply, tag, engine defaults, SIP headers and the system set names', () => {
  const engine = llm({
    begin_message: '{{a}} {{b}} {{c}} {{user_number}} {{current_time_Europe/Oslo}} {{current_node}} {{d}}',
    default_dynamic_variables: { c: '3' },
  });
  expect(names(unset(engine, { variables: { a: '' }, tag_variables: { b: '2' } }))).toEqual(['d']);
});

test('E9 names that SIP headers may set are left alone, in the case they are given', () => {
  const engine = llm({ begin_message: '{{x-account}} {{user-to-user}} {{diversion}} {{X-Account}}' });
  expect(names(unset(engine))).toEqual(['X-Account']);
  expect(unset(engine, { headers: { 'x-account': '1' } })[0]?.nearest).toBe('x-account');
});

test('E9 a name that is set and near is named', () => {
  const [found] = unset(llm({ begin_message: 'Hi {{customer_name}}' }), { variables: { customerName: 'Ann' } });
  expect(found?.nearest).toBe('customerName');
  expect(found?.message).toMatch(/nobody sets it\. customerName is set: is that meant\?$/);
});

test('E4 E9 after the override: what it replaces does not count, what it says does', () => {
  const engine = llm({ begin_message: 'Hi {{old}}', general_prompt: '' });
  const override = { retell_llm: { begin_message: 'Hi {{new}}' } };
  expect(unset(engine, { override })).toMatchObject([
    { pointer: '/call_inbound/agent_override/retell_llm/begin_message', message: expect.stringContaining('{{new}}') },
  ]);
  expect(unset(engine, { override: { retell_llm: { begin_message: null } } })).toEqual([]);
});

test('E9 states, tools, nodes and components are looked into; what the conversation sets is set', () => {
  const prompted = llm({
    states: [{ name: 's', state_prompt: 'Ask for {{order}}', tools: [{ type: 'end_call', description: '{{tool}}' }] }],
    general_tools: [
      { type: 'extract_dynamic_variable', variables: [{ name: 'order' }] },
      { type: 'custom', response_variables: { total: '$.total' }, url: 'https://x/{{total}}' },
    ],
  });
  expect(names(unset(prompted))).toEqual(['tool']);
  const walked = flow({
    nodes: [
      { id: 'a', type: 'conversation', instruction: { type: 'static_text', text: 'Hello {{first}}' } },
      { id: 'b', type: 'extract_dynamic_variables', variables: [{ name: 'size' }] },
      {
        id: 'c',
        type: 'branch',
        edges: [{ transition_condition: { type: 'equation', equations: [{ left: '{{maybe}}' }] } }],
      },
      { id: 'd', type: 'conversation', instruction: { type: 'prompt', text: 'Confirm {{size}}, {{user_dtmf_input}}' } },
    ],
    components: [{ name: 'x', nodes: [{ id: 'e', instruction: { text: '{{second}}' } }] }],
  });
  expect(unset(walked).map(({ message }) => message.split(' stays')[0])).toEqual([
    '{{first}} in conversation_flow.nodes[0].instruction.text',
    '{{second}} in conversation_flow.components[0].nodes[0].instruction.text',
  ]);
});

test('E9 of an agent nobody looked up nothing is said: its defaults are not known', () => {
  const override = { retell_llm: { begin_message: 'Hi {{new}}' } };
  expect(unset(llm({}), { unchecked: true, override })).toEqual([]);
});

test('the uses of an engine are looked for once, and 20 are told', () => {
  const settings = { general_prompt: Array.from({ length: 50 }, (_, at) => `{{v${at}}}`).join(' ') };
  expect(variableUses(settings)).toBe(variableUses(settings));
  expect(unset(llm(settings))).toHaveLength(20);
});

test('hostile braces take no time and name nothing', () => {
  expect(unset(llm({ begin_message: '{{'.repeat(200_000) + '}}'.repeat(200_000) }))).toEqual([]);
  expect(unset(llm({ begin_message: '{{}} {{ }} {{{a}}}' })).map(({ message }) => message.slice(0, 5))).toEqual([
    '{{a}}',
  ]);
});
