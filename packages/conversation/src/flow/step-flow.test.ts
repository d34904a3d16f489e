import { lookupIn } from '@pickup/core';
import { describe, expect, it } from 'vitest';
import { flowSettings } from './flow-settings.ts';
import type { FlowEffect, FlowEvent, FlowState } from './flow-state.ts';
import { readFlow } from './read-flow.ts';
import { type FlowContext, IDLE, MAX_HOPS, MAX_MISSES, stepFlow } from './step-flow.ts';
import { branch, edge, ends, equation, keysEdge, node, says } from './test-flows.ts';

type Options = { readonly agent?: object; readonly variables?: Record<string, string>; readonly beginMessage?: string };

/** A flow walked by hand; what it did reads as short words. */
const walk = (nodes: readonly object[], { agent = {}, variables = {}, beginMessage }: Options = {}) => {
  const flow = readFlow({ start_node_id: 'start', nodes });
  const context: FlowContext = {
    settings: flowSettings(agent),
    lookup: lookupIn(variables),
    ...(beginMessage !== undefined && { beginMessage }),
  };
  let state: FlowState = IDLE;
  const send = (event: FlowEvent) => {
    const step = stepFlow(flow, state, event, context);
    state = step.state;
    return step.effects.map(word);
  };
  return {
    state: () => state,
    start: () => send({ on: 'start' }),
    said: () => send({ on: 'said' }),
    keys: (keys: string) => [...keys].flatMap((key) => send({ on: 'key', key })),
    speech: (speaking: boolean) => send({ on: 'speech', speaking }),
    fire: (timer: 'keys' | 'quiet' | 'pause') => send({ on: 'timer', timer }),
  };
};

const word = (effect: FlowEffect): string => {
  switch (effect.do) {
    case 'say':
      return `say ${effect.spans.map((span) => span.text).join('')}${effect.speed ? ` at ${effect.speed}` : ''}`;
    case 'press':
      return `press ${effect.keys} after ${effect.delayMs}`;
    case 'arm':
      return `${effect.timer} in ${effect.afterMs}`;
    case 'record_keys':
      return `pressed ${effect.pressed}`;
    case 'set':
      return `${effect.name}=${effect.value}`;
    case 'end':
      return `end: ${effect.why}`;
    default:
      return effect.do;
  }
};

const MENU = [
  says('start', 'Press 1 for sales, 2 for support.', {
    edges: [keysEdge('User pressed 1', 'sales'), keysEdge('User pressed 2', 'support')],
    else_edge: edge('else', 'again'),
  }),
  says('sales', 'Sales is closed, {{name}}.', { skip_response_edge: edge('skip', 'bye') }),
  says('support', 'Enter your number.', { always_edge: edge('always', 'check') }),
  branch('check', [equation([['{{user_dtmf_input}}', '==', '42']], 'yes')], 'no'),
  says('yes', 'You pressed {{user_dtmf_input}}.', { skip_response_edge: edge('skip', 'bye') }),
  says('no', 'Unknown number.', { skip_response_edge: edge('skip', 'support') }),
  says('again', 'That is no choice.', { skip_response_edge: edge('skip', 'start') }),
  ends('bye', 'Goodbye.'),
];
const ONE = { user_dtmf_options: { digit_limit: 1 } };

