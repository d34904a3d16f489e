/** Agents whose flow needs no model. */
import type { GatewayProcess } from '../../support/gateway.ts';

const VOICE = 'builtin-en-us';

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
const atOnce = (destination: string) => ({
  id: `skip-${destination}`,
  destination_node_id: destination,
  transition_condition: { type: 'prompt' as const, prompt: 'Skip response' as const },
});
const ends = (id: string, text: string) => ({
  id,
  type: 'end' as const,
  speak_during_execution: true,
  instruction: { type: 'static_text' as const, text },
});

/** An agent that asks for a number until it is 47#, and then ends the call. */
export async function digitsAgent(gateway: GatewayProcess, question = 'Number?'): Promise<string> {
  const flow = await gateway.client.conversationFlow.create({
    model_choice: { type: 'cascading', model: 'gpt-4.1' },
    start_speaker: 'agent',
    start_node_id: 'ask',
    nodes: [
      {
        ...says('ask', question),
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
      { ...says('wrong', 'No.'), skip_response_edge: atOnce('ask') },
      ends('right', 'Yes, {{user_dtmf_input}}.'),
    ],
  });
  const agent = await gateway.client.agent.create({
    voice_id: VOICE,
    user_dtmf_options: { termination_key: '#' },
    response_engine: { type: 'conversation-flow', conversation_flow_id: flow.conversation_flow_id },
  });
  return agent.agent_id;
}

/** An agent that greets and hangs up. */
export async function briefAgent(gateway: GatewayProcess): Promise<string> {
  const flow = await gateway.client.conversationFlow.create({
    model_choice: { type: 'cascading', model: 'gpt-4.1' },
    start_speaker: 'agent',
    start_node_id: 'greet',
    nodes: [{ ...says('greet', 'Hello.'), skip_response_edge: atOnce('leave') }, ends('leave', 'Bye.')],
  });
  const agent = await gateway.client.agent.create({
    voice_id: VOICE,
    response_engine: { type: 'conversation-flow', conversation_flow_id: flow.conversation_flow_id },
  });
  return agent.agent_id;
}
