/** Every kind of node that the SDK's flows have, as a chat comes to it: what it does there, or that it is passed and named. */
import { describe, expect, it } from 'vitest';
import { branch, edge, ends, equation, keysEdge, node } from '../flow/test-flows.ts';
import { type TalkScript, talkByHand } from '../talk/test-talk.ts';
import { flowEngine } from './flow-engine.ts';

const written = (text: string) => ({ instruction: { type: 'static_text', text } });
const prompted = (text: string) => ({ instruction: { type: 'prompt', text } });
const TOOL = { type: 'custom', tool_id: 't1', name: 'book', url: 'https://example.com' };
const CODE = { type: 'code', tool_id: 't2', name: 'sum' };
const VALUES = { variables: [{ type: 'string', name: 'city', description: 'City' }] };
const else_edge = edge('e', 'next');

/** A flow that begins at the node and ends behind it. */
function come(type: string, rest: object, script: TalkScript = {}) {
  const nodes = [node('it', type, { ...rest }), ends('next', 'Next {{city}}.'), ends('other', 'Other.')];
  const made = talkByHand(flowEngine({ start_node_id: 'it', nodes, tools: [TOOL, CODE] }), script);
  return { ...made, lines: made.start() };
}
const NEXT = ['→ next', 'Next {{city}}.', 'end: node next ends the chat'];

describe('nodes that a chat carries out', () => {
  it.each<[string, object, readonly string[], TalkScript?]>([
    ['conversation', { ...written('Hi.'), skip_response_edge: else_edge }, ['Hi.', ...NEXT]],
    ['conversation', { ...prompted('Greet.'), skip_response_edge: else_edge }, ['Yes.', ...NEXT]],
    ['conversation', prompted('Greet.'), ['Yes.']],
    ['subagent', { ...prompted('Help.'), skip_response_edge: else_edge }, ['Yes.', ...NEXT]],
    ['end', { ...written('Bye.'), speak_during_execution: true }, ['Bye.', 'end: node it ends the chat']],
    ['end', { ...prompted('Bye.'), speak_during_execution: true }, ['Yes.', 'end: node it ends the chat']],
    ['end', { ...prompted('Bye.'), speak_during_execution: false }, ['end: node it ends the chat']],
    ['branch', branch('it', [equation([['1', '==', '2']], 'other')], 'next'), NEXT],
    [
      'branch',
      branch('it', [equation([['1', '==', '1']], 'other')], 'next'),
      ['→ other', 'Other.', 'end: node other ends the chat'],
    ],
    [
      ...(['extract_dynamic_variables', { ...VALUES, else_edge }] as const),
      ['→ next', 'Next Rome.', 'end: node next ends the chat'],
      { model: () => [['save_values', { city: 'Rome' }]] },
    ],
    ['extract_dynamic_variables', { ...VALUES, else_edge }, NEXT, { model: () => 'I cannot.' }],
    ['function', { tool_id: 't1', else_edge }, ['call book {}', 'result {}', ...NEXT]],
    [
      ...(['function', { tool_id: 't1', else_edge }] as const),
      ['call book {}', 'result down', ...NEXT],
      { tool: () => ({ content: 'down', successful: false }) },
    ],
  ])('%s %j', (type, rest, lines, script) => {
    const made = come(type, rest, script);
    expect(made.lines).toEqual(['→ it', ...lines]);
    expect([...made.unable]).toEqual([]);
  });

  it('agent_swap asks for the other agent with its version, and goes its edge where there is none', () => {
    const made = come('agent_swap', { agent_id: 'agent_2', agent_version: 3, edge: else_edge });
    expect(made.wishes[0]).toEqual({ want: 'agent', agentId: 'agent_2', version: 3 });
    expect(made.lines).toEqual(['→ it', ...NEXT]);
    expect([...made.unable]).toEqual(['node it: There is no such agent.']);
    expect(come('agent_swap', { agent_id: 'agent_2' }).lines).toEqual(['→ it']);
  });
});

