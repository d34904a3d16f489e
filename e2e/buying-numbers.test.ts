/**
 * Numbers that are bought: the unmodified SDK buys at an account on a loopback socket, "Twilio" then asks for TwiML in
 * requests its own library signs, and SIP clients do what the TwiML says.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { InboundObject } from '@pickup/contract';
import { headerValue } from '@pickup/sip';
import { type EndpointAnswer, type FakeEndpoint, startFakeEndpoint } from '@pickup/testkit/endpoint';
import { runSipp } from '@pickup/testkit/sipp';
import { toolPresent } from '@pickup/testkit/tool';
import {
  askDialAction,
  askVoiceUrl,
  createTwilioNumbers,
  type DialResult,
  type FakeTwilio,
  startFakeTwilio,
  type TwilioCall,
  type TwilioNumbers,
} from '@pickup/testkit/twilio';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Login, openSipClient, type Reply, type SipClient } from './sip/support/sip-client.ts';
import { type GatewayProcess, startGateway } from './support/gateway.ts';
import { createHouseAgent } from './support/stage.ts';
import { until } from './support/until.ts';

const PUBLIC_URL = 'https://pickup.example.com';
const FALLBACK = '+12125550199';
const CALLER = '+14155550177';
const SETUP_MS = 90_000;

let home: string;
let twilio: FakeTwilio;
let numbers: TwilioNumbers;
let endpoint: FakeEndpoint;
let gateway: GatewayProcess;
let agentId: string;
/** What the endpoint answers. */
let answer: EndpointAnswer;
/** What a purchase waits for after it was made, before its answer goes out. */
let held: Promise<void> | undefined;

const ports = { sip: '0', http: '0' };

function boot(): Promise<GatewayProcess> {
  return startGateway({
    home,
    env: {
      PICKUP_SIP_PORT: ports.sip,
      PICKUP_HTTP_PORT: ports.http,
      PICKUP_PUBLIC_URL: PUBLIC_URL,
      PICKUP_SIP_PUBLIC_HOST: '127.0.0.1',
      PICKUP_WEBHOOK_ALLOW: '127.0.0.0/8',
      PICKUP_CONCURRENCY: '1',
      PICKUP_TWILIO_ACCOUNT_SID: twilio.account.accountSid,
      PICKUP_TWILIO_AUTH_TOKEN: twilio.account.authToken,
      PICKUP_TWILIO_API_URL: twilio.url,
    },
  });
}

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'pickup-e2e-'));
  twilio = await startFakeTwilio();
  numbers = createTwilioNumbers(
    twilio.account,
    Array.from({ length: 9 }, (_, nth) => ({ phoneNumber: `+1415555010${nth}` })),
  );
  twilio.serve(
    numbers.routes.map((route) => ({
      ...route,
      serve: async (request) => {
        const reply = await route.serve(request);
        if (route.method === 'POST') await held;
        return reply;
      },
    })),
  );
  endpoint = await startFakeEndpoint({ handler: () => answer });
  gateway = await boot();
  agentId = (await createHouseAgent(gateway)).agentId;
}, SETUP_MS);

beforeEach(() => {
  answer = { body: '{}' };
  held = undefined;
});

afterAll(async () => {
  await gateway?.stop();
  await Promise.all([twilio?.close(), endpoint?.close()]);
  rmSync(home, { recursive: true, force: true });
});

/** Buys a number, as a person with the SDK would. */
async function buy(over: Record<string, unknown> = {}): Promise<string> {
  const made = await gateway.client.phoneNumber.create({
    area_code: 415,
    inbound_agents: [{ agent_id: agentId, weight: 1 }],
    inbound_webhook_url: `${endpoint.url}/inbound`,
    fallback_number: FALLBACK,
    ...over,
  });
  expect(made).toMatchObject({ phone_number_type: 'retell-twilio' });
  return made.phone_number;
}

function callTo(number: string): TwilioCall {
  const bought = numbers.owned.find(({ phoneNumber }) => phoneNumber === number);
  if (!bought) throw new Error(`Twilio has no ${number}`);
  return {
    account: twilio.account,
    number: bought,
    from: CALLER,
    callSid: `CA${'1'.repeat(32)}`,
    via: gateway.httpUrl,
  };
}

interface SipTarget extends Login {
  readonly host: string;
  readonly port: number;
  readonly to: string;
  readonly action: string;
}

/** What the TwiML says: whom to dial, how, and where to ask afterwards. */
async function readDial(call: TwilioCall): Promise<SipTarget> {
  const [dial] = (await askVoiceUrl(call)).verbs;
  const sip = dial?.children[0];
  const [, to = '', host = '', port = ''] = /^sip:(\+\d+)@([\d.]+):(\d+);transport=tcp$/.exec(sip?.text ?? '') ?? [];
  const { username = '', password = '' } = sip?.attributes ?? {};
  return { to, host, port: Number(port), username, password, action: dial?.attributes['action'] ?? '' };
}

/** Dials as Twilio does; what it heard goes to the action. */
async function dial(client: SipClient, call: TwilioCall) {
  const target = await readDial(call);
  const headers = [`X-Twilio-CallSid: ${call.callSid}`];
  const { to, username, password } = target;
  const reply = await client.login({ to, username, password, from: CALLER, headers });
  return { reply, after: () => askDialAction(call, target.action, resultOf(reply)) };
}

