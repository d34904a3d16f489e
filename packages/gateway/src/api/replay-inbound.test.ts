/** H1 the record, sent again: to whom, signed with what, and that nothing comes of it but an answer. */
import { type EndpointAnswer, type FakeEndpoint, startFakeEndpoint } from '@pickup/testkit/endpoint';
import { Retell } from 'retell-sdk';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { FULL_KEY, makeAgent, READ_KEY, startTestApi, type TestApi } from '../../test/start-test-api.ts';
import { arrival, attempt, decision } from '../stores/conformance/samples.ts';
import { createMemoryData, createMemoryStore, type MemoryData } from '../stores/memory/index.ts';

const NUMBER = '+12137771235';
const REQUEST = { event: 'call_inbound', call_inbound: { from_number: '+12137771234', to_number: NUMBER } };

let api: TestApi;
let data: MemoryData;
let endpoint: FakeEndpoint;
let answer: EndpointAnswer;
let agentId: string;

beforeEach(async () => {
  answer = { body: '{}' };
  endpoint = await startFakeEndpoint({ handler: () => answer });
  data = createMemoryData();
  api = await startTestApi({ store: createMemoryStore(data) });
  agentId = (await makeAgent(api.client, { voice_id: 'builtin-en-us' })).agent_id;
  await api.client.phoneNumber.import({
    phone_number: NUMBER,
    termination_uri: 'sip.example.com',
    inbound_webhook_url: `${endpoint.url}/own`,
    inbound_agents: [{ agent_id: agentId, weight: 1 }],
  } as never);
  await record('inb_1');
});
afterEach(async () => {
  await api.close();
  await endpoint.close();
});

async function record(id: string, over: Parameters<typeof decision>[1] = {}): Promise<void> {
  const attempts = [attempt(1), attempt(2, { verdict: 'accepted', status: 200 })];
  await api.store.openInbound(arrival(id));
  await api.store.recordDecision(
    decision(id, { agent_id: agentId, attempts, request: JSON.stringify(REQUEST), reply: {}, ...over }),
  );
  await api.store.settleInbound({ inbound_id: id, outcome: 'connected', outcome_timestamp: 7 });
}

interface Replayed {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: bodies of every shape
  readonly body: any;
}