describe('F8 nodes that a chat cannot carry out are passed and named', () => {
  it.each<[string, object, RegExp]>([
    ['transfer_call', { edge: else_edge }, /telephone/],
    ['bridge_transfer', { edge: else_edge }, /telephone/],
    ['cancel_transfer', { edge: else_edge }, /telephone/],
    ['press_digit', { ...written('12#'), else_edge }, /keys/],
    ['press_digit', { ...prompted('What the menu asks for'), else_edge }, /keys/],
    ['sms', { success_edge: else_edge, failed_edge: edge('f', 'other') }, /in writing/],
    ['code', { code: 'x', else_edge }, /no code/],
    ['mcp', { mcp_id: 'm', else_edge }, /MCP/],
    ['component', { component_id: 'c', else_edge }, /components/],
    ['function', { tool_id: 'gone', else_edge }, /no such tool/],
    ['function', { tool_id: 't2', else_edge }, /no code/],
    ['teleport', { edges: [keysEdge('Always', 'next')] }, /teleport is no node Pickup knows/],
  ])('%s %j', (type, rest, why) => {
    const made = come(type, rest);
    expect(made.lines).toEqual(['→ it', ...NEXT]);
    expect([...made.unable]).toEqual([expect.stringMatching(why)]);
    expect(made.asked).toHaveLength(0);
  });

  it('one that leads nowhere ends the chat, and two that lead to each other do', () => {
    const alone = come('code', {});
    expect(alone.lines).toEqual(['→ it', 'end: node it cannot be carried out and leads nowhere']);
    const loop = [node('a', 'code', { else_edge: edge('e', 'b') }), node('b', 'mcp', { else_edge: edge('e', 'a') })];
    expect(
      talkByHand(flowEngine({ start_node_id: 'a', nodes: loop }))
        .start()
        .at(-1),
    ).toMatch(/^end: .*loop/);
    expect(come('conversation', { ...written('Hi.'), skip_response_edge: edge('e', 'gone') }).lines.at(-1)).toBe(
      'end: there is no node gone',
    );
  });
});

it('a condition that a model judges is a template of the settings, and what a user wrote is none', () => {
  const start = { ...prompted('Ask.'), edges: [keysEdge('The user named {{code}}', 'next')] };
  const made = come('conversation', start, {
    variables: { code: '{{secret}}', secret: 'leaked' },
    model: ({ toolChoice }) => (toolChoice ? [['choose_condition', { condition: '1' }]] : 'Well?'),
  });
  expect(made.write('{{secret}} 1')).toEqual(NEXT);
  const judged = JSON.stringify(made.asked.at(-1)?.messages);
  expect(judged).toContain('The user named {{secret}}');
  expect(judged).not.toContain('leaked');
});

describe('global nodes that a model judges', () => {
  const global = (condition: string, rest: object = {}) => ({
    global_node_setting: { condition, go_back_conditions: [keysEdge('Done', '')], ...rest },
  });
  const flow = (rest: object = {}) => [
    node('start', 'conversation', prompted('Ask.')),
    node('help', 'conversation', { ...prompted('Help.'), ...global('Wants help', rest) }),
    node('hours', 'conversation', { ...prompted('Hours.'), ...global('Asks for hours', rest) }),
  ];
  /** Chooses by what the user wrote: the condition of that text. */
  const model: NonNullable<TalkScript['model']> = ({ toolChoice, messages }) => {
    if (!toolChoice) return 'Ok.';
    const wanted = /User: (.*)\n<\/conversation>/.exec(String(messages[1]?.content))?.[1];
    const nth = new RegExp(`(\\d)\\. ${wanted}`).exec(String(messages[0]?.content))?.[1];
    return [['choose_condition', { condition: nth ?? 'none' }]];
  };

  it('from one to another the way back leads into the flow', () => {
    const made = talkByHand(flowEngine({ start_node_id: 'start', nodes: flow() }), { model });
    made.start();
    expect(made.write('Wants help')).toEqual(['→ help (global)', 'Ok.']);
    expect(made.write('Asks for hours')).toEqual(['→ hours (global)', 'Ok.']);
    expect(made.write('Done')).toEqual(['→ start (global_go_back)', 'Ok.']);
  });

  it('one that cools down is not put to the model until then', () => {
    const made = talkByHand(flowEngine({ start_node_id: 'start', nodes: flow({ cool_down: 3 }) }), { model });
    made.start();
    made.write('Wants help');
    made.write('Done');
    expect(made.write('Wants help')).toEqual(['Ok.']);
    made.write('Asks for hours');
    expect(made.write('Wants help')).toEqual(['→ help (global)', 'Ok.']);
  });
});
