/** Where webhooks may go (reliability cases 39 to 49): judged at save, and again at every connection. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { isIPv4 } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type FakeEndpoint, startFakeEndpoint } from '@pickup/testkit/endpoint';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type GatewayProcess, startGateway } from './support/gateway.ts';
import { simulateCall, waitForOutcome } from './support/outcome.ts';
import { createHouseAgent, importNumber } from './support/stage.ts';

const PUBLIC_URL = 'https://pickup.example.com';

/** URL, and what the operator would have to allow. */
const INTERNAL: readonly (readonly [string, RegExp])[] = [
  ['http://127.0.0.1/', /127\.0\.0\.1/],
  ['http://2130706433/', /127\.0\.0\.1/],
  ['http://0x7f.1/', /127\.0\.0\.1/],
  ['http://0177.0.0.1/', /127\.0\.0\.1/],
  ['http://127.1/', /127\.0\.0\.1/],
  ['http://0.0.0.0/', /0\.0\.0\.0/],
  ['http://[::]/', /::/],
  ['http://[::1]/', /::1/],
  ['http://[::ffff:127.0.0.1]/', /127\.0\.0\.1|7f00:1/],
  ['http://[::7f00:1]/', /7f00:1|127\.0\.0\.1/],
  ['http://[64:ff9b::a9fe:a9fe]/', /a9fe:a9fe|169\.254\.169\.254/],
  ['http://[2002:a9fe:a9fe::1]/', /2002:a9fe:a9fe::1|169\.254\.169\.254/],
  ['http://[fd00:ec2::254]/', /fd00:ec2::254/],
  ['http://169.254.169.254/', /169\.254\.169\.254/],
  ['http://10.0.0.7/', /10\.0\.0\.7/],
  ['http://localhost/', /127\.0\.0\.1/],
];
/** No setting allows these. */
const NEVER = [
  'http://[fe80::1%25eth0]/',
  'file:///etc/passwd',
  'gopher://127.0.0.1/',
  'data:text/plain,x',
  'unix:/run/x',
];

describe('saving', () => {
  let gateway: GatewayProcess;
  let taken = 0;
  beforeAll(async () => {
    gateway = await startGateway({ env: { PICKUP_PUBLIC_URL: PUBLIC_URL } });
    await importNumber(gateway, '+12137772999', { inbound_webhook_url: 'https://example.com/hook' });
  });
  afterAll(() => gateway?.kill9());

  /** Import and update, for calls and for texts. */
  async function saves(url: string) {
    const answers = [];
    for (const field of ['inbound_webhook_url', 'inbound_sms_webhook_url']) {
      const number = `+1213777${5_000 + taken++}`;
      const body = { phone_number: number, termination_uri: 'sip.example.com', [field]: url };
      answers.push(await gateway.rest('POST', '/import-phone-number', body));
      answers.push(await gateway.rest('PATCH', '/update-phone-number/+12137772999', { [field]: url }));
      expect((await gateway.rest('GET', `/get-phone-number/${number}`)).status).toBe(422);
    }
    return answers;
  }

  test.each(INTERNAL)(
    'case 39 %s is refused by import and update, with the line that would allow it',
    async (url, address) => {
      for (const { status, body } of await saves(url)) {
        expect(status).toBe(400);
        expect(body.message).toMatch(/PICKUP_WEBHOOK_ALLOW=\S+/);
        expect(body.message).toMatch(address);
      }
      const { body } = await gateway.rest('GET', '/get-phone-number/+12137772999');
      expect(body.inbound_webhook_url).toBe('https://example.com/hook');
    },
  );

  test.each(NEVER)('cases 39, 46 %s is refused by import and update', async (url) => {
    for (const { status } of await saves(url)) expect(status).toBe(400);
  });

  test('case 39 Pickup’s own API is refused even where loopback is allowed', async () => {
    const own = await startGateway();
    try {
      const answer = await own.rest('POST', '/import-phone-number', {
        phone_number: '+12137772998',
        termination_uri: 'sip.example.com',
        inbound_webhook_url: `${own.httpUrl}/health`,
      });
      expect(answer.status).toBe(400);
      expect(answer.body.message).toContain('Pickup itself');
    } finally {
      await own.kill9();
    }
  });
});

