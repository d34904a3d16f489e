/**
 * One row per method of the core: it calls the method with what it needs, and its promise is the method's own. The
 * compiler holds every row to the SDK's response type, without a cast.
 */
import type { APIPromise, Retell } from 'retell-sdk';
import { CALL_ROWS } from './core-rows-calls.ts';
import type { CoreMethod } from './sdk-methods.ts';
import {
  makeAgent,
  makeChat,
  makeChatAgent,
  makeFlow,
  makeKnowledgeBase,
  makeLlm,
  makeNumber,
  type SdkStage,
} from './sdk-stage.ts';

/** What a method of the client resolves to. */
export type ResponseOf<M extends string> = M extends `${infer R}.${infer F}`
  ? R extends keyof Retell
    ? F extends keyof Retell[R]
      ? Retell[R][F] extends (...args: never[]) => APIPromise<infer T>
        ? T
        : never
      : never
    : never
  : never;

/** Rows of some of the methods. */
export type Rows<M extends CoreMethod> = { readonly [K in M]: (stage: SdkStage) => Promise<ResponseOf<K>> };

type Of<R extends string> = Extract<CoreMethod, `${R}.${string}`>;

/** Also makes a second version, so that there is something to see. */
async function twoVersions(stage: SdkStage, agent: { readonly agent_id: string }) {
  await stage.client.agent.publish(agent.agent_id, { version: 0 });
  await stage.client.agent.createVersion(agent.agent_id, { base_version: 0 });
  return agent.agent_id;
}

const AGENT_ROWS: Rows<Of<'agent'>> = {
  'agent.create': makeAgent,
  'agent.retrieve': async (s) => s.client.agent.retrieve((await makeAgent(s)).agent_id, { version: 0 }),
  'agent.update': async (s) =>
    s.client.agent.update((await makeAgent(s)).agent_id, {
      version: '0',
      agent_name: 'Back desk',
      ambient_sound: null,
    }),
  'agent.list': async (s) => {
    await makeAgent(s);
    await makeChatAgent(s);
    const filter_criteria = { channel: { type: 'string', op: 'eq', value: 'voice' } } as const;
    return s.client.agent.list({ limit: 2, sort_order: 'descending', filter_criteria });
  },
  'agent.delete': async (s) => s.client.agent.delete((await makeAgent(s)).agent_id),
  'agent.createVersion': async (s) => s.client.agent.createVersion((await makeAgent(s)).agent_id, { base_version: 0 }),
  'agent.deleteVersion': async (s) =>
    s.client.agent.deleteVersion(await twoVersions(s, await makeAgent(s)), { version: 1 }),
  'agent.getVersions': async (s) => s.client.agent.getVersions(await twoVersions(s, await makeAgent(s))),
  'agent.listVersions': async (s) =>
    s.client.agent.listVersions(await twoVersions(s, await makeAgent(s)), { limit: 1 }),
  'agent.publish': async (s) =>
    s.client.agent.publish((await makeAgent(s)).agent_id, { version: 0, version_title: 'First' }),
  'agent.repair': async (s) => s.client.agent.repair((await makeAgent(s)).agent_id, { version: 0 }),
};

const CHAT_AGENT_ROWS: Rows<Of<'chatAgent'>> = {
  'chatAgent.create': makeChatAgent,
  'chatAgent.retrieve': async (s) => s.client.chatAgent.retrieve((await makeChatAgent(s)).agent_id),
  'chatAgent.update': async (s) =>
    s.client.chatAgent.update((await makeChatAgent(s)).agent_id, { agent_name: 'Other desk' }),
  'chatAgent.list': async (s) => {
    await makeChatAgent(s);
    return s.client.chatAgent.list();
  },
  'chatAgent.delete': async (s) => s.client.chatAgent.delete((await makeChatAgent(s)).agent_id),
  'chatAgent.createVersion': async (s) =>
    s.client.chatAgent.createVersion((await makeChatAgent(s)).agent_id, { base_version: 0 }),
  'chatAgent.deleteVersion': async (s) =>
    s.client.chatAgent.deleteVersion(await twoVersions(s, await makeChatAgent(s)), { version: 1 }),
  'chatAgent.getVersions': async (s) => s.client.chatAgent.getVersions(await twoVersions(s, await makeChatAgent(s))),
  'chatAgent.publish': async (s) => s.client.chatAgent.publish((await makeChatAgent(s)).agent_id, { version: 0 }),
};

const ENGINE_ROWS: Rows<Of<'llm' | 'conversationFlow'>> = {
  'llm.create': makeLlm,
  'llm.retrieve': async (s) => s.client.llm.retrieve((await makeLlm(s)).llm_id, { version: 0 }),
  'llm.update': async (s) => s.client.llm.update((await makeLlm(s)).llm_id, { version: 0, begin_message: null }),
  'llm.list': async (s) => {
    await makeLlm(s);
    return s.client.llm.list({ limit: 1 });
  },
  'llm.delete': async (s) => s.client.llm.delete((await makeLlm(s)).llm_id, {}),
  'conversationFlow.create': makeFlow,
  'conversationFlow.retrieve': async (s) =>
    s.client.conversationFlow.retrieve((await makeFlow(s)).conversation_flow_id, { version: 0 }),
  'conversationFlow.update': async (s) =>
    s.client.conversationFlow.update((await makeFlow(s)).conversation_flow_id, { global_prompt: 'Be long.' }),
  'conversationFlow.list': async (s) => {
    await makeFlow(s);
    return s.client.conversationFlow.list({ limit: 1 });
  },
  'conversationFlow.delete': async (s) =>
    s.client.conversationFlow.delete((await makeFlow(s)).conversation_flow_id, {}),
};

