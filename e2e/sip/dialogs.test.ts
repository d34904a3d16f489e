/** What callers do in a call beside talking and hanging up: move, ring reliably, press keys, ask for a transfer. */

import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { digestResponse, parseCredentials } from '@pickup/sip';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type GatewayProcess, startGateway } from '../support/gateway.ts';
import { filesHolding } from '../support/inspect-store.ts';
import { type NumberOptions, openStage, type Stage } from '../support/stage.ts';
import { until } from '../support/until.ts';
import { endedCall } from './support/ended-call.ts';
import { briefAgent, digitsAgent } from './support/flow-agents.ts';
import { openRawCall, PCMU_SDP, type RawCallOptions } from './support/raw-call.ts';
import { onlyOutcome, outcomesOf } from './support/records.ts';
import { steadyPort } from './support/steady-port.ts';

describe('requests in a call', { timeout: 60_000 }, () => {
  let home = '';
  let stage: Stage;
  let restarted: GatewayProcess | undefined;
  const open: { close(): void }[] = [];

  beforeEach(async () => {
    home = mkdtempSync(join(tmpdir(), 'pickup-e2e-'));
    stage = await openStage({ gateway: { home, env: { PICKUP_SIP_PORT: String(await steadyPort()) } } });
  }, 90_000);
  afterEach(async () => {
    for (const one of open.splice(0)) one.close();
    await restarted?.kill9();
    restarted = undefined;
    await stage?.close();
    rmSync(home, { recursive: true, force: true });
  });

  /** Calls a number that connects. */
  async function dial(
    options: Pick<RawCallOptions, 'headers' | 'sdp'> & Pick<NumberOptions, 'script' | 'settings'> = {},
  ) {
    const { headers, sdp, ...settings } = options;
    const { number } = await stage.number(settings);
    const request = { ...(headers && { headers }), ...(sdp !== undefined && { sdp }) };
    const server = stage.gateway.sip;
    const uri = `sip:${number}@${server.host}:${server.port}`;
    const call = await openRawCall({ server, uri, from: '<sip:+12137771234@127.0.0.1>', ...request });
    open.push(call);
    return { call, number };
  }

  /** As `dial`, answered and acknowledged. */
  async function connect(options: Pick<NumberOptions, 'script' | 'settings'> = {}) {
    const dialled = await dial(options);
    expect(await dialled.call.final()).toMatch(/^SIP\/2\.0 200/);
    dialled.call.acknowledge();
    return dialled;
  }

  test('H3 after a crash the BYE goes to where a re-INVITE moved the caller', async () => {
    const { call } = await connect();
    const elsewhere = createSocket('udp4').bind(0, '127.0.0.1');
    open.push(elsewhere);
    await once(elsewhere, 'listening');
    const target = `sip:moved@127.0.0.1:${elsewhere.address().port}`;
    call.send('INVITE', { seq: 2, more: [`Contact: <${target}>`], body: PCMU_SDP });
    await call.received(/^SIP\/2\.0 200[\s\S]*^CSeq: 2 INVITE/m);
    call.send('ACK', { seq: 2 });
    await until('the new place is stored', () => filesHolding(home, target).length > 0);
    const heard = once(elsewhere, 'message') as Promise<[Buffer]>;
    await stage.gateway.kill9();
    restarted = await startGateway({ home, env: { PICKUP_SIP_PORT: String(stage.gateway.sip.port) } });
    const [bye] = await heard;
    expect(bye.toString()).toMatch(new RegExp(`^BYE ${target} SIP/2\\.0\r\n`));
    expect(call.count(/^BYE/)).toBe(0);
  });

  test('RFC 3262 a caller that requires 100rel and makes no offer: ours in the 180, its answer in the PRACK', async () => {
    const { call, number } = await dial({ headers: ['Require: 100rel'], sdp: '' });
    const ringing = await call.received(/^SIP\/2\.0 180/);
    expect(ringing).toMatch(/^Require: 100rel\r$/m);
    expect(ringing).toContain('m=audio');
    const rseq = /^RSeq: (\d+)/m.exec(ringing)?.[1];
    call.send('PRACK', { seq: 2, more: [`RAck: ${rseq} 1 INVITE`], body: PCMU_SDP });
    await call.received(/^SIP\/2\.0 200[\s\S]*^CSeq: 2 PRACK/m);
    const answer = await call.final();
    expect(answer).toMatch(/^SIP\/2\.0 200/);
    expect(answer).not.toContain('m=audio');
    call.acknowledge();
    expect(await outcomesOf(stage.gateway, 1, number)).toEqual({ connected: 1 });
    call.send('BYE', { seq: 3 });
    const ended = await endedCall(stage.gateway, number);
    expect(ended.call).toMatchObject({ call_status: 'ended', disconnection_reason: 'user_hangup' });
  });

  test('keys by INFO are heard as those by RFC 4733 are; a REFER is declined, and the call goes on', async () => {
    const override_agent_id = await digitsAgent(stage.gateway);
    const { call, number } = await connect({
      script: { body: JSON.stringify({ call_inbound: { override_agent_id } }) },
    });
    const { call_id } = await onlyOutcome(stage.gateway, number);
    const said = async () => (await stage.gateway.client.call.retrieve(call_id!)).transcript ?? '';
    await until('the question', async () => (await said()).includes('Number?'));
    call.send('REFER', { seq: 2, more: ['Refer-To: <sip:+19005550000@127.0.0.1>'] });
    await call.received(/^SIP\/2\.0 603[\s\S]*^CSeq: 2 REFER/m);
    for (const [at, key] of ['4', '7', '#'].entries()) {
      const body = `Signal=${key}\r\nDuration=160\r\n`;
      call.send('INFO', { seq: 3 + at, more: ['Content-Type: application/dtmf-relay'], body });
      await call.received(new RegExp(`^SIP/2\\.0 200[\\s\\S]*^CSeq: ${3 + at} INFO`, 'm'));
    }
    call.agree(await call.received(/^BYE/));
    const ended = await endedCall(stage.gateway, number);
    expect(ended.call).toMatchObject({ call_status: 'ended', disconnection_reason: 'agent_hangup' });
    expect(ended.call.transcript).toContain('User: [digits] 47#');
  });

  test('RFC 3261 22.2 a trunk that challenges our BYE is answered with the login of the number', async () => {
    const login = { sip_trunk_auth_username: 'trunk', sip_trunk_auth_password: 'secret' };
    const script = { body: JSON.stringify({ call_inbound: { override_agent_id: await briefAgent(stage.gateway) } }) };
    const { call } = await connect({ script, settings: { termination_uri: 'sip.example.com', ...login } });
    const bye = await call.received(/^BYE/);
    call.answer(bye, 407, ['Proxy-Authenticate: Digest realm="trunk", nonce="n1", qop="auth", algorithm=SHA-256']);
    const again = await call.received(/^BYE[\s\S]*^Proxy-Authorization:/m);
    const given = parseCredentials(/^Proxy-Authorization: (.*)\r$/m.exec(again)?.[1] ?? '')!;
    expect(given).toMatchObject({ username: 'trunk', realm: 'trunk', nonce: 'n1' });
    const { response, ...unsigned } = given;
    expect(response).toBe(digestResponse(unsigned, { method: 'BYE', secret: { password: 'secret' } }));
    call.agree(again);
  });
});
