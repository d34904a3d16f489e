/** What docs/sip.md shows is run: settings are loaded, the proxy relays, the phones dial, doctor says what it is said to. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadConfig, SETTING_NAMES } from '@pickup/gateway/config';
import { runBaresip } from '@pickup/testkit/baresip';
import { createPhone } from '@pickup/testkit/phone';
import { toolPresent } from '@pickup/testkit/tool';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { openStage, type Stage } from './support/stage.ts';
import { until } from './support/until.ts';

const ROOT = join(import.meta.dirname, '..');
const PICKUP = fileURLToPath(new URL('../packages/cli/src/main.ts', import.meta.url));
const PAGE = readFileSync(join(ROOT, 'docs/sip.md'), 'utf8');
const blocks = [...PAGE.matchAll(/^```(\w+)\n(.*?)^```$/gms)].map(([, language = '', text = '']) => ({
  language,
  text,
}));
const blocksIn = (language: string) => blocks.filter((one) => one.language === language).map(({ text }) => text);
/** The one block in a language that has a text. */
function blockWith(language: string, needle: string): string {
  const found = blocksIn(language).filter((text) => text.includes(needle));
  expect(found).toHaveLength(1);
  return found[0] ?? '';
}

const NUMBER = '+14155550100';
const folder = mkdtempSync(join(tmpdir(), 'pickup-sip-docs-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('settings', () => {
  test('every one that is named exists', () => {
    const pages = [PAGE, readFileSync(join(ROOT, 'docs/operations.md'), 'utf8')].join('\n');
    const named = new Set([...pages.matchAll(/\bPICKUP_[A-Z_]*[A-Z]\b/g)].map(([name]) => name.replace(/_FILE$/, '')));
    expect([...named].filter((name) => !(SETTING_NAMES as readonly string[]).includes(name))).toEqual([]);
  });

  const isSettings = (text: string) => text.split('\n').every((line) => line === '' || line.startsWith('PICKUP_'));
  test.each(
    blocksIn('sh')
      .filter(isSettings)
      .map((text) => [text]),
  )('load without a warning:\n%s', (text) => {
    const files = pemFiles();
    const env = Object.fromEntries(
      text
        .trim()
        .split('\n')
        .map((line) => line.split(/=(.*)/s).slice(0, 2)),
    );
    const loaded = loadConfig(env, {
      addresses: () => ['127.0.0.1', '10.0.0.5', '2001:db8::5'],
      readFile: (path) => files[path.endsWith('privkey.pem') ? 'key' : 'cert'],
    });
    expect(loaded).toMatchObject({ ok: true, warnings: [] });
  });
  test('there are that many blocks of them', () => {
    expect(blocksIn('sh').filter(isSettings)).toHaveLength(5);
  });
});

test('the events of the log that are named are logged', () => {
  const sources = globSync('packages/gateway/src/**/*.ts', { cwd: ROOT }).map((path) =>
    readFileSync(join(ROOT, path), 'utf8'),
  );
  for (const event of ['sip_peer_refused', 'sip_flood_banned', 'sip_credentials_refused', 'tls_kept']) {
    expect(PAGE).toContain(`\`${event}\``);
    expect(
      sources.some((text) => text.includes(`'${event}'`)),
      event,
    ).toBe(true);
  }
});

test('the hook of certbot is a shell script', () => {
  const script = join(folder, 'hook');
  writeFileSync(script, blockWith('bash', 'RENEWED_LINEAGE'));
  expect(execFileSync('sh', ['-n', script], { encoding: 'utf8' })).toBe('');
});