describe('a flow walked by keys', () => {
  it('takes the edge of the key, renders variables, and hangs up at an end node', () => {
    const flow = walk(MENU, { agent: ONE, variables: { name: 'Anna' } });
    expect(flow.start()).toEqual(['say Press 1 for sales, 2 for support.']);
    expect(flow.said()).toEqual(['quiet in 10000']);
    expect(flow.keys('1')).toEqual([
      'disarm',
      'pressed 1',
      'user_dtmf_input=1',
      'user_dtmf_input_start=1',
      'say Sales is closed, Anna.',
    ]);
    expect(flow.said()).toEqual(['say Goodbye.']);
    expect(flow.said()).toEqual(['end: node bye ends the call']);
    expect(flow.keys('1')).toEqual([]);
  });

  it('F5 an entry ends when no key came for the time-out, which each key starts anew', () => {
    const flow = walk(MENU, { agent: { user_dtmf_options: { timeout_ms: 4_000 } } });
    flow.start();
    flow.said();
    expect(flow.keys('2')).toEqual(['keys in 4000']);
    expect(flow.fire('keys')).toContain('say Enter your number.');
    flow.said();
    expect(flow.keys('42')).toEqual(['keys in 4000', 'keys in 4000']);
    expect(flow.fire('keys').at(-1)).toBe('say You pressed 42.');
  });

  it.each([
    ['42#', '42#', '42'],
    ['#', '#', '#'],
  ])('F5 the termination key ends %s at once', (keys, pressed, entry) => {
    const flow = walk([says('start', 'Number?', { always_edge: edge('a', 'end') }), ends('end', '')], {
      agent: { user_dtmf_options: { termination_key: '#' } },
    });
    flow.start();
    flow.said();
    const effects = flow.keys(keys);
    expect(effects).toContain(`pressed ${pressed}`);
    expect(effects).toContain(`user_dtmf_input=${entry}`);
    expect(effects.at(-1)).toBe('end: node end ends the call');
  });

  it('a key interrupts the sentence, and keys typed ahead pass the next one over', () => {
    const flow = walk(MENU, { agent: ONE });
    flow.start();
    expect(flow.keys('1')).toEqual(expect.arrayContaining(['hush', 'pressed 1']));
    const ahead = walk(MENU, { agent: { ...ONE, interruption_sensitivity: 0 } });
    ahead.start();
    expect(ahead.keys('29')).toEqual([]);
    expect(ahead.said()).toContain('say Enter your number.');
  });

  it('allow_dtmf_interruption interrupts whatever the sensitivity; a node decides for itself', () => {
    const deaf = { ...ONE, interruption_sensitivity: 0 };
    const byAgent = walk(MENU, { agent: { ...deaf, allow_dtmf_interruption: true } });
    byAgent.start();
    expect(byAgent.keys('1')).toContain('hush');
    const nodes = [{ ...MENU[0], allow_dtmf_interruption: true }, ...MENU.slice(1)];
    const byNode = walk(nodes, { agent: deaf });
    byNode.start();
    expect(byNode.keys('1')).toContain('hush');
  });

  it('allow_user_dtmf false hears no key', () => {
    const flow = walk(MENU, { agent: { ...ONE, allow_user_dtmf: false } });
    flow.start();
    flow.said();
    expect(flow.keys('12#')).toEqual([]);
  });

  it('keys without an edge repeat the sentence, five times, and then end the call', () => {
    const flow = walk([says('start', 'Press 1.', { edges: [keysEdge('1', 'end')] }), ends('end', '')], { agent: ONE });
    flow.start();
    flow.said();
    for (let miss = 0; miss < MAX_MISSES; miss++) {
      expect(flow.keys('9').at(-1)).toBe('say Press 1.');
      flow.said();
    }
    expect(flow.keys('9').at(-1)).toBe('end: node start has no edge for the keys pressed');
  });

  it('collects under the name of the node too', () => {
    const flow = walk(
      [
        says('start', 'Account?', { always_edge: edge('a', 'pin') }),
        says('pin', 'PIN?', { always_edge: edge('a', 'end') }),
        ends('end', 'Account {{user_dtmf_input_start}}, {{previous_node}}.'),
      ],
      { agent: ONE },
    );
    flow.start();
    flow.said();
    flow.keys('7');
    flow.said();
    expect(flow.keys('3').at(-1)).toBe('say Account 7, pin.');
    expect(flow.state().variables).toMatchObject({ user_dtmf_input_start: '7', user_dtmf_input_pin: '3' });
  });
});

