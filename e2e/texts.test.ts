/** Texts, by the rules A1, A6, A8, C, D, E, F2 and G, through a real gateway and a real endpoint. */
import { LONGEST_PART } from '@pickup/core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { waitForOutcome } from './support/outcome.ts';
import { openStage, type Stage, type StagedNumber } from './support/stage.ts';
import { conversation, createEchoAgent, simulateText } from './support/text-stage.ts';
import { until } from './support/until.ts';

let stage: Stage;
let echo: string;
beforeAll(async () => {
  stage = await openStage();
  echo = await createEchoAgent(stage.gateway);
});
afterAll(() => stage?.close());

const reply = (over: object = {}) => ({ body: JSON.stringify({ chat_inbound: over }) });
const send = (staged: StagedNumber, text: string, from?: string) =>
  simulateText(stage.gateway, { to: staged.number, text, ...(from !== undefined && { from }) });
const outcomeOf = (id: string) => waitForOutcome(stage.gateway, id);
const forTexts = () => ({ inbound_sms_agents: [{ agent_id: echo, weight: 1 }] });
const GREETING = 'agent: Hello {{customer_name}}, your number?';

describe('A6 a text', () => {
  test('B1 E1 the first asks the webhook in the seed’s shape; the chat goes on without asking', async () => {
    const staged = await stage.number({
      script: reply({ override_agent_id: echo, dynamic_variables: { customer_name: 'Ann' }, metadata: { order: 7 } }),
      agent: false,
    });
    const { inbound_id } = await send(staged, 'Hi');
    const inbound = await outcomeOf(inbound_id);
    expect(inbound).toMatchObject({
      channel: 'sms',
      edge: 'simulator',
      outcome: 'connected',
      agent_id: echo,
      reply: { chat_inbound: { metadata: { order: 7 } } },
    });
    expect(JSON.parse(String(staged.requests()[0]!.body))).toEqual({
      event: 'chat_inbound',
      chat_inbound: { from_number: '+12137771234', to_number: staged.number },
    });
    expect(await conversation(stage.gateway, inbound_id, 2)).toEqual(['agent: Hello Ann, your number?', 'user: Hi']);
    const chatId = inbound.chat_id!;
    expect(await send(staged, '42')).toEqual({ inbound_id, chat_id: chatId });
    expect(await conversation(stage.gateway, inbound_id, 4)).toEqual([
      expect.anything(),
      'user: Hi',
      'user: 42',
      'agent: Got 42.',
    ]);
    expect(staged.requests()).toHaveLength(1);
    expect(await stage.gateway.client.chat.retrieve(chatId)).toMatchObject({
      chat_type: 'sms_chat',
      chat_status: 'ongoing',
      metadata: { order: 7 },
    });
    await send(staged, '0');
    await until('the end', async () => (await stage.gateway.client.chat.retrieve(chatId)).chat_status === 'ended');
    // Over: the next one asks again.
    const next = await send(staged, 'Hi again');
    expect(next.inbound_id).not.toBe(inbound_id);
    expect(await outcomeOf(next.inbound_id)).toMatchObject({ outcome: 'connected' });
    expect(staged.requests()).toHaveLength(2);
  });

  test('F2 texts that come meanwhile wait and share the decision, each answered in the order of storage', async () => {
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const staged = await stage.number({
      script: {
        nth: async () => {
          await held;
          return reply();
        },
      },
      settings: forTexts(),
    });
    const first = await send(staged, 'Hi');
    for (const text of ['1', '2', '3']) expect(await send(staged, text)).toEqual({ inbound_id: first.inbound_id });
    await staged.requested(1);
    // No reply text before the decision.
    const { body } = await stage.gateway.rest('GET', `/get-inbound/${first.inbound_id}`);
    expect(body).toMatchObject({ outcome: null, attempts: [] });
    release();
    expect(await conversation(stage.gateway, first.inbound_id, 8)).toEqual([
      GREETING,
      'user: Hi',
      ...['1', '2', '3'].flatMap((text) => [`user: ${text}`, `agent: Got ${text}.`]),
    ]);
    expect(staged.requests()).toHaveLength(1);
  });

  test('A1 an own URL for texts is asked, null asks nobody', async () => {
    const staged = await stage.number({ agent: false, settings: { ...forTexts(), inbound_sms_webhook_url: null } });
    const { inbound_id } = await send(staged, 'Hi');
    expect(await outcomeOf(inbound_id)).toMatchObject({ outcome: 'connected', attempts: [] });
    expect(staged.requests()).toHaveLength(0);
  });
});

