/** `pickup doctor` against real gateways, stopped and running, and real endpoints. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer as createTcpServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type FakeEndpoint, startFakeEndpoint } from '@pickup/testkit/endpoint';
import { Retell } from 'retell-sdk';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { API_KEY, type GatewayProcess, startGateway } from './support/gateway.ts';

const PICKUP = fileURLToPath(new URL('../packages/cli/src/main.ts', import.meta.url));
const NUMBER = '+14155550100';
const folder = mkdtempSync(join(tmpdir(), 'pickup-doctor-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Found {
  readonly name: string;
  readonly level: string;
  readonly found: string;
  readonly change?: string;
}

async function doctor(env: Readonly<Record<string, string>>, ...args: readonly string[]) {
  const { PICKUP_SEAL_KEY: _seal, ...rest } = process.env;
  const child = spawn(process.execPath, [PICKUP, 'doctor', ...args], { env: { ...rest, ...env, NO_COLOR: '1' } });
  let out = '';
  let err = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    out += chunk;
  });
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    err += chunk;
  });
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, out, err };
}

/** The findings of one check. */
async function examined(env: Readonly<Record<string, string>>, ...args: readonly string[]) {
  const { out } = await doctor(env, '--json', ...args);
  const { findings } = JSON.parse(out) as { readonly findings: readonly Found[] };
  return (name: string) => findings.filter((one) => one.name === name);
}

/** Ports of this test alone, below those that systems hand out. */
const PORTS = { PICKUP_HTTP_PORT: '18610', PICKUP_SIP_PORT: '18611', PICKUP_RTP_PORTS: '18620-18639' };
const settings = (home: string) => ({ ...PORTS, PICKUP_HOME: home, PICKUP_API_KEY: API_KEY });

describe('stopped', () => {
  const servers: Server[] = [];
  afterEach(async () => {
    for (const server of servers.splice(0)) await new Promise((done) => server.close(done));
  });

  test('a new folder has nothing to complain of, and stays as it was', async () => {
    const home = join(folder, 'new');
    const { code, out, err } = await doctor(settings(home));
    expect(out, err).toContain('ok   gateway: not running; its ports are tried instead');
    expect(out).toContain(
      'ok   ports: free: HTTP tcp 127.0.0.1:18610, SIP udp 127.0.0.1:18611, SIP tcp 127.0.0.1:18611',
    );
    expect(out).toMatch(/\n\nnothing failed/);
    expect(code).toBe(0);
  });

  test('a taken port fails, with the setting and the command that shows who has it; exit code 1', async () => {
    const server = createTcpServer();
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(18610, '127.0.0.1', resolve));
    const { code, out } = await doctor(settings(join(folder, 'new')));
    expect(code).toBe(1);
    expect(out).toMatch(
      /^FAIL ports: HTTP tcp 127\.0\.0\.1:18610 is taken\n {7}→ change: PICKUP_HTTP_PORT=<another>.*ss -ltnp/m,
    );
  });

  test('settings that do not load are all named, and nothing else is looked at', async () => {
    const { code, out } = await doctor({ PICKUP_HTTP_PORT: 'x', PICKUP_SIP_PORT: 'y' });
    expect(code).toBe(1);
    expect(out.match(/^FAIL settings: /gm)).toHaveLength(2);
    expect(out).not.toContain('disk');
  });

  test.each([[['--sned']], [['--send']], [['now']]])('wrong use %j: exit code 2', async (args) => {
    expect((await doctor({}, ...args)).code).toBe(2);
  });
});

