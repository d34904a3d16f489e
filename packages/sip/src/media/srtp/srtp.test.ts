import { Buffer } from 'node:buffer';
import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { writeRtpHeader } from '../rtp-packet.ts';
import { GcmCipher } from './gcm-cipher.ts';
import { createPacketCipher, SRTP_SUITES, Srtp, SrtpReceiver, SrtpSender, type SrtpSuite } from './index.ts';
import { KeyStream } from './key-stream.ts';
import { ReplayWindow } from './replay-window.ts';
import { deriveSessionKeys } from './session-keys.ts';

const hex = (text: string) => Buffer.from(text.replaceAll(/\s/g, ''), 'hex');
const suites = Object.keys(SRTP_SUITES) as SrtpSuite[];
const newMaster = (suite: SrtpSuite) =>
  randomBytes(SRTP_SUITES[suite].key + SRTP_SUITES[suite].salt).toString('base64');
const MASTER = 'e1f97a0d3e018be0d64fa32c06de4139 0ec675ad498afeebb6960b3aabe6';
const AES80 = 'AES_CM_128_HMAC_SHA1_80';

describe('vectors', () => {
  it('RFC 3711 B.2: the key stream', () => {
    const stream = new KeyStream(hex('2b7e151628aed2a6abf7158809cf4f3c'), hex('f0f1f2f3f4f5f6f7f8f9fafbfcfd'));
    const packet = Buffer.alloc(50);
    stream.apply(packet, { from: 2, to: 50 }, { ssrc: 0, high: 0, low: 0 });
    expect(packet.toString('hex')).toBe(
      '0000e03ead0935c95e80e166b16dd92b4eb4d23513162b02d0f72a43a2fe4a5f97ab41e95b3bb0a2e8dd477901e4fca894c0',
    );
  });

  it('RFC 3711 B.3: the session keys', () => {
    const keys = deriveSessionKeys(AES80, hex(MASTER), 'rtp');
    expect(keys.encryption.toString('hex')).toBe('c61e7a93744f39ee10734afe3ff7a087');
    expect(keys.salt.toString('hex')).toBe('30cbbc08863d8c85d49db34a9ae1');
    expect(keys.authentication.toString('hex')).toBe('cebe321f6ff7716b6fd4ab49af256a156d38baa4');
  });

  it('RFC 6188 7.2: the session keys of 256 bits', () => {
    const master = hex('f0f04914b513f2763a1b1fa130f10e2998f6f6e43e4309d1e622a0e332b9f1b6 3b04803de51ee7c96423ab5b78d2');
    const keys = deriveSessionKeys('AES_256_CM_HMAC_SHA1_80', master, 'rtp');
    expect(keys.encryption.toString('hex')).toBe('5ba1064e30ec51613cad926c5a28ef731ec7fb397f70a960653caf06554cd8c4');
    expect(keys.salt.toString('hex')).toBe('fa31791685ca444a9e07c6c64e93');
    expect(keys.authentication.toString('hex')).toBe('fd9c32d39ed5fbb5a9dc96b30818454d1313dc05');
  });

  it('the packets of libsrtp: RTP and RTCP', () => {
    const master = hex(MASTER).toString('base64');
    const plain = hex(`800f1234decafbadcafebabe ${'ab'.repeat(16)}`);
    const packet = Buffer.concat([plain, Buffer.alloc(20)]);
    const length = createPacketCipher(AES80, master).sealRtp(packet, plain.length, 0);
    expect(packet.toString('hex', 0, length)).toBe(
      '800f1234decafbadcafebabe4e55dc4ce79978d88ca4d215949d2402b78d6acc99ea179b8dbb',
    );
    const report = hex(`81c8000bcafebabe ${'ab'.repeat(16)}`);
    const sealed = Buffer.concat([report, Buffer.alloc(20)]);
    const end = createPacketCipher(AES80, master).sealRtcp(sealed, report.length, 1);
    expect(sealed.toString('hex', 0, end)).toBe(
      '81c8000bcafebabe7128035be487b9bdbef89041f977a5a880000001993e08cd54d6c1230798',
    );
  });

  it('RFC 7714 16.1.1: a packet of GCM', () => {
    const keys = {
      encryption: hex('000102030405060708090a0b0c0d0e0f'),
      salt: hex('517569642070726f2071756f'),
      authentication: Buffer.alloc(0),
    };
    const plain = Buffer.concat([
      hex('8040f17b8041f8d35501a0b2'),
      Buffer.from('Gallia est omnis divisa in partes tres'),
    ]);
    const packet = Buffer.concat([plain, Buffer.alloc(16)]);
    const cipher = new GcmCipher({ rtp: keys, rtcp: keys });
    expect(cipher.sealRtp(packet, plain.length, 0)).toBe(packet.length);
    expect(packet.toString('hex', 12)).toBe(
      'f24de3a3fb34de6cacba861c9d7e4bcabe633bd50d294e6f42a5f47a51c7d19b36de3adf8833899d7f27beb16a9152cf765ee4390cce',
    );
    expect(cipher.openRtp(packet, 0)).toBe(plain.length);
    expect(packet.subarray(0, plain.length)).toEqual(plain);
  });
});

/** A packet with room for its tag. */
function rtp(sequence: number, ssrc = 77, payload = 160): { packet: Buffer; length: number } {
  const packet = Buffer.alloc(12 + payload + 20, sequence & 0xff);
  writeRtpHeader(packet, { payloadType: 0, marker: false, sequence, timestamp: sequence * 160, ssrc });
  return { packet, length: 12 + payload };
}

