/** The record as a person reads it: shown, followed over a crash, and sent again (H1). */
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { InboundObject } from '@pickup/contract';
import { startFakeEndpoint } from '@pickup/testkit/endpoint';
import { freePort } from '@pickup/testkit/free-port';
import { createPhone, type Phone } from '@pickup/testkit/phone';
import { Retell } from 'retell-sdk';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { API_KEY, type GatewayProcess, startGateway } from './support/gateway.ts';
import { simulateCall, waitForOutcome } from './support/outcome.ts';
import { type PickupRun, runPickup, startPickup } from './support/run-pickup.ts';
import { openStage, type Stage } from './support/stage.ts';
import { until } from './support/until.ts';

let stage: Stage;
let phone: Phone;
const sockets: Socket[] = [];
const runs: PickupRun[] = [];

beforeAll(async () => {
  stage = await openStage();
  phone = await createPhone();
}, 90_000);
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const run of runs.splice(0)) run.signal('SIGKILL');
});
afterAll(async () => {
  await phone?.close();
  await stage?.close();
});

const envOf = ({ httpUrl }: Pick<GatewayProcess, 'httpUrl'>, key = API_KEY) => ({
  PICKUP_HTTP_PORT: new URL(httpUrl).port,
  PICKUP_API_KEY: key,
});
const pickup = (...args: readonly string[]) => runPickup(args, envOf(stage.gateway));
const asJson = async (...args: readonly string[]) => JSON.parse((await pickup(...args, '--json')).out);
/** A reply whose end never comes. */
const breakOff = (socket: Socket) => void socket.end('HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{');
/** Anything a terminal would act on but line breaks. */
const ACTING = /[^\n\P{Cc}]|[\u2028-\u202e\u2066-\u2069]/u;

async function lastInbound(to: string): Promise<InboundObject> {
  const filter_criteria = { to_number: { type: 'string', op: 'eq', value: to } };
  return until(`a record of ${to}`, async () => {
    const { body } = await stage.gateway.rest('POST', '/list-inbounds', { filter_criteria, limit: 1 });
    return (body.items as InboundObject[]).find(({ outcome_timestamp }) => outcome_timestamp !== undefined);
  });
}