describe('running', () => {
  const home = join(folder, 'running');
  let gateway: GatewayProcess;
  let endpoint: FakeEndpoint;
  let body = '{"call_inbound":{}}';
  let status = 200;
  let date = () => new Date();
  const env = settings(home);

  beforeAll(async () => {
    const handler = () => ({
      status,
      body,
      headers: { date: date().toUTCString(), 'content-type': 'application/json' },
    });
    endpoint = await startFakeEndpoint({ handler });
    gateway = await startGateway({ home, env });
    const made = await gateway.rest('POST', '/import-phone-number', {
      phone_number: NUMBER,
      termination_uri: 'sip.example.com',
      inbound_webhook_url: endpoint.url,
    });
    expect(made.status).toBe(201);
  });
  afterAll(async () => {
    await gateway?.stop();
    await endpoint?.close();
  });

  test('it sees the gateway, asks its SIP ports, and opens the secrets of its database', async () => {
    const found = await examined(env);
    expect(found('gateway')).toEqual([
      expect.objectContaining({ level: 'ok', found: expect.stringContaining(`pid ${gateway.pid}`) }),
    ]);
    expect(found('ports')[0]?.found).toMatch(
      /^answers OPTIONS at UDP 127\.0\.0\.1:18611 with 200, TCP 127\.0\.0\.1:18611 with 200/,
    );
    expect(found('seal key')).toEqual([expect.objectContaining({ level: 'ok' })]);
    expect(found('database')[0]?.found).toMatch(/^whole, schema \d+, 1 number$/);
  });

  test('the webhook is reached without a request; a gateway goes on as before', async () => {
    const before = endpoint.requests.length;
    const found = await examined(env);
    expect(found('webhook')).toEqual([
      expect.objectContaining({
        level: 'ok',
        found: expect.stringMatching(/^\+14155550100: http:\/\/127\.0\.0\.1:\d+\/ reached at 127\.0\.0\.1 in \d+ ms$/),
      }),
    ]);
    expect(endpoint.requests).toHaveLength(before);
    expect((await gateway.rest('GET', '/ready')).status).toBe(200);
  });

  test('--send sends one webhook, signed as the SDK verifies it, and judges the reply', async () => {
    const before = endpoint.requests.length;
    const found = await examined(env, '--number', NUMBER, '--send');
    expect(found('test webhook')).toEqual([
      expect.objectContaining({ level: 'ok', found: expect.stringContaining('a good reply') }),
    ]);
    expect(endpoint.requests).toHaveLength(before + 1);
    const sent = endpoint.requests.at(-1)!;
    expect(JSON.parse(sent.body.toString())).toEqual({
      event: 'call_inbound',
      call_inbound: { from_number: '+12025550100', to_number: NUMBER },
    });
    const signature = sent.header('x-retell-signature') ?? '';
    expect(await Retell.verify(sent.body.toString(), API_KEY, signature)).toBe(true);
    expect(sent.header('webhook-id')).toMatch(/^inb_doctor_/);
  });

  test('--send: a faulty reply is named with its pointer, a 500 and a wrong clock too', async () => {
    body = '{"call_inbound":{"agent_override":{"agent":{"voice_speed":9}}}}';
    expect((await examined(env, '--number', NUMBER, '--send'))('test webhook')[0]).toMatchObject({
      level: 'fail',
      found: expect.stringContaining('/call_inbound/agent_override/agent/voice_speed'),
    });
    body = '{}';
    status = 500;
    date = () => new Date(Date.now() + 60_000);
    const found = await examined(env, '--number', NUMBER, '--send');
    expect(found('test webhook')[0]).toMatchObject({ level: 'fail', found: expect.stringMatching(/^500 after/) });
    expect(found('clock')[0]).toMatchObject({ level: 'warn', found: expect.stringMatching(/(59|60|61) s behind/) });
  });

  test('an unknown number fails', async () => {
    const found = await examined(env, '--number', '+14155550199');
    expect(found('webhook')[0]).toMatchObject({ level: 'fail', found: 'there is no number +14155550199' });
  });

  test('with other settings than the gateway was started with, that is what it says', async () => {
    const found = await examined({ ...env, PICKUP_HTTP_PORT: '18612' });
    expect(found('gateway')[0]).toMatchObject({ level: 'fail', change: expect.stringContaining('with the settings') });
  });
});
