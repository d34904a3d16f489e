/** For tests: chat agents with an engine of their own, made through the API by the unmodified SDK. */
import type Retell from 'retell-sdk';

type Fields = Readonly<Record<string, unknown>>;

const says = (id: string, text: string, rest: Fields = {}): Fields => ({
  id,
  type: 'conversation',
  instruction: { type: 'static_text', text },
  ...rest,
});
const edge = (prompt: string, to: string): Fields => ({
  id: `${prompt} → ${to}`,
  destination_node_id: to,
  transition_condition: { type: 'prompt', prompt },
});

/** Asks for 1 (an order: its number is asked for and said back) or 0 (goodbye); all else is asked again. */
export const ORDER_FLOW: Fields = {
  start_speaker: 'agent',
  model_choice: { type: 'cascading', model: 'gpt-4.1' },
  start_node_id: 'menu',
  default_dynamic_variables: { shop: 'the shop' },
  nodes: [
    says('menu', 'Welcome to {{shop}}. Write 1 for an order, 0 to leave.', {
      edges: [edge('User pressed 1', 'ask'), edge('User pressed 0', 'bye')],
    }),
    says('ask', 'Which number?', { always_edge: edge('Else', 'check') }),
    {
      id: 'check',
      type: 'branch',
      edges: [
        {
          id: 'known',
          destination_node_id: 'found',
          transition_condition: {
            type: 'equation',
            operator: '&&',
            equations: [{ left: '{{user_dtmf_input}}', operator: '>', right: '99' }],
          },
        },
      ],
      else_edge: edge('Else', 'ask'),
    },
    says('found', 'Order {{user_dtmf_input}} is on its way, {{name}}.', { skip_response_edge: edge('Skip', 'menu') }),
    { id: 'bye', type: 'end', instruction: { type: 'static_text', text: 'Goodbye.' }, speak_during_execution: true },
  ],
};

/** A chat agent on a flow; `flow` is laid over ORDER_FLOW. */
export async function makeFlowAgent(client: Retell, over: { flow?: Fields; agent?: Fields } = {}) {
  const flow = await client.conversationFlow.create({ ...ORDER_FLOW, ...over.flow } as never);
  return client.chatAgent.create({
    response_engine: { type: 'conversation-flow', conversation_flow_id: flow.conversation_flow_id },
    ...over.agent,
  } as never);
}

/** A chat agent on a prompted LLM. */
export async function makeLlmChatAgent(client: Retell, over: { llm?: Fields; agent?: Fields } = {}) {
  const llm = await client.llm.create({ begin_message: 'Hello {{name}}', ...over.llm });
  return client.chatAgent.create({
    response_engine: { type: 'retell-llm', llm_id: llm.llm_id },
    ...over.agent,
  } as never);
}
