/** Encrypted audio (RFC 3711, RFC 4568): a phone of somebody else's making, and who is turned away (A5, case 73). */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runBaresip } from '@pickup/testkit/baresip';
import { toolPresent } from '@pickup/testkit/tool';
import { loudness, readWav, speechSpans } from '@pickup/testkit/wav';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openStage, type Stage, type StagedNumber } from '../support/stage.ts';
import { endedCall } from './support/ended-call.ts';
import { callRaw, openRawCall, PCMU_SDP } from './support/raw-call.ts';
import { onlyOutcome } from './support/records.ts';

const FROM = '<sip:+12137771234@127.0.0.1>';
const GREETING = { agent_override: { retell_llm: { begin_message: 'One two three four five six seven eight.' } } };
const key = () => randomBytes(30).toString('base64');
const SUITE = 'AES_CM_128_HMAC_SHA1_80';
const crypto = (suite = SUITE) => `a=crypto:1 ${suite} inline:${key()}\r\n`;
const SAVP = PCMU_SDP.replace('RTP/AVP', 'RTP/SAVP');

describe.each(['optional', 'required'] as const)('PICKUP_SRTP=%s', { timeout: 60_000 }, (srtp) => {
  let stage: Stage;
  let folder = '';
  beforeAll(async () => {
    stage = await openStage({ gateway: { env: { PICKUP_SRTP: srtp } } });
    folder = await mkdtemp(join(tmpdir(), 'srtp-'));
  }, 90_000);
  afterAll(async () => {
    await stage?.close();
    await rm(folder, { recursive: true, force: true });
  });

  const invite = (to: StagedNumber, sdp: string) => ({
    server: stage.gateway.sip,
    uri: `sip:${to.number}@127.0.0.1`,
    from: FROM,
    sdp,
  });

  test.skipIf(!toolPresent('baresip'))('a phone that insists on SRTP hears the greeting', async () => {
    const to = await stage.number({ script: { body: JSON.stringify({ call_inbound: GREETING }) } });
    const { host, port } = stage.gateway.sip;
    const dial = `sip:${to.number}@${host}:${port}`;
    const run = await runBaresip({ dial, srtp: 'required', forMs: 12_000, record: folder, hangUpAfterMs: 3_500 });
    expect(run, run.output).toMatchObject({ exitCode: 0, established: true });
    expect(run.output).toContain('SRTP is Enabled');
    const heard = await readWav(run.heard!);
    const spans = speechSpans(heard.samples, heard.rate);
    expect(spans.reduce((sum, { startMs, endMs }) => sum + endMs - startMs, 0)).toBeGreaterThan(1_000);
    // What is decrypted with a wrong key is noise at full volume.
    expect(loudness(heard.samples)).toBeLessThan(-10);
    const { call } = await endedCall(stage.gateway, to.number);
    expect(call).toMatchObject({ call_status: 'ended', disconnection_reason: 'user_hangup' });
    expect(call).toMatchObject({
      media_stats: {
        srtp: expect.stringContaining('AES'),
        packets_rejected: 0,
        packets_lost: 0,
        mos: expect.any(Number),
      },
    });
  });

  test('a plain offer: case 73', async () => {
    const to = await stage.number();
    const answer = await callRaw(invite(to, PCMU_SDP));
    if (srtp === 'optional') {
      expect(answer).toMatch(/^SIP\/2\.0 200 [\s\S]*m=audio \d+ RTP\/AVP 0/);
      return;
    }
    expect(answer).toMatch(/^SIP\/2\.0 488 /);
    expect(answer).toContain('Reason: Q.850;cause=88');
    expect(await onlyOutcome(stage.gateway, to.number)).toMatchObject({ outcome: 'media_rejected', attempts: [] });
    expect(to.requests()).toHaveLength(0);
  });

  test.each([
    ['none', SAVP],
    ['one of an unknown suite', SAVP + crypto('F8_128_HMAC_SHA1_80')],
    ['one with a key index', SAVP + crypto().replace('\r\n', '|2^20|1:4\r\n')],
  ])('RTP/SAVP without a usable key, %s: 488, the endpoint is not asked', async (_what, sdp) => {
    const to = await stage.number();
    expect(await callRaw(invite(to, sdp))).toMatch(/^SIP\/2\.0 488 /);
    expect(await onlyOutcome(stage.gateway, to.number)).toMatchObject({ outcome: 'media_rejected' });
    expect(to.requests()).toHaveLength(0);
  });

  test.each([
    ['RTP/SAVP', SAVP + crypto(), /m=audio [1-9]\d* RTP\/SAVP 0\r\n[\s\S]*a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:/],
    ['best effort', PCMU_SDP + crypto(), /m=audio [1-9]\d* RTP\/AVP 0\r\n[\s\S]*a=crypto:1 /],
    [
      'a plain and an encrypted stream',
      `${PCMU_SDP}m=audio 11 RTP/SAVP 0\r\n${crypto()}`,
      /m=audio 0 RTP\/AVP[\s\S]*m=audio [1-9]\d* RTP\/SAVP 0\r\n/,
    ],
  ])('%s is answered with a key of ours', async (_what, sdp, answered) => {
    const to = await stage.number();
    const call = await openRawCall(invite(to, sdp));
    const answer = await call.final();
    call.acknowledge();
    expect(answer).toMatch(answered);
    expect(answer).not.toContain(/inline:(\S+)/.exec(sdp)![1]);
    call.bye();
    await call.received(/CSeq: 2 BYE/);
    call.close();
  });

  test('our own offer, to an INVITE without one', async () => {
    const to = await stage.number();
    const call = await openRawCall(invite(to, ''));
    const offer = await call.final();
    expect(offer).toMatch(srtp === 'required' ? /m=audio \d+ RTP\/SAVP 0 8 101/ : /m=audio \d+ RTP\/AVP 0 8 101/);
    expect(offer.match(/a=crypto:/g)?.length ?? 0).toBe(srtp === 'required' ? 2 : 0);
    call.acknowledge(srtp === 'required' ? SAVP + crypto() : PCMU_SDP);
    call.bye();
    await call.received(/CSeq: 2 BYE/);
    call.close();
  });
});
