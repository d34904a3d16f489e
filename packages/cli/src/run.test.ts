import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { openSqliteStore } from '@pickup/gateway/stores';
import { afterEach, expect, test } from 'vitest';
import { run } from './run.ts';
import { PLAIN } from './style.ts';

const T = 1_700_000_000_000;
const KEY = 'key_of_the_command_line_tests';
const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0)) await clean();
});

interface Seen {
  readonly route: string;
  readonly body: unknown;
}
type Handler = (request: IncomingMessage, seen: Seen) => { readonly status?: number; readonly body: unknown };

/** A gateway as the CLI sees it, on a real socket. */
async function fakeGateway(handle: Handler) {
  const seen: Seen[] = [];
  const server: Server = createServer(async (request, response) => {
    const body = request.method === 'POST' ? await json(request) : undefined;
    const entry = { route: `${request.method} ${request.url}`, body };
    seen.push(entry);
    const authorised = request.headers.authorization === `Bearer ${KEY}`;
    const answer = authorised
      ? handle(request, entry)
      : { status: 401, body: { status: 'error', message: 'Invalid API key' } };
    response.writeHead(answer.status ?? 200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(answer.body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanups.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return { seen, port: String((server.address() as AddressInfo).port) };
}

function folder(): string {
  const home = mkdtempSync(join(tmpdir(), 'pickup-cli-'));
  cleanups.push(() => rmSync(home, { recursive: true }));
  return home;
}

async function pickup(args: readonly string[], env: Record<string, string> = {}, stdin: string | Uint8Array = '') {
  let out = '';
  let err = '';
  const code = await run(args, {
    env,
    out: (text) => {
      out += text;
    },
    err: (text) => {
      err += text;
    },
    style: PLAIN,
    readStdin: async (most) => Buffer.from(stdin).subarray(0, most),
    sleep: async () => {
      await sleep(1);
    },
    monoMs: () => performance.now(),
    stopAsked: () => new Promise(() => {}),
  });
  return { code, out, err };
}

const inbound = {
  inbound_id: 'inb_1',
  channel: 'call',
  edge: 'simulator',
  from_number: '+12137771234',
  to_number: '+12137771235',
  arrival_timestamp: T,
  outcome: null,
  attempts: [],
  issues: [],
  decision: [],
};
const attempt = {
  attempt: 1,
  start_timestamp: T + 1,
  end_timestamp: T + 21,
  phases: { total_ms: 20 },
  status: 200,
  verdict: 'accepted',
};

/** Answers to successive GET /get-inbound, the last one for ever. */
function growing(...records: readonly object[]): Handler {
  let at = 0;
  return (request) => {
    if (request.url === '/simulate-inbound-call') return { status: 201, body: { inbound_id: 'inb_1' } };
    if (request.url === '/v2/get-call/call_9') {
      const transcript = [{ role: 'agent', content: 'Hi John Doe.' }];
      return {
        body: { call_status: 'ended', disconnection_reason: 'agent_hangup', transcript_object: transcript },
      };
    }
    const record = records[Math.min(at++, records.length - 1)]!;
    return 'status' in record ? { status: 422, body: record } : { body: record };
  };
}

test('call prints the timeline as it happens, each event once, and ends with 0 when connected', async () => {
  const connected = {
    ...inbound,
    attempts: [attempt],
    outcome: 'connected',
    agent_id: 'agent_12345',
    call_id: 'call_9',
  };
  const gateway = await fakeGateway(
    growing({ status: 'error', message: 'unknown' }, inbound, inbound, { ...inbound, attempts: [attempt] }, connected),
  );
  const result = await pickup(
    ['call', '--from', '+12137771234', '--to', '+12137771235', '--header', 'X-Account=42', '--header', 'X-B: c=d'],
    { PICKUP_HTTP_PORT: gateway.port, PICKUP_API_KEY: KEY },
  );
  expect(result.err).toBe('');
  expect(result.code).toBe(0);
  const [timeline = '', summary = ''] = result.out.split('\n\n');
  expect(timeline.split('\n').map((line) => line.slice(11, 21).trim())).toEqual([
    'arrived',
    'ringing',
    'attempt 1',
    'connected',
    'agent',
    'hung up',
  ]);
  expect(summary).toBe(
    'Connected to agent_12345, as the webhook replied.\n' +
      'The caller hears ringing for 0 ms, then agent_12345 answers, and says: “Hi John Doe.”.\n',
  );
  expect(gateway.seen[0]).toEqual({
    route: 'POST /simulate-inbound-call',
    body: {
      from_number: '+12137771234',
      to_number: '+12137771235',
      headers: { 'X-Account': '42', 'X-B': 'c=d' },
    },
  });
});

test('call ends with 1 when the caller is refused', async () => {
  const gateway = await fakeGateway(growing({ ...inbound, attempts: [attempt], outcome: 'declined' }));
  const result = await pickup(['call', '--from', '+1', '--to', '+2', '--url', `http://127.0.0.1:${gateway.port}/`], {
    PICKUP_API_KEY: KEY,
  });
  expect(result).toMatchObject({ code: 1, err: '' });
  expect(result.out).toContain('refused    declined');
});

test('call --json prints the last record only', async () => {
  const gateway = await fakeGateway(growing(inbound, { ...inbound, outcome: 'declined' }));
  const env = { PICKUP_HTTP_PORT: gateway.port, PICKUP_API_KEY: KEY };
  const result = await pickup(['call', '--from', '+1', '--to', '+2', '--json'], env);
  expect(JSON.parse(result.out)).toMatchObject({
    inbound: { ...inbound, outcome: 'declined' },
    explanation: { headline: expect.stringContaining('Refused') },
    lived_through: expect.stringContaining('rejected'),
  });
});

test('case 85 keys are listed without their text, made, promoted and revoked', async () => {
  const items = [
    { key_id: 'api_key_1', role: 'full', signs: true, created_timestamp: T, last_used_timestamp: T },
    { key_id: 'api_key_2', role: 'read_only', signs: false, created_timestamp: T, revoked_timestamp: T },
  ];
  const gateway = await fakeGateway((request) => {
    if (request.url === '/list-api-keys') return { body: { items, has_more: false } };
    if (request.url === '/create-api-key') return { status: 201, body: { key_id: 'api_key_3', api_key: 'key_new' } };
    if (request.url === '/revoke-api-key/api_key_1') {
      return { status: 409, body: { status: 'error', message: 'api_key_1 signs the webhooks' } };
    }
    return { body: {} };
  });
  const env = { PICKUP_HTTP_PORT: gateway.port, PICKUP_API_KEY: KEY };
  const listed = await pickup(['keys', 'list'], env);
  expect(listed.out.split('\n').map((line) => line.split(/ {2,}/))).toEqual([
    ['id', 'role', 'webhooks', 'made (UTC)', 'last used (UTC)', 'revoked (UTC)'],
    ['api_key_1', 'full', 'signs', '2023-11-14 22:13', '2023-11-14 22:13'],
    ['api_key_2', 'read_only', '2023-11-14 22:13', '2023-11-14 22:13'],
    [''],
  ]);
  const made = await pickup(['keys', 'add', '--role', 'read_only'], env);
  expect(made).toEqual({ code: 0, out: 'key_new\n', err: 'api_key_3 was made; the key is shown this once only\n' });
  expect(gateway.seen.at(-1)).toEqual({ route: 'POST /create-api-key', body: { role: 'read_only' } });
  expect((await pickup(['keys', 'promote', 'api_key_3'], env)).code).toBe(0);
  expect(gateway.seen.at(-1)?.route).toBe('POST /promote-api-key/api_key_3');
  const refused = await pickup(['keys', 'revoke', 'api_key_1'], env);
  expect(refused).toMatchObject({ code: 2, err: expect.stringContaining('api_key_1 signs the webhooks') });
  expect((await pickup(['keys', 'revoke'], env)).err).toContain('usage: pickup keys list');
});

test('the key comes from the data folder', async () => {
  const gateway = await fakeGateway(() => ({ body: { items: [], has_more: false } }));
  const home = folder();
  const env = { PICKUP_HTTP_PORT: gateway.port, PICKUP_HOME: home };
  expect((await pickup(['numbers', 'list'], env)).err).toContain(`${join(home, 'api-key')} is not there`);
  writeFileSync(join(home, 'api-key'), `${KEY}\n`);
  expect(await pickup(['numbers', 'list'], env)).toEqual({ code: 0, out: 'none\n', err: '' });
});

test('a wrong key, a gateway that does not run and something else on its port are told apart', async () => {
  const gateway = await fakeGateway(() => ({ body: {} }));
  const wrong = await pickup(['numbers', 'list'], { PICKUP_HTTP_PORT: gateway.port, PICKUP_API_KEY: 'wrong' });
  expect(wrong).toMatchObject({ code: 2, out: '' });
  expect(wrong.err).toMatch(/refused the key \(from PICKUP_API_KEY\)/);
  const other = createServer((_, response) => response.end('hello'));
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  const env = { PICKUP_HTTP_PORT: String((other.address() as AddressInfo).port), PICKUP_API_KEY: KEY };
  expect((await pickup(['numbers', 'list'], env)).err).toContain('is no Pickup: it answered 200');
  other.closeAllConnections();
  await new Promise((resolve) => other.close(resolve));
  const absent = await pickup(['numbers', 'list'], env);
  expect(absent.code).toBe(2);
  expect(absent.err).toMatch(
    /no Pickup answers at http:\/\/127\.0\.0\.1:\d+ \(ECONNREFUSED\); start one with: npm start/,
  );
});

test('inbounds list filters by the options and prints a table', async () => {
  const gateway = await fakeGateway(() => ({
    body: { items: [{ ...inbound, outcome: 'declined', outcome_timestamp: T + 30 }], has_more: true },
  }));
  const env = { PICKUP_HTTP_PORT: gateway.port, PICKUP_API_KEY: KEY };
  const result = await pickup(
    ['inbounds', 'list', '--to', '+12137771235', '--outcome', 'declined', '--limit', '5'],
    env,
  );
  expect(result.code).toBe(0);
  expect(result.out.split('\n')).toEqual([
    'arrived (UTC)        channel  from          to            outcome   after  agent  id',
    '2023-11-14 22:13:20  call     +12137771234  +12137771235  declined  30 ms         inb_1',
    'there are more; raise --limit to see them',
    '',
  ]);
  expect(gateway.seen[0]?.body).toEqual({
    filter_criteria: {
      to_number: { type: 'string', op: 'eq', value: '+12137771235' },
      outcome: { type: 'enum', op: 'in', value: ['declined'] },
    },
    limit: 5,
  });
});

test('inbounds show prints the record with its SIP messages', async () => {
  const sip = { messages: [{ timestamp: T + 2, direction: 'out', summary: '180 Ringing' }] };
  const gateway = await fakeGateway(() => ({ body: { ...inbound, edge: 'sip', sip } }));
  const result = await pickup(['inbounds', 'show', 'inb_1'], { PICKUP_HTTP_PORT: gateway.port, PICKUP_API_KEY: KEY });
  expect(result.out.split('\n')[0]).toBe('Still ringing.');
  expect(result.out).toContain('\ninb_1\nCall from +12137771234 to +12137771235 at the sip edge');
  expect(result.out).toContain('\nSIP\n      +2 ms  → 180 Ringing\n');
});

test('numbers list hides the query of a webhook URL', async () => {
  const item = {
    phone_number: '+12137771235',
    phone_number_type: 'custom',
    inbound_agents: [{ agent_id: 'agent_12345', weight: 1, agent_version: 1 }],
    inbound_webhook_url: 'https://example.com/hook?key=secret',
  };
  const gateway = await fakeGateway(() => ({ body: { items: [item], has_more: false } }));
  const result = await pickup(['numbers', 'list'], { PICKUP_HTTP_PORT: gateway.port, PICKUP_API_KEY: KEY });
  expect(result.out).toContain('agent_12345@1');
  expect(result.out).toContain('https://example.com/hook?…');
  expect(result.out).not.toContain('secret');
});

test('numbers list shows from where a number may be called, and what as', async () => {
  const kind = { phone_number_type: 'custom' };
  const items = [
    { ...kind, phone_number: '+1', sip_peers: ['192.0.2.1/32', '192.0.2.2/32'] },
    { ...kind, phone_number: '+2', sip_inbound_username: 'carrier' },
    { ...kind, phone_number: '+3', sip_peers: ['a', 'b', 'c'], sip_inbound_username: 'pbx' },
  ];
  const gateway = await fakeGateway(() => ({ body: { items, has_more: false } }));
  const result = await pickup(['numbers', 'list'], { PICKUP_HTTP_PORT: gateway.port, PICKUP_API_KEY: KEY });
  expect(result.out).toContain('192.0.2.1/32, 192.0.2.2/32');
  expect(result.out).toContain('anywhere as carrier');
  expect(result.out).toContain('a and 2 more as pbx');
});

test.each([
  [['serv'], 'unknown command "serv"; did you mean serve?'],
  [['call', '--form', '+1'], 'unknown option --form; did you mean --from?'],
  [['call', '--from', '+1'], '--to is needed'],
  [['call', '--from', '+1', '--to', '+2', '--header', 'nonsense'], '--header must be X-Name:value'],
  [['inbounds'], 'usage: pickup inbounds list'],
  [['inbounds', 'list', '--outcome', 'conected'], 'did you mean connected?'],
  [['inbounds', 'list', '--limit', '-3x'], '--limit'],
])('%j is wrong use: %s', async (args, said) => {
  const result = await pickup(args, { PICKUP_API_KEY: KEY, PICKUP_HTTP_PORT: '1' });
  expect(result).toMatchObject({ code: 2, out: '' });
  expect(result.err).toContain(said);
});

test('serve reports every fault of the configuration and does not start', async () => {
  const result = await pickup(['serve'], { PICKUP_HTTP_PORT: 'x', PICKUP_CONCURRENCY: 'y', PICKUP_HTPP_PORT: '1' });
  expect(result).toMatchObject({ code: 2, out: '' });
  expect(result.err).toContain('PICKUP_HTTP_PORT must be a whole number');
  expect(result.err).toContain('PICKUP_CONCURRENCY must be a whole number');
  expect(result.err).toContain('did you mean PICKUP_HTTP_PORT?');
});

test.each([
  ['serve', ['serve']],
  ['demo', ['demo', '--once']],
] as const)('%s: a port that is taken is one line and code 2', async (name, args) => {
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
  cleanups.push(() => taken.close());
  const { port } = taken.address() as AddressInfo;
  for (const setting of ['PICKUP_HTTP_PORT', 'PICKUP_SIP_PORT']) {
    const env = { PICKUP_HOME: folder(), PICKUP_HTTP_PORT: '0', PICKUP_SIP_PORT: '0', [setting]: String(port) };
    const result = await pickup(args, env);
    expect(result.code).toBe(2);
    expect(result.err).toMatch(new RegExp(`^pickup ${name}: .*\\b${port} is (taken|in use)`, 'm'));
    expect(result.err).not.toContain('    at ');
  }
});

test.each([
  ['serve', ['serve']],
  ['demo', ['demo', '--once']],
] as const)(
  '%s: a folder that cannot be made or is in use, and a seal key that is none, are one line and code 2',
  async (name, args) => {
    const home = folder();
    writeFileSync(join(home, 'file'), '');
    const ports = { PICKUP_HTTP_PORT: '0', PICKUP_SIP_PORT: '0' };
    const store = openSqliteStore({ folder: join(home, 'used'), log: { warn() {}, error() {} } });
    cleanups.unshift(() => store.close());
    mkdirSync(join(home, 'sealed'));
    writeFileSync(join(home, 'sealed', 'seal.key'), 'no key');
    for (const [at, said] of [
      ['file/below', `The data folder ${join(home, 'file/below')} cannot be used`],
      ['used', `The data folder ${join(home, 'used')} is in use`],
      ['sealed', `${join(home, 'sealed/seal.key')} must be 32 bytes`],
    ] as const) {
      const result = await pickup(args, { ...ports, PICKUP_HOME: join(home, at) });
      expect(result.code).toBe(2);
      expect(result.err).toContain(`pickup ${name}: ${said}`);
    }
  },
);

test('the command runs as a process: help on stdout, code 2 for an unknown command', async () => {
  const main = join(import.meta.dirname, 'main.ts');
  const start = (...args: readonly string[]) => promisify(execFile)(process.execPath, [main, ...args]);
  const help = await start('help', 'settings');
  expect(help.stdout).toContain('PICKUP_SIP_PEERS');
  await expect(start('nothing-known')).rejects.toMatchObject({ code: 2, stdout: '' });
});
