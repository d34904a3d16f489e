/** A call's audio at the address asked for, IPv4 and IPv6 side by side on the ports of one range. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { afterEach, expect, it } from 'vitest';
import { createMedia, encodeG711, muLaw, writeRtpHeader } from './index.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean();
});

async function engine(ports: readonly [number, number]) {
  const media = await createMedia({ host: '127.0.0.1', ports });
  cleanups.push(() => media.close());
  return media;
}

it.each([
  ['127.0.0.1', undefined],
  ['::1', '::1'],
  ['::1', '::'],
  ['127.0.0.1', '0.0.0.0'],
] as const)('a peer at %s, bound to %s: heard and spoken to', async (address, host) => {
  const media = await engine([21_500, 21_599]);
  const session = (await media.open(host === undefined ? {} : { host }))!;
  const phone = createSocket(address === '::1' ? 'udp6' : 'udp4').bind(0, address);
  cleanups.push(() => phone.close());
  await once(phone, 'listening');
  const heard = new Promise<void>((resolve) => session.onFirstPacket(resolve));
  session.start({ address, port: phone.address().port, payloadType: 0 });
  const [, from] = (await once(phone, 'message')) as [Buffer, { readonly address: string; readonly port: number }];
  expect(from).toMatchObject({ address, port: session.port });
  const packet = Buffer.alloc(12 + 160);
  writeRtpHeader(packet, { payloadType: 0, marker: true, sequence: 1, timestamp: 160, ssrc: 7 });
  packet.set(encodeG711(muLaw, new Int16Array(160)), 12);
  phone.send(packet, session.port, address);
  await heard;
});

it('an address that is not ours is a fault, and its port is free again', async () => {
  const media = await engine([21_600, 21_603]);
  await expect(media.open({ host: '2001:db8::1' })).rejects.toThrow('EADDRNOTAVAIL');
  expect(await media.open({ host: '::1' })).toBeDefined();
  expect(await media.open()).toBeDefined();
});