describe('inbounds show', () => {
  test('a real call whose webhook fails twice and then answers: the whole story on one screen', {
    timeout: 60_000,
  }, async () => {
    const reply = { call_inbound: { dynamic_variables: { customer_name: 'Ada' }, metdata: {} } };
    const staged = await stage.number({
      script: { nth: (nth) => (nth === 1 ? { status: 503 } : nth === 2 ? breakOff : { body: JSON.stringify(reply) }) },
    });
    const call = await phone.call({ to: staged.number, from: '+12137771234', server: stage.gateway.sip });
    await call.waitFor('answered');
    await call.hangUp();
    const inbound = await lastInbound(staged.number);
    expect(inbound).toMatchObject({
      outcome: 'connected',
      request: { event: 'call_inbound', call_inbound: { from_number: '+12137771234', to_number: staged.number } },
    });
    const { code, out } = await pickup('inbounds', 'show', inbound.inbound_id);
    expect(code).toBe(0);
    const lines = out.trimEnd().split('\n');
    expect(lines.length).toBeLessThan(60);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(100);
    expect(out).not.toMatch(ACTING);
    // What became of it comes first, then how it came to that.
    expect(lines[0]).toMatch(/^Connected to /);
    const at = (pattern: RegExp) => {
      const index = lines.findIndex((line) => pattern.test(line));
      expect(index, String(pattern)).toBeGreaterThanOrEqual(0);
      return index;
    };
    const story = [
      /^Call from \+12137771234 to /,
      /← INVITE/,
      /→ 180/,
      /^Attempts at http/,
      /^ {2}1 {2}503 failed/,
      /^ {2}2 {2}incomplete reply/,
      /^ {2}3 {2}200 accepted/,
      /^Request/,
      /^Reply/,
      /^ {2}warning .*metdata/,
      /^Decision/,
      /^Call$/,
    ].map(at);
    expect(story).toEqual([...story].sort((a, b) => a - b));
    // The bars are on one scale: each attempt starts behind the one before, with the wait between them drawn.
    const bars = [1, 2, 3].map((nth) => lines[at(new RegExp(`^  ${nth}  `))]!.slice(26));
    const starts = bars.map((bar) => bar.search(/[qdctwb]/));
    expect(starts[0]).toBeLessThan(starts[1]!);
    expect(starts[1]).toBeLessThan(starts[2]!);
    expect(bars[2]).toMatch(/·{5,}[qdctwb]/);
    expect(await asJson('inbounds', 'show', inbound.inbound_id)).toMatchObject({
      inbound_id: inbound.inbound_id,
      explanation: { headline: expect.stringContaining(lines[0]!) },
    });
  });

  test('hostile text in numbers, headers and replies reaches no terminal raw', async () => {
    const evil = '\u001b[2J\u009b31m\u202eevil';
    const staged = await stage.number({
      script: { body: JSON.stringify({ call_inbound: { [evil]: evil, metadata: { [evil]: evil } } }) },
      settings: { inbound_webhook_profile: 'current' },
    });
    const id = await simulateCall(stage.gateway, {
      to: staged.number,
      from: `+1213${evil}`,
      headers: { 'X-Evil': evil },
    });
    await waitForOutcome(stage.gateway, id);
    for (const args of [
      ['show', id],
      ['show', id, '--json'],
      ['list'],
      ['list', '--json'],
      ['replay', id],
      ['replay', id, '--json'],
    ]) {
      const { out, err } = await pickup('inbounds', ...args);
      expect(out, args.join(' ')).toContain('evil');
      expect(out + err, args.join(' ')).not.toMatch(ACTING);
    }
    expect((await asJson('inbounds', 'show', id)).request.call_inbound.custom_sip_headers).toEqual({
      'x-evil': evil.replace('\u001b', ''),
    });
  });

  test('H1 an agent whose storage setting forbids it: neither request nor reply, and no replay', async () => {
    const agent = await stage.gateway.client.agent.create({
      voice_id: '11labs-Adrian',
      response_engine: { type: 'retell-llm', llm_id: stage.llmId },
      data_storage_setting: 'basic_attributes_only',
    } as never);
    const fields = { override_agent_id: agent.agent_id, dynamic_variables: { name: 'Ada Lovelace' } };
    const staged = await stage.number({
      script: { body: JSON.stringify({ call_inbound: fields }) },
      settings: { inbound_webhook_profile: 'current' },
    });
    const id = await simulateCall(stage.gateway, { to: staged.number, headers: { 'X-Customer': 'Ada Lovelace' } });
    const inbound = await waitForOutcome(stage.gateway, id);
    expect(inbound.outcome).toBe('connected');
    expect(JSON.stringify(inbound)).not.toContain('Lovelace');
    expect(inbound.decision.join('\n')).toContain('request and reply are not kept');
    const { code, err } = await pickup('inbounds', 'replay', id);
    expect(code).toBe(2);
    expect(err).toContain('data_storage_setting');
  });
});