describe('a flow and silence', () => {
  it('reminds, then goes where "nothing" leads, and stops when the caller is gone', () => {
    const flow = walk(MENU);
    flow.start();
    flow.said();
    expect(flow.fire('quiet')).toEqual(['say Press 1 for sales, 2 for support.']);
    expect(flow.said()).toEqual(['quiet in 10000']);
    expect(flow.fire('quiet')).toEqual(['user_dtmf_input=', 'say That is no choice.']);
    let last: readonly string[] = [];
    for (let turn = 0; turn < 500 && !last[0]?.startsWith('end'); turn++) {
      last = [...flow.said(), ...flow.fire('quiet')].filter((done) => done.startsWith('end'));
    }
    expect(last).toEqual([expect.stringMatching(/^end: node \w+ closes a loop without end$/)]);
  });

  it('a prompt about no input is for silence; reminders are counted by node', () => {
    const nodes = [
      says('start', 'Press 1.', { edges: [keysEdge('1', 'end'), keysEdge('No input', 'none')], reminder_max_count: 0 }),
      ends('end', ''),
      ends('none', 'Good night.'),
    ];
    const flow = walk(nodes, { agent: { reminder_trigger_ms: 3_000 } });
    flow.start();
    expect(flow.said()).toEqual(['quiet in 3000']);
    expect(flow.fire('quiet')).toEqual(['user_dtmf_input=', 'say Good night.']);
  });

  it('F4 silence is no answer: an always edge waits for one', () => {
    const nodes = [
      says('start', 'Press 1 or any.', { edges: [keysEdge('1', 'end')], always_edge: edge('a', 'end') }),
      ends('end', ''),
    ];
    const flow = walk(nodes, { agent: { reminder_max_count: 0 } });
    flow.start();
    flow.said();
    expect(flow.fire('quiet')).toEqual(['user_dtmf_input=']);
    expect(flow.state().phase).toBe('waiting');
    flow.keys('9');
    expect(flow.fire('keys').at(-1)).toBe('end: node end ends the call');
  });

  it('speech is a turn where no key is waited for, and only then', () => {
    const open = walk([says('start', 'Hello?', { always_edge: edge('a', 'end') }), ends('end', 'Thank you.')]);
    open.start();
    open.said();
    expect(open.speech(true)).toEqual(['disarm']);
    expect(open.speech(false)).toEqual(['pause in 500']);
    expect(open.fire('pause')).toEqual(['say Thank you.']);
    const menu = walk(MENU);
    menu.start();
    menu.said();
    menu.speech(true);
    expect(menu.speech(false)).toEqual(['quiet in 10000']);
  });
});

describe('the places of a flow', () => {
  it('begin_message is said in place of the start, and in front of one that says nothing', () => {
    const said = walk(MENU, { beginMessage: 'Hi {{name}}.', variables: { name: 'Bo' } });
    expect(said.start()).toEqual(['say Hi Bo.']);
    const first = [branch('start', [equation([['{{vip}}', 'exists']], 'vip')], 'other'), ends('vip', 'VIP.')];
    const branching = walk([...first, ends('other', 'Other.')], { beginMessage: 'Hi.', variables: { vip: 'yes' } });
    expect(branching.start()).toEqual(['say Hi.']);
    expect(branching.said()).toEqual(['say VIP.']);
    expect(walk(MENU, { beginMessage: '' }).start()).toEqual(['quiet in 10000']);
  });

  it('F2 branches that lead to each other end the call', () => {
    const nodes = [branch('start', [], 'other'), branch('other', [], 'start')];
    expect(walk(nodes).start()).toEqual([expect.stringContaining('closes a loop without end')]);
  });

  it('F2 a loop that a caller keeps going ends after so many nodes', () => {
    const flow = walk([says('start', 'Any key.', { always_edge: edge('a', 'start') })], { agent: ONE });
    flow.start();
    for (let hop = 1; hop < MAX_HOPS; hop++) {
      flow.said();
      expect(flow.keys('1').at(-1)).toBe('say Any key.');
    }
    flow.said();
    expect(flow.keys('1').at(-1)).toBe('end: node start closes a loop without end');
  });

  it('F3 a dead end ends the call once its sentence was said', () => {
    const flow = walk([says('start', 'That is all.')]);
    flow.start();
    expect(flow.said()).toEqual(['end: node start leads nowhere']);
    expect(walk([branch('start', [], 'gone')]).start()).toEqual(['end: there is no node gone']);
    expect(walk([]).start()).toEqual(['end: there is no node start']);
    expect(walk([node('start', 'branch', {})]).start()).toEqual(['end: no edge of node start holds']);
  });

  it('presses keys after a delay, then goes on by the next turn', () => {
    const press = (text: string) => [
      node('start', 'press_digit', {
        instruction: { type: 'prompt', text },
        delay_ms: 500,
        else_edge: edge('e', 'end'),
      }),
      ends('end', ''),
    ];
    const flow = walk(press('Press 12#'));
    expect(flow.start()).toEqual(['press 12# after 500']);
    expect(flow.said()).toEqual(['quiet in 10000']);
    flow.speech(true);
    flow.speech(false);
    expect(flow.fire('pause')).toEqual(['end: node end ends the call']);
    expect(walk(press('{{extension}}'), { variables: { extension: '4-7' } }).start()).toEqual(['press 47 after 500']);
  });

  it("a node's own voice_speed", () => {
    expect(walk([says('start', 'Slowly.', { voice_speed: 0.5 })]).start()).toEqual(['say Slowly. at 0.5']);
  });
});