describe('sending', () => {
  let endpoint: FakeEndpoint;
  let elsewhere: FakeEndpoint;
  let home = '';
  const NUMBER = '+12137772001';
  const BY_NAME = '+12137772002';
  const REDIRECTS = '+12137772003';
  const FAILS = '+12137772004';
  const NOBODY = '+12137772005';
  /** A name of this machine's hosts file that leads to loopback. */
  const name = localName();

  beforeAll(async () => {
    elsewhere = await startFakeEndpoint();
    endpoint = await startFakeEndpoint({
      handler: ({ path }) => {
        if (path === '/redirect') return { status: 307, headers: { location: elsewhere.url } };
        if (path.startsWith('/fails'))
          return { status: 500, body: 'stack trace of db-7.internal 10.1.2.3 password hunter2' };
        return { body: '{"call_inbound":{"metadata":{"asked":true}}}' };
      },
    });
    home = mkdtempSync(join(tmpdir(), 'pickup-e2e-'));
    const first = await startGateway({ home });
    const { agentId } = await createHouseAgent(first);
    const settings = { inbound_agents: [{ agent_id: agentId, weight: 1 }], ring_budget_ms: 2_400 };
    const urls = {
      [NUMBER]: endpoint.url,
      [BY_NAME]: `http://${name ?? 'localhost'}:${endpoint.port}/`,
      [REDIRECTS]: `${endpoint.url}/redirect`,
      [FAILS]: `${endpoint.url}/fails?token=hunter3`,
      [NOBODY]: `http://127.0.0.1:${await unusedPort()}/`,
    };
    for (const [number, inbound_webhook_url] of Object.entries(urls)) {
      await importNumber(first, number, { ...settings, inbound_webhook_url });
    }
    await first.kill9();
  });
  afterAll(async () => {
    await Promise.all([endpoint?.close(), elsewhere?.close()]);
    rmSync(home, { recursive: true, force: true });
  });

  async function withGateway(env: Record<string, string>, work: (gateway: GatewayProcess) => Promise<void>) {
    const gateway = await startGateway({ home, env });
    try {
      await work(gateway);
    } finally {
      await gateway.kill9();
    }
  }
  const call = async (gateway: GatewayProcess, to: string) =>
    waitForOutcome(gateway, await simulateCall(gateway, { to }));

  test('cases 39, 40 what was saved while it was allowed is refused at the connection once it is not', async () => {
    await withGateway({ PICKUP_PUBLIC_URL: PUBLIC_URL }, async (gateway) => {
      for (const number of name === undefined ? [NUMBER] : [NUMBER, BY_NAME]) {
        const before = endpoint.connections;
        const inbound = await call(gateway, number);
        expect(inbound.outcome).toBe('connected');
        expect(new Set(inbound.attempts.map(({ error }) => error))).toEqual(new Set(['address_refused']));
        expect(JSON.stringify(inbound.attempts)).not.toContain('127.0.0.1');
        expect(endpoint.connections).toBe(before);
      }
    });
  });

  test.runIf(name === undefined)('case 40 is only half tried: the hosts file names no loopback address', () => {
    console.warn('case 40 by name: skipped, for the hosts file names no loopback address besides localhost');
  });

  test('case 47 the operator’s allow-list works and is audited', async () => {
    await withGateway({ PICKUP_PUBLIC_URL: PUBLIC_URL, PICKUP_WEBHOOK_ALLOW: '127.0.0.0/8' }, async (gateway) => {
      const inbound = await call(gateway, NUMBER);
      expect(inbound).toMatchObject({ outcome: 'connected', attempts: [{ verdict: 'accepted' }] });
      expect(gateway.logged('private_address_allowed')).toContainEqual(
        expect.objectContaining({ address: '127.0.0.1', port: endpoint.port, rule: '127.0.0.0/8' }),
      );
      const log = await gateway.rest('GET', '/list-audit-log');
      const [entry] = log.body.items.filter(({ key_id }: { key_id: string }) => key_id === 'system');
      expect(entry?.action).toBe('PICKUP_WEBHOOK_ALLOW=127.0.0.0/8');
    });
  });

  test('case 43 a redirect is not followed, wherever it leads', async () => {
    await withGateway({}, async (gateway) => {
      const inbound = await call(gateway, REDIRECTS);
      expect(new Set(inbound.attempts.map(({ error }) => error))).toEqual(new Set(['redirect']));
      expect(elsewhere.connections).toBe(0);
    });
  });

  test('case 49 a failure shows no internal address, no body, no secret of the URL', async () => {
    await withGateway({}, async (gateway) => {
      for (const number of [FAILS, NOBODY]) {
        const inbound = await call(gateway, number);
        expect(inbound.attempts[0]).toMatchObject({ verdict: 'failed', fault: 'endpoint' });
        // The number's own URL, as it was set, may be named in both: its owner reads them.
        const { settings: _settings, explanation, ...shown } = inbound as typeof inbound & { explanation?: unknown };
        expect(JSON.stringify(shown)).not.toMatch(/127\.0\.0\.1|10\.1\.2\.3|hunter2/);
        expect(JSON.stringify(explanation)).not.toMatch(/10\.1\.2\.3|hunter2/);
        expect(JSON.stringify(inbound)).not.toContain('hunter3');
        expect(gateway.stderr()).not.toContain('hunter3');
      }
    });
  });
});

function localName(): string | undefined {
  for (const line of readFileSync('/etc/hosts', 'utf8').split('\n')) {
    const [address = '', ...names] = line.replace(/#.*/, '').trim().split(/\s+/);
    const other = names.find((one) => !/(^|\.)localhost$/i.test(one));
    if (isIPv4(address) && address === '127.0.0.1' && other !== undefined) return other;
  }
  return undefined;
}

/** A port that was free a moment ago. */
async function unusedPort(): Promise<number> {
  const probe = await startFakeEndpoint();
  await probe.close();
  return probe.port;
}
