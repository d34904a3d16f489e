import { describe, expect, it } from 'vitest';
import { MAX_REQUEST_BYTES, RequestReader, replyFrame } from './frames.ts';

const frame = (value: unknown) => {
  const json = Buffer.from(JSON.stringify(value));
  const length = Buffer.alloc(4);
  length.writeUInt32BE(json.length);
  return Buffer.concat([length, json]);
};

describe('RequestReader', () => {
  it('reads requests whatever way the bytes are cut', () => {
    const bytes = Buffer.concat([
      frame({ id: 1, text: 'Grüße', voice: 'de', speed: 1.5 }),
      frame({ id: 1, cancel: true }),
    ]);
    const expected = [
      { kind: 'speak', id: 1, text: 'Grüße', voice: 'de', speed: 1.5 },
      { kind: 'cancel', id: 1 },
    ];
    expect(new RequestReader().push(bytes)).toEqual(expected);
    const reader = new RequestReader();
    expect([...bytes].flatMap((byte) => reader.push(Buffer.from([byte])))).toEqual(expected);
  });

  it('answers a faulty request, and gives up on what is no frame', () => {
    const reader = new RequestReader();
    expect(reader.push(frame({ id: 3, text: 'x', voice: 'en', speed: 9 }))).toEqual([
      { kind: 'faulty', id: 3, error: 'speed must be between 0.5 and 2' },
    ]);
    expect(() => reader.push(Buffer.from('GET / HTTP/1.1'))).toThrow(`at most ${MAX_REQUEST_BYTES}`);
    expect(() => new RequestReader().push(frame({ text: 'no id' }))).toThrow('id');
  });
});

describe('replyFrame', () => {
  it('says how many bytes of sound follow', () => {
    const bytes = replyFrame({ id: 7, rate: 8_000 }, Int16Array.of(1, -1));
    const length = bytes.readUInt32BE(0);
    expect(JSON.parse(bytes.toString('utf8', 4, 4 + length))).toEqual({ id: 7, rate: 8_000, bytes: 4 });
    expect(bytes.subarray(4 + length)).toEqual(Buffer.from([1, 0, 255, 255]));
  });
});
