import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import {
  buildReport,
  createMedia,
  encodeG711,
  type Media,
  type MediaSession,
  muLaw,
  type PeerReport,
  parseReport,
  parseRtp,
  type RtpPacket,
  Srtp,
  writeRtpHeader,
} from './index.ts';

interface Peer {
  readonly socket: Socket;
  readonly port: number;
  readonly packets: { readonly packet: RtpPacket; readonly atMs: number }[];
  say(to: MediaSession, samples: Int16Array): void;
}

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean();
});

async function media(ports: readonly [number, number], onFailure?: (error: Error) => void): Promise<Media> {
  const made = await createMedia({ host: '127.0.0.1', ports, ...(onFailure === undefined ? {} : { onFailure }) });
  cleanups.push(() => made.close());
  return made;
}

async function peer(): Promise<Peer> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  cleanups.push(() => socket.close());
  const packets: Peer['packets'] = [];
  socket.on('message', (bytes) => packets.push({ packet: parseRtp(bytes)!, atMs: performance.now() }));
  let sequence = 100;
  const say = (to: MediaSession, samples: Int16Array) => {
    const bytes = Buffer.alloc(12 + samples.length);
    sequence += 1;
    writeRtpHeader(bytes, { payloadType: 0, marker: false, sequence, timestamp: sequence * 160, ssrc: 77 });
    bytes.set(encodeG711(muLaw, samples), 12);
    socket.send(bytes, to.port, '127.0.0.1');
  };
  return { socket, port: socket.address().port, packets, say };
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}

const tone = (length: number) => Int16Array.from({ length }, (_, index) => 9_000 * Math.sin(index * 0.4));

