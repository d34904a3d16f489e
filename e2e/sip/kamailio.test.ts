/** Behind a real proxy that stays in the path (RFC 3261 16, rules C6, F1, G; cases 65, 69): every request keeps the route set. */
import type { EndpointAnswer } from '@pickup/testkit/endpoint';
import { type Kamailio, type KamailioOptions, startKamailio } from '@pickup/testkit/kamailio';
import { createPhone, type Phone } from '@pickup/testkit/phone';
import { type RunSippOptions, runSipp } from '@pickup/testkit/sipp';
import { toolPresent } from '@pickup/testkit/tool';
import { speechSpans } from '@pickup/testkit/wav';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openStage, type Stage, type StagedNumber } from '../support/stage.ts';
import { until } from '../support/until.ts';
import { endedCall, traced } from './support/ended-call.ts';
import { briefAgent, digitsAgent } from './support/flow-agents.ts';
import { calls, onlyOutcome, outcomesOf, tally } from './support/records.ts';

const CALLS = 3;
const isReady = toolPresent('kamailio') && toolPresent('sipp');

const WAYS = {
  udp: { relay: ['udp'] },
  tcp: { relay: ['tcp'] },
  'both ways at once': { relay: ['udp', 'tcp'] },
  'impatient udp': { relay: ['udp'], ringLimitMs: 2_500 },
} as const satisfies Readonly<Record<string, Omit<KamailioOptions, 'gateway'>>>;
type Way = keyof typeof WAYS;

