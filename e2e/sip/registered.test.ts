/** Registered calls, whose id lets them in from anywhere, and strangers, who leave no trace (rules A3, A4; case 60). */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { join } from 'node:path';
import { createPhone, type Phone, type PhoneCall } from '@pickup/testkit/phone';
import { speechSpans } from '@pickup/testkit/wav';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openStage, type Stage } from '../support/stage.ts';
import { until } from '../support/until.ts';
import { inbounds, onlyOutcome } from './support/records.ts';

let stage: Stage;
let peer: Phone;
let stranger: Phone;

beforeAll(async () => {
  // One slot, so that a registered call can be made to ring for as long as a test likes.
  const env = { PICKUP_SIP_PEERS: '127.0.0.2/32', PICKUP_CONCURRENCY: '1' };
  [stage, peer, stranger] = await Promise.all([
    openStage({ gateway: { env } }),
    createPhone({ host: '127.0.0.2' }),
    createPhone(),
  ]);
}, 90_000);
afterAll(async () => {
  await peer?.close();
  await stranger?.close();
  await stage?.close();
});

async function register(more: object = {}): Promise<string> {
  const body = { agent_id: stage.agentId, agent_version: 0, direction: 'inbound', ...more };
  const answer = await stage.gateway.rest('POST', '/v2/register-phone-call', body);
  expect(answer.status).toBe(201);
  return answer.body.call_id;
}

const dial = (phone: Phone, to: string): Promise<PhoneCall> =>
  phone.call({ to, from: '+12137771234', server: stage.gateway.sip });
const codeOf = async (phone: Phone, to: string) => (await (await dial(phone, to)).final).code;
const retrieve = (callId: string) => stage.gateway.client.call.retrieve(callId);
const recorded = async () => (await inbounds(stage.gateway)).length;
/** A refusal that was acknowledged is not repeated. */
const finals = (call: PhoneCall, code: number) =>
  call.messages.filter(({ direction, summary }) => direction === 'in' && summary.startsWith(`${code} `)).length;

describe('A3 a registered call', () => {
  test('A3 connects a stranger with what was registered, never asks; when over, its id is worth nothing', async () => {
    const asked = stage.endpoint.requests.length;
    const id = await register({
      retell_llm_dynamic_variables: { customer_name: 'Ada' },
      metadata: { ticket: 7 },
      agent_override: { retell_llm: { begin_message: 'Good day {{customer_name}}.' } },
      from_number: '+14155550199',
      to_number: '+12137770000',
    });
    const call = await dial(stranger, id);
    expect((await call.final).code).toBe(200);
    await until('it speaks', () => speechSpans(call.heard(), 8_000).length > 0);
    expect(await codeOf(stranger, id)).toBe(404);
    await call.hangUp();
    expect(await codeOf(stranger, id)).toBe(404);
    const over = await until('the end of the call', async () => {
      const stored = await retrieve(id);
      return stored.call_status === 'ended' && stored;
    });
    expect(over).toMatchObject({
      disconnection_reason: 'user_hangup',
      from_number: '+14155550199',
      to_number: '+12137770000',
      metadata: { ticket: 7 },
      transcript: 'Agent: Good day Ada.\n',
    });
    expect(stage.endpoint.requests.length).toBe(asked);
    expect(await onlyOutcome(stage.gateway, '+12137770000')).toMatchObject({ outcome: 'connected', call_id: id });
  });

  test('A3 a second INVITE while one rings: 486; a call given up while ringing can be dialled again', async () => {
    const { number } = await stage.number();
    const holder = await dial(peer, number);
    expect((await holder.final).code).toBe(200);
    const id = await register();
    const given = await dial(stranger, id);
    await given.waitFor('ringing');
    const second = await dial(stranger, id);
    const busy = await second.final;
    expect([busy.code, busy.headers['reason']]).toEqual([486, 'Q.850;cause=17']);
    await given.hangUp();
    expect((await given.final).code).toBe(487);
    const ringing = await until('the registration is free again', async () => {
      const call = await dial(stranger, id);
      const first = await Promise.race([call.waitFor('ringing').catch(() => null), call.final.then(() => null)]);
      return first !== null && call;
    });
    await holder.hangUp();
    expect((await ringing.final).code).toBe(200);
    await ringing.hangUp();
    expect(finals(second, 486)).toBe(1);
  });

  test('A3 unknown or expired: 404 without a record', async () => {
    const before = await recorded();
    const unknown = await dial(stranger, 'call_00000000000000000000000000000000');
    const gone = await unknown.final;
    const answeredAt = performance.now();
    expect([gone.code, gone.headers['reason']]).toEqual([404, 'Q.850;cause=1']);
    const id = await register();
    const db = new Database(join(stage.gateway.home, 'pickup.db'));
    const passed = `UPDATE calls SET doc = json_set(doc, '$.registration.expires_timestamp', 1) WHERE call_id = ?`;
    expect(db.prepare(passed).run(id).changes).toBe(1);
    db.close();
    expect(await codeOf(stranger, id)).toBe(404);
    await until('it is ended as timed out', async () => {
      const { call_status, disconnection_reason } = await retrieve(id);
      return call_status === 'error' && disconnection_reason === 'registered_call_timeout';
    });
    expect(await recorded()).toBe(before);
    // Longer than T1: the ACK was taken, though it came from a stranger.
    await until('T1 has passed', () => performance.now() > answeredAt + 700);
    expect(finals(unknown, 404)).toBe(1);
  });
});