describe('global nodes that keys lead to', () => {
  const anywhere = (id: string, condition: string, rest: object = {}) =>
    says(id, `This is ${id}.`, {
      global_node_setting: {
        condition,
        go_back_conditions: [{ id: 'back', transition_condition: { type: 'prompt', prompt: 'Press *' } }],
        ...rest,
      },
    });
  const flowOf = (...globals: object[]) =>
    walk(
      [
        says('start', 'Press 1.', { edges: [keysEdge('1', 'one')], else_edge: edge('else', 'other') }),
        says('one', 'One.', { edges: [keysEdge('2', 'bye')] }),
        says('other', 'Other.', { edges: [keysEdge('2', 'bye')] }),
        ends('bye', ''),
        ...globals,
      ],
      { agent: ONE },
    );
  const reach = (flow: ReturnType<typeof flowOf>, keys: string) => flow.keys(keys).at(-1);

  it('are reached from any node, before its default, and lead back to where the caller was', () => {
    const flow = flowOf(anywhere('help', 'User pressed 0'));
    flow.start();
    flow.said();
    expect(reach(flow, '0')).toBe('say This is help.');
    flow.said();
    expect(reach(flow, '*')).toBe('say Press 1.');
    flow.said();
    expect(reach(flow, '1')).toBe('say One.');
    flow.said();
    expect(reach(flow, '0')).toBe('say This is help.');
    flow.said();
    expect(reach(flow, '*')).toBe('say One.');
  });

  it('do not take a key that the node itself has an edge for', () => {
    const flow = flowOf(anywhere('help', 'Press 1'));
    flow.start();
    flow.said();
    expect(reach(flow, '1')).toBe('say One.');
  });

  it('are left out for as many moves as cool_down says', () => {
    const flow = flowOf(anywhere('help', 'Press 0', { cool_down: 2 }));
    flow.start();
    flow.said();
    reach(flow, '0');
    flow.said();
    reach(flow, '*');
    flow.said();
    expect(reach(flow, '0')).toBe('say This is help.');
    const longer = flowOf(anywhere('help', 'Press 0', { cool_down: 3 }));
    longer.start();
    longer.said();
    reach(longer, '0');
    longer.said();
    reach(longer, '*');
    longer.said();
    expect(reach(longer, '0')).toBe('say Other.');
  });

  it('from one to another the way back leads into the flow', () => {
    const flow = flowOf(anywhere('help', 'Press 0'), anywhere('hours', 'Press 9'));
    flow.start();
    flow.said();
    reach(flow, '0');
    flow.said();
    expect(reach(flow, '9')).toBe('say This is hours.');
    flow.said();
    expect(reach(flow, '*')).toBe('say Press 1.');
  });
});
