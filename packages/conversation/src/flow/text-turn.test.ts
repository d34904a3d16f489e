import { lookupIn } from '@pickup/core';
import { describe, expect, it } from 'vitest';
import { flowSettings } from './flow-settings.ts';
import type { FlowState } from './flow-state.ts';
import { readFlow } from './read-flow.ts';
import { type FlowContext, IDLE, MAX_MISSES } from './step-flow.ts';
import { branch, edge, ends, equation, keysEdge, node, says } from './test-flows.ts';
import { canRunInWriting, takeTextTurn } from './text-turn.ts';

type Options = { readonly variables?: Record<string, string>; readonly beginMessage?: string };

/** A chat by hand; between two messages the state is kept as JSON. */
const chat = (nodes: readonly object[], { variables = {}, beginMessage }: Options = {}) => {
  const flow = readFlow({ start_node_id: 'start', nodes });
  const context: FlowContext = {
    settings: flowSettings({}),
    lookup: lookupIn(variables),
    ...(beginMessage !== undefined && { beginMessage }),
  };
  let kept = JSON.stringify(IDLE);
  const take = (event: Parameters<typeof takeTextTurn>[2]) => {
    const { state, said, ended } = takeTextTurn(flow, JSON.parse(kept) as FlowState, event, context);
    kept = JSON.stringify(state);
    return ended === undefined ? said : [...said, `end: ${ended}`];
  };
  return {
    start: () => take({ on: 'start' }),
    write: (text: string) => take({ on: 'message', text }),
    state: () => JSON.parse(kept) as FlowState,
  };
};

const MENU = [
  says('start', 'Press 1 for sales, 2 for support.', {
    edges: [keysEdge('User pressed 1', 'sales'), keysEdge('User pressed 2', 'support')],
  }),
  says('sales', 'Sales is closed, {{name}}.', { skip_response_edge: edge('skip', 'bye') }),
  says('support', 'Your number?', { always_edge: edge('always', 'check') }),
  branch('check', [equation([['{{user_dtmf_input}}', '==', '007']], 'bye')], 'start'),
  ends('bye', 'Bye.'),
];

describe('takeTextTurn', () => {
  it('F6 keys take their edges, several sentences are said in one turn, the state waits as JSON', () => {
    const { start, write, state } = chat(MENU, { variables: { name: 'Bo' } });
    expect(start()).toEqual(['Press 1 for sales, 2 for support.']);
    expect(write(' 2 ')).toEqual(['Your number?']);
    expect(state().variables).toEqual({ user_dtmf_input: '2', user_dtmf_input_start: '2' });
    expect(write('7')).toEqual(['Press 1 for sales, 2 for support.']);
    expect(write('1')).toEqual(['Sales is closed, Bo.', 'Bye.', 'end: node bye ends the call']);
    expect(write('1')).toEqual([]);
  });

  it('F6 words at a node that waits for keys have the sentence said again; the sixth in a row ends', () => {
    const { start, write } = chat(MENU);
    start();
    for (let miss = 0; miss < MAX_MISSES; miss++) expect(write('What?')).toEqual(['Press 1 for sales, 2 for support.']);
    expect(write('What?')).toEqual(['end: node start has no edge for the keys pressed']);
  });

  it('F6 words take else, and empty the entry of before: no old keys answer a new question', () => {
    const asks = says('start', 'Code?', {
      edges: [equation([['{{user_dtmf_input}}', '==', '9']], 'yes')],
      else_edge: edge('else', 'no'),
    });
    const nodes = [
      asks,
      says('yes', 'Yes.', { always_edge: edge('a', 'start') }),
      says('no', 'No.', {}),
      ends('e', ''),
    ];
    const { start, write } = chat(nodes);
    start();
    expect(write('9')).toEqual(['Yes.']);
    expect(write('go on')).toEqual(['Code?']);
    expect(write('what')).toEqual(['No.', 'end: node no leads nowhere']);
  });

  it('F6 letters and more than 50 keys are words, at nodes that take any answer too', () => {
    for (const words of ['A', 'BAD', '1'.repeat(51), '1 2']) {
      const nodes = [says('start', 'Well?', { always_edge: edge('a', 'end') }), ends('end', '[{{user_dtmf_input}}]')];
      const { start, write } = chat(nodes, { variables: { user_dtmf_input: 'none' } });
      start();
      expect(write(words)[0]).toBe('[none]');
    }
  });

  it('an empty begin message waits for the user, another takes the place of the first sentence', () => {
    const nodes = [says('start', 'Hello.', { always_edge: edge('a', 'end') }), ends('end', 'Bye.')];
    const waits = chat(nodes, { beginMessage: '' });
    expect(waits.start()).toEqual([]);
    expect(waits.write('Hi')[0]).toBe('Bye.');
    expect(chat(nodes, { beginMessage: 'Welcome.' }).start()).toEqual(['Welcome.']);
  });

  it('F1 F2 a message before the start is ignored, and a loop without end comes to rest', () => {
    const { start, write } = chat([says('start', 'On.', { skip_response_edge: edge('s', 'start') })]);
    expect(write('hi')).toEqual([]);
    expect(start().at(-1)).toMatch(/^end: .*loop/);
  });
});

describe('canRunInWriting', () => {
  const press = node('press', 'press_digit', { instruction: { type: 'prompt', text: 'Press 1' } });
  it('names the nodes that press keys, beside what needs a model', () => {
    const flow = readFlow({
      start_node_id: 'start',
      nodes: [says('start', 'Hi', { always_edge: edge('a', 'press') }), press],
    });
    expect(canRunInWriting(flow)).toEqual({
      runnable: false,
      missing: ['node press: it presses keys, which takes a call'],
    });
    expect(canRunInWriting(readFlow({ start_node_id: 'start', nodes: [...MENU, press] }))).toEqual({ runnable: true });
  });
});
