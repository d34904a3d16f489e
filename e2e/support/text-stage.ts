/** A flow that answers texts, and simulated texts. */
import type { InboundObject } from '@pickup/contract';
import type { GatewayProcess } from './gateway.ts';
import { until } from './until.ts';

const says = (id: string, text: string, rest: object) => ({
  id,
  type: 'conversation',
  instruction: { type: 'static_text', text },
  ...rest,
});
const goTo = (id: string, prompt: string, to: string) => ({
  id,
  destination_node_id: to,
  transition_condition: { type: 'prompt', prompt },
});

/** Greets at the first text and says each number that follows back, until it is 0. */
export async function createEchoAgent(gateway: GatewayProcess): Promise<string> {
  const { client } = gateway;
  const next = { edges: [goTo('zero', 'User pressed 0', 'bye')], else_edge: goTo('else', 'Else', 'echo') };
  const flow = await client.conversationFlow.create({
    start_speaker: 'agent',
    model_choice: { type: 'cascading', model: 'gpt-4.1' },
    start_node_id: 'ask',
    nodes: [
      says('ask', 'Hello {{customer_name}}, your number?', next),
      says('echo', 'Got {{user_dtmf_input}}.', next),
      { id: 'bye', type: 'end', instruction: { type: 'static_text', text: 'Bye.' }, speak_during_execution: true },
    ],
  } as never);
  const engine = { type: 'conversation-flow', conversation_flow_id: flow.conversation_flow_id };
  const agent = await client.chatAgent.create({ response_engine: engine } as never);
  return agent.agent_id;
}

export interface SentText {
  readonly inbound_id: string;
  readonly chat_id?: string;
}

/** Resolves once the text is stored. */
export async function simulateText(
  gateway: GatewayProcess,
  text: { readonly to: string; readonly from?: string; readonly text?: string },
): Promise<SentText> {
  const { to, from = '+12137771234', text: words = 'Hi' } = text;
  const answer = await gateway.rest('POST', '/simulate-inbound-sms', { from_number: from, to_number: to, text: words });
  if (answer.status !== 201) throw new Error(`simulate-inbound-sms: ${answer.status} ${JSON.stringify(answer.body)}`);
  const { text_id: _id, ...sent } = answer.body;
  return sent;
}

/** What was said in the chat of an inbound, once there is so much of it. */
export async function conversation(gateway: GatewayProcess, inboundId: string, count = 1): Promise<readonly string[]> {
  const chatId = ((await gateway.rest('GET', `/get-inbound/${inboundId}`)).body as InboundObject).chat_id;
  return until(`${count} messages in ${chatId}`, async () => {
    const { status, body } = await gateway.rest('GET', `/get-chat/${chatId}`);
    if (status !== 200) return undefined;
    const said = body.message_with_tool_calls
      .filter(({ role }: { role: string }) => role === 'agent' || role === 'user')
      .map(({ role, content }: { role: string; content: string }) => `${role}: ${content}`);
    return said.length >= count && said;
  });
}
