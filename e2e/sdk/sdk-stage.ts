/** One gateway for the rows of the conformance suite, and things to call methods on. Every row makes its own. */
import { createPhone, type Phone } from '@pickup/testkit/phone';
import { Retell } from 'retell-sdk';
import { API_KEY, type GatewayProcess, startGateway } from '../support/gateway.ts';
import { until } from '../support/until.ts';

/** A request and its answer as they went over the wire. */
export interface Exchange {
  readonly method: string;
  readonly path: string;
  readonly status: number;
  /** Parsed; undefined where it was empty. */
  readonly body: unknown;
}

export interface SdkStage {
  /** The SDK as it is; what it sends and gets is noted. */
  readonly client: Retell;
  readonly gateway: GatewayProcess;
  readonly phone: Phone;
  /** What was exchanged, oldest first. */
  readonly exchanges: readonly Exchange[];
  /** The fetch of other clients that are to be noted too. */
  readonly fetch: typeof fetch;
  /** A number nobody has yet. */
  freshNumber(): string;
  close(): Promise<void>;
}

/** Starts it. */
export async function startSdkStage(): Promise<SdkStage> {
  const gateway = await startGateway();
  const exchanges: Exchange[] = [];
  const noted: typeof fetch = async (input, init) => {
    // 4.66 sends forms as streams, for the fetch it brings along.
    const response = await fetch(input, { ...init, duplex: 'half' });
    const text = await response.clone().text();
    exchanges.push({
      method: (init?.method ?? 'GET').toUpperCase(),
      path: new URL(String(input)).pathname,
      status: response.status,
      body: text === '' ? undefined : JSON.parse(text),
    });
    return response;
  };
  const client = new Retell({ apiKey: API_KEY, baseURL: gateway.httpUrl, maxRetries: 0, fetch: noted });
  const phone = await createPhone();
  let numbers = 0;
  return {
    client,
    gateway,
    phone,
    exchanges,
    fetch: noted,
    freshNumber() {
      numbers += 1;
      return `+1415555${String(1_000 + numbers)}`;
    },
    async close() {
      await phone.close();
      await gateway.kill9();
    },
  };
}

/** An LLM with tools and states. */
export function makeLlm({ client }: SdkStage) {
  return client.llm.create({
    model: 'gpt-4.1',
    model_temperature: 0.2,
    start_speaker: 'agent',
    begin_message: 'Hello {{name}}.',
    general_prompt: 'Be short.',
    general_tools: [{ type: 'end_call', name: 'end_call', description: 'When all is said.' }],
    states: [
      {
        name: 'greeting',
        state_prompt: 'Greet.',
        edges: [{ destination_state_name: 'ending', description: 'When greeted.' }],
      },
      { name: 'ending', state_prompt: 'Say good-bye.' },
    ],
    starting_state: 'greeting',
    default_dynamic_variables: { name: 'you' },
  });
}

/** A flow that asks for a key and ends: it takes no model. */
export function makeFlow({ client }: SdkStage) {
  return client.conversationFlow.create({
    model_choice: { type: 'cascading', model: 'gpt-4.1' },
    start_speaker: 'agent',
    start_node_id: 'hello',
    global_prompt: 'Be short.',
    default_dynamic_variables: { name: 'you' },
    nodes: [
      {
        id: 'hello',
        type: 'conversation',
        instruction: { type: 'static_text', text: 'Hello {{name}}, press 1 to go on.' },
        edges: [
          {
            id: 'yes',
            destination_node_id: 'end',
            transition_condition: { type: 'prompt', prompt: 'User pressed 1' },
          },
        ],
        display_position: { x: 1, y: 2 },
      },
      { id: 'end', type: 'end', name: 'The end' },
    ],
  });
}