describe('inbounds tail', () => {
  test('over kill -9 and a restart: no inbound is missed, none is told twice', { timeout: 120_000 }, async () => {
    const home = mkdtempSync(join(tmpdir(), 'pickup-record-'));
    const port = String(await freePort());
    const held: (() => void)[] = [];
    const endpoint = await startFakeEndpoint({
      handler: ({ path }) =>
        path === '/held' ? new Promise((resolve) => void held.push(() => resolve({ body: '{}' }))) : { body: '{}' },
    });
    const start = () => startGateway({ home, env: { PICKUP_HTTP_PORT: port } });
    let gateway = await start();
    try {
      for (const [number, path] of [
        ['+12137772001', '/quick'],
        ['+12137772002', '/held'],
      ]) {
        const settings = { phone_number: number, termination_uri: 'sip.example.com' };
        await gateway.rest('POST', '/import-phone-number', { ...settings, inbound_webhook_url: endpoint.url + path });
      }
      const tail = startPickup(['inbounds', 'tail', '--json'], envOf(gateway));
      const lines = startPickup(['inbounds', 'tail'], envOf(gateway));
      runs.push(tail, lines);
      await until('both follow', () => [tail, lines].every((run) => run.err().includes('following')));
      const placed: string[] = [];
      const place = async (to: string) => placed.push(await simulateCall(gateway, { to }));
      for (let nth = 0; nth < 5; nth++) await place('+12137772001');
      // These ring while the gateway dies: they end at the restart, out of sight of every client.
      for (let nth = 0; nth < 3; nth++) await place('+12137772002');
      await until('the held ones ring', () => held.length >= 3);
      await until('the tail saw five ends', () => endsOf(tail).length >= 5);
      // Some end in the last moment, which no client may have read; some are never recorded.
      const before = endpoint.requests.length;
      await Promise.all(Array.from({ length: 20 }, () => place('+12137772001')));
      await until('some of them have asked', () => endpoint.requests.length >= before + 10);
      await gateway.kill9();
      await until('the loss is told', () => tail.err().includes('lost'));
      gateway = await start();
      for (let nth = 0; nth < 5; nth++) await place('+12137772001');
      await until('all have ended', async () => {
        const { body } = await gateway.rest('POST', '/list-inbounds', { limit: 100 });
        const items = body.items as InboundObject[];
        const known = new Set(items.map(({ inbound_id }) => inbound_id));
        return placed.slice(-5).every((id) => known.has(id)) && items.every(({ outcome }) => outcome !== null);
      });
      const { body } = await gateway.rest('POST', '/list-inbounds', { limit: 100 });
      const ids = (body.items as InboundObject[]).map(({ inbound_id }) => inbound_id).sort();
      await until('the tail has them all', () => endsOf(tail).length >= ids.length);
      await place('+12137772001');
      await until('one more', () => endsOf(tail).length > ids.length);
      const told = endsOf(tail).map(({ inbound_id }) => inbound_id);
      expect([...told].sort()).toEqual([...ids, placed.at(-1)].sort());
      expect(endsOf(tail).filter(({ outcome }) => outcome === 'interrupted').length).toBeGreaterThanOrEqual(3);
      await until('the lines have them all', () => told.every((id) => endLine(id).test(lines.out())));
      for (const id of told) expect(lines.out().match(new RegExp(endLine(id), 'gm')), id).toHaveLength(1);
      for (const run of [tail, lines]) {
        run.signal('SIGINT');
        expect((await run.ended).code).toBe(0);
      }
    } finally {
      for (const release of held) release();
      await gateway.kill9();
      await endpoint.close();
      rmSync(home, { recursive: true, force: true });
    }
  });

  const endsOf = (run: PickupRun) =>
    run
      .out()
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as InboundObject)
      .filter(({ outcome }) => outcome !== null);
  const endLine = (id: string) => new RegExp(`^[\\d:.]{12}  (?:connected|ended) .*${id}$`, 'm');

  test('each attempt is told while the caller rings, then the end', { timeout: 60_000 }, async () => {
    const staged = await stage.number({ script: { nth: (nth) => (nth < 3 ? { status: 503 } : { body: '{}' }) } });
    const other = await stage.number();
    const tail = startPickup(['inbounds', 'tail', '--to', staged.number], envOf(stage.gateway));
    runs.push(tail);
    await until('it follows', () => tail.err().includes('following'));
    await waitForOutcome(stage.gateway, await simulateCall(stage.gateway, { to: other.number }));
    const id = await simulateCall(stage.gateway, { to: staged.number });
    await until('the end is told', () => / connected /.test(tail.out()));
    const told = tail.out().trimEnd().split('\n');
    expect(told.map((line) => line.slice(14, 24).trim())).toEqual([
      'arrived',
      'attempt 1',
      'attempt 2',
      'attempt 3',
      'connected',
    ]);
    expect(told.every((line) => line.endsWith(id))).toBe(true);
    const times = told.map((line) => line.slice(0, 12));
    expect(times).toEqual([...times].sort());
  });

  test('a client that never reads holds up neither calls nor the stop of the gateway', {
    timeout: 90_000,
  }, async () => {
    const other = await openStage();
    try {
      const { hostname, port } = new URL(other.gateway.httpUrl);
      for (let nth = 0; nth < 3; nth++) {
        const socket = connect(Number(port), hostname);
        sockets.push(socket);
        socket.pause();
        socket.on('error', () => {});
        socket.write(`GET /stream-inbounds HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${API_KEY}\r\n\r\n`);
      }
      const metadata = { long: 'x'.repeat(45_000) };
      const staged = await other.number({ script: { body: JSON.stringify({ call_inbound: { metadata } }) } });
      for (let nth = 0; nth < 40; nth++) {
        const started = performance.now();
        const id = await simulateCall(other.gateway, { to: staged.number });
        expect((await waitForOutcome(other.gateway, id)).outcome).toBe('connected');
        expect(performance.now() - started).toBeLessThan(5_000);
      }
      const stopping = performance.now();
      other.gateway.signal('SIGTERM');
      other.gateway.signal('SIGTERM');
      expect((await other.gateway.exited).code).toBe(0);
      expect(performance.now() - stopping).toBeLessThan(15_000);
    } finally {
      await other.close();
    }
  });
});

