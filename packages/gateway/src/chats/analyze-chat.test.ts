import type { ModelReply } from '@pickup/conversation';
import { expect, test } from 'vitest';
import { createLog } from '../observe/log.ts';
import type { ChatFindings, WholeChat } from '../stores/port.ts';
import { createChatAnalyst } from './analyze-chat.ts';

const CLOCK = { wallMs: () => 1 };
const RECORDED: ModelReply = {
  content: '',
  toolCalls: [{ id: 'c', name: 'record_analysis', arguments: '{"chat_summary":"Short.","chat_successful":true}' }],
};
const chatOf = (roles: readonly string[], chat_status = 'ended') =>
  ({
    chat: { chat_id: 'chat_1', agent_id: 'agent_1', agent_version: 0, chat_status, analysis_task: {} },
    messages: roles.map((role, nth) => ({
      message_id: `m${nth}`,
      role,
      content: 'Secret words',
      created_timestamp: 1,
    })),
  }) as unknown as WholeChat;

function world(whole: WholeChat, reply: ModelReply | 'down' = RECORDED) {
  const [settled, lines]: [ChatFindings[], string[]] = [[], []];
  let asked = 0;
  const use = { prompt: 1, completion: 1 };
  const analyst = createChatAnalyst({
    log: createLog({ write: (line) => void lines.push(line), clock: CLOCK }),
    store: {
      getWholeChat: async () => whole,
      getAgent: async () => undefined,
      settleChatAnalysis: async (_, findings) => {
        settled.push(findings);
        return whole;
      },
    },
    models: {
      find: () => ({
        async ask() {
          asked++;
          if (reply === 'down') return { ok: false, retry: true, reason: 'down', detail: '', use, tries: 3 };
          return { ok: true, reply, use, tries: 1 };
        },
      }),
    },
  });
  const job = (attempts: number) => {
    const given = { payload: { chat_id: 'chat_1' }, attempts, max_attempts: 8 };
    return analyst.handle(given as never, new AbortController().signal);
  };
  return { analyst, settled, lines, job, asked: () => asked };
}

test('a chat in which the user said nothing is not put to a model; chat_analyzed is told all the same', async () => {
  const { analyst, job, settled, asked } = world(chatOf(['agent', 'agent']));
  expect(await analyst.analyze(chatOf(['agent']))).toMatchObject({ kind: 'cannot' });
  await job(1);
  expect([asked(), settled]).toEqual([0, [{}]]);
});

test('a model that fails is asked again by the job, eight times; then the analysis is empty', async () => {
  const { job, settled } = world(chatOf(['agent', 'user']), 'down');
  await expect(job(7)).rejects.toThrow('down');
  expect(settled).toEqual([]);
  await job(8);
  expect(settled).toEqual([{}]);
});

test('what was found is stored, and the log has none of it; a chat that goes on is left alone', async () => {
  const { job, settled, lines } = world(chatOf(['agent', 'user']));
  await job(1);
  expect(settled).toMatchObject([{ chat_summary: 'Short.', chat_successful: true }]);
  expect(lines.join('')).toContain('chat_analyzed');
  expect(lines.join('')).not.toMatch(/Secret|Short\./);
  const going = world(chatOf(['agent', 'user'], 'ongoing'));
  await going.job(1);
  expect([going.asked(), going.settled]).toEqual([0, []]);
});