async function replay(body: unknown = {}, id = 'inb_1', key = FULL_KEY): Promise<Replayed> {
  const response = await api.request(`/replay-inbound/${id}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return { status: response.status, body: await response.json() };
}

const verified = (key: string) => {
  const { body, header } = endpoint.requests.at(-1)!;
  return Retell.verify(body.toString(), key, header('x-retell-signature') ?? '');
};

test('the own URL gets the recorded request, marked, afresh and signed with the account’s key', async () => {
  const { status, body } = await replay();
  expect(status).toBe(200);
  expect(body).toMatchObject({
    original: { outcome: 'connected', agent_id: agentId },
    replay: { outcome: 'connected', agent_id: agentId, attempt: { attempt: 1, status: 200, verdict: 'accepted' } },
    differences: [],
  });
  expect(body).not.toHaveProperty('signing_key');
  const [request, ...more] = endpoint.requests;
  expect(more).toEqual([]);
  expect(request!.path).toBe('/own');
  expect(JSON.parse(request!.body.toString())).toEqual({ ...REQUEST, replay: { inbound_id: 'inb_1' } });
  expect(request!.header('webhook-id')).toMatch(/^inb_1_replay_\w{16,}$/);
  expect(request!.header('x-pickup-attempt')).toBe('1');
  expect(await verified(FULL_KEY)).toBe(true);
});

test('another URL gets a test key’s signature, never the account’s', async () => {
  const webhook_url = `${endpoint.url}/other`;
  const made = await replay({ webhook_url });
  expect(endpoint.requests.at(-1)!.path).toBe('/other');
  expect(await verified(made.body.signing_key)).toBe(true);
  expect(await verified(FULL_KEY)).toBe(false);
  const given = await replay({ webhook_url, signing_key: 'for-my-laptop' });
  expect(given.body).not.toHaveProperty('signing_key');
  expect(await verified('for-my-laptop')).toBe(true);
  const own = await replay({ webhook_url: `${endpoint.url}/own` });
  expect(await verified(own.body.signing_key)).toBe(true);
  const sent = endpoint.requests.length;
  for (const key of [FULL_KEY, READ_KEY]) {
    const refused = await replay({ webhook_url, signing_key: key });
    expect(refused).toMatchObject({ status: 400, body: { message: expect.stringContaining('not an API key') } });
  }
  expect(endpoint.requests).toHaveLength(sent);
});

test('the two decisions side by side, and what differs', async () => {
  answer = { body: JSON.stringify({ call_inbound: { override_agent_id: 'agent_gone' } }) };
  const { body } = await replay();
  expect(body.replay).toMatchObject({ outcome: 'unknown_agent', issues: [{ code: 'unknown_agent' }] });
  expect(body.differences[0]).toBe('outcome was "connected", is "unknown_agent"');
  expect(body.differences).toContain('reply /call_inbound was absent, is {"override_agent_id":"agent_gone"}');
});

test('E2 the number’s own version answers, as it would a call', async () => {
  await api.client.agent.createVersion(agentId, { base_version: 0 });
  const own = (inbound_agents: object[]) => api.client.phoneNumber.update(NUMBER, { inbound_agents } as never);
  await own([{ agent_id: agentId, weight: 1 }]);
  expect((await replay()).body.replay).toMatchObject({ agent_id: agentId, agent_version: 1 });
  await own([{ agent_id: agentId, agent_version: 0, weight: 1 }]);
  expect((await replay()).body.replay).toMatchObject({ agent_id: agentId, agent_version: 0 });
});

test('what is wrong with the endpoint that was asked is told of that one and of its key', async () => {
  answer = { status: 401, headers: { 'x-pickup-verification': 'wrong_key' } };
  const own = (await replay()).body.replay.explanation;
  expect(own.fix).toBe('Give the endpoint the key that signs: pickup keys list shows which key signs.');
  const other = (await replay({ webhook_url: `${endpoint.url}/other` })).body.replay.explanation;
  expect(other.fix).toBe('Give the endpoint the key that this request was signed with.');
  answer = { status: 404 };
  const lost = (await replay({ webhook_url: `${endpoint.url}/other?key=1` })).body.replay.explanation;
  expect(lost.headline).toContain('it has nothing at /other)');
  expect(lost.fix).toBe('Correct the path in the webhook URL, or serve POST /other.');
});

test('one attempt: a failure is not tried again, and what would follow is told', async () => {
  answer = { status: 503 };
  const { body } = await replay();
  expect(endpoint.requests).toHaveLength(1);
  expect(body.replay).toMatchObject({ outcome: 'connected', agent_id: agentId, attempt: { verdict: 'failed' } });
  expect(body.replay.decision.join('\n')).toContain('the attempt failed');
});

test('nothing is stored but a line of the audit log', async () => {
  const everything = () => {
    const { audit: _audit, ...rest } = data as MemoryData & { readonly audit?: unknown };
    return JSON.stringify(rest, (_, value) => (value instanceof Map ? [...value] : value));
  };
  const before = everything();
  await replay({ webhook_url: `${endpoint.url}/other`, signing_key: 'secret-of-mine' });
  expect(everything()).toBe(before);
  const { items } = await api.store.listAudit({});
  expect(items[0]).toMatchObject({ action: 'POST /replay-inbound/{inbound_id}', target: { inbound_id: 'inb_1' } });
  expect(JSON.stringify(items)).not.toContain('secret-of-mine');
});

test('a full key, in both cases', async () => {
  for (const body of [{}, { webhook_url: endpoint.url }]) {
    expect((await replay(body, 'inb_1', READ_KEY)).status).toBe(403);
  }
  expect(endpoint.requests).toEqual([]);
});

test('what cannot be replayed says why', async () => {
  await record('inb_private', { request: undefined as never });
  await record('inb_unasked', { request: undefined as never, attempts: [] });
  await api.store.openInbound(arrival('inb_open'));
  await api.store.openInbound(arrival('inb_lost', { to_number: '+19999999999' }));
  const lost = { inbound_id: 'inb_lost', outcome: 'declined', outcome_timestamp: 1, request: '{}' } as const;
  await api.store.settleInbound(lost);
  const why = async (id: string, body = {}) => {
    const { status, body: told } = await replay(body, id);
    return [status, told.message];
  };
  expect(await why('inb_private')).toEqual([422, expect.stringContaining('data_storage_setting')]);
  expect(await why('inb_unasked')).toEqual([422, expect.stringContaining('asked no webhook')]);
  expect(await why('inb_open')).toEqual([422, expect.stringContaining('still undecided')]);
  expect(await why('inb_lost')).toEqual([422, expect.stringContaining('no longer a number')]);
  expect(await why('inb_none')).toEqual([422, expect.stringContaining('Cannot find')]);
  await api.client.phoneNumber.update(NUMBER, { inbound_webhook_url: null } as never);
  expect(await why('inb_1')).toEqual([422, expect.stringContaining('webhook_url')]);
  expect(await why('inb_1', { webhook_url: 'http://169.254.169.254/' })).toEqual([
    400,
    expect.stringContaining('PICKUP_WEBHOOK_ALLOW'),
  ]);
  expect(await why('inb_1', { signing_key: 'x' })).toEqual([400, expect.stringContaining('goes with webhook_url')]);
  expect(endpoint.requests).toEqual([]);
});
