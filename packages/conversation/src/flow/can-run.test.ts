import { describe, expect, it } from 'vitest';
import { canRunWithoutModel } from './can-run.ts';
import { branch, edge, ends, equation, keysEdge, node, says } from './test-flows.ts';

const flow = (...nodes: readonly object[]) => ({ start_node_id: 'start', nodes });
const missing = (json: unknown) => {
  const result = canRunWithoutModel(json);
  return result.runnable ? [] : result.missing;
};

describe('canRunWithoutModel', () => {
  it('sentences, keys, equations, branches, key presses and ends run', () => {
    const runs = flow(
      says('start', 'Press 1.', { edges: [keysEdge('Press 1', 'check')], else_edge: edge('e', 'end') }),
      branch('check', [equation([['{{vip}}', 'exists']], 'press')], 'end'),
      node('press', 'press_digit', { instruction: { type: 'prompt', text: '1' }, else_edge: edge('e', 'end') }),
      ends('end', 'Bye.'),
    );
    expect(canRunWithoutModel(runs)).toEqual({ runnable: true });
  });

  it.each<[object, string]>([
    [node('start', 'conversation', { instruction: { type: 'prompt', text: 'Greet.' } }), 'its instruction is a prompt'],
    [says('start', '', { edges: [keysEdge('User wants to leave', 'start')] }), 'edge User wants to leave → start'],
    [says('start', '', { always_edge: edge('a', 'gone') }), 'there is no node gone'],
    [says('start', '', { global_node_setting: { condition: 'angry' } }), 'global node'],
    [node('start', 'subagent', {}), 'it is a subagent node, which needs a model'],
    [node('start', 'transfer_call', {}), 'transfers calls'],
    [node('start', 'hologram', {}), 'it is a hologram node, which needs another runtime'],
    [node('start', 'press_digit', { instruction: { type: 'prompt', text: 'Reach billing' } }), 'names no key'],
    [
      node('start', 'end', { instruction: { type: 'prompt', text: 'Thank them.' }, speak_during_execution: true }),
      'last words',
    ],
  ])('%j does not', (start, why) => {
    expect(missing(flow(start))).toEqual([expect.stringMatching(/^node start/)]);
    expect(missing(flow(start))[0]).toContain(why);
  });

  it('what cannot be reached does not matter', () => {
    const prompt = node('unused', 'subagent', {});
    expect(
      missing(flow(says('start', 'Hi.', { skip_response_edge: edge('s', 'end') }), ends('end', ''), prompt)),
    ).toEqual([]);
  });

  it('a flow without a start, or in flex mode, does not', () => {
    expect(missing({ nodes: [says('start', 'Hi.')] })[0]).toContain('start_node_id');
    expect(missing({ ...flow(says('start', 'Hi.')), flex_mode: true })[0]).toContain('flex_mode');
    for (const json of [undefined, null, 7, 'x', [], {}, { nodes: {} }]) expect(missing(json).length).toBe(1);
  });
});
