/** One gateway and one endpoint for the tests of a file: each test has its own number, whose webhook has its own path. */
import type { InboundObject } from '@pickup/contract';
import {
  type EndpointAnswer,
  type FakeEndpoint,
  type FakeEndpointOptions,
  type RecordedRequest,
  startFakeEndpoint,
} from '@pickup/testkit/endpoint';
import { type GatewayOptions, type GatewayProcess, startGateway } from './gateway.ts';
import { simulateCall, waitForOutcome } from './outcome.ts';
import { until } from './until.ts';

/** An answer, or what makes one for the n-th request of its number (from 1). */
export type Script =
  | EndpointAnswer
  | { readonly nth: (nth: number, request: RecordedRequest) => EndpointAnswer | Promise<EndpointAnswer> };

export interface NumberOptions {
  /** What the webhook answers. Default: 200 `{}`. */
  readonly script?: Script;
  /** The number's agent; false: it has none. Default: the house agent. */
  readonly agent?: boolean;
  /** More settings of the number. */
  readonly settings?: Readonly<Record<string, unknown>>;
}

export interface StagedNumber {
  readonly number: string;
  readonly webhookUrl: string;
  /** What its webhook was sent so far. */
  requests(): readonly RecordedRequest[];
  /** Resolves once its webhook was asked so often. */
  requested(count: number): Promise<void>;
}

/** A finished call. */
export interface PlacedCall {
  readonly inbound: InboundObject;
  readonly requests: readonly RecordedRequest[];
}

export interface Stage {
  readonly gateway: GatewayProcess;
  readonly endpoint: FakeEndpoint;
  /** The agent of numbers that have one, published as version 0. */
  readonly agentId: string;
  readonly llmId: string;
  number(options?: NumberOptions): Promise<StagedNumber>;
  /** Imports a number, calls it, waits for the outcome. */
  place(options?: NumberOptions): Promise<PlacedCall>;
  close(): Promise<void>;
}

export async function openStage(
  options: { readonly gateway?: GatewayOptions; readonly endpoint?: Omit<FakeEndpointOptions, 'handler'> } = {},
): Promise<Stage> {
  const scripts = new Map<string, Script>();
  const counts = new Map<string, number>();
  const endpoint = await startFakeEndpoint({
    ...options.endpoint,
    handler(request) {
      const nth = (counts.get(request.path) ?? 0) + 1;
      counts.set(request.path, nth);
      const script = scripts.get(request.path) ?? { body: '{}' };
      return typeof script === 'object' && 'nth' in script ? script.nth(nth, request) : script;
    },
  });
  const gateway = await startGateway(options.gateway).catch(async (error) => {
    await endpoint.close();
    throw error;
  });
  const { agentId, llmId } = await createHouseAgent(gateway);
  let numbers = 0;
  const number = async ({ script = { body: '{}' }, agent = true, settings = {} }: NumberOptions = {}) => {
    numbers += 1;
    const path = `/number-${numbers}`;
    scripts.set(path, script);
    const phoneNumber = `+1213777${String(2_000 + numbers)}`;
    const webhookUrl = `${endpoint.url}${path}`;
    await importNumber(gateway, phoneNumber, {
      inbound_webhook_url: webhookUrl,
      ...(agent && { inbound_agents: [{ agent_id: agentId, agent_version: 0, weight: 1 }] }),
      ...settings,
    });
    const requests = () => endpoint.requests.filter((request) => request.path === path);
    return {
      number: phoneNumber,
      webhookUrl,
      requests,
      async requested(count: number) {
        await until(`${count} requests to ${path}`, () => requests().length >= count);
      },
    };
  };
  return {
    gateway,
    endpoint,
    agentId,
    llmId,
    number,
    async place(placed) {
      const staged = await number(placed);
      const inbound = await waitForOutcome(gateway, await simulateCall(gateway, { to: staged.number }));
      return { inbound, requests: staged.requests() };
    },
    async close() {
      await gateway.kill9();
      await endpoint.close();
    },
  };
}

/** Imports a number over REST; throws with the answer where it is refused. */
export async function importNumber(
  gateway: GatewayProcess,
  phoneNumber: string,
  settings: Readonly<Record<string, unknown>>,
): Promise<void> {
  const answer = await gateway.rest('POST', '/import-phone-number', {
    phone_number: phoneNumber,
    termination_uri: 'sip.example.com',
    ...settings,
  });
  if (answer.status !== 201) throw new Error(`import-phone-number: ${answer.status} ${JSON.stringify(answer.body)}`);
}

/** An agent with an LLM of its own, published. */
export async function createHouseAgent(
  gateway: GatewayProcess,
): Promise<{ readonly agentId: string; readonly llmId: string }> {
  const { client } = gateway;
  const llm = await client.llm.create({
    model: 'gpt-4.1',
    begin_message: 'Hello {{customer_name}}.',
    start_speaker: 'agent',
  });
  const agent = await client.agent.create({
    agent_name: 'House agent',
    voice_id: '11labs-Adrian',
    language: 'en-US',
    response_engine: { type: 'retell-llm', llm_id: llm.llm_id },
  });
  await client.agent.publish(agent.agent_id, { version: 0 });
  return { agentId: agent.agent_id, llmId: llm.llm_id };
}