function pair(suite: SrtpSuite) {
  const master = newMaster(suite);
  const sender = new SrtpSender(createPacketCipher(suite, master));
  const receiver = new SrtpReceiver(createPacketCipher(suite, master));
  const seal = (sequence: number, ssrc?: number) => {
    const { packet, length } = rtp(sequence, ssrc);
    return Buffer.from(packet.subarray(0, sender.seal(packet, length)));
  };
  return { sender, receiver, seal };
}

describe.each(suites)('%s', (suite) => {
  it('opens what it sealed, RTP of any shape and RTCP, and nothing that was changed', () => {
    const cipher = createPacketCipher(suite, newMaster(suite));
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 400 }),
        fc.nat({ max: 0xffff_ffff }),
        fc.nat({ max: 15 }),
        fc.nat(),
        (payload, rollover, sources, flip) => {
          const head = Buffer.alloc(12 + sources * 4, 9);
          head[0] = 0x80 | sources;
          const plain = Buffer.concat([head, payload]);
          for (const kind of ['rtp', 'rtcp'] as const) {
            const packet = Buffer.concat([plain, Buffer.alloc(20)]);
            const length =
              kind === 'rtp'
                ? cipher.sealRtp(packet, plain.length, rollover)
                : cipher.sealRtcp(packet, plain.length, rollover & 0x7fff_ffff);
            const open = (bytes: Buffer) => (kind === 'rtp' ? cipher.openRtp(bytes, rollover) : cipher.openRtcp(bytes));
            const bent = Buffer.from(packet.subarray(0, length));
            bent[flip % length]! ^= 1 + (flip % 255);
            expect(open(bent)).toBeUndefined();
            const sealed = Buffer.from(packet.subarray(0, length));
            expect(open(sealed)).toBe(plain.length);
            expect(sealed.subarray(0, plain.length).equals(plain)).toBe(true);
          }
        },
      ),
      { numRuns: 200 },
    );
  });

  it('never throws on random octets', () => {
    const { receiver } = pair(suite);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 3_000 }), (bytes) => {
        expect(receiver.open(Buffer.from(bytes))).toBeUndefined();
        expect(receiver.openReport(Buffer.from(bytes))).toBeUndefined();
      }),
    );
  });

  it('goes on over the wrap of the sequence, with loss and reordering around it', () => {
    const { receiver, seal } = pair(suite);
    for (let count = 0; count <= 63_000; count += 3_000) {
      const last = seal((65_000 + count) & 0xffff);
      expect(receiver.open(last)?.length).toBe(172);
    }
    const [one, two, three] = [seal(65_534), seal(65_535), seal(0)];
    for (const packet of [one, three, two]) expect(receiver.open(packet)?.readUInt16BE(2)).toBeTypeOf('number');
    expect(receiver.rejected).toBe(0);
  });
});

describe('a receiver', () => {
  it('takes no packet twice, none that is too old, and says which was the newest', () => {
    const { receiver, seal } = pair(AES80);
    const packets = Array.from({ length: 300 }, (_, sequence) => seal(sequence));
    const open = (sequence: number) => receiver.open(Buffer.from(packets[sequence]!)) !== undefined;
    expect([open(0), open(0), open(200), receiver.isNewest]).toEqual([true, false, true, true]);
    expect([open(136), receiver.isNewest, open(136), open(72)]).toEqual([true, false, false, false]);
    expect(receiver.rejected).toBe(3);
  });

  it('keeps a window for each stream, and for 64 streams only', () => {
    const { receiver, seal } = pair(AES80);
    for (let ssrc = 0; ssrc < 64; ssrc += 1) expect(receiver.open(seal(5, ssrc))).toBeDefined();
    expect(receiver.open(seal(5, 64))).toBeUndefined();
    expect(receiver.open(seal(6, 63))).toBeDefined();
  });

  it('takes a report once', () => {
    const { sender, receiver } = pair('AES_CM_128_HMAC_SHA1_32');
    const report = hex('80c90001 00000007');
    const sealed = sender.sealReport(report);
    expect(sealed.length).toBe(8 + 4 + 10);
    expect(receiver.openReport(Buffer.from(sealed))).toEqual(report);
    expect(receiver.openReport(Buffer.from(sealed))).toBeUndefined();
    expect(receiver.openReport(sender.sealReport(report))).toEqual(report);
  });

  it('RFC 3711 3.3.1: indexes around the first packets', () => {
    const window = new ReplayWindow();
    expect(window.indexOf(40_000)).toBe(40_000);
    window.note(2);
    expect(window.isFresh(window.indexOf(65_535))).toBe(false);
    window.note(40_000);
    expect(window.indexOf(10)).toBe(65_546);
  });
});

describe('new terms', () => {
  const send = newMaster(AES80);
  const receive = newMaster(AES80);
  it('change only the direction whose key is another', () => {
    const before = new Srtp({ suite: AES80, send, receive });
    const after = new Srtp({ suite: AES80, send, receive: newMaster(AES80) }, before);
    expect(after.sender).toBe(before.sender);
    expect(after.receiver).not.toBe(before.receiver);
    const other = new Srtp({ suite: 'AES_CM_128_HMAC_SHA1_32', send, receive }, before);
    expect(other.sender).not.toBe(before.sender);
  });

  it('refuse a key of another length', () => {
    expect(() => createPacketCipher('AEAD_AES_128_GCM', send)).toThrow(RangeError);
  });
});
