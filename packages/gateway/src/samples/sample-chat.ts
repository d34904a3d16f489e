/**
 * The sample data's chat agents: one walks a flow of written sentences and needs no key, one answers by a model, where
 * one is set up. Which of them the sample number has is the demo's to say.
 */
import type { Settings } from '@pickup/contract';
import type { AgentVersionRow, Store } from '../stores/port.ts';

/** Needs no key. */
export const SAMPLE_FLOW_AGENT = 'agent_flow_12345';
/** Takes a model. */
export const SAMPLE_PROMPT_AGENT = 'agent_prompt_12345';

const FLOW = 'conversation_flow_12345';
const PROMPT = 'llm_chat_12345';

const says = (id: string, text: string, edges: readonly Settings[]): Settings => ({
  id,
  type: 'conversation',
  instruction: { type: 'static_text', text },
  edges,
});

const onKey = (key: string, to: string): Settings => ({
  id: `${key} to ${to}`,
  destination_node_id: to,
  transition_condition: { type: 'prompt', prompt: `User pressed ${key}` },
});

const FLOW_SETTINGS: Settings = {
  start_speaker: 'agent',
  start_node_id: 'menu',
  default_dynamic_variables: { customer_name: 'there' },
  nodes: [
    says('menu', 'Hi {{customer_name}}, this is the sample shop. Text 1 for opening hours, 2 for your last order.', [
      onKey('1', 'hours'),
      onKey('2', 'order'),
    ]),
    says('hours', 'We are open Monday to Friday, 9 to 6. Text 2 for your last order, 9 to finish.', [
      onKey('2', 'order'),
      onKey('9', 'bye'),
    ]),
    says('order', 'Your last order is on its way, {{customer_name}}. Text 1 for opening hours, 9 to finish.', [
      onKey('1', 'hours'),
      onKey('9', 'bye'),
    ]),
    {
      id: 'bye',
      type: 'end',
      instruction: { type: 'static_text', text: 'Goodbye!' },
      speak_during_execution: true,
    },
  ],
};

const PROMPT_SETTINGS: Settings = {
  model: 'gpt-4.1-mini',
  start_speaker: 'user',
  general_prompt:
    'You answer text messages of customers of a sample shop. The customer is {{customer_name}}. Answer in one or two ' +
    'short sentences. The shop is open Monday to Friday, 9 to 6.',
  default_dynamic_variables: { customer_name: 'there' },
};

/** Writes both agents where they are not there yet. */
export async function loadSampleChat(store: Pick<Store, 'createAgent' | 'createEngine'>, now: number): Promise<void> {
  const engine = { version: 0, is_published: false, last_modification_timestamp: now } as const;
  await store.createEngine({ ...engine, kind: 'conversation-flow', id: FLOW, settings: FLOW_SETTINGS });
  await store.createEngine({ ...engine, kind: 'retell-llm', id: PROMPT, settings: PROMPT_SETTINGS });
  const agent = (agent_id: string, settings: Settings): AgentVersionRow => ({
    ...{ agent_id, version: 0, channel: 'chat', base_version: null, is_published: false },
    ...{ last_modification_timestamp: now, settings: { language: 'en-US', ...settings }, tags: [] },
  });
  const flow = { type: 'conversation-flow', conversation_flow_id: FLOW };
  await store.createAgent(
    agent(SAMPLE_FLOW_AGENT, { agent_name: 'Sample chat agent, by a flow', response_engine: flow }),
  );
  const prompt = { type: 'retell-llm', llm_id: PROMPT };
  await store.createAgent(
    agent(SAMPLE_PROMPT_AGENT, { agent_name: 'Sample chat agent, by a model', response_engine: prompt }),
  );
}
