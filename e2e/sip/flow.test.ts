/** A caller and a conversation flow without a model, by the keys of a real call. */
import { createPhone, type Phone } from '@pickup/testkit/phone';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openStage, type Stage } from '../support/stage.ts';
import { until } from '../support/until.ts';
import { onlyOutcome } from './support/records.ts';

let stage: Stage;
let phone: Phone;

beforeAll(async () => {
  [stage, phone] = await Promise.all([openStage(), createPhone()]);
}, 90_000);
afterAll(async () => {
  await phone?.close();
  await stage?.close();
});

const says = (id: string, text: string) => ({
  id,
  type: 'conversation' as const,
  instruction: { type: 'static_text' as const, text },
});
const otherwise = (destination: string) => ({
  id: `else-${destination}`,
  destination_node_id: destination,
  transition_condition: { type: 'prompt' as const, prompt: 'Else' as const },
});

/** An agent that asks for a number and ends the call when it is the right one. */
async function flowAgent(): Promise<string> {
  const { client } = stage.gateway;
  const flow = await client.conversationFlow.create({
    model_choice: { type: 'cascading', model: 'gpt-4.1' },
    start_speaker: 'agent',
    start_node_id: 'ask',
    nodes: [
      {
        ...says('ask', 'Number?'),
        edges: [
          {
            id: 'right',
            destination_node_id: 'right',
            transition_condition: {
              type: 'equation',
              operator: '&&',
              equations: [{ left: '{{user_dtmf_input}}', operator: '==', right: '47' }],
            },
          },
        ],
        else_edge: otherwise('wrong'),
      },
      {
        ...says('wrong', 'No.'),
        skip_response_edge: {
          id: 'skip',
          destination_node_id: 'ask',
          transition_condition: { type: 'prompt', prompt: 'Skip response' },
        },
      },
      {
        id: 'right',
        type: 'end',
        speak_during_execution: true,
        instruction: { type: 'static_text', text: 'Yes, {{user_dtmf_input}}.' },
      },
    ],
  });
  const agent = await client.agent.create({
    voice_id: 'builtin-en-us',
    user_dtmf_options: { termination_key: '#' },
    response_engine: { type: 'conversation-flow', conversation_flow_id: flow.conversation_flow_id },
  });
  return agent.agent_id;
}

test('a flow hears the keys of a caller, answers, and hangs up', async () => {
  const agentId = await flowAgent();
  const to = await stage.number({
    script: { body: JSON.stringify({ call_inbound: { override_agent_id: agentId } }) },
  });
  const call = await phone.call({ to: to.number, from: '+12137771234', server: stage.gateway.sip });
  expect((await call.final).code).toBe(200);
  const { call_id, issues } = await onlyOutcome(stage.gateway, to.number);
  // The model it names has no key here, and nobody misses it.
  expect(issues.map(({ code }) => code)).toEqual(['model_without_key']);
  const transcript = async () => (await stage.gateway.client.call.retrieve(call_id!)).transcript ?? '';
  const heard = (line: string, times = 1) =>
    until(`${times} times "${line}"`, async () => (await transcript()).split(line).length > times);
  await heard('Agent: Number?');
  await call.sendDigits('12#');
  await heard('Agent: Number?', 2);
  await call.sendDigits('47#');
  expect(await call.ended).toEqual({ by: 'them' });
  const ended = await until('the end of the call', async () => {
    const found = await stage.gateway.client.call.retrieve(call_id!);
    return found.call_status === 'ended' && found;
  });
  expect(ended.disconnection_reason).toBe('agent_hangup');
  expect(ended.transcript?.trim().split('\n')).toEqual([
    'Agent: Number?',
    'User: [digits] 12#',
    'Agent: No.',
    'Agent: Number?',
    'User: [digits] 47#',
    'Agent: Yes, 47.',
  ]);
});
