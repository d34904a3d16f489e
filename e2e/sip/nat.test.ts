/** What callers are told of a gateway behind NAT: the public address afar, the socket's own nearby. */
import { networkInterfaces } from 'node:os';
import { createPhone } from '@pickup/testkit/phone';
import { speechSpans } from '@pickup/testkit/wav';
import { afterEach, describe, expect, test } from 'vitest';
import { openStage, type Stage } from '../support/stage.ts';
import { until } from '../support/until.ts';
import { openRawCall, PCMU_SDP } from './support/raw-call.ts';

const PUBLIC = '203.0.113.5';
/** An address of this machine that is not loopback: packets to it never leave the machine. */
const own = Object.values(networkInterfaces())
  .flatMap((list) => list ?? [])
  .find((entry) => entry.family === 'IPv4' && !entry.internal)?.address;

let stage: Stage | undefined;
afterEach(async () => {
  await stage?.close();
  stage = undefined;
});

async function gatewayWith(env: Readonly<Record<string, string>>): Promise<Stage> {
  const peers = `127.0.0.0/8,${own}`;
  const behindNat = { PICKUP_SIP_HOST: '0.0.0.0', PICKUP_SIP_PUBLIC_HOST: PUBLIC, PICKUP_SIP_PEERS: peers };
  stage = await openStage({ gateway: { env: { ...behindNat, ...env } } });
  return stage;
}

/** The Contact's host, the SDP's address and the Contact's port, as a caller at that address is told them. */
async function toldAt(host: string, at: Stage): Promise<readonly (string | undefined)[]> {
  const { number } = await at.number();
  const call = await openRawCall({
    server: { host, port: at.gateway.sip.port },
    host,
    uri: `sip:${number}@${PUBLIC}`,
    from: '<sip:+12137771234@caller.test>',
    sdp: PCMU_SDP.replaceAll('127.0.0.1', host),
  });
  try {
    const answer = await call.final();
    call.acknowledge();
    call.bye();
    await call.received(/^SIP\/2\.0 200 [\s\S]*^CSeq: 2 BYE/m);
    const contact = /^Contact: <sip:([^:>]+):(\d+)>/m.exec(answer);
    return [contact?.[1], /^c=IN IP4 (\S+)/m.exec(answer)?.[1], contact?.[2]];
  } finally {
    call.close();
  }
}

describe.skipIf(own === undefined)('a gateway behind NAT', { timeout: 90_000 }, () => {
  test('a caller afar is told the public address in SIP and SDP, one on this machine its own', async () => {
    const at = await gatewayWith({});
    const port = String(at.gateway.sip.port);
    expect(await toldAt(own ?? '', at)).toEqual([PUBLIC, PUBLIC, port]);
    expect(await toldAt('127.0.0.1', at)).toEqual(['127.0.0.1', '127.0.0.1', port]);
  });

  test('PICKUP_RTP_PUBLIC_HOST stands in SDP alone', async () => {
    const at = await gatewayWith({ PICKUP_RTP_PUBLIC_HOST: '203.0.113.6' });
    expect((await toldAt(own ?? '', at)).slice(0, 2)).toEqual([PUBLIC, '203.0.113.6']);
  });

  test('a caller in PICKUP_SIP_LOCAL_NETS is told the address it reaches, and hears the agent', async () => {
    const at = await gatewayWith({ PICKUP_SIP_LOCAL_NETS: `${own}/32` });
    const { number } = await at.number();
    const phone = await createPhone({ host: own ?? '' });
    try {
      const server = { host: own ?? '', port: at.gateway.sip.port };
      const call = await phone.call({ to: number, from: '+12137771234', server });
      const { code, headers, body } = await call.final;
      expect([code, headers['contact']]).toEqual([200, `<sip:${own}:${server.port}>`]);
      expect(body).toContain(`c=IN IP4 ${own}\r\n`);
      await until('it speaks', () => speechSpans(call.heard(), 8_000).length > 0);
      await call.hangUp();
    } finally {
      await phone.close();
    }
  });
});
