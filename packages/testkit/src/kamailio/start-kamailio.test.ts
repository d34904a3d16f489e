/** The proxy between the test phone and our own server. */
import { randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { buildAnswer, chooseCodec, createSipServer } from '@pickup/sip';
import { afterEach, describe, expect, it } from 'vitest';
import { createPhone } from '../phone/index.ts';
import { toolPresent } from '../tool/index.ts';
import { startKamailio } from './index.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean();
});

const clock = {
  monoMs: () => performance.now(),
  wallMs: () => Date.now(),
  after: (delayMs: number, fire: () => void) => {
    const timer = setTimeout(fire, delayMs);
    return () => clearTimeout(timer);
  },
};

describe.skipIf(!toolPresent('kamailio'))('Kamailio', () => {
  it.each(['udp', 'tcp'] as const)('relays a call over %s, stays in its path, and frees its port', async (relay) => {
    const vias: string[][] = [];
    const server = await createSipServer({
      clock,
      random: () => randomBytes(16).toString('hex'),
      admit: () => 'accept',
      listeners: [{ transport: relay, host: '127.0.0.1', port: 0 }],
      onInvite: (invite) => {
        vias.push(invite.request.headers.filter(({ key }) => key === 'via').map(({ value }) => value));
        const endpoint = { address: '127.0.0.1', port: 9, sessionId: '1' };
        const dialog = invite.accept({ sdp: buildAnswer(invite.offer!, chooseCodec(invite.offer!)!, endpoint) })!;
        dialog.onAck(() => void dialog.bye());
      },
    });
    cleanups.push(() => server.close());
    const proxy = await startKamailio({
      gateway: { host: '127.0.0.1', port: server.addresses[0]!.port },
      relay: [relay],
    });
    cleanups.push(() => proxy.stop());
    const phone = await createPhone();
    cleanups.push(() => phone.close());
    const call = await phone.call({ to: '+12135550100', from: '+14155550100', server: proxy });
    expect((await call.final).code).toBe(200);
    expect(await call.ended).toEqual({ by: 'them' });
    expect(vias).toEqual([
      [
        expect.stringContaining(`/${relay.toUpperCase()} 127.0.0.1:${proxy.port};`),
        expect.stringContaining(`/UDP 127.0.0.1:${phone.port};`),
      ],
    ]);
    await proxy.stop();
    const socket = createSocket('udp4').bind(proxy.port, '127.0.0.1');
    await new Promise((resolve, reject) => socket.once('listening', resolve).once('error', reject));
    socket.close();
  });

  it('says why it does not start', async () => {
    const socket = createSocket('udp4').bind(0, '127.0.0.1');
    await new Promise((resolve) => socket.once('listening', resolve));
    cleanups.push(() => socket.close());
    const { port } = socket.address();
    const started = startKamailio({ gateway: { host: '127.0.0.1', port: 9 }, port });
    await expect(started).rejects.toThrow('already in use');
  });
});
