import { expect, test } from 'vitest';
import { PLAIN } from '../style.ts';
import { conversationLines, sentLines } from './conversation.ts';

const AT = { since: 1_000, width: 100, style: PLAIN };

test('F2 the conversation of a text: who said what and when, tools and moves between, and its end', () => {
  const lines = conversationLines(
    {
      chat_status: 'ended',
      disconnection_reason: 'agent_hangup',
      end_timestamp: 4_000,
      message_with_tool_calls: [
        { role: 'agent', content: 'Hello!', created_timestamp: 1_040 },
        { role: 'user', content: 'Open?\u001b[2J', created_timestamp: 2_000 },
        { role: 'tool_call_invocation', name: 'hours', arguments: '{"day":1}', created_timestamp: 2_500 },
        { role: 'tool_call_result', content: '9-18', created_timestamp: 2_600 },
        { role: 'node_transition', new_node_name: 'bye', created_timestamp: 2_700 },
      ],
    },
    AT,
  );
  expect(lines.map((line) => line.trim().replace(/ +/g, ' '))).toEqual([
    '+40 ms agent “Hello!”',
    expect.stringMatching(/^\+1000 ms sender “Open\?[^\u001b]*\[2J”$/),
    '+1500 ms calls hours({"day":1})',
    '+1600 ms result 9-18',
    '+1700 ms goes to bye',
    '+3000 ms over ended, agent_hangup',
  ]);
});

test('a text of ours that was not sent says why; what is out says by whom', () => {
  const lines = sentLines(
    {
      outgoing_texts: [
        { part_id: 'm_1.1', state: 'sent', edge: 'twilio', provider_message_id: 'SM_1', accepted_timestamp: 1_100 },
        { part_id: 'm_1.2', state: 'failed', failures: 2, error_code: 'no_edge', error_message: 'Nothing sends.' },
      ],
    },
    AT,
  );
  expect(lines.map((line) => line.trim().replace(/ +/g, ' '))).toEqual([
    '+100 ms sent by twilio as SM_1',
    'failed m_1.2, after 2 failed tries: Nothing sends. [no_edge]',
  ]);
});
