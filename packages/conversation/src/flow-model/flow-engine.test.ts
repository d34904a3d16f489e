import { describe, expect, it } from 'vitest';
import { branch, edge, ends, equation, keysEdge, node, says } from '../flow/test-flows.ts';
import { type TalkScript, talkByHand } from '../talk/test-talk.ts';
import { flowEngine } from './flow-engine.ts';

const prompts = (id: string, text: string, rest: object = {}, type = 'conversation') =>
  node(id, type, { instruction: { type: 'prompt', text }, ...rest });
const talk = (nodes: readonly object[], script: TalkScript = {}, rest: object = {}) =>
  talkByHand(flowEngine({ start_node_id: 'start', nodes, global_prompt: 'Global {{name}}.', ...rest }), script);
/** Chooses the nth condition, or none. */
const choose = (condition: string): readonly (readonly [string, unknown])[] => [['choose_condition', { condition }]];
const isJudging = (request: { readonly toolChoice?: unknown }) =>
  JSON.stringify(request.toolChoice) === '{"name":"choose_condition"}';

describe('nodes that talk by a prompt', () => {
  const NODES = [
    prompts('start', 'Ask {{name}} what is wrong.', {
      edges: [keysEdge('The user wants to buy', 'sales'), keysEdge('The user is done', 'bye')],
    }),
    says('sales', 'Sales is closed.', { skip_response_edge: edge('s', 'start') }),
    prompts('bye', 'Say goodbye.', { speak_during_execution: true }, 'end'),
  ];

  it('F7 one question judges all conditions; none stays, and the model speaks by the prompt', () => {
    const chosen = ['none', '2'];
    const { start, write, asked } = talk(NODES, {
      variables: { name: 'Bo' },
      model: (request) => (isJudging(request) ? choose(chosen.shift() ?? 'none') : 'Well?'),
    });
    expect(start()).toEqual(['→ start', 'Well?']);
    expect(asked[0]?.messages[0]?.content).toBe('Global Bo.\n\n## Your task now\nAsk Bo what is wrong.');
    expect(write('It broke')).toEqual(['Well?']);
    expect(asked[1]?.messages[0]?.content).toContain('1. The user wants to buy\n2. The user is done');
    expect(asked[1]?.messages[1]?.content).toContain('Agent: Well?\nUser: It broke');
    expect(asked[1]?.temperature).toBe(0);
    expect(write('Thanks')).toEqual(['→ bye', 'Well?', 'end: node bye ends the chat']);
    expect(asked.at(-1)?.tools).toBeUndefined();
  });

  it('F2 a way that leads straight back speaks again, and a loop without words ends', () => {
    const { start, write } = talk(NODES, { model: (request) => (isJudging(request) ? choose('1') : 'Well?') });
    start();
    expect(write('Buy')).toEqual(['→ sales', 'Sales is closed.', '→ start', 'Well?']);
    const loop = [says('start', 'On.', { skip_response_edge: edge('s', 'start') }), prompts('p', 'x')];
    expect(talk(loop).start().at(-1)).toMatch(/^end: .*loop/);
  });

  it('a begin message stands before a prompt, a message that waits already is answered instead of a greeting', () => {
    const greeted = talk(NODES, {}, { begin_message: 'Hello {{name}}' });
    expect(greeted.start()).toEqual(['→ start', 'Hello {{name}}']);
    expect(greeted.asked).toHaveLength(0);
    const waiting = talk(NODES);
    expect(waiting.start(true)).toEqual([]);
    expect(waiting.write('Hi')).toEqual(['→ start', 'Yes.']);
    expect(waiting.asked[0]?.messages.at(-1)).toEqual({ role: 'user', content: 'Hi' });
  });

  it('a node has its own model and its own knowledge beside the flow’s', () => {
    const nodes = [
      prompts('start', 'Help.', { model_choice: { model: 'gpt-5' }, knowledge_base_ids: ['kb_2'] }),
      ends('e', 'Bye'),
    ];
    const rest = {
      ...{ model_choice: { model: 'gpt-4.1-nano' }, model_temperature: 0.3, knowledge_base_ids: ['kb_1'] },
      kb_config: { top_k: 5, filter_score: 0.5 },
    };
    const { start, write, asked, wishes } = talk(nodes, { passages: ['We open at 9.'] }, rest);
    start();
    write('When do you open?');
    expect(wishes.filter(({ want }) => want === 'knowledge')).toEqual([
      { want: 'knowledge', baseIds: ['kb_1', 'kb_2'], query: 'When do you open?', topK: 5, filterScore: 0.5 },
    ]);
    expect(asked.at(-1)).toMatchObject({ model: 'gpt-5', temperature: 0.3 });
    expect(asked.at(-1)?.messages[0]?.content).toContain('<passage>\nWe open at 9.\n</passage>');
  });
});