describe.skipIf(!isReady)('behind Kamailio', { timeout: 60_000 }, () => {
  let stage: Stage;
  let phone: Phone;
  const proxies = new Map<Way, Kamailio>();
  const agents = { brief: '', digits: '' };

  beforeAll(async () => {
    [stage, phone] = await Promise.all([openStage(), createPhone()]);
    const started = Object.entries(WAYS).map(async ([way, options]) => {
      proxies.set(way as Way, await startKamailio({ ...options, gateway: stage.gateway.sip }));
    });
    await Promise.all(started);
    agents.brief = await briefAgent(stage.gateway);
    agents.digits = await digitsAgent(stage.gateway);
  }, 90_000);
  afterAll(async () => {
    await phone?.close();
    await Promise.all([...proxies.values()].map((proxy) => proxy.stop()));
    await stage?.close();
  });

  const at = (way: Way) => `${proxies.get(way)!.host}:${proxies.get(way)!.port}`;
  const reply = (call_inbound: object): EndpointAnswer => ({ body: JSON.stringify({ call_inbound }) });

  /** SIPp calls the number through the proxy; every call has to go as its scenario says. */
  async function sipp(way: Way, to: StagedNumber, options: Omit<RunSippOptions, 'remote'>) {
    const run = await runSipp({ calls: CALLS, timeoutMs: 40_000, ...options, remote: at(way), to: to.number });
    const count = options.calls ?? CALLS;
    expect(run, run.errors).toMatchObject({ exitCode: 0, successful: count, failed: 0 });
    return run;
  }

  /** How the calls to this number ended, when all of them have. */
  async function endings(to: StagedNumber, count = CALLS) {
    const ofNumber = async () =>
      (await calls(stage.gateway)).filter((call) => 'to_number' in call && call.to_number === to.number);
    const ended = await until(`${count} calls to ${to.number} have ended`, async () => {
      const found = await ofNumber();
      return found.length >= count && found.every((call) => call.call_status !== 'ongoing') && found;
    });
    return tally(ended.map((call) => `${call.call_status} ${call.disconnection_reason}`));
  }

  describe.concurrent('many at once', () => {
    test('F1, C1 twelve seconds of ringing, over two attempts, are an answered call', async () => {
      const nth = (attempt: number): EndpointAnswer => (attempt === 1 ? 'hang' : { body: '{}', delayMs: 1_500 });
      const to = await stage.number({ script: { nth } });
      const { csv } = await sipp('udp', to, { scenario: { kind: 'answered', holdMs: 200 }, calls: 1 });
      expect(csv['Retransmissions(C)']).toBe('0');
      const { inbound, call } = await endedCall(stage.gateway, to.number);
      expect(inbound.attempts.map(({ verdict }) => verdict)).toEqual(['failed', 'accepted']);
      const lines = inbound.sip!.messages;
      const sentAt = (start: string) => lines.find((line) => line.summary.startsWith(start))!.timestamp;
      expect(sentAt('200') - inbound.arrival_timestamp).toBeGreaterThan(11_000);
      expect(traced(inbound, 'out').map((summary) => summary.slice(0, 3))).toEqual(['100', '180', '180', '200']);
      expect(call).toMatchObject({ call_status: 'ended', disconnection_reason: 'user_hangup' });
    });

    describe.each(['udp', 'tcp'] as const)('that relays over %s', (way) => {
      test.each(['u1', 't1'])('G called over %s: the ACK and the BYE of the caller arrive', async (over) => {
        const to = await stage.number();
        await sipp(way, to, { scenario: { kind: 'answered', holdMs: 300 }, args: ['-t', over] });
        expect(await outcomesOf(stage.gateway, CALLS, to.number)).toEqual({ connected: CALLS });
        expect(await endings(to)).toEqual({ 'ended user_hangup': CALLS });
      });

      test.each(['u1', 't1'])('G called over %s: the BYE of the agent goes by the proxy', async (over) => {
        const to = await stage.number({ script: reply({ override_agent_id: agents.brief }) });
        const run = await sipp(way, to, { scenario: { kind: 'ended-by-server' }, args: ['-t', over] });
        const byes = run.log.split('\n').filter((line) => line.includes(';BYE;'));
        expect(byes).toHaveLength(CALLS);
        for (const bye of byes) expect(bye).toContain(`${at(way)};branch=`);
        expect(await outcomesOf(stage.gateway, CALLS, to.number)).toEqual({ connected: CALLS });
        expect(await endings(to)).toEqual({ 'ended agent_hangup': CALLS });
      });

      test('C6, case 65 CANCEL while the webhook is pending: 487, the request is aborted', async () => {
        let aborted = 0;
        const script: EndpointAnswer = (socket) => void socket.once('close', () => (aborted += 1));
        const to = await stage.number({ script });
        await sipp(way, to, { scenario: { kind: 'cancelled', afterMs: 300 } });
        expect(await outcomesOf(stage.gateway, CALLS, to.number)).toEqual({ caller_abandoned: CALLS });
        await until('every request is aborted', () => aborted === CALLS);
      });

      test('G, case 69 a refusal reaches the caller with its Reason', async () => {
        const to = await stage.number({ agent: false });
        const { log } = await sipp(way, to, { scenario: { kind: 'refused', code: 603 } });
        expect(log.match(/;603;.*Q\.850;cause=21/g)).toHaveLength(CALLS);
        expect(await outcomesOf(stage.gateway, CALLS, to.number)).toEqual({ declined: CALLS });
      });

      test('RFC 8760 a number with a password challenges the caller, who answers', async () => {
        const [user, password] = ['trunk', 'correct-horse-battery'];
        const to = await stage.number({ settings: { sip_inbound_username: user, sip_inbound_password: password } });
        await sipp(way, to, { scenario: { kind: 'authenticated', user, password } });
        expect(await outcomesOf(stage.gateway, CALLS, to.number)).toEqual({ connected: CALLS });
        expect(await endings(to)).toEqual({ 'ended user_hangup': CALLS });
        await sipp(way, to, { scenario: { kind: 'refused', code: 401 } });
        expect(await outcomesOf(stage.gateway, CALLS, to.number)).toEqual({ connected: CALLS });
      });

      test('RFC 3262 a caller who asks for reliable provisional responses confirms the 180', async () => {
        const to = await stage.number();
        await sipp(way, to, { scenario: { kind: 'reliable' } });
        expect(await outcomesOf(stage.gateway, CALLS, to.number)).toEqual({ connected: CALLS });
        expect(await endings(to)).toEqual({ 'ended user_hangup': CALLS });
      });

      test('hold by re-INVITE, UPDATE, and back: each answered in kind, the call goes on', async () => {
        const to = await stage.number();
        await sipp(way, to, { scenario: { kind: 'held', beforeMs: 300, holdMs: 400 }, calls: 1 });
        const { inbound, call } = await endedCall(stage.gateway, to.number);
        expect(inbound.outcome).toBe('connected');
        expect(call).toMatchObject({ call_status: 'ended', disconnection_reason: 'user_hangup' });
      });

      test('keys of a caller are heard, and the agent hangs up when they are right', async () => {
        const to = await stage.number({ script: reply({ override_agent_id: agents.digits }) });
        const { host, port } = proxies.get(way)!;
        const call = await phone.call({ to: to.number, from: '+12137771234', server: { host, port } });
        expect((await call.final).code).toBe(200);
        expect((await call.final).headers['record-route']).toContain(`${host}:${port}`);
        await until('it speaks', () => speechSpans(call.heard(), 8_000).length > 0);
        await call.sendDigits('47#');
        expect(await call.ended).toEqual({ by: 'them' });
        const ended = await endedCall(stage.gateway, to.number);
        expect(ended.call).toMatchObject({ call_status: 'ended', disconnection_reason: 'agent_hangup' });
        expect(ended.call.transcript).toContain('User: [digits] 47#');
      });
    });

    test('C6, case 68 a proxy that has rung long enough cancels: 408 at the caller, caller_abandoned here', async () => {
      const to = await stage.number({ script: 'hang' });
      await sipp('impatient udp', to, { scenario: { kind: 'refused', code: 408 }, calls: 1 });
      const { outcome, attempts } = await onlyOutcome(stage.gateway, to.number);
      expect([outcome, attempts.map(({ verdict }) => verdict)]).toEqual(['caller_abandoned', ['aborted']]);
    });

    test('RFC 3261 8.2.2.2 two branches of one call: one rings, the other hears 482, one record', async () => {
      const to = await stage.number();
      await sipp('both ways at once', to, { scenario: { kind: 'answered', holdMs: 300 }, calls: 1 });
      const { inbound, call } = await endedCall(stage.gateway, to.number);
      expect(traced(inbound, 'out').filter((summary) => summary.startsWith('482'))).toHaveLength(1);
      expect(to.requests()).toHaveLength(1);
      expect(call).toMatchObject({ call_status: 'ended', disconnection_reason: 'user_hangup' });
    });

    test('C6 two branches of one call, cancelled: one record, caller_abandoned', async () => {
      const to = await stage.number({ script: 'hang' });
      const { host, port } = proxies.get('both ways at once')!;
      const call = await phone.call({ to: to.number, from: '+12137771234', server: { host, port } });
      await to.requested(1);
      await call.hangUp();
      // Of the two, the proxy chooses (RFC 3261 16.7).
      expect([482, 487]).toContain((await call.final).code);
      expect((await onlyOutcome(stage.gateway, to.number)).outcome).toBe('caller_abandoned');
    });
  });

  describe('at the end', () => {
    test('RFC 3261 17.2.1 a proxy that heard nothing repeats its INVITE: one call, one request, one record', async () => {
      const to = await stage.number();
      const run = sipp('udp', to, { scenario: { kind: 'answered', holdMs: 200 }, calls: 1 });
      stage.gateway.signal('SIGSTOP');
      // Past the first two repetitions, 0.5 and 1.5 s after the INVITE.
      await new Promise((resolve) => setTimeout(resolve, 2_000));
      stage.gateway.signal('SIGCONT');
      await run;
      const { inbound, call } = await endedCall(stage.gateway, to.number);
      expect(traced(inbound, 'in').filter((summary) => summary.startsWith('INVITE')).length).toBeGreaterThan(1);
      expect(to.requests()).toHaveLength(1);
      expect(call).toMatchObject({ call_status: 'ended', disconnection_reason: 'user_hangup' });
    });

    test('RFC 3261 18.4 a proxy that was started again: the BYE of the agent finds it on a new connection', async () => {
      const to = await stage.number({ script: reply({ override_agent_id: agents.digits }) });
      const { host, port, stop } = proxies.get('tcp')!;
      const call = await phone.call({ to: to.number, from: '+12137771234', server: { host, port } });
      expect((await call.final).code).toBe(200);
      await stop();
      proxies.set('tcp', await startKamailio({ ...WAYS.tcp, gateway: stage.gateway.sip, port }));
      // The keys go past the proxy.
      await until('it speaks', () => speechSpans(call.heard(), 8_000).length > 0);
      await call.sendDigits('47#');
      expect(await call.ended).toEqual({ by: 'them' });
      const ended = await endedCall(stage.gateway, to.number);
      expect(ended.call).toMatchObject({ call_status: 'ended', disconnection_reason: 'agent_hangup' });
    });

    test('nothing went wrong inside', () => {
      expect(stage.gateway.logged('bug')).toEqual([]);
    });
  });
});