/** A voice agent with an LLM of its own. */
export async function makeAgent(stage: SdkStage) {
  const { llm_id } = await makeLlm(stage);
  return stage.client.agent.create({
    agent_name: 'Front desk',
    voice_id: '11labs-Adrian',
    response_engine: { type: 'retell-llm', llm_id },
    language: 'en-US',
    voice_speed: 1.1,
    interruption_sensitivity: 0.8,
    enable_backchannel: true,
    backchannel_words: ['yeah'],
    boosted_keywords: ['Pickup'],
    webhook_events: ['call_started', 'call_ended'],
    post_call_analysis_data: [{ type: 'string', name: 'topic', description: 'What it was about.' }],
    voicemail_option: { action: { type: 'hangup' } },
    pronunciation_dictionary: [{ word: 'actually', alphabet: 'ipa', phoneme: 'ˈæktʃuəli' }],
    user_dtmf_options: { digit_limit: 4, termination_key: '#', timeout_ms: 3_000 },
    max_call_duration_ms: 600_000,
  });
}

/** A chat agent; on a flow it answers without a model. */
export async function makeChatAgent(stage: SdkStage) {
  const { conversation_flow_id } = await makeFlow(stage);
  return stage.client.chatAgent.create({
    agent_name: 'Writing desk',
    response_engine: { type: 'conversation-flow', conversation_flow_id },
    auto_close_message: 'Good-bye.',
    end_chat_after_silence_ms: 600_000,
    language: 'en-US',
    post_chat_analysis_data: [{ type: 'boolean', name: 'bought', description: 'Whether it was bought.' }],
  });
}

/** An imported number with an agent. */
export async function makeNumber(stage: SdkStage) {
  const { agent_id } = await makeAgent(stage);
  return stage.client.phoneNumber.import({
    phone_number: stage.freshNumber(),
    termination_uri: 'sip.example.com',
    sip_trunk_auth_username: 'user',
    sip_trunk_auth_password: 'a password of the trunk',
    transport: 'TCP',
    nickname: 'Front desk',
    inbound_agents: [
      { agent_id, weight: 0.25, agent_version: 0 },
      { agent_id, weight: 0.75 },
    ],
    allowed_inbound_country_list: ['US', 'AT'],
  });
}

/** A registered call. */
export async function makeCall(stage: SdkStage) {
  const { agent_id } = await makeAgent(stage);
  return stage.client.call.registerPhoneCall({
    agent_id,
    direction: 'inbound',
    from_number: '+12137771234',
    to_number: '+12137771235',
    metadata: { customer_id: '12345' },
    retell_llm_dynamic_variables: { name: 'John' },
  });
}

/** A call that goes on, and the phone's side of it. */
export async function placeCall(stage: SdkStage) {
  const { phone_number } = await makeNumber(stage);
  const call = await stage.phone.call({ to: phone_number, from: '+12137771234', server: stage.gateway.sip });
  const { code } = await call.final;
  if (code !== 200) throw new Error(`the call to ${phone_number} ended with ${code}`);
  const call_id = await until('the ongoing call', async () => {
    const { items = [] } = await stage.client.call.list({
      filter_criteria: { to_number: { type: 'string', op: 'eq', value: phone_number } },
    });
    return items.find((item) => item.call_status === 'ongoing')?.call_id;
  });
  return { call, call_id };
}

/** A call that is over, with all that is kept of one. */
export async function endedCall(stage: SdkStage) {
  const { call_id } = await placeCall(stage);
  await stage.client.call.stop(call_id);
  await until('the end of the call', async () => {
    const { call_status } = await stage.client.call.retrieve(call_id);
    return call_status === 'ended';
  });
  return { call_id };
}

/** A chat that goes on. */
export async function makeChat(stage: SdkStage) {
  const { agent_id } = await makeChatAgent(stage);
  return stage.client.chat.create({
    agent_id,
    metadata: { customer_id: '12345' },
    retell_llm_dynamic_variables: { name: 'John' },
  });
}

/** A knowledge base of one text. */
export function makeKnowledgeBase({ client }: SdkStage) {
  return client.knowledgeBase.create({
    knowledge_base_name: 'House rules',
    knowledge_base_texts: [{ title: 'Hours', text: 'We are open from nine to five.' }],
  });
}
