/** Callers over IPv6 and IPv4 at one gateway: signalling and audio of each in its own family (RFC 3261, RFC 8866). */
import { createPhone, type Phone } from '@pickup/testkit/phone';
import { speechSpans } from '@pickup/testkit/wav';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { openStage, type Stage } from '../support/stage.ts';
import { until } from '../support/until.ts';
import { listenerOf } from './support/listeners.ts';
import { onlyOutcome } from './support/records.ts';

const open: Phone[] = [];
afterEach(async () => {
  for (const phone of open.splice(0)) await phone.close();
});

async function phoneOn(host: string, transport: 'udp' | 'tcp' = 'udp'): Promise<Phone> {
  const phone = await createPhone({ host, transport });
  open.push(phone);
  return phone;
}

const offerIn = (family: 4 | 6, address: string) =>
  `v=0\r\no=- 1 1 IN IP${family} ${address}\r\ns=-\r\nc=IN IP${family} ${address}\r\nt=0 0\r\nm=audio {port} RTP/AVP 0\r\n`;

describe('PICKUP_SIP_HOST=127.0.0.1,::1', () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await openStage({ gateway: { env: { PICKUP_SIP_HOST: '127.0.0.1,::1' } } });
    return () => stage.close();
  }, 90_000);

  test.each([
    ['udp', '::1', 'IN IP6 ::1'],
    ['tcp', '::1', 'IN IP6 ::1'],
    ['udp', '127.0.0.1', 'IN IP4 127.0.0.1'],
  ] as const)('a call by %s over %s is answered and heard in its own family', async (transport, host, sdp) => {
    const { number } = await stage.number();
    const phone = await phoneOn(host, transport);
    const server = listenerOf(stage.gateway, transport, host);
    const call = await phone.call({ to: number, from: '+12137771234', server });
    const { code, body, headers } = await call.final;
    expect([code, body.includes(`c=${sdp}\r\n`), /^o=.*$/m.exec(body)?.[0]?.endsWith(sdp)]).toEqual([200, true, true]);
    const place = host.includes(':') ? `[${host}]:${server.port}` : `${host}:${server.port}`;
    expect(headers['contact']).toContain(`<sip:${place}`);
    await until('it speaks', () => speechSpans(call.heard(), 8_000).length > 0);
    await call.hangUp();
    const record = await onlyOutcome(stage.gateway, number);
    expect([record.outcome, record.from_number]).toEqual(['connected', '+12137771234']);
  });

  test('a delayed offer over IPv6 gets ours of IPv6; the answer is heard', async () => {
    const { number } = await stage.number();
    const phone = await phoneOn('::1');
    const server = listenerOf(stage.gateway, 'udp', '::1');
    const call = await phone.call({ to: number, from: '+12137771234', server, offer: 'delayed' });
    expect((await call.final).body).toContain('c=IN IP6 ::1\r\n');
    await until('it speaks', () => speechSpans(call.heard(), 8_000).length > 0);
    await call.hangUp();
  });

  test('audio of the other family than the signalling is taken at the other address', async () => {
    const { number } = await stage.number();
    const phone = await phoneOn('127.0.0.1');
    const server = listenerOf(stage.gateway, 'udp');
    const call = await phone.call({ to: number, from: '+12137771234', server, offer: offerIn(6, '::1') });
    expect((await call.final).body).toContain('c=IN IP6 ::1\r\n');
    await call.hangUp();
  });
});

describe('PICKUP_SIP_HOST=127.0.0.1', () => {
  test('A5 an offer of IPv6 audio is a 488 with Warning 301, and the endpoint is not asked', async () => {
    const stage = await openStage();
    try {
      const { number, requests } = await stage.number();
      const phone = await phoneOn('127.0.0.1');
      const server = stage.gateway.sip;
      const call = await phone.call({ to: number, from: '+12137771234', server, offer: offerIn(6, '2001:db8::1') });
      const { code, headers } = await call.final;
      expect([code, headers['warning']]).toEqual([488, '301 pickup "Incompatible network address formats"']);
      const record = await onlyOutcome(stage.gateway, number);
      expect(record.outcome).toBe('media_rejected');
      expect(record.decision.join(' ')).toContain('address family');
      expect(requests()).toEqual([]);
    } finally {
      await stage.close();
    }
  }, 90_000);
});

describe('PICKUP_SIP_HOST=:: behind a public address', () => {
  test('both families are heard; peers on this machine are told where they reach it', async () => {
    const env = { PICKUP_SIP_HOST: '::', PICKUP_SIP_PUBLIC_HOST: '203.0.113.5' };
    const stage = await openStage({ gateway: { env } });
    try {
      for (const [host, wildcard] of [
        ['127.0.0.1', '0.0.0.0'],
        ['::1', '::'],
      ] as const) {
        const { number } = await stage.number();
        const phone = await phoneOn(host);
        const { port } = listenerOf(stage.gateway, 'udp', wildcard);
        const call = await phone.call({ to: number, from: '+12137771234', server: { host, port } });
        const { body, headers } = await call.final;
        expect(body).toContain(` ${host}\r\n`);
        expect(headers['contact']).toContain(host);
        await until('it speaks', () => speechSpans(call.heard(), 8_000).length > 0);
        await call.hangUp();
      }
    } finally {
      await stage.close();
    }
  }, 90_000);
});