const NUMBER_ROWS: Rows<Of<'phoneNumber'>> = {
  'phoneNumber.create': (s) => s.client.phoneNumber.create({ area_code: 415, number_provider: 'twilio' }),
  'phoneNumber.import': makeNumber,
  'phoneNumber.retrieve': async (s) => s.client.phoneNumber.retrieve((await makeNumber(s)).phone_number),
  'phoneNumber.update': async (s) => {
    const { agent_id } = await makeChatAgent(s);
    return s.client.phoneNumber.update((await makeNumber(s)).phone_number, {
      inbound_sms_agents: [{ agent_id, weight: 1, agent_version: 'latest' }],
      inbound_webhook_url: 'https://example.com/inbound',
      inbound_sms_webhook_url: null,
      fallback_number: '+14155550199',
      auth_password: 'another password',
      nickname: null,
    });
  },
  'phoneNumber.list': async (s) => {
    await makeNumber(s);
    return s.client.phoneNumber.list({ limit: 1 });
  },
  'phoneNumber.delete': async (s) => s.client.phoneNumber.delete((await makeNumber(s)).phone_number),
};

const CHAT_ROWS: Rows<Of<'chat'>> = {
  'chat.create': makeChat,
  'chat.retrieve': async (s) => s.client.chat.retrieve((await makeChat(s)).chat_id),
  'chat.update': async (s) =>
    s.client.chat.update((await makeChat(s)).chat_id, {
      metadata: { a: 1 },
      override_dynamic_variables: { name: 'Jane' },
    }),
  'chat.list': async (s) => {
    await makeChat(s);
    return s.client.chat.list({ limit: 1, include_total: true });
  },
  'chat.delete': async (s) => {
    const { chat_id } = await makeChat(s);
    await s.client.chat.end(chat_id);
    return s.client.chat.delete(chat_id);
  },
  'chat.createChatCompletion': async (s) =>
    s.client.chat.createChatCompletion({ chat_id: (await makeChat(s)).chat_id, content: '1' }),
  'chat.createSMSChat': async (s) => {
    const { agent_id } = await makeChatAgent(s);
    const { phone_number } = await makeNumber(s);
    const outbound_sms_agents = [{ agent_id, weight: 1 }];
    await s.client.phoneNumber.update(phone_number, { outbound_sms_agents });
    return s.client.chat.createSMSChat({ from_number: phone_number, to_number: '+14155550101' });
  },
  'chat.end': async (s) => s.client.chat.end((await makeChat(s)).chat_id),
  'chat.rerunAnalysis': async (s) => {
    const { chat_id } = await makeChat(s);
    await s.client.chat.end(chat_id);
    return s.client.chat.rerunAnalysis(chat_id);
  },
};

const KNOWLEDGE_ROWS: Rows<Of<'knowledgeBase'>> = {
  'knowledgeBase.create': makeKnowledgeBase,
  'knowledgeBase.retrieve': async (s) =>
    s.client.knowledgeBase.retrieve((await makeKnowledgeBase(s)).knowledge_base_id),
  'knowledgeBase.list': async (s) => {
    await makeKnowledgeBase(s);
    return s.client.knowledgeBase.list();
  },
  'knowledgeBase.delete': async (s) => s.client.knowledgeBase.delete((await makeKnowledgeBase(s)).knowledge_base_id),
  'knowledgeBase.addSources': async (s) =>
    s.client.knowledgeBase.addSources((await makeKnowledgeBase(s)).knowledge_base_id, {
      knowledge_base_texts: [{ title: 'Prices', text: 'All is free.' }],
      knowledge_base_files: [new File(['Dogs are welcome.'], 'dogs.txt', { type: 'text/plain' })],
    }),
  'knowledgeBase.deleteSource': async (s) => {
    const { knowledge_base_id } = await makeKnowledgeBase(s);
    const source = await firstSource(s, knowledge_base_id);
    return s.client.knowledgeBase.deleteSource(source, { knowledge_base_id });
  },
};

/** Sources are named once the base is complete. */
async function firstSource({ client }: SdkStage, id: string): Promise<string> {
  for (let turn = 0; turn < 100; turn += 1) {
    const { knowledge_base_sources: sources = [] } = await client.knowledgeBase.retrieve(id);
    const source = sources[0];
    if (source !== undefined) return source.source_id;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`${id} has no sources`);
}

const OTHER_ROWS: Rows<Of<'voice' | 'concurrency'>> = {
  'concurrency.retrieve': (s) => s.client.concurrency.retrieve(),
  'voice.retrieve': (s) => s.client.voice.retrieve('11labs-Adrian'),
  'voice.list': (s) => s.client.voice.list(),
  'voice.addResource': (s) => s.client.voice.addResource({ provider_voice_id: 'v', voice_name: 'V' }),
  'voice.clone': (s) =>
    s.client.voice.clone({ files: [new File(['RIFF'], 'v.wav')], voice_name: 'V', voice_provider: 'elevenlabs' }),
  'voice.search': (s) => s.client.voice.search({ search_query: 'calm' }),
};

/** The table: a method that is missing here does not compile. */
export const CORE_ROWS: Rows<CoreMethod> = {
  ...AGENT_ROWS,
  ...CHAT_AGENT_ROWS,
  ...ENGINE_ROWS,
  ...NUMBER_ROWS,
  ...CALL_ROWS,
  ...CHAT_ROWS,
  ...KNOWLEDGE_ROWS,
  ...OTHER_ROWS,
};