describe('against a gateway', { timeout: 60_000 }, () => {
  let stage: Stage;
  const children: ChildProcess[] = [];
  const env = { PICKUP_HTTP_PORT: '18640', PICKUP_SIP_PORT: '18641', PICKUP_RTP_PORTS: '18650-18699' };
  /** A line of the page for this machine. */
  const here = (text: string) =>
    text.replaceAll('10.0.0.5:5060', '127.0.0.1:18641').replaceAll('10.0.0.5', '127.0.0.1');
  const change = (settings: object) => stage.gateway.rest('PATCH', `/update-phone-number/${NUMBER}`, settings);

  beforeAll(async () => {
    stage = await openStage({ gateway: { env } });
    const made = await stage.gateway.rest('POST', '/import-phone-number', {
      phone_number: NUMBER,
      termination_uri: 'sip.example.com',
      inbound_agents: [{ agent_id: stage.agentId, weight: 1 }],
    });
    expect(made.status).toBe(201);
  }, 90_000);
  afterEach(async () => {
    for (const child of children.splice(0)) await end(child);
  });
  afterAll(() => stage?.close());

  test('the curl line says who may call the number, and null takes it away again', async () => {
    const line = blockWith('sh', 'curl');
    const [, method = '', path = ''] = /-X (\w+) http:\/\/127\.0\.0\.1:8787(\S+)/.exec(line) ?? [];
    const [, body = ''] = /-d '(.*)'/.exec(line) ?? [];
    const answer = await stage.gateway.rest(method, path, JSON.parse(body));
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({ sip_peers: ['198.51.100.0/24'], sip_inbound_username: 'office' });
    expect(JSON.stringify(answer.body)).not.toContain('three-long-random-words');
    const gone = await change({ sip_peers: null, sip_inbound_username: null, sip_inbound_password: null });
    expect(gone.status).toBe(200);
  });

  describe.skipIf(!toolPresent('kamailio'))('Kamailio', () => {
    test('with the block of the page relays a call, and stays in its path', async () => {
      const config = join(folder, 'kamailio.cfg');
      const port = 18642;
      writeFileSync(config, `${preamble(port)}\n${here(blockWith('kamailio', 'route[PICKUP]'))}`);
      const path = { PATH: `${process.env['PATH']}${delimiter}/usr/sbin` };
      execFileSync('kamailio', ['-c', '-f', config], { env: path, stdio: 'pipe' });
      const args = ['-DD', '-E', '-m', '16', '-M', '4', '-w', folder, '-Y', folder, '-f', config];
      const child = spawn('kamailio', args, { env: path, stdio: ['ignore', 'ignore', 'pipe'], detached: true });
      children.push(child);
      let printed = '';
      child.stderr.on('data', (chunk) => {
        printed += String(chunk);
      });
      const phone = await createPhone();
      try {
        const answered = await until('the proxy relays', async () => {
          const call = await phone.call({ to: NUMBER, from: '+12137771234', server: { host: '127.0.0.1', port } });
          const final = await Promise.race([
            call.final,
            new Promise<undefined>((done) => setTimeout(() => done(undefined), 2_000)),
          ]);
          return final?.code === 200 ? call : undefined;
        }).catch((error) => Promise.reject(new Error(`${error}\n${printed}`)));
        await answered.hangUp();
        await answered.ended;
      } finally {
        await phone.close();
      }
      const listed = await stage.gateway.rest('POST', '/list-inbounds', { limit: 1 });
      const callId = listed.body.items[0].call_id;
      const call = await until('the BYE has come', async () => {
        const found = await stage.gateway.rest('GET', `/v2/get-call/${callId}`);
        return found.body.call_status === 'ended' && found.body;
      });
      expect(call).toMatchObject({ disconnection_reason: 'user_hangup', to_number: NUMBER });
    });
  });

  describe.skipIf(!toolPresent('baresip'))('baresip', () => {
    const dialled = () => here(/-e "d (\S+)"/.exec(blockWith('sh', 'baresip -e'))?.[1] ?? '');

    test('dials the number without an account', async () => {
      const run = await runBaresip({
        dial: dialled(),
        forMs: 15_000,
        hangUpAfterMs: 500,
        record: join(folder, 'plain'),
      });
      expect(run.established, run.output).toBe(true);
    });

    test('dials a registered call', async () => {
      const made = await stage.gateway.rest('POST', '/v2/register-phone-call', { agent_id: stage.agentId });
      const dial = dialled().replace(NUMBER, made.body.call_id);
      const run = await runBaresip({ dial, forMs: 15_000, hangUpAfterMs: 500, record: join(folder, 'registered') });
      expect(run.established, run.output).toBe(true);
    });
  });

  test('doctor says what the page shows, in that order', async () => {
    await change({ inbound_webhook_url: 'http://127.0.0.1:18643/' });
    const { PICKUP_SEAL_KEY: _seal, ...rest } = process.env;
    const child = spawn(process.execPath, [PICKUP, 'doctor'], {
      env: { ...rest, ...env, PICKUP_HOME: stage.gateway.home, NO_COLOR: '1' },
    });
    let printed = '';
    child.stdout.on('data', (chunk) => {
      printed += String(chunk);
    });
    const [code] = await once(child, 'close');
    expect(code).toBe(1);
    const lines = printed.split('\n');
    let at = 0;
    for (const line of blockWith('text', 'ok   settings').trimEnd().split('\n')) {
      const found = lines.findIndex((text, index) => index >= at && patternOf(line).test(text));
      expect(found, `${line}\nis not in\n${printed}`).toBeGreaterThanOrEqual(0);
      at = found + 1;
    }
  });
});

function preamble(port: number): string {
  const modules = [...(/It needs (`tm`.*?)\./s.exec(PAGE)?.[1] ?? '').matchAll(/`(\w+)`/g)].map(([, name]) => name);
  expect(modules).toHaveLength(7);
  const loads = modules.map((name) => `loadmodule "${name}.so"`);
  return [
    '#!KAMAILIO',
    'log_stderror=yes',
    'children=2',
    'dns=no',
    'rev_dns=no',
    `listen=udp:127.0.0.1:${port}`,
    ...loads,
  ].join('\n');
}

/** A line of the page as a pattern: numbers may be others, `…` stands for anything. */
function patternOf(line: string): RegExp {
  const escaped = line.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`^${escaped.replace(/\d+/g, '\\d+').replace(/…/g, '.*')}$`);
}

let pem: { readonly cert: string; readonly key: string } | undefined;
/** A certificate for the name of the page, as a renewal would leave it. */
function pemFiles(): { readonly cert: string; readonly key: string } {
  if (pem) return pem;
  const args = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '90', '-subj', '/CN=pickup.example.com'];
  const files = ['-keyout', 'privkey.pem', '-out', 'fullchain.pem', '-addext', 'subjectAltName=DNS:pickup.example.com'];
  execFileSync('openssl', [...args, ...files], { cwd: folder, stdio: 'pipe' });
  const read = (name: string) => readFileSync(join(folder, name), 'utf8');
  pem = { cert: read('fullchain.pem'), key: read('privkey.pem') };
  return pem;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const ended = once(child, 'exit');
  process.kill(-child.pid, 'SIGKILL');
  await ended;
}
