/** Chats on a real gateway: over its death, and told of by events. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type FakeEndpoint, startFakeEndpoint } from '@pickup/testkit/endpoint';
import Retell from 'retell-sdk';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { API_KEY, type GatewayProcess, startGateway } from './support/gateway.ts';
import { integrityOf } from './support/inspect-store.ts';
import { until } from './support/until.ts';

const ROUNDS = 3;
const WRITERS = 5;
/** The longest that writers are let write before the kill. */
const LONGEST_MS = 400;
const NO_RETRY = { maxRetries: 0 };

let home: string;
let endpoint: FakeEndpoint;
let gateway: GatewayProcess;
const start = () =>
  startGateway({
    home,
    env: { PICKUP_WEBHOOK_ALLOW: '127.0.0.0/8', PICKUP_EVENT_WEBHOOK_URL: `${endpoint.url}/events` },
  });
beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'pickup-e2e-'));
  endpoint = await startFakeEndpoint({ handler: () => ({ status: 204 }) });
  gateway = await start();
});
afterEach(async () => {
  await gateway?.kill9();
  await endpoint.close();
  rmSync(home, { recursive: true, force: true });
});

const says = (id: string, text: string, rest: object) => ({
  id,
  type: 'conversation',
  instruction: { type: 'static_text', text },
  ...rest,
});
const edge = (id: string, prompt: string, to: string) => ({
  id,
  destination_node_id: to,
  transition_condition: { type: 'prompt', prompt },
});

/** Says every number back, until it is 0. */
async function makeEchoAgent(): Promise<string> {
  const { client } = gateway;
  const next = { edges: [edge('zero', 'User pressed 0', 'bye')], else_edge: edge('else', 'Else', 'echo') };
  const flow = await client.conversationFlow.create({
    start_speaker: 'agent',
    model_choice: { type: 'cascading', model: 'gpt-4.1' },
    start_node_id: 'ask',
    nodes: [
      says('ask', 'Your number, {{name}}?', next),
      says('echo', 'Got {{user_dtmf_input}}.', next),
      { id: 'bye', type: 'end', instruction: { type: 'static_text', text: 'Bye.' }, speak_during_execution: true },
    ],
  } as never);
  const response_engine = { type: 'conversation-flow', conversation_flow_id: flow.conversation_flow_id } as const;
  return (await client.chatAgent.create({ response_engine })).agent_id;
}

async function linesOf(chatId: string): Promise<readonly string[]> {
  return (await gateway.client.chat.retrieve(chatId)).transcript?.split('\n') ?? [];
}

test('a chat of several turns is killed in the middle and goes on where it was; its events tell of both ends', async () => {
  const agent_id = await makeEchoAgent();
  const chat = await gateway.client.chat.create({ agent_id, retell_llm_dynamic_variables: { name: 'Bo' } });
  const write = async (content: string) => {
    const { messages } = await gateway.client.chat.createChatCompletion({ chat_id: chat.chat_id, content });
    return messages.map((message) => 'content' in message && message.content);
  };
  expect(await write('7')).toEqual(['Got 7.']);
  expect(await write('8')).toEqual(['Got 8.']);
  await gateway.kill9();
  gateway = await start();
  const before = ['Agent: Your number, Bo?', 'User: 7', 'Agent: Got 7.', 'User: 8', 'Agent: Got 8.'];
  expect(await linesOf(chat.chat_id)).toEqual(before);
  expect(await write('9')).toEqual(['Got 9.']);
  expect(await write('0')).toEqual(['Bye.']);
  expect(await gateway.client.chat.retrieve(chat.chat_id)).toMatchObject({
    chat_status: 'ended',
    transcript: [...before, 'User: 9', 'Agent: Got 9.', 'User: 0', 'Agent: Bye.'].join('\n'),
  });
  // At least once: what was on its way when the process died comes again, with the same id.
  const once = () => new Map(endpoint.requests.map((one) => [one.header('webhook-id'), JSON.parse(String(one.body))]));
  await until('all events', () => once().size === 3);
  const told = [...once().values()];
  expect(told.map(({ event }) => event)).toEqual(['chat_started', 'chat_ended', 'chat_analyzed']);
  expect(told[0].chat).toMatchObject({ chat_id: chat.chat_id, chat_status: 'ongoing', transcript: before[0] });
  expect(told[1].chat).toMatchObject({ chat_status: 'ended', disconnection_reason: 'agent_hangup' });
  const listed = (await gateway.rest('GET', `/list-chat-events/${chat.chat_id}`)).body.items;
  expect(listed.map(({ event }: { event: string }) => event)).toEqual(told.map(({ event }) => event));
  for (const request of endpoint.requests) {
    const signature = request.header('x-retell-signature') ?? '';
    expect(await Retell.verify(String(request.body), API_KEY, signature)).toBe(true);
  }
});

interface Writer {
  readonly chatId: string;
  /** How many messages were acknowledged, and how many sent. */
  acknowledged: number;
  sent: number;
}

/** One message after the other, 1, 2, 3…, until the process is gone. */
async function writeUntilKilled(writer: Writer): Promise<void> {
  for (;;) {
    writer.sent = writer.acknowledged + 1;
    const body = { chat_id: writer.chatId, content: String(writer.sent) };
    await gateway.client.chat.createChatCompletion(body, NO_RETRY);
    writer.acknowledged = writer.sent;
  }
}

test('case 81 no acknowledged message is lost by kill -9, and none is there without its answer', async () => {
  const agent_id = await makeEchoAgent();
  const writers: Writer[] = [];
  for (let nth = 0; nth < WRITERS; nth++) {
    const { chat_id } = await gateway.client.chat.create({ agent_id, retell_llm_dynamic_variables: { name: 'Bo' } });
    writers.push({ chatId: chat_id, acknowledged: 0, sent: 0 });
  }
  for (let round = 1; round <= ROUNDS; round++) {
    const writing = Promise.allSettled(writers.map(writeUntilKilled));
    await until('some messages', () => writers.some(({ acknowledged }) => acknowledged >= round * 2));
    await new Promise((resolve) => setTimeout(resolve, (LONGEST_MS * round) / ROUNDS));
    await gateway.kill9();
    await writing;
    expect(integrityOf(home)).toBe('ok');
    gateway = await start();
    for (const writer of writers) {
      const [opening, ...lines] = await linesOf(writer.chatId);
      expect(opening).toBe('Agent: Your number, Bo?');
      const turns = lines.length / 2;
      expect(turns).toBeGreaterThanOrEqual(writer.acknowledged);
      expect(turns).toBeLessThanOrEqual(writer.sent);
      expect(lines).toEqual(
        Array.from({ length: turns }, (_, index) => [`User: ${index + 1}`, `Agent: Got ${index + 1}.`]).flat(),
      );
      writer.acknowledged = turns;
    }
  }
  expect(Math.min(...writers.map(({ acknowledged }) => acknowledged))).toBeGreaterThan(0);
});
