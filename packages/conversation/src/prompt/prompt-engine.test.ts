import { describe, expect, it } from 'vitest';
import { messagesOf } from '../talk/history.ts';
import { MAX_HISTORY, MAX_HISTORY_TEXT, MAX_ROUNDS, MAX_TOOL_TEXT } from '../talk/step.ts';
import { talkByHand } from '../talk/test-talk.ts';
import { promptEngine } from './prompt-engine.ts';

const END = { type: 'end_call', name: 'bye bye', description: 'Ends it' };
const CUSTOM = { type: 'custom', name: 'look', url: 'https://example.com', speak_after_execution: false };

describe('the beginning', () => {
  it.each([
    [{ begin_message: 'Hello {{name}}.' }, ['Hello {{x}}.'], 0],
    [{ begin_message: '' }, [], 0],
    [{ begin_message: 'Hello.', start_speaker: 'user' }, [], 0],
    [{}, ['Yes.'], 1],
    [{ begin_message: null }, ['Yes.'], 1],
  ])('of %j', (settings, said, asked) => {
    const talk = talkByHand(promptEngine(settings), { variables: { name: '{{x}}', x: 'never' } });
    expect(talk.start()).toEqual(said);
    expect(talk.asked).toHaveLength(asked);
  });
});

describe('tools', () => {
  it('a name that providers do not take is offered under another; the end is the end', () => {
    const talk = talkByHand(promptEngine({ begin_message: '', general_tools: [END] }), {
      model: () => [['bye_bye', {}]],
    });
    talk.start();
    expect(talk.write('Bye')).toEqual([
      'call bye_bye {}',
      'result The chat is over.',
      'end: tool bye bye ended the chat',
    ]);
    expect(talk.write('More')).toEqual([]);
  });

  it('those of telephones are not offered, and named', () => {
    const tools = [{ type: 'transfer_call', name: 't' }, { type: 'press_digit', name: 'p' }, END];
    const talk = talkByHand(promptEngine({ begin_message: '', general_tools: tools }));
    talk.start();
    talk.write('Hi');
    expect(talk.asked[0]?.tools?.map(({ name }) => name)).toEqual(['bye_bye']);
    expect([...talk.unable]).toEqual([expect.stringContaining('tool t:'), expect.stringContaining('tool p:')]);
  });

  it('speak_after_execution false waits for the user, unless the function failed', () => {
    let successful = true;
    const talk = talkByHand(promptEngine({ begin_message: '', general_tools: [CUSTOM] }), {
      model: ({ messages }) => (messages.at(-1)?.role === 'tool' ? 'It failed.' : [['look', {}]]),
      tool: () => ({ content: 'x'.repeat(MAX_TOOL_TEXT + 1), successful }),
    });
    talk.start();
    expect(talk.write('Go').at(-1)).toBe(`result ${'x'.repeat(MAX_TOOL_TEXT)}`);
    successful = false;
    expect(talk.write('Go').at(-1)).toBe('It failed.');
  });

  it('T1 a model that never stops calling comes to an end', () => {
    const talk = talkByHand(
      promptEngine({ begin_message: '', general_tools: [{ ...CUSTOM, speak_after_execution: true }] }),
      {
        model: () => [['look', {}]],
      },
    );
    talk.start();
    talk.write('Go');
    expect(talk.asked).toHaveLength(MAX_ROUNDS);
    expect(talk.asked.at(-1)?.toolChoice).toBe('none');
    expect(talk.state().phase).toBe('waiting');
  });

  it('calls of one id have ids of their own, each with its result behind it', () => {
    const talk = talkByHand(
      promptEngine({ begin_message: '', general_tools: [{ ...CUSTOM, speak_after_execution: true }] }),
      {
        model: (_, nth) =>
          nth < 3
            ? [
                ['look', { nth }],
                ['look', {}],
              ]
            : 'Done.',
      },
    );
    talk.start();
    talk.write('Go');
    const messages = messagesOf(talk.state().history);
    const calls = messages.flatMap((one) =>
      one.role === 'assistant' ? (one.toolCalls ?? []).map(({ id }) => id) : [],
    );
    expect(new Set(calls).size).toBe(4);
    expect(messages.flatMap((one) => (one.role === 'tool' ? one.toolCallId : []))).toEqual(calls);
  });
});

describe('E9 T4 what people, models and tools write is no template', () => {
  it('not in the history, not in variables', () => {
    const note = {
      ...{ type: 'extract_dynamic_variable', name: 'note', description: 'N' },
      variables: [{ type: 'string', name: 'note', description: 'N' }],
    };
    const talk = talkByHand(
      promptEngine({ begin_message: '', general_prompt: 'Note: {{note}}', general_tools: [note] }),
      {
        variables: { secret: 'leaked' },
        model: (_, nth) => (nth === 1 ? [['note', { note: '{{secret}}' }]] : 'I say {{secret}}'),
      },
    );
    talk.start();
    expect(talk.write('Say {{secret}}').at(-1)).toBe('I say {{secret}}');
    expect(JSON.stringify(talk.asked)).not.toContain('leaked');
    expect(talk.asked[1]?.messages[0]?.content).toBe('Note: {{secret}}');
  });
});

describe('T3 what a model is shown is bounded', () => {
  it('the oldest go first, and no result is left without its call', () => {
    const talk = talkByHand(
      promptEngine({ begin_message: '', general_tools: [{ ...CUSTOM, speak_after_execution: true }] }),
      {
        model: ({ messages }) => (messages.at(-1)?.role === 'tool' ? 'y'.repeat(500) : [['look', {}]]),
      },
    );
    talk.start();
    for (let nth = 0; nth < 120; nth++) talk.write(`${nth} ${'z'.repeat(400)}`);
    const { history } = talk.state();
    expect(history[0]?.role).toBe('user');
    expect(history.length).toBeLessThanOrEqual(MAX_HISTORY);
    expect(JSON.stringify(history).length).toBeLessThan(MAX_HISTORY_TEXT * 1.5);
    const last = talk.asked.at(-1)!.messages;
    expect(last.at(-3)).toMatchObject({ role: 'user', content: expect.stringMatching(/^119 /) });
  });
});

it('never throws, whatever the settings', () => {
  const odd = [
    undefined,
    7,
    { general_tools: 3, states: [null, { name: 's', edges: [7, {}], tools: [{}] }] },
    { model: 7 },
  ];
  for (const settings of odd) {
    const talk = talkByHand(promptEngine(settings), {
      model: () => [
        ['', ''],
        ['transition_to_x', '{}'],
      ],
    });
    expect(() => [talk.start(), talk.write('Hi')]).not.toThrow();
  }
});