describe('case 60, A4 a stranger', () => {
  test('A4 hears 403 for owned and unknown numbers alike, leaves no record; the log has the line that lets it in', async () => {
    const { number, requests } = await stage.number();
    const before = await recorded();
    const [owned, unknown] = await Promise.all(
      [number, '+12137770404'].map(async (to) => (await dial(stranger, to)).final),
    );
    expect(owned!.code).toBe(403);
    expect({ ...unknown, headers: Object.keys(unknown!.headers), atMs: 0 }).toEqual({
      ...owned,
      headers: Object.keys(owned!.headers),
      atMs: 0,
    });
    expect(requests()).toEqual([]);
    expect(await recorded()).toBe(before);
    const told = await until('the log line', () => stage.gateway.logged('sip_peer_refused')[0]);
    expect(JSON.stringify(told)).toContain('PICKUP_SIP_PEERS=127.0.0.2/32,127.0.0.1/32');
    expect(stage.gateway.logged('sip_peer_refused')).toHaveLength(1);
  });

  test('A3 a guess that no ACK follows, as from a forged source, is answered once', async () => {
    const forged = createSocket('udp4').bind(0, '127.0.0.77');
    await once(forged, 'listening');
    const heard: string[] = [];
    forged.on('message', (bytes) => heard.push(bytes.toString().split(' ', 2)[1] ?? ''));
    const { host, port } = stage.gateway.sip;
    const lines = [
      'INVITE sip:call_99999999999999999999999999999999@here SIP/2.0',
      'Via: SIP/2.0/UDP 127.0.0.77;branch=z9hG4bKforged;rport',
      'From: <sip:a@b>;tag=f',
      'To: <sip:c@d>',
      'Call-ID: forged',
      'CSeq: 1 INVITE',
      'Contact: <sip:a@b>',
      'Content-Length: 0',
    ];
    forged.send(`${lines.join('\r\n')}\r\n\r\n`, port, host);
    await until('the answer', () => heard.includes('404'));
    const answeredAt = performance.now();
    // T1 and twice T1: a refusal that is repeated comes again after both.
    await until('repetitions would have come', () => performance.now() > answeredAt + 1_700);
    forged.close();
    expect(heard).toEqual(['100', '404']);
  });

  test('A3 who guesses ids is soon not answered any more; peers and calls that stand are', async () => {
    const guesses = Array.from({ length: 60 }, (_, nth) => dial(stranger, `call_${String(nth).padStart(32, '0')}`));
    const answered = await Promise.all(
      guesses.map(async (guess) => {
        const call = await guess;
        const silence = new Promise<number>((resolve) => setTimeout(() => resolve(0), 400));
        return Promise.race([call.final.then(({ code }) => code), silence]);
      }),
    );
    // The ACKs of those that are answered count too.
    expect(answered.filter((code) => code === 404).length).toBeLessThanOrEqual(16);
    expect(answered.filter((code) => code === 0).length).toBeGreaterThanOrEqual(44);
    const { number } = await stage.number();
    const call = await dial(peer, number);
    expect((await call.final).code).toBe(200);
    await call.hangUp();
  });
});
