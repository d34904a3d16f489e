import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { makeCertificate } from '@pickup/testkit/certificate';
import { type FakeEndpoint, type FakeEndpointOptions, startFakeEndpoint } from '@pickup/testkit/endpoint';
import { Retell } from 'retell-sdk';
import { afterEach, expect, test } from 'vitest';
import { run } from '../run.ts';
import { PLAIN } from '../style.ts';

const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url));
const KEY = 'key_of_the_simulation';
const opened: FakeEndpoint[] = [];
const folders: string[] = [];
afterEach(async () => {
  for (const endpoint of opened.splice(0)) await endpoint.close();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

async function endpointAnswering(handler: FakeEndpointOptions['handler']): Promise<FakeEndpoint> {
  const endpoint = await startFakeEndpoint({ ...(handler && { handler }) });
  opened.push(endpoint);
  return endpoint;
}

function home(): string {
  const folder = mkdtempSync(join(tmpdir(), 'pickup-simulate-'));
  folders.push(folder);
  return folder;
}

async function pickup(args: readonly string[], env: Record<string, string> = {}) {
  let out = '';
  let err = '';
  const code = await run(args, {
    env: { PICKUP_HOME: home(), ...env },
    out: (text) => {
      out += text;
    },
    err: (text) => {
      err += text;
    },
    style: PLAIN,
    readStdin: async () => Buffer.alloc(0),
    sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    monoMs: () => performance.now(),
    stopAsked: () => new Promise(() => {}),
  });
  return { code, out, err, summary: out.split('\n\n')[1] ?? '' };
}

const named = { body: '{"call_inbound":{"override_agent_id":"agent_a"}}' };
const namedChat = { body: '{"chat_inbound":{"override_agent_id":"chat_a"}}' };

test('a call straight at an endpoint needs no gateway: signed, timed, and told in plain words', async () => {
  const endpoint = await endpointAnswering(() => ({ ...named, delayMs: 1_100 }));
  const result = await pickup(['call', '--webhook', endpoint.url, '--signing-key', KEY, '--from', '+12137771234']);
  expect(result).toMatchObject({ code: 0, err: '' });
  expect(result.out).toContain('signed with the key of --signing-key');
  expect(result.summary).toMatch(
    /^Connected to agent_a, .*\nThe caller hears ringing for 1\.\d s, then agent_a answers\.\n$/,
  );
  const [request] = endpoint.requests;
  const body = request!.body.toString();
  expect(JSON.parse(body).call_inbound.from_number).toBe('+12137771234');
  expect(await Retell.verify(body, KEY, request!.header('x-retell-signature') ?? '')).toBe(true);
});

test('a text straight at an endpoint: its own group counts, and silence is called silence', async () => {
  const endpoint = await endpointAnswering((_, nth) =>
    nth === 1 ? namedChat : { body: '{"chat_inbound":{"reject":true}}' },
  );
  const args = ['sms', '--webhook', endpoint.url, '--signing-key', KEY, '--text', 'Are you open?'];
  const answered = await pickup(args);
  expect(answered.code).toBe(0);
  expect(answered.summary).toContain('the text goes to chat_a');
  const refused = await pickup(args);
  expect(refused.code).toBe(1);
  expect(refused.summary).toBe(
    'Not answered: the webhook asked for it with reject: true.\nThe sender gets no answer: silence.\n',
  );
});

test('the key is the option, else PICKUP_API_KEY, else the file of the gateway; without any it says how', async () => {
  const endpoint = await endpointAnswering(() => named);
  const args = ['call', '--webhook', endpoint.url];
  const folder = home();
  writeFileSync(join(folder, 'api-key'), 'key_of_file\n');
  const byFile = await pickup(args, { PICKUP_HOME: folder });
  expect(byFile.out).toContain(`signed with the key in ${join(folder, 'api-key')}`);
  const byEnv = await pickup(args, { PICKUP_HOME: folder, PICKUP_API_KEY: 'key_of_env' });
  expect(byEnv.out).toContain('signed with the key in PICKUP_API_KEY');
  const keys = ['key_of_file', 'key_of_env'];
  const verified = await Promise.all(
    endpoint.requests.map((request, index) =>
      Retell.verify(request.body.toString(), keys[index]!, request.header('x-retell-signature') ?? ''),
    ),
  );
  expect(verified).toEqual([true, true]);
  const without = await pickup(args);
  expect(without).toMatchObject({ code: 2, out: '' });
  expect(without.err).toContain('no key to sign with: give the one your endpoint verifies with, by --signing-key KEY');
});

test('a fault in between is said to be simulated, in the timeline and at the end', async () => {
  const endpoint = await endpointAnswering(() => named);
  const args = ['call', '--webhook', endpoint.url, '--signing-key', KEY, '--fault', '500:1'];
  const result = await pickup(args);
  expect(result.code).toBe(0);
  expect(result.out).toContain('simulated, no success status (C2)');
  expect(result.summary).toMatch(
    /^Connected to agent_a, as the webhook replied after 1 failed attempt \(simulated\)\.\n/,
  );
  const cut = await pickup([...args.slice(0, -1), 'malformed', '--agent', 'agent_own@2']);
  expect(cut.summary).toMatch(/^Connected to agent_own, the number's own agent, because .* \(simulated\)\.\n/);
});

test('slow-drip against an https endpoint, whose own authority NODE_EXTRA_CA_CERTS names', async () => {
  const certificate = makeCertificate();
  const endpoint = await startFakeEndpoint({ tls: certificate, handler: () => ({ body: '{}' }) });
  opened.push(endpoint);
  const folder = home();
  writeFileSync(join(folder, 'ca.pem'), certificate.cert);
  const args = ['--webhook', endpoint.url, '--signing-key', KEY, '--agent', 'agent_own', '--fault', 'slow-drip'];
  const env = { PATH: process.env['PATH'] ?? '', PICKUP_HOME: folder, NODE_EXTRA_CA_CERTS: join(folder, 'ca.pem') };
  const { stdout } = await promisify(execFile)(process.execPath, [MAIN, 'call', ...args], { env, timeout: 15_000 });
  expect(stdout).toContain('a simulated fault: slow-drip');
  expect(stdout).toMatch(/accepted, simulated\n/);
  const [, rangMs = '0'] = /hears ringing for (\d+) ms, then agent_own answers/.exec(stdout) ?? [];
  expect(Number(rangMs)).toBeGreaterThan(590);
});

test('C6 an impatient caller', async () => {
  const endpoint = await endpointAnswering(() => 'hang');
  const result = await pickup(['call', '--webhook', endpoint.url, '--signing-key', KEY, '--fault', 'hang-up']);
  expect(result.code).toBe(1);
  expect(result.summary).toMatch(/The caller hears ringing for 1\.0 s and hangs up\. Nobody answered\.\n$/);
});

test('--json has the record, the explanation and what the caller lived through', async () => {
  const endpoint = await endpointAnswering(() => ({ status: 204 }));
  const args = ['call', '--webhook', `${endpoint.url}/?token=secret`, '--signing-key', KEY, '--json'];
  const result = await pickup(args);
  const json = JSON.parse(result.out);
  expect(json).toMatchObject({ inbound: { outcome: 'declined' }, explanation: { fix: expect.any(String) } });
  expect(json.lived_through).toContain('rejected');
  expect(result.out).not.toContain('secret');
  expect(result.out).not.toContain(KEY);
});

test.each([
  [['call', '--webhook', 'localhost:3000'], '--webhook must be an http or https URL'],
  [['call', '--webhook', 'http://h/', '--url', 'http://g/'], '--webhook asks the endpoint itself'],
  [['call', '--to', '+1', '--fault', 'slow-drop'], 'there is no fault "slow-drop"; did you mean slow-drip?'],
  [['call', '--to', '+1', '--fault', '500:9'], 'after 500: a number from 1 to 4 is needed'],
  [['call', '--to', '+1', '--text', 'hi'], '--text is for pickup sms'],
  [['call', '--to', '+1', '--agent', 'a'], '--signing-key and --agent go with --webhook'],
  [['sms', '--to', '+1'], '--text is needed'],
  [['sms', '--to', '+1', '--text', 'hi', '--fault', 'hang-up'], 'nobody hangs up on a text'],
  [['call', '--webhook', 'http://h/', '--agent', '@2'], '--agent must be an id'],
])('%j is wrong use: %s', async (args, said) => {
  const result = await pickup(args, { PICKUP_API_KEY: KEY });
  expect(result).toMatchObject({ code: 2, out: '' });
  expect(result.err).toContain(said);
});

test('F2 a text at a gateway: placed with its words, and the reply is what the sender gets', async () => {
  const record = {
    ...{ inbound_id: 'inb_1', channel: 'sms', edge: 'simulator', from_number: '+1', to_number: '+2' },
    ...{
      arrival_timestamp: 1_000,
      outcome: 'connected',
      outcome_timestamp: 1_040,
      agent_id: 'chat_a',
      chat_id: 'chat_1',
    },
    ...{ attempts: [], issues: [], decision: [] },
  };
  let looks = 0;
  const gateway = await endpointAnswering(({ path }) => {
    if (path === '/simulate-inbound-sms') return { status: 201, body: '{"inbound_id":"inb_1","text_id":"text_1"}' };
    if (path === '/get-inbound/inb_1') return { body: JSON.stringify(record) };
    const user = { role: 'user', message_id: 'text_1', content: 'hi' };
    const agent = { role: 'agent', content: 'Yes, until six.' };
    const later = [
      { role: 'user', message_id: 'text_2', content: 'ok' },
      { ...agent, content: 'Bye.' },
    ];
    return { body: JSON.stringify({ message_with_tool_calls: ++looks < 3 ? [] : [user, agent, ...later] }) };
  });
  const args = ['sms', '--to', '+2', '--text', 'Are you open?', '--fault', 'reset:1', '--url', gateway.url];
  const result = await pickup(args, { PICKUP_API_KEY: KEY });
  expect(result).toMatchObject({ code: 0, err: '' });
  expect(result.summary).toContain('After 40 ms chat_a answers: “Yes, until six.”\n');
  expect(JSON.parse(gateway.requests[0]!.body.toString())).toEqual({
    ...{ from_number: '+12025550100', to_number: '+2', text: 'Are you open?' },
    fault: { kind: 'reset', attempts: 1 },
  });
});

test('A6 a text that continues a chat: only what answers it is its answer, and no old story is told', async () => {
  const lines = [
    { role: 'agent', content: 'Hello!' },
    { role: 'user', message_id: 'text_1', content: 'hi' },
    { role: 'user', message_id: 'text_2', content: 'hi' },
    { role: 'agent', content: 'Hello again.' },
  ];
  const record = { inbound_id: 'inb_1', channel: 'sms', outcome: 'connected', agent_id: 'chat_a', attempts: [] };
  const gateway = await endpointAnswering(({ path }) => {
    const placed = { inbound_id: 'inb_1', text_id: 'text_2', chat_id: 'chat_1' };
    if (path === '/simulate-inbound-sms') return { status: 201, body: JSON.stringify(placed) };
    if (path === '/get-inbound/inb_1') return { body: JSON.stringify({ ...record, issues: [], decision: [] }) };
    return { body: JSON.stringify({ message_with_tool_calls: lines }) };
  });
  const args = ['sms', '--to', '+2', '--text', 'hi', '--fault', '500', '--url', gateway.url];
  const result = await pickup(args, { PICKUP_API_KEY: KEY });
  expect(result).toMatchObject({ code: 0, err: '' });
  expect(result.out).toContain('continues chat_1, so no webhook is asked (A6), and the fault has no effect');
  expect(result.summary).toMatch(/^After \d+ ms chat_a answers: “Hello again.”\n$/);
});

test('an agent that does not answer in time is told as silence, with where to look', async () => {
  const record = { inbound_id: 'inb_1', channel: 'sms', outcome: 'connected', agent_id: 'chat_a', attempts: [] };
  const gateway = await endpointAnswering(({ path }) => {
    const placed = { inbound_id: 'inb_1', text_id: 'text_2', chat_id: 'chat_1' };
    if (path === '/simulate-inbound-sms') return { status: 201, body: JSON.stringify(placed) };
    if (path === '/get-inbound/inb_1') return { body: JSON.stringify({ ...record, issues: [], decision: [] }) };
    return { body: '{"message_with_tool_calls":[]}' };
  });
  const args = ['sms', '--to', '+2', '--text', 'hi', '--linger', '200', '--url', gateway.url];
  const result = await pickup(args, { PICKUP_API_KEY: KEY });
  expect(result.code).toBe(1);
  expect(result.summary).toContain('chat_a, which has not answered within 200 ms: silence so far');
});
