/** For tests of every route: one of each thing there is, and a body that each route takes. */
import { createMemoryData, createMemoryStore, type MemoryData } from '../src/stores/memory/index.ts';
import { ORDER_FLOW } from './make-chat-agent.ts';
import { startTestApi, type TestApi } from './start-test-api.ts';

export interface FilledWorld {
  readonly api: TestApi;
  /** Everything stored but the audit log, as text: two are equal where nothing was changed in between. */
  readonly snapshot: () => string;
  /** The path with an id in each place where one has to be. */
  readonly pathOf: (path: string) => string;
  /** A body that is taken, by method and path. */
  readonly bodies: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

const AT = 1_790_000_000_000;

/** Starts the API and fills its store. */
export async function startFilledWorld(): Promise<FilledWorld> {
  const data = createMemoryData();
  const api = await startTestApi({ store: createMemoryStore(data) });
  const { client, store } = api;
  const llm = await client.llm.create({ begin_message: 'Hello' });
  const flow = await client.conversationFlow.create(ORDER_FLOW as never);
  const engine = { type: 'retell-llm' as const, llm_id: llm.llm_id };
  const agent = await client.agent.create({ voice_id: '11labs-Adrian', response_engine: engine });
  const flowEngine = { type: 'conversation-flow' as const, conversation_flow_id: flow.conversation_flow_id };
  const chatAgent = await client.chatAgent.create({ response_engine: flowEngine });
  const number = { phone_number: '+12137771234', termination_uri: 'sip.example.com' };
  await client.phoneNumber.import(number);
  const call = {
    call_id: 'call_over',
    call_status: 'ended',
    agent_id: agent.agent_id,
    agent_version: 0,
    direction: 'inbound',
    from_number: '+12137771235',
    to_number: number.phone_number,
    created_timestamp: AT,
  } as const;
  await store.registerCall(call);
  const chat = await client.chat.create({ agent_id: chatAgent.agent_id });
  await store.openInbound({
    inbound_id: 'inb_known',
    channel: 'call',
    edge: 'sip',
    from_number: '+12137771235',
    to_number: number.phone_number,
    arrival_timestamp: AT,
    session_id: 'call_of_inbound',
    settings: {},
    node_id: 'node',
    lease_until: AT,
  });
  await store.putKnowledgeBase('knowledge_base_known', 'House');
  const ids = {
    agent_id: agent.agent_id,
    call_id: call.call_id,
    chat_id: chat.chat_id,
    conversation_flow_id: flow.conversation_flow_id,
    inbound_id: 'inb_known',
    knowledge_base_id: 'knowledge_base_known',
    llm_id: llm.llm_id,
    phone_number: number.phone_number,
    voice_id: '11labs-Adrian',
  };
  const bodies = bodiesOf({ agentId: agent.agent_id, chatAgentId: chatAgent.agent_id, chatId: chat.chat_id, engine });
  const pathOf = (path: string) => {
    const known: Readonly<Record<string, string>> = path.includes('chat-agent')
      ? { ...ids, agent_id: chatAgent.agent_id }
      : ids;
    return path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(known[name] ?? 'nobody'));
  };
  return { api, snapshot: () => textOf(data), pathOf, bodies };
}

function bodiesOf(of: {
  readonly agentId: string;
  readonly chatAgentId: string;
  readonly chatId: string;
  readonly engine: object;
}) {
  return {
    'POST /import-phone-number': { phone_number: '+12137771299', termination_uri: 'sip.example.com' },
    'POST /create-agent': { voice_id: '11labs-Adrian', response_engine: of.engine },
    'POST /create-chat-agent': { response_engine: of.engine },
    'POST /publish-agent-version/{agent_id}': { version: 0 },
    'POST /create-agent-version/{agent_id}': { base_version: 0 },
    'POST /assign-agent-tag/{agent_id}': { tag: 'prod', version: 0 },
    'POST /create-conversation-flow': ORDER_FLOW,
    'POST /v2/register-phone-call': { agent_id: of.agentId },
    'POST /create-chat': { agent_id: of.chatAgentId },
    'POST /create-chat-completion': { chat_id: of.chatId, content: '1' },
    'POST /simulate-inbound-call': { from_number: '+12137771235', to_number: '+12137771234' },
    'POST /simulate-inbound-sms': { from_number: '+12137771235', to_number: '+12137771234', text: 'Hello' },
    'POST /create-knowledge-base': { knowledge_base_name: 'House' },
    'POST /add-knowledge-base-sources/{knowledge_base_id}': {
      knowledge_base_texts: [{ title: 'Hours', text: 'Nine.' }],
    },
    'POST /search-knowledge-base/{knowledge_base_id}': { query: 'hours' },
    'POST /check-webhook-reply': { reply: { call_inbound: {} } },
  };
}

function textOf({ audit: _audit, ...data }: MemoryData & { readonly audit?: unknown }): string {
  return JSON.stringify(data, (_name, value) => {
    if (value instanceof Map) return [...value];
    return value instanceof Set ? [...value] : value;
  });
}
