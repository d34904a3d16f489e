/**
 * SDKs 5.9.0 and 4.66.0, unmodified, on a running gateway: the routes only they use, and the fields by which they know
 * a number's agent. Their own types judge: at compile time by the rows, at run time by schemas read from them.
 */
import { Retell } from 'retell-sdk';
import { Retell as Retell466 } from 'retell-sdk-4-66';
import { Retell as Retell59 } from 'retell-sdk-5-9';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { API_KEY } from '../support/gateway.ts';
import { until } from '../support/until.ts';
import { mismatches } from './mismatches.ts';
import { readSdkTypes, type SdkSchemas } from './response-schemas.ts';
import { routesOf, type SdkOptions } from './sdk-routes.ts';
import {
  makeAgent,
  makeChat,
  makeChatAgent,
  makeFlow,
  makeLlm,
  makeNumber,
  placeCall,
  type SdkStage,
  startSdkStage,
} from './sdk-stage.ts';

type Older = Retell59 | Retell466;

interface Row {
  readonly method: string;
  readonly route: string;
  /** Default 200. */
  readonly status?: number;
  readonly call: (client: Older, stage: SdkStage) => Promise<unknown>;
}

/** Their types know no `manual_stopped`: the caller hangs up. */
async function finishedCall(stage: SdkStage): Promise<string> {
  const { call, call_id } = await placeCall(stage);
  await call.hangUp();
  await until('the end of the call', async () => (await stage.client.call.retrieve(call_id)).call_status === 'ended');
  return call_id;
}

const ROWS: readonly Row[] = [
  {
    method: 'phoneNumber.list',
    route: 'GET /list-phone-numbers',
    async call(client, stage) {
      const { phone_number } = await makeNumber(stage);
      const numbers = await client.phoneNumber.list();
      expect(numbers.map((one) => one.phone_number)).toContain(phone_number);
    },
  },
  {
    method: 'agent.list',
    route: 'GET /list-agents',
    async call(client, stage) {
      const { agent_id } = await makeAgent(stage);
      const agents = await client.agent.list({ limit: 1 });
      expect(agents.map((one) => one.agent_id)).toEqual([agent_id]);
      const [next] = await client.agent.list({ limit: 1, pagination_key: agent_id, pagination_key_version: 0 });
      expect(next?.agent_id).not.toBe(agent_id);
    },
  },
  {
    method: 'chatAgent.list',
    route: 'GET /list-chat-agents',
    async call(client, stage) {
      const { agent_id } = await makeChatAgent(stage);
      expect((await client.chatAgent.list()).map((one) => one.agent_id)).toContain(agent_id);
    },
  },
  {
    method: 'llm.list',
    route: 'GET /list-retell-llms',
    async call(client, stage) {
      const { llm_id } = await makeLlm(stage);
      expect((await client.llm.list()).map((one) => one.llm_id)).toContain(llm_id);
    },
  },
  {
    method: 'conversationFlow.list',
    route: 'GET /list-conversation-flows',
    async call(client, stage) {
      const { conversation_flow_id } = await makeFlow(stage);
      const flows = await client.conversationFlow.list();
      expect(flows.map((one) => one.conversation_flow_id)).toContain(conversation_flow_id);
    },
  },
  {
    method: 'call.list',
    route: 'POST /v2/list-calls',
    async call(client, stage) {
      const [first, second] = [await finishedCall(stage), await finishedCall(stage)];
      const call_status: 'ended'[] = ['ended'];
      const direction: 'inbound'[] = ['inbound'];
      const filter_criteria = { call_status, direction, start_timestamp: { lower_threshold: 1 } };
      const calls = await client.call.list({ filter_criteria, limit: 1, sort_order: 'descending' });
      expect(calls.map((one) => one.call_id)).toEqual([second]);
      const next = await client.call.list({ filter_criteria, limit: 1, pagination_key: second });
      expect(next.map((one) => one.call_id)).toEqual([first]);
    },
  },
  {
    method: 'chat.list',
    route: 'GET /list-chat',
    async call(client, stage) {
      const { chat_id } = await makeChat(stage);
      expect((await client.chat.list()).map((one) => one.chat_id)).toContain(chat_id);
    },
  },
  {
    method: 'agent.publish',
    route: 'POST /publish-agent/{}',
    async call(client, stage) {
      const { agent_id } = await makeAgent(stage);
      await stage.client.agent.update(agent_id, { agent_name: 'As it is published' });
      await client.agent.publish(agent_id);
      expect(await stage.client.agent.retrieve(agent_id, { version: 0 })).toMatchObject({
        is_published: true,
        agent_name: 'As it is published',
      });
    },
  },
  {
    method: 'chatAgent.publish',
    route: 'POST /publish-chat-agent/{}',
    async call(client, stage) {
      await client.chatAgent.publish((await makeChatAgent(stage)).agent_id);
    },
  },
  {
    method: 'agent.getVersions',
    route: 'GET /get-agent-versions/{}',
    async call(client, stage) {
      const { agent_id } = await makeAgent(stage);
      expect((await client.agent.getVersions(agent_id)).map((one) => one.version)).toEqual([0]);
    },
  },
  {
    method: 'chatAgent.getVersions',
    route: 'GET /get-chat-agent-versions/{}',
    async call(client, stage) {
      const { agent_id } = await makeChatAgent(stage);
      expect((await client.chatAgent.getVersions(agent_id)).map((one) => one.version)).toEqual([0]);
    },
  },
  {
    method: 'phoneNumber.import',
    route: 'POST /import-phone-number',
    status: 201,
    async call(client, stage) {
      const { agent_id } = await makeAgent(stage);
      const number = await client.phoneNumber.import({
        phone_number: stage.freshNumber(),
        termination_uri: 'sip.example.com',
        inbound_agent_id: agent_id,
        inbound_agent_version: 0,
        outbound_agent_id: agent_id,
      });
      expect(number).toMatchObject({
        inbound_agent_id: agent_id,
        inbound_agent_version: 0,
        outbound_agent_id: agent_id,
      });
      expect(await stage.client.phoneNumber.retrieve(number.phone_number)).toMatchObject({
        inbound_agents: [{ agent_id, agent_version: 0, weight: 1 }],
        outbound_agents: [{ agent_id, weight: 1 }],
      });
    },
  },
  {
    method: 'phoneNumber.update',
    route: 'PATCH /update-phone-number/{}',
    async call(client, stage) {
      const { phone_number } = await makeNumber(stage);
      const { agent_id } = await makeAgent(stage);
      expect(await client.phoneNumber.retrieve(phone_number)).not.toHaveProperty('inbound_agent_id');
      await client.phoneNumber.update(phone_number, { inbound_agent_id: null });
      expect(await client.phoneNumber.retrieve(phone_number)).toMatchObject({ inbound_agents: null });
      const number = await client.phoneNumber.update(phone_number, { inbound_agent_id: agent_id });
      expect(number.inbound_agent_id).toBe(agent_id);
      const pinned = await client.phoneNumber.update(phone_number, { inbound_agent_version: 0 });
      expect(pinned).toMatchObject({ inbound_agent_id: agent_id, inbound_agent_version: 0 });
    },
  },
];

