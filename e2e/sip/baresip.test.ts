/** A phone of somebody else's making, over every transport and through a proxy: call, keys, hold, CANCEL, long ringing. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type BaresipOptions, runBaresip } from '@pickup/testkit/baresip';
import { type Kamailio, startKamailio } from '@pickup/testkit/kamailio';
import { toolPresent } from '@pickup/testkit/tool';
import { readWav, speechSpans } from '@pickup/testkit/wav';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openStage, type Stage, type StagedNumber } from '../support/stage.ts';
import { until } from '../support/until.ts';
import { type Certificate, makeCertificate } from './support/certificate.ts';
import { endedCall, traced } from './support/ended-call.ts';
import { digitsAgent } from './support/flow-agents.ts';
import { onlyOutcome } from './support/records.ts';
import { steadyPort } from './support/steady-port.ts';

const isReady = toolPresent('baresip') && toolPresent('kamailio') && toolPresent('openssl');
/** Near the end of the first attempt's time (C1). */
const LONG_MS = 9_000;
const GREETING = { agent_override: { retell_llm: { begin_message: 'One two three four five six seven eight.' } } };

describe.skipIf(!isReady)('baresip', { timeout: 60_000 }, () => {
  let stage: Stage;
  let certificate: Certificate;
  let proxy: Kamailio;
  let folder = '';
  let tlsPort = 0;
  let digits = '';

  beforeAll(async () => {
    [certificate, folder, tlsPort] = await Promise.all([
      makeCertificate(),
      mkdtemp(join(tmpdir(), 'phones-')),
      steadyPort(),
    ]);
    const env = {
      PICKUP_SIP_TLS_CERT_FILE: certificate.certFile,
      PICKUP_SIP_TLS_KEY_FILE: certificate.keyFile,
      PICKUP_SIP_TLS_PORT: String(tlsPort),
    };
    stage = await openStage({ gateway: { env } });
    [proxy, digits] = await Promise.all([
      startKamailio({ gateway: stage.gateway.sip, relay: ['tcp'] }),
      digitsAgent(stage.gateway),
    ]);
  }, 90_000);
  afterAll(async () => {
    await proxy?.stop();
    await stage?.close();
    await certificate?.remove();
    await rm(folder, { recursive: true, force: true });
  });

  type Way = Pick<BaresipOptions, 'dial' | 'proxy' | 'caFile' | 'srtp'>;
  const secure = (to: string): Way => ({
    dial: `sip:${to}@127.0.0.1:${tlsPort};transport=tls`,
    caFile: certificate.certFile,
  });
  /** How a phone reaches the gateway. */
  const ways: readonly (readonly [string, (to: string) => Way])[] = [
    ['udp', (to) => ({ dial: `sip:${to}@127.0.0.1:${stage.gateway.sip.port}` })],
    ['tcp', (to) => ({ dial: `sip:${to}@127.0.0.1:${stage.gateway.sip.port};transport=tcp` })],
    ['a proxy', (to) => ({ dial: `sip:${to}@127.0.0.1`, proxy: `sip:${proxy.host}:${proxy.port}` })],
    ['tls', secure],
    ['tls, with SRTP', (to) => ({ ...secure(to), srtp: 'required' })],
  ];

  const reply = (call_inbound: object) => ({ body: JSON.stringify({ call_inbound }) });

  const place = (to: StagedNumber, options: Way & Partial<BaresipOptions>) =>
    runBaresip({ forMs: 20_000, record: join(folder, to.number.slice(1)), ...options });

  describe.concurrent('in every way', () => {
    test(`F1, F3 in every way it rings for ${LONG_MS / 1_000} s, then the greeting is heard`, async () => {
      const one = async ([way, reach]: (typeof ways)[number]) => {
        const to = await stage.number({ script: { ...reply(GREETING), delayMs: LONG_MS } });
        const run = await place(to, { ...reach(to.number), hangUpAfterMs: 2_500 });
        expect(run, run.output).toMatchObject({ exitCode: 0, established: true });
        expect(run.output.includes('SRTP is Enabled'), run.output).toBe(way.includes('SRTP'));
        const heard = await readWav(run.heard!);
        const spans = speechSpans(heard.samples, heard.rate);
        expect(spans.reduce((sum, { startMs, endMs }) => sum + endMs - startMs, 0)).toBeGreaterThan(1_000);
        const { inbound, call } = await endedCall(stage.gateway, to.number);
        expect(traced(inbound, 'out').map((summary) => summary.slice(0, 3))).toEqual(['100', '180', '180', '200']);
        expect(inbound.outcome_timestamp! - inbound.arrival_timestamp).toBeGreaterThan(LONG_MS);
        expect(call).toMatchObject({ call_status: 'ended', disconnection_reason: 'user_hangup' });
      };
      await Promise.all(ways.map(one));
    });

    describe.each(ways)('over %s', (_way, reach) => {
      /** What was said so far in the one call to this number. */
      async function transcriptOf(to: StagedNumber) {
        const { call_id } = await onlyOutcome(stage.gateway, to.number);
        return async () => (await stage.gateway.client.call.retrieve(call_id!)).transcript ?? '';
      }

      test('keys are heard, and the agent hangs up when they are right', async () => {
        const to = await stage.number({ script: reply({ override_agent_id: digits }) });
        const run = await place(to, {
          ...reach(to.number),
          talk: async (keys) => {
            const transcript = await transcriptOf(to);
            await until('it asks', async () => (await transcript()).includes('Agent: Number?'));
            await keys.press('47#');
            // The phone is hung up on, and ends by itself.
            await endedCall(stage.gateway, to.number);
          },
        });
        expect(run, run.output).toMatchObject({ exitCode: 0, established: true });
        const { call } = await endedCall(stage.gateway, to.number);
        expect(call).toMatchObject({ call_status: 'ended', disconnection_reason: 'agent_hangup' });
        expect(call.transcript).toContain('User: [digits] 47#');
      });

      test('on hold and back: the call stands, and goes on with its keys', async () => {
        const to = await stage.number({ script: reply({ override_agent_id: digits }) });
        const run = await place(to, {
          ...reach(to.number),
          talk: async (keys) => {
            const transcript = await transcriptOf(to);
            await until('it asks', async () => (await transcript()).includes('Agent: Number?'));
            await keys.hold();
            await sleep(800);
            await keys.resume();
            await sleep(400);
            await keys.press('12#');
            await until('it asks again', async () => (await transcript()).split('Agent: Number?').length > 2);
          },
        });
        expect(run, run.output).toMatchObject({ exitCode: 0, established: true });
        // The 200, and those of the two re-INVITEs.
        expect(run.output.match(/stream: update 'audio'/g), run.output).toHaveLength(3);
        const { inbound, call } = await endedCall(stage.gateway, to.number);
        expect(inbound.outcome).toBe('connected');
        expect(call).toMatchObject({ call_status: 'ended', disconnection_reason: 'user_hangup' });
        expect(call.transcript).toContain('User: [digits] 12#');
      });

      test('RFC 8760 a number with a password challenges the phone, which answers', async () => {
        const [from, password] = ['desk-7', 'correct-horse-battery'];
        const to = await stage.number({ settings: { sip_inbound_username: from, sip_inbound_password: password } });
        const run = await place(to, { ...reach(to.number), from, password, hangUpAfterMs: 300 });
        expect(run, run.output).toMatchObject({ exitCode: 0, established: true });
        const { inbound, call } = await endedCall(stage.gateway, to.number);
        expect(inbound.outcome).toBe('connected');
        expect(call).toMatchObject({ call_status: 'ended', disconnection_reason: 'user_hangup' });
      });

      test('C6, case 65 hanging up while it rings: 487, the webhook is aborted, caller_abandoned', async () => {
        const to = await stage.number({ script: 'hang' });
        const run = await place(to, { ...reach(to.number), forMs: 1_500 });
        expect(run.established, run.output).toBe(false);
        const record = await onlyOutcome(stage.gateway, to.number);
        expect(record.outcome).toBe('caller_abandoned');
        expect(record.attempts.map(({ verdict }) => verdict)).toEqual(['aborted']);
        expect(traced(record, 'out')).toContainEqual(expect.stringMatching(/^487 /));
      });
    });
  });
});