describe('nodes that wait for nobody', () => {
  const VALUES = [
    { type: 'string', name: 'city', description: 'City' },
    { type: 'number', name: 'people', description: 'People', required: true },
  ];
  const TOOL = {
    ...{ type: 'custom', tool_id: 't1', name: 'book', url: 'https://example.com' },
    parameters: { type: 'object', properties: { city: { type: 'string' } } },
    response_variables: { room: 'rooms[0].name' },
  };

  it('extract, branch, function and end go in one turn; values are checked and become variables', () => {
    const nodes = [
      says('start', 'Where to?', { always_edge: edge('a', 'find') }),
      node('find', 'extract_dynamic_variables', { variables: VALUES, else_edge: edge('e', 'check') }),
      branch('check', [equation([['{{people}}', '>', '2']], 'book')], 'start'),
      node('book', 'function', {
        ...{ tool_id: 't1', tool_type: 'local', wait_for_result: true, speak_during_execution: true },
        instruction: { type: 'static_text', text: 'Booking {{city}}.' },
        edges: [equation([['{{room}}', 'exists']], 'bye')],
        else_edge: edge('e', 'start'),
      }),
      ends('bye', 'Room {{room}}.'),
    ];
    const { start, write, asked, wishes } = talk(
      nodes,
      {
        model: (_, nth) =>
          nth === 1 ? [['save_values', { city: 'Rome {{x}}', people: 3, more: 1 }]] : [['book', { city: 'Rome' }]],
        tool: () => ({ content: '{"rooms":[{"name":"12"}]}', successful: true }),
      },
      { tools: [TOOL] },
    );
    start();
    expect(write('Rome, three of us')).toEqual([
      ...['→ find', '→ check', '→ book', 'Booking Rome {{x}}.', 'call book {"city":"Rome"}'],
      ...['result {"rooms":[{"name":"12"}]}', '→ bye', 'Room 12.', 'end: node bye ends the chat'],
    ]);
    expect(asked[0]).toMatchObject({ toolChoice: { name: 'save_values' } });
    expect(asked[1]).toMatchObject({ toolChoice: { name: 'book' } });
    expect(wishes.find(({ want }) => want === 'tool')).toMatchObject({
      args: { city: 'Rome' },
      tool: { name: 'book' },
    });
  });

  it('F8 what a chat cannot do is passed and named; a swap that fails takes its edge', () => {
    const nodes = [
      node('start', 'sms', { success_edge: edge('s', 'call'), failed_edge: edge('f', 'no') }),
      node('call', 'transfer_call', { edge: edge('failed', 'swap') }),
      node('swap', 'agent_swap', { agent_id: 'agent_9', edge: edge('failed', 'end') }),
      ends('end', 'Bye.'),
    ];
    const { start, unable } = talk(nodes);
    expect(start()).toEqual(['→ start', '→ call', '→ swap', '→ end', 'Bye.', 'end: node end ends the chat']);
    expect([...unable].join('\n')).toMatch(
      /node start: .*in writing.*\nnode call: .*telephone\nnode swap: There is no/,
    );
  });
});

describe('global nodes and written sentences', () => {
  const back = { condition: 'The user asks for help', go_back_conditions: [keysEdge('Helped', '')] };
  const NODES = [
    says('start', 'Your number?', { edges: [keysEdge('User pressed 1', 'one'), keysEdge('The user agrees', 'one')] }),
    says('one', 'One.', { always_edge: edge('a', 'start') }),
    prompts('help', 'Help.', { global_node_setting: back }),
  ];

  it('a global node is judged with the edges, and its way back leads to where it was reached from', () => {
    const chosen = ['3', '1'];
    const { start, write } = talk(NODES, {
      model: (request) => (isJudging(request) ? choose(chosen.shift() ?? 'none') : 'I help.'),
    });
    start();
    expect(write('Help me')).toEqual(['→ help (global)', 'I help.']);
    expect(write('Thanks')).toEqual(['→ start (global_go_back)', 'Your number?']);
  });

  it('F7 keys and equations ask no model; words that fit nothing have the sentence said again', () => {
    const { start, write, asked } = talk(NODES, { model: () => choose('none') });
    start();
    expect(write('1')).toEqual(['→ one', 'One.']);
    expect(asked).toHaveLength(0);
    write('on');
    expect(write('what?')).toEqual(['Your number?']);
  });

  it('a model that only writes its choice is understood, one that chooses what is not there is not', () => {
    const chosen = ['2.', '17', 'I cannot say'];
    const { start, write } = talk(NODES, { model: () => chosen.shift() ?? '' });
    start();
    expect(write('Yes')).toEqual(['→ one', 'One.']);
    write('go on');
    expect(write('Well')).toEqual(['Your number?']);
    expect(write('Hm')).toEqual(['Your number?']);
  });
});

it('F1 never throws and always comes to rest, whatever the flow', () => {
  const odd: readonly unknown[] = [
    undefined,
    [],
    { nodes: [null, 7, { id: 'start' }, { id: 'start', type: 'function' }], start_node_id: 'start' },
    { nodes: [{ id: 'a', type: 'subagent', tools: [{}, null, { name: 'x', type: 'odd' }] }], start_node_id: 'a' },
    { nodes: [{ id: 'a', type: 'extract_dynamic_variables', variables: 7 }], start_node_id: 'a' },
  ];
  for (const settings of odd) {
    const { start, write } = talkByHand(flowEngine(settings), {
      model: () => [
        ['x', '{"'],
        ['__proto__', {}],
      ],
    });
    expect(() => [start(), write('Hi'), write('1')]).not.toThrow();
  }
});
