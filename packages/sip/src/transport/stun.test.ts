import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { answerStun, isStun, StunRate } from './stun.ts';

const request = (attributes: readonly number[] = [], id = '0102030405060708090a0b0c'): Buffer => {
  const body = Buffer.from(attributes);
  const head = Buffer.from(`0001${body.length.toString(16).padStart(4, '0')}2112a442${id}`, 'hex');
  return Buffer.concat([head, body]);
};

/** XOR-MAPPED-ADDRESS as RFC 5389 15.2 has it read. */
function mapped(answer: Buffer): { readonly address: string; readonly port: number } {
  expect(answer.readUInt16BE(20)).toBe(0x0020);
  const port = answer.readUInt16BE(26) ^ 0x2112;
  const key = answer.subarray(4, 20);
  const bytes = [...answer.subarray(28, 24 + answer.readUInt16BE(22))].map((byte, at) => byte ^ key[at]!);
  if (answer.readUInt8(25) === 1) return { address: bytes.join('.'), port };
  const groups = Array.from({ length: 8 }, (_, at) => ((bytes[2 * at]! << 8) | bytes[2 * at + 1]!).toString(16));
  return { address: new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1), port };
}

describe('RFC 5626 3.5.2 STUN on the SIP port', () => {
  test('a Binding request is answered with the address it came from', () => {
    const answer = answerStun(request(), { address: '192.0.2.1', port: 32_853 })!;
    expect(answer.toString('hex', 0, 20)).toBe('0101000c2112a4420102030405060708090a0b0c');
    expect(mapped(answer)).toEqual({ address: '192.0.2.1', port: 32_853 });
  });

  // The response of RFC 5769 2.3, whose FINGERPRINT and MESSAGE-INTEGRITY are not ours to give.
  test('RFC 5769 2.3 an IPv6 address is XORed with cookie and transaction id', () => {
    const from = { address: '2001:db8:1234:5678:11:2233:4455:6677', port: 32_853 };
    const answer = answerStun(request([], 'b7e7a701bc34d686fa87dfae'), from)!;
    expect(answer.toString('hex', 20)).toBe('002000140002a1470113a9faa5d3f179bc25f4b5bed2b9d9');
  });

  test('every address comes back as it was, zones left out', () => {
    const port = fc.integer({ min: 1, max: 65_535 });
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), port, (address, number) => {
        const canonical = address.includes(':') ? new URL(`http://[${address}]`).hostname.slice(1, -1) : address;
        expect(mapped(answerStun(request(), { address, port: number })!)).toEqual({ address: canonical, port: number });
      }),
    );
    expect(mapped(answerStun(request(), { address: 'fe80::1%eth0', port: 9 })!).address).toBe('fe80::1');
  });

  test('what has to be understood and is not gives 420 with its name; the rest is passed over', () => {
    const answer = answerStun(request([0, 3, 0, 4, 0, 0, 0, 6]), { address: '192.0.2.1', port: 9 })!;
    expect(answer.readUInt16BE(0)).toBe(0x0111);
    expect([answer[26], answer[27]]).toEqual([4, 20]);
    expect(answer.toString('hex').endsWith('000a000200030000')).toBe(true);
    const software = [0x80, 0x22, 0, 3, 97, 98, 99, 0];
    expect(answerStun(request(software), { address: '192.0.2.1', port: 9 })!.readUInt16BE(0)).toBe(0x0101);
  });

  test.each([
    ['an indication', Buffer.concat([Buffer.from('0011', 'hex'), request().subarray(2)])],
    ['a response', Buffer.concat([Buffer.from('0101', 'hex'), request().subarray(2)])],
    ['a length that is not the datagram’s', Buffer.concat([request(), Buffer.alloc(4)])],
    ['an attribute over the end', request([0x80, 0x22, 0, 9, 1, 2, 3, 4])],
  ])('%s gets no answer', (_name, bytes) => {
    expect(isStun(bytes)).toBe(true);
    expect(answerStun(bytes, { address: '192.0.2.1', port: 9 })).toBeUndefined();
  });

  test('any bytes: no exception, and never an answer to what is no STUN', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 0, maxLength: 60 }), (bytes) => {
        const stun = Buffer.concat([request().subarray(0, 20), Buffer.from(bytes)]);
        stun.writeUInt16BE(bytes.length, 2);
        answerStun(stun, { address: '192.0.2.1', port: 9 });
        expect(isStun(Buffer.concat([Buffer.from('OPTIONS sip:a SIP/2.0'), Buffer.from(bytes)]))).toBe(false);
      }),
    );
    expect(isStun(Buffer.alloc(19))).toBe(false);
  });

  test('five answers a second to an address, 500 in all', () => {
    let now = 0;
    const rate = new StunRate(() => now);
    const allowed = (address: string) => Array.from({ length: 9 }, () => rate.allow(address)).filter(Boolean).length;
    expect([allowed('192.0.2.1'), allowed('192.0.2.2')]).toEqual([5, 5]);
    for (let at = 0; at < 98; at++) allowed(`10.0.0.${at}`);
    expect(allowed('192.0.2.3')).toBe(0);
    now = 1_000;
    expect(allowed('192.0.2.1')).toBe(5);
  });
});
