/** SDKs 5.9.0 and 4.66.0 on the routes they share with the newest: bodies as they encode them, answers by their types. */
import { Retell as Retell466 } from 'retell-sdk-4-66';
import { Retell as Retell59 } from 'retell-sdk-5-9';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { API_KEY } from '../support/gateway.ts';
import { mismatches } from './mismatches.ts';
import { readSdkTypes, type SdkSchemas } from './response-schemas.ts';
import { makeChat, makeChatAgent, makeLlm, makeNumber, type SdkStage, startSdkStage } from './sdk-stage.ts';

type Older = Retell59 | Retell466;

let stage: SdkStage;
beforeAll(async () => {
  stage = await startSdkStage();
}, 90_000);
afterAll(() => stage?.close());

async function makeOldAgent(client: Older, s: SdkStage) {
  const { llm_id } = await makeLlm(s);
  return client.agent.create({ voice_id: '11labs-Adrian', response_engine: { type: 'retell-llm', llm_id } });
}

const TEXTS = [{ title: 'Hours', text: 'From nine to five, ä.' }];

function makeOldBase(client: Older) {
  return client.knowledgeBase.create({ knowledge_base_name: 'House rules', knowledge_base_texts: TEXTS });
}

/** The last exchange of a row is its method's. */
const ROWS: Readonly<Record<string, (client: Older, s: SdkStage) => Promise<unknown>>> = {
  'agent.create': makeOldAgent,
  'agent.retrieve': async (c, s) => c.agent.retrieve((await makeOldAgent(c, s)).agent_id, { version: 0 }),
  'agent.update': async (c, s) => c.agent.update((await makeOldAgent(c, s)).agent_id, { agent_name: 'Back desk' }),
  'agent.delete': async (c, s) => c.agent.delete((await makeOldAgent(c, s)).agent_id),
  'chatAgent.retrieve': async (c, s) => c.chatAgent.retrieve((await makeChatAgent(s)).agent_id),
  'llm.retrieve': async (c, s) => c.llm.retrieve((await makeLlm(s)).llm_id),
  'llm.update': async (c, s) => c.llm.update((await makeLlm(s)).llm_id, { general_prompt: 'Be long.' }),
  'phoneNumber.retrieve': async (c, s) => c.phoneNumber.retrieve((await makeNumber(s)).phone_number),
  'phoneNumber.delete': async (c, s) => c.phoneNumber.delete((await makeNumber(s)).phone_number),
  'call.registerPhoneCall': async (c, s) =>
    c.call.registerPhoneCall({ agent_id: (await makeOldAgent(c, s)).agent_id, direction: 'inbound' }),
  'chat.retrieve': async (c, s) => c.chat.retrieve((await makeChat(s)).chat_id),
  'chat.createChatCompletion': async (c, s) =>
    c.chat.createChatCompletion({ chat_id: (await makeChat(s)).chat_id, content: '1' }),
  'chat.end': async (c, s) => c.chat.end((await makeChat(s)).chat_id),
  'knowledgeBase.create': makeOldBase,
  'knowledgeBase.addSources': async (c) => {
    const { knowledge_base_id } = await makeOldBase(c);
    const file = new File(['Dogs are welcome.'], 'dogs.txt', { type: 'text/plain' });
    return c.knowledgeBase.addSources(knowledge_base_id, {
      knowledge_base_texts: TEXTS,
      knowledge_base_files: [file],
    });
  },
  'knowledgeBase.retrieve': async (c) => c.knowledgeBase.retrieve((await makeOldBase(c)).knowledge_base_id),
  'knowledgeBase.delete': async (c) => c.knowledgeBase.delete((await makeOldBase(c)).knowledge_base_id),
  // Their type of a voice has not the providers that came later: one that is in it.
  'voice.retrieve': (c) => c.voice.retrieve('11labs-Adrian'),
  'concurrency.retrieve': (c) => c.concurrency.retrieve(),
};

describe.each([
  { name: 'retell-sdk-5-9', make: Retell59 },
  { name: 'retell-sdk-4-66', make: Retell466 },
] as const)('$name', ({ name, make }) => {
  let types: SdkSchemas;
  beforeAll(() => {
    types = readSdkTypes(name);
  });
  afterAll(() => types?.close());

  test.each(Object.keys(ROWS))('%s', async (method) => {
    const fetch = stage.fetch as never;
    const client = new make({ apiKey: API_KEY, baseURL: stage.gateway.httpUrl, maxRetries: 0, fetch });
    await ROWS[method]!(client, stage);
    const { schema, definitions } = types.responseOf(method);
    expect(mismatches(schema, stage.exchanges.at(-1)?.body, definitions)).toEqual([]);
  });
});