function resultOf({ code, response }: Reply): DialResult & { readonly more: Record<string, string> } {
  const outcome = headerValue(response, 'X-Pickup-Outcome');
  const status = code < 300 ? 'completed' : code === 486 || code === 603 ? 'busy' : 'failed';
  return {
    DialCallStatus: status,
    DialSipResponseCode: String(code),
    more: outcome === undefined ? {} : { 'SipHeader_X-Pickup-Outcome': outcome },
  };
}

const open = () => openSipClient({ host: '127.0.0.1', server: gateway.sip });

async function lastInbound(number: string): Promise<InboundObject> {
  const found = await until(`an inbound of ${number}`, async () => {
    const { body } = await gateway.rest('POST', '/list-inbounds', { limit: 20 });
    const items = body.items as readonly InboundObject[];
    return items.find((one) => one.to_number === number && one.outcome);
  });
  return found;
}

describe('a call to a number bought at Twilio', () => {
  test('F1 rings unanswered until the endpoint has decided; the agent takes it, and the record says it came by Twilio', async () => {
    answer = { body: JSON.stringify({ call_inbound: { dynamic_variables: { customer_name: 'Ada' } } }), delayMs: 300 };
    const number = await buy();
    const client = await open();
    const { reply, after } = await dial(client, callTo(number));
    expect(reply.code).toBe(200);
    expect(reply.tookMs).toBeGreaterThan(250);
    await client.bye(reply);
    expect((await after()).verbs).toMatchObject([{ name: 'Hangup' }]);
    const inbound = await lastInbound(number);
    expect(inbound).toMatchObject({ edge: 'twilio', channel: 'call', from_number: CALLER, outcome: 'connected' });
    expect(JSON.parse(endpoint.requests.at(-1)!.body.toString()).call_inbound).toMatchObject({ to_number: number });
    client.close();
  });

  test.skipIf(!toolPresent('sipp'))(
    'SIPp gets through over TCP with the credentials of the TwiML, and with no others',
    async () => {
      const number = await buy();
      const { host, port, username, password, to } = await readDial(callTo(number));
      const run = await runSipp({
        scenario: { kind: 'authenticated', user: username, password },
        remote: `${host}:${port}`,
        to,
        args: ['-t', 't1'],
        timeoutMs: 15_000,
      });
      expect(run).toMatchObject({ exitCode: 0, successful: 1 });
      await until('a free line', async () => (await gateway.client.concurrency.retrieve()).current_concurrency === 0);
      const client = await open();
      const others = { to, username, password: 'another-password-0123' };
      expect((await client.login(others)).code).toBe(401);
      client.close();
      expect(gateway.stderr()).not.toContain(password);
    },
  );

  test('a caller the endpoint turns away hears a refusal, not the fallback number', async () => {
    answer = { body: JSON.stringify({ call_inbound: { reject: true } }) };
    const number = await buy();
    const client = await open();
    const { reply, after } = await dial(client, callTo(number));
    expect([reply.code, headerValue(reply.response, 'X-Pickup-Outcome')]).toEqual([603, 'declined']);
    expect((await after()).verbs).toMatchObject([{ name: 'Reject', attributes: { reason: 'rejected' } }]);
    client.close();
  });

  test('G a caller for whom no line is free goes on to the fallback number', async () => {
    const number = await buy({ ring_budget_ms: 11_000 });
    const client = await open();
    const first = await dial(client, callTo(number));
    expect(first.reply.code).toBe(200);
    const { reply, after } = await dial(client, callTo(number));
    expect([reply.code, headerValue(reply.response, 'X-Pickup-Outcome')]).toEqual([486, 'concurrency_limit']);
    expect((await after()).verbs).toMatchObject([{ name: 'Dial', children: [{ name: 'Number', text: FALLBACK }] }]);
    await client.bye(first.reply);
    client.close();
  });

  test('case 77 a forged request hears 403 and no password', async () => {
    const number = await buy();
    const forged = { ...callTo(number), account: { ...twilio.account, authToken: 'another-token-0123456789' } };
    expect((await askVoiceUrl(forged)).outcome.last).toMatchObject({ status: 403 });
  });
});

describe('a purchase cut off by kill -9', () => {
  test(
    'P2 between Twilio’s yes and our writing it down: the repetition takes the number over and buys none',
    async () => {
      const before = numbers.owned.length;
      let release = () => {};
      held = new Promise((resolve) => {
        release = resolve;
      });
      const { port } = new URL(gateway.httpUrl);
      const lost = gateway.client.phoneNumber.create({ area_code: 415, nickname: 'Cut off' }).catch((error) => error);
      await until('a purchase', () => numbers.owned.length === before + 1);
      await gateway.kill9();
      expect(await lost).toBeInstanceOf(Error);
      release();
      Object.assign(ports, { http: port });
      gateway = await boot();
      expect(gateway.logged('purchase_unclear')).toHaveLength(1);
      const made = await gateway.client.phoneNumber.create({ area_code: 415, nickname: 'Cut off' });
      expect(made.phone_number).toBe(numbers.owned.at(-1)?.phoneNumber);
      expect(numbers.owned).toHaveLength(before + 1);
      // It is whole: a call finds its way.
      expect((await readDial(callTo(made.phone_number))).password).not.toBe('');
      await gateway.client.phoneNumber.delete(made.phone_number);
      expect(numbers.owned).toHaveLength(before);
    },
    SETUP_MS,
  );
});