describe('G what texts hear', () => {
  test('case 78 all attempts fail: webhook_failed, silence, nothing lost; with an agent it answers (E3)', async () => {
    const bare = await stage.number({ script: { status: 500 }, agent: false });
    const owned = await stage.number({ script: { status: 500 }, settings: forTexts() });
    const [failed, answered] = await Promise.all([send(bare, 'Hi'), send(owned, 'Hi')]);
    const refused = await outcomeOf(failed.inbound_id);
    expect(refused).toMatchObject({ outcome: 'webhook_failed' });
    expect(refused.attempts.map(({ attempt, status }) => [attempt, status])).toEqual([1, 2, 3, 4].map((n) => [n, 500]));
    expect(refused.decision.at(-1)).toMatch(/webhook_failed, silence$/);
    expect((await stage.gateway.rest('GET', `/get-chat/${refused.chat_id}`)).status).toBe(422);
    expect(await outcomeOf(answered.inbound_id)).toMatchObject({ outcome: 'connected', agent_id: echo });
    expect(bare.requests()).toHaveLength(4);
    // Each with the same webhook-id.
    expect(new Set(bare.requests().map((request) => request.header('webhook-id')))).toEqual(
      new Set([failed.inbound_id]),
    );
  });

  test.each([
    ['declined', { reject: true }],
    ['unknown_agent', { override_agent_id: 'agent_nobody' }],
    ['invalid_override', { agent_override: { agent: { webhook_timeout_ms: -1 } } }],
  ])('%s is silence, and the next text asks again', async (outcome, over) => {
    const staged = await stage.number({ script: reply(over), agent: false, settings: forTexts() });
    for (const nth of [1, 2]) {
      const { inbound_id } = await send(staged, 'Hi');
      const inbound = await outcomeOf(inbound_id);
      expect(inbound.outcome).toBe(outcome);
      expect((await stage.gateway.rest('GET', `/get-chat/${inbound.chat_id}`)).status).toBe(422);
      expect(staged.requests()).toHaveLength(nth);
    }
  });

  test('wrong_channel, no_agent, unknown_number, blocked_caller', async () => {
    const wrong = await stage.number({ script: reply({ override_agent_id: stage.agentId }), agent: false });
    const inbound = await outcomeOf((await send(wrong, 'Hi')).inbound_id);
    expect(inbound).toMatchObject({ outcome: 'unknown_agent', issues: [{ code: 'wrong_channel' }] });
    const nobody = await stage.number({ agent: false, settings: { inbound_webhook_url: null } });
    expect(await outcomeOf((await send(nobody, 'Hi')).inbound_id)).toMatchObject({ outcome: 'no_agent' });
    const { inbound_id } = await simulateText(stage.gateway, { to: '+12025550199', text: 'STOP' });
    expect(await outcomeOf(inbound_id)).toMatchObject({ outcome: 'unknown_number' });
    const blocked = await stage.number({ settings: { ...forTexts(), blocked_callers: ['+1213777*'] } });
    expect(await outcomeOf((await send(blocked, 'Hi')).inbound_id)).toMatchObject({ outcome: 'blocked_caller' });
    expect(blocked.requests()).toHaveLength(0);
  });

  test('agent_failed where the agent could never say a word: silence, and a chat error/error_retell', async () => {
    const { client } = stage.gateway;
    const llm = await client.llm.create({ model: 'gpt-4.1', start_speaker: 'user' });
    const mute = await client.chatAgent.create({ response_engine: { type: 'retell-llm', llm_id: llm.llm_id } });
    const staged = await stage.number({ script: reply({ override_agent_id: mute.agent_id }), agent: false });
    const inbound = await outcomeOf((await send(staged, 'Hi')).inbound_id);
    expect(inbound).toMatchObject({ outcome: 'agent_failed', agent_id: mute.agent_id });
    expect(await client.chat.retrieve(inbound.chat_id!)).toMatchObject({
      chat_status: 'error',
      disconnection_reason: 'error_retell',
    });
  });
});

describe('A8 opt-out', () => {
  test('STOP ends the chat and is confirmed once; then silence until START; HELP is answered; none asks the webhook', async () => {
    const staged = await stage.number({ script: reply(), settings: forTexts() });
    const first = await send(staged, 'Hi');
    await conversation(stage.gateway, first.inbound_id, 2);
    const outcomes = [];
    for (const text of ['HELP', ' stop ', 'Hello?', 'yes', 'START']) {
      const { inbound_id } = await send(staged, text);
      const { outcome, decision, attempts } = await outcomeOf(inbound_id);
      outcomes.push([text, outcome, /one confirmation/.test(decision.join()), attempts.length]);
    }
    expect(outcomes).toEqual([
      ['HELP', 'opted_out', true, 0],
      [' stop ', 'opted_out', true, 0],
      ['Hello?', 'opted_out', false, 0],
      ['yes', 'opted_out', true, 0],
      ['START', 'opted_out', true, 0],
    ]);
    const chatId = (await outcomeOf(first.inbound_id)).chat_id!;
    expect(await stage.gateway.client.chat.retrieve(chatId)).toMatchObject({
      chat_status: 'ended',
      disconnection_reason: 'user_hangup',
    });
    expect(staged.requests()).toHaveLength(1);
    // Per pair: another sender is not concerned.
    const other = await send(staged, 'Hi', '+12137779999');
    expect(await outcomeOf(other.inbound_id)).toMatchObject({ outcome: 'connected' });
    const again = await send(staged, 'Hi');
    expect(await outcomeOf(again.inbound_id)).toMatchObject({ outcome: 'connected' });
    expect(staged.requests()).toHaveLength(3);
  });
});

test('a long message is one message in the chat, whatever its parts', async () => {
  const { client } = stage.gateway;
  const line = `${'Word '.repeat(LONGEST_PART / 5)}end. `.repeat(3).trim();
  const llm = await client.llm.create({ model: 'gpt-4.1', start_speaker: 'agent', begin_message: line });
  const agent = await client.chatAgent.create({ response_engine: { type: 'retell-llm', llm_id: llm.llm_id } });
  const staged = await stage.number({ script: reply({ override_agent_id: agent.agent_id }), agent: false });
  const { inbound_id } = await send(staged, 'Hi');
  expect((await outcomeOf(inbound_id)).issues).toMatchObject([
    { code: 'model_without_key' },
    { code: 'first_line_only', effect: 'degraded' },
  ]);
  expect((await conversation(stage.gateway, inbound_id))[0]).toBe(`agent: ${line}`);
});