describe('media over real sockets', () => {
  it('sends 100 packets in 2 s, in sequence, silence before and after what is played', async () => {
    const session = (await (await media([21_000, 21_099])).open())!;
    expect(session.port % 2).toBe(0);
    const phone = await peer();
    session.start({ address: '127.0.0.1', port: phone.port, payloadType: 0 });
    await until(() => phone.packets.length > 0);
    const from = phone.packets[0]!.atMs;
    await session.play(tone(4_000));
    await until(() => performance.now() - from >= 2_000);
    const inTime = phone.packets.filter((one) => one.atMs - from < 2_000);
    expect(Math.abs(inTime.length - 100)).toBeLessThanOrEqual(3);
    const first = inTime[0]!.packet;
    expect(first.marker).toBe(true);
    for (const [index, { packet }] of inTime.entries()) {
      expect((packet.sequence - first.sequence) & 0xffff).toBe(index);
      expect((packet.timestamp - first.timestamp) >>> 0).toBe(index * 160);
    }
    const loud = inTime.filter(({ packet }) => packet.payload.some((code) => code !== muLaw.silence));
    expect(loud).toHaveLength(25);
    const heard = Buffer.concat(loud.map(({ packet }) => packet.payload));
    expect(heard.equals(Buffer.from(encodeG711(muLaw, tone(4_000))))).toBe(true);
    expect((await session.stats()).packetsSent).toBeGreaterThanOrEqual(inTime.length);
  });

  it('plays shared samples where they lie, twice over', async () => {
    const session = (await (await media([21_300, 21_399])).open())!;
    const phone = await peer();
    session.start({ address: '127.0.0.1', port: phone.port, payloadType: 0 });
    const shared = new Int16Array(new SharedArrayBuffer(640));
    shared.set(tone(320));
    await Promise.all([session.play(shared), session.play(shared)]);
    expect(Array.from(shared)).toEqual(Array.from(tone(320)));
    expect((await session.stats()).packetsSent).toBeGreaterThanOrEqual(4);
    session.close();
  });

  it('flush and close let what plays resolve, a hold stops sending', async () => {
    const session = (await (await media([21_100, 21_199])).open())!;
    const phone = await peer();
    session.start({ address: '127.0.0.1', port: phone.port, payloadType: 8 });
    const own = tone(80_000);
    const long = session.play(own);
    expect(own.length).toBe(80_000);
    session.flush();
    await long;
    session.setHold(true);
    const waiting = session.play(tone(160));
    const { packetsSent } = await session.stats();
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect((await session.stats()).packetsSent).toBe(packetsSent);
    session.setHold(false);
    await waiting;
    const cut = session.play(tone(80_000));
    session.close();
    await cut;
    await session.play(tone(160));
  });

  it('latches on the first source, answers there, and hears nobody else', async () => {
    const session = (await (await media([21_200, 21_299])).open())!;
    const [phone, intruder, signalled] = [await peer(), await peer(), await peer()];
    let first = 0;
    session.onFirstPacket(() => (first += 1));
    const heard: number[] = [];
    session.tap((direction, samples) => direction === 'in' && heard.push(...samples));
    session.start({ address: '127.0.0.1', port: signalled.port, payloadType: 0 });
    phone.socket.send(Buffer.from('not RTP at all'), session.port, '127.0.0.1');
    await until(() => signalled.packets.length > 2);
    expect(first).toBe(0);
    phone.say(session, new Int16Array(160).fill(1_000));
    await until(() => phone.packets.length > 2);
    for (let count = 0; count < 10; count += 1) {
      intruder.say(session, new Int16Array(160).fill(-9_000));
      phone.say(session, new Int16Array(160).fill(1_000));
    }
    await until(() => heard.filter((sample) => sample > 900).length > 400);
    expect(first).toBe(1);
    expect(heard.every((sample) => sample > -100)).toBe(true);
    expect(intruder.packets).toHaveLength(0);
    expect((await session.stats()).packetsReceived).toBe(11);
  });

  it('reports by RTCP from the port above to the latched address, hears the answers, and says goodbye', async () => {
    const session = (await (await media([21_800, 21_899])).open())!;
    const [phone, reports, stranger] = [await peer(), createSocket('udp4'), createSocket('udp4')];
    await Promise.all([reports, stranger].map((socket) => once(socket.bind(0, '127.0.0.1'), 'listening')));
    cleanups.push(
      () => reports.close(),
      () => stranger.close(),
    );
    const seen: (PeerReport & { readonly port: number })[] = [];
    reports.on('message', (bytes, from) => seen.push({ ...parseReport(bytes, 77)!, port: from.port }));
    session.start({ address: '127.0.0.1', port: phone.port, payloadType: 0 });
    for (let count = 0; count < 5; count += 1) phone.say(session, tone(160));
    await until(() => phone.packets.length > 3);
    const { ssrc } = phone.packets[0]!.packet;
    const block = { ssrc, fractionLost: 128, lost: 1, highest: 9, jitter: 80, lastReport: 0, sinceLastReport: 0 };
    const report = buildReport({ ssrc: 77, sender: undefined, block, cname: 'phone', bye: false });
    stranger.send(Buffer.from('no report'), session.port + 1, '127.0.0.1');
    reports.send(report, session.port + 1, '127.0.0.1');
    await until(() => seen.length > 0);
    expect(seen[0]).toMatchObject({ ssrc, port: session.port + 1, bye: false });
    expect(seen[0]!.ntpMiddle).toBeTypeOf('number');
    expect(seen[0]!.block).toMatchObject({ lost: 0, fractionLost: 0 });
    const stats = await session.stats();
    expect(stats).toMatchObject({ reportsSent: 1, reportsReceived: 1, peer: { recentLossShare: 0.5, jitterMs: 10 } });
    expect(stats.mos).toBeGreaterThan(4);
    session.close();
    await until(() => seen.at(-1)!.bye);
  });

  it('needs one socket where RTCP shares the port, a second again where it does not any more', async () => {
    const session = (await (await media([22_100, 22_199])).open())!;
    const phone = await peer();
    const isFree = async () => {
      const socket = createSocket('udp4');
      const bound = await new Promise<boolean>((resolve) => {
        socket.once('error', () => resolve(false));
        socket.bind(session.port + 1, '127.0.0.1', () => resolve(true));
      });
      await new Promise<void>((resolve) => socket.close(resolve));
      return bound;
    };
    const remote = { address: '127.0.0.1', port: phone.port, payloadType: 0 } as const;
    expect(await isFree()).toBe(false);
    session.start({ ...remote, rtcp: 'mux' });
    await session.stats();
    expect(await isFree()).toBe(true);
    session.start(remote);
    await session.stats();
    expect(await isFree()).toBe(false);
    session.close();
    // The figures come before the sockets are closed.
    for (let free = false; !free; ) free = await isFree();
  });

  it('carries SRTP, and tells its last figures after the close', async () => {
    const suite = 'AEAD_AES_128_GCM';
    const [send, receive] = [Buffer.alloc(28, 1).toString('base64'), Buffer.alloc(28, 2).toString('base64')];
    const session = (await (await media([22_200, 22_299])).open())!;
    const phone = createSocket('udp4').bind(0, '127.0.0.1');
    await once(phone, 'listening');
    cleanups.push(() => phone.close());
    const { sender, receiver } = new Srtp({ suite, send: receive, receive: send });
    const heard: Uint8Array[] = [];
    phone.on('message', (bytes) => heard.push(parseRtp(receiver.open(bytes)!)!.payload));
    session.start({ address: '127.0.0.1', port: phone.address().port, payloadType: 0, srtp: { suite, send, receive } });
    const first = new Promise<void>((resolve) => session.onFirstPacket(resolve));
    const packet = Buffer.alloc(12 + 160 + 20);
    writeRtpHeader(packet, { payloadType: 0, marker: false, sequence: 1, timestamp: 160, ssrc: 77 });
    phone.send(packet.subarray(0, sender.seal(packet, 172)), session.port, '127.0.0.1');
    await first;
    await session.play(tone(800));
    await until(() => heard.length > 5);
    expect(Buffer.concat(heard).includes(Buffer.from(encodeG711(muLaw, tone(800))))).toBe(true);
    session.close();
    const last = await session.stats();
    expect(last).toMatchObject({ codec: 'PCMU', srtp: suite, packetsReceived: 1, rejectedPackets: 0 });
    expect(last.packetsSent).toBeGreaterThanOrEqual(heard.length);
    expect(await session.stats()).toEqual(last);
  });

  it('tells when the caller speaks and stops, also when packets just cease', async () => {
    const session = (await (await media([21_300, 21_399])).open())!;
    const phone = await peer();
    const said: boolean[] = [];
    session.onSpeech((speaking) => said.push(speaking));
    session.start({ address: '127.0.0.1', port: phone.port, payloadType: 0 });
    for (let frame = 0; frame < 10; frame += 1) phone.say(session, tone(160));
    await until(() => said.length === 2);
    expect(said).toEqual([true, false]);
  });

  it('F4 says when no RTP comes for the given time, not while on hold', async () => {
    const session = (await (await media([21_400, 21_499])).open())!;
    const phone = await peer();
    let silent = 0;
    session.onNoRtp(150, () => (silent += 1));
    session.setHold(true);
    session.start({ address: '127.0.0.1', port: phone.port, payloadType: 0 });
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect(silent).toBe(0);
    session.setHold(false);
    await until(() => silent === 1);
  });

  it('skips a port in use, says when none is left, and takes a freed one again', async () => {
    const taken = createSocket('udp4').bind(21_502, '127.0.0.1');
    await once(taken, 'listening');
    cleanups.push(() => taken.close());
    const engine = await media([21_500, 21_505]);
    const [one, two, none] = [await engine.open(), await engine.open(), await engine.open()];
    expect([one!.port, two!.port].sort()).toEqual([21_500, 21_504]);
    expect(none).toBeUndefined();
    one!.close();
    expect((await engine.open())!.port).toBe(one!.port);
    await engine.close();
    const again = createSocket('udp4').bind(21_500, '127.0.0.1');
    await once(again, 'listening');
    again.close();
    await expect(engine.open()).rejects.toThrow('closed');
  });

  it('says so when its address is not of this machine, and does not try every port', async () => {
    const engine = await createMedia({ host: '203.0.113.1', ports: [21_700, 21_799] });
    cleanups.push(() => engine.close());
    await expect(engine.open()).rejects.toThrow('EADDRNOTAVAIL');
    expect((await engine.stats()).portsFree).toBe(50);
  });

  it('a fault in one session ends that one only, and says so', async () => {
    const failures: Error[] = [];
    const engine = await media([21_600, 21_603], (error) => failures.push(error));
    const [sick, well] = [(await engine.open())!, (await engine.open())!];
    const told = new Promise<Error>((resolve) => sick.onFailed(resolve));
    const playing = sick.play(tone(160));
    sick.start(undefined as never);
    expect((await told).name).toBe('TypeError');
    expect(failures).toHaveLength(1);
    await playing;
    const phone = await peer();
    well.start({ address: '127.0.0.1', port: phone.port, payloadType: 0 });
    await until(() => phone.packets.length > 2);
    expect((await engine.open())!.port).toBe(sick.port);
  });

  it('carries 200 sessions at once without leaving one behind', async () => {
    const engine = await media([22_000, 22_999]);
    const phone = await peer();
    const opened = await Promise.all(Array.from({ length: 200 }, () => engine.open()));
    const sessions = opened.map((session) => session!);
    expect(new Set(sessions.map((session) => session.port)).size).toBe(200);
    for (const session of sessions) session.start({ address: '127.0.0.1', port: phone.port, payloadType: 0 });
    await Promise.all(sessions.map((session) => session.play(tone(8_000))));
    const counts = await Promise.all(sessions.map(async (session) => (await session.stats()).packetsSent));
    const { skippedCycles, sessions: open } = await engine.stats();
    expect(Math.min(...counts) + skippedCycles).toBeGreaterThanOrEqual(50);
    expect(open).toBe(200);
    for (const session of sessions) session.close();
    expect((await engine.stats()).portsFree).toBe(500);
  });
});
