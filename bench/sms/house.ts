/** A gateway with a number at Twilio whose agent asks a model, in a process that can be killed. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type FakeEndpoint, startFakeEndpoint } from '@pickup/testkit/endpoint';
import { freePort } from '@pickup/testkit/free-port';
import { type GatewayProcess, startGateway } from '../../e2e/support/gateway.ts';
import { importNumber } from '../../e2e/support/stage.ts';
import { OURS, type People } from './people.ts';

export interface House {
  readonly url: string;
  readonly gateway: () => GatewayProcess;
  readonly endpoint: FakeEndpoint;
  restart(): Promise<GatewayProcess>;
  close(): Promise<void>;
}

export async function openHouse(people: () => People, modelUrl: string): Promise<House> {
  const home = mkdtempSync(join(tmpdir(), 'pickup-sms-'));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const { account, url: twilioUrl } = people().twilio;
  const options = {
    home,
    env: {
      PICKUP_HTTP_PORT: String(port),
      PICKUP_PUBLIC_URL: url,
      PICKUP_WEBHOOK_ALLOW: '127.0.0.0/8',
      PICKUP_TWILIO_ACCOUNT_SID: account.accountSid,
      PICKUP_TWILIO_AUTH_TOKEN: account.authToken,
      PICKUP_TWILIO_API_URL: twilioUrl,
      OPENAI_BASE_URL: modelUrl,
      OPENAI_API_KEY: 'sk-bench',
    },
  };
  const endpoint = await startFakeEndpoint({ handler: () => ({ body: '{}' }) });
  let gateway = await startGateway(options);
  const llm = await gateway.client.llm.create({ model: 'gpt-4.1', start_speaker: 'user', general_prompt: 'Echo.' });
  const agent = await gateway.client.chatAgent.create({ response_engine: { type: 'retell-llm', llm_id: llm.llm_id } });
  await importNumber(gateway, OURS, {
    inbound_webhook_url: endpoint.url,
    inbound_sms_agents: [{ agent_id: agent.agent_id, weight: 1 }],
  });
  return {
    url,
    gateway: () => gateway,
    endpoint,
    async restart() {
      await gateway.kill9();
      gateway = await startGateway(options);
      return gateway;
    },
    async close() {
      await gateway.kill9();
      await endpoint.close();
      rmSync(home, { recursive: true, force: true });
    },
  };
}