describe('inbounds replay', () => {
  test('another URL: side by side, signed with a test key that retell-sdk verifies, never with the account’s', async () => {
    const staged = await stage.number({ script: { body: '{}' } });
    const id = await simulateCall(stage.gateway, { to: staged.number });
    await waitForOutcome(stage.gateway, id);
    const calls = async () => (await stage.gateway.rest('POST', '/v3/list-calls', {})).body.items.length;
    const before = await calls();
    const laptop = await startFakeEndpoint({ handler: () => ({ body: '{"call_inbound":{"reject":true}}' }) });
    const verifies = (key: string) => {
      const { body, header } = laptop.requests.at(-1)!;
      return Retell.verify(body.toString(), key, header('x-retell-signature') ?? '');
    };
    try {
      const made = await pickup('inbounds', 'replay', id, '--webhook', laptop.url);
      expect(made.code).toBe(1);
      expect(made.out).toContain('outcome was "connected", is "declined"');
      expect(made.out).toMatch(/^Original +│ Replay$/m);
      expect(made.out).not.toMatch(ACTING);
      const [, key = ''] = /Signed with the test key (\S+)/.exec(made.out) ?? [];
      expect(await verifies(key)).toBe(true);
      expect(await verifies(API_KEY)).toBe(false);
      const { original, replay } = await asJson(
        'inbounds',
        'replay',
        id,
        '--webhook',
        laptop.url,
        '--signing-key',
        'mine',
      );
      expect(await verifies('mine')).toBe(true);
      expect([original.outcome, replay.outcome]).toEqual(['connected', 'declined']);
      const sent = JSON.parse(laptop.requests.at(-1)!.body.toString());
      expect(sent).toEqual({ ...JSON.parse(staged.requests()[0]!.body.toString()), replay: { inbound_id: id } });
      const own = await pickup('inbounds', 'replay', id);
      expect(own).toMatchObject({ code: 0, out: expect.stringMatching(/^Decided as before\./) });
      const { body, header } = staged.requests().at(-1)!;
      expect(await Retell.verify(body.toString(), API_KEY, header('x-retell-signature') ?? '')).toBe(true);
      expect(staged.requests()).toHaveLength(2);
      expect(await calls()).toBe(before);
    } finally {
      await laptop.close();
    }
  });

  test('a read-only key shows and follows, and replays to nobody', async () => {
    const { body } = await stage.gateway.rest('POST', '/create-api-key', { role: 'read_only' });
    const env = envOf(stage.gateway, body.api_key);
    const staged = await stage.number();
    const id = await simulateCall(stage.gateway, { to: staged.number });
    await waitForOutcome(stage.gateway, id);
    expect((await runPickup(['inbounds', 'show', id], env)).code).toBe(0);
    const tail = startPickup(['inbounds', 'tail'], env);
    runs.push(tail);
    await until('it follows', () => tail.err().includes('following'));
    for (const more of [[], ['--webhook', stage.endpoint.url]]) {
      const refused = await runPickup(['inbounds', 'replay', id, ...more], env);
      expect(refused).toMatchObject({ code: 2, err: expect.stringContaining('403') });
    }
    expect(staged.requests()).toHaveLength(1);
  });
});