let stage: SdkStage;
beforeAll(async () => {
  stage = await startSdkStage();
}, 90_000);
afterAll(() => stage?.close());

interface Sdk {
  readonly name: string;
  readonly package: string;
  readonly client: () => Older;
}

const SDKS: readonly Sdk[] = [
  {
    name: '5.9.0',
    package: 'retell-sdk-5-9',
    client: () => new Retell59({ apiKey: API_KEY, baseURL: stage.gateway.httpUrl, maxRetries: 0, fetch: stage.fetch }),
  },
  {
    name: '4.66.0',
    package: 'retell-sdk-4-66',
    client: () =>
      new Retell466({ apiKey: API_KEY, baseURL: stage.gateway.httpUrl, maxRetries: 0, fetch: stage.fetch as never }),
  },
];

describe.each(SDKS)('retell-sdk $name', ({ name, package: packageName, client }) => {
  let types: SdkSchemas;
  const covered: string[] = [];
  beforeAll(() => {
    types = readSdkTypes(packageName);
  });
  afterAll(() => {
    types?.close();
    console.log(`Older routes by retell-sdk ${name}: covered ${covered.length} / total ${ROWS.length}`);
  });

  test.each(ROWS)('$method $route', async ({ method, route, status = 200, call }) => {
    await call(client(), stage);
    const done = stage.exchanges.findLast(({ method: verb, path }) => isRoute(`${verb} ${path}`, route));
    expect(done?.status).toBe(status);
    const { schema, definitions } = types.responseOf(method);
    expect(mismatches(schema, done?.body, definitions)).toEqual([]);
    covered.push(method);
  });

  test('routes outside the core say so: web calls, components that flows share', async () => {
    const older = client();
    await expect(older.call.createWebCall({ agent_id: 'agent_a' })).rejects.toMatchObject({
      status: 404,
      message: expect.stringContaining('Pickup does not take web calls'),
    });
    await expect(older.conversationFlowComponent.list()).rejects.toMatchObject({
      status: 404,
      message: expect.stringContaining('Pickup does not keep components'),
    });
  });
});

function isRoute(asked: string, route: string): boolean {
  return asked === route || asked.replace(/\/[^/]+$/, '/{}') === route;
}

test('every method by which an older SDK has another route than the newest is known here', async () => {
  const newest = await routesOf((options) => new Retell(options));
  const tried = new Set(ROWS.map(({ method }) => method));
  const outside = /^(call\.createWebCall|conversationFlowComponent\.list|tests\.\w+)$/;
  for (const make of [
    (options: SdkOptions) => new Retell59(options),
    (options: SdkOptions) => new Retell466({ ...options, fetch: options.fetch as never }),
  ]) {
    const older = await routesOf(make);
    const others = [...older].filter(([method, route]) => newest.get(method) !== route && !outside.test(method));
    expect(others.map(([method]) => method).filter((method) => !tried.has(method))).toEqual([]);
  }
});
