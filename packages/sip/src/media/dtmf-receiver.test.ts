import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DTMF_EVENT_BYTES, decodeDtmf, encodeDtmf, isDtmf } from './dtmf-event.ts';
import { DtmfReceiver } from './dtmf-receiver.ts';
import type { RtpPacket } from './rtp-packet.ts';

type Sent = readonly [timestamp: number, digit: string, duration: number, end?: 'end'];

function eventPacket([timestamp, digit, duration, end]: Sent, ssrc = 1): RtpPacket {
  const payload = new Uint8Array(DTMF_EVENT_BYTES);
  encodeDtmf({ digit, duration, end: end !== undefined }, payload, 0);
  return { payloadType: 101, marker: false, sequence: 0, timestamp: timestamp >>> 0, ssrc, payload };
}

function hear() {
  const told: (readonly [string, number])[] = [];
  const receiver = new DtmfReceiver((digit, durationMs) => told.push([digit, durationMs]));
  return { told, receiver };
}

const press = (timestamp: number, digit: string): readonly Sent[] => [
  [timestamp, digit, 160],
  [timestamp, digit, 320],
  [timestamp, digit, 480],
  [timestamp, digit, 800, 'end'],
  [timestamp, digit, 800, 'end'],
  [timestamp, digit, 800, 'end'],
];

describe('RFC 4733 digits', () => {
  const cases: readonly (readonly [string, readonly Sent[], readonly (readonly [string, number])[]])[] = [
    ['one digit, its end sent three times', press(1_000, '1'), [['1', 100]]],
    [
      'the same key twice',
      [...press(1_000, '5'), ...press(2_600, '5')],
      [
        ['5', 100],
        ['5', 100],
      ],
    ],
    ['only an end packet arrived', [[1_000, '#', 960, 'end']], [['#', 120]]],
    [
      'the end lost, another digit follows',
      [[1_000, '7', 160], [1_000, '7', 640], ...press(3_000, '8')],
      [
        ['7', 80],
        ['8', 100],
      ],
    ],
    [
      'a straggler of the digit before',
      [...press(1_000, '1'), ...press(2_600, '2'), [1_000, '1', 800, 'end']],
      [
        ['1', 100],
        ['2', 100],
      ],
    ],
    [
      'durations out of order',
      [
        [9, 'A', 640],
        [9, 'A', 480],
        [9, 'A', 480, 'end'],
      ],
      [['A', 80]],
    ],
    [
      'the timestamp wraps',
      [...press(-800, '*'), ...press(800, 'D')],
      [
        ['*', 100],
        ['D', 100],
      ],
    ],
    [
      'the sender starts its clock anew',
      [...press(3_000_000, '1'), ...press(5, '2')],
      [
        ['1', 100],
        ['2', 100],
      ],
    ],
    [
      'a long event in segments',
      [
        [0, '9', 65_000],
        [0, '9', 65_535],
        [65_535, '9', 160],
        [131_070, '9', 930, 'end'],
      ],
      [['9', 16_500]],
    ],
    [
      'an event of the same key 65,535 later, after an end',
      [
        [0, '9', 800, 'end'],
        [65_535, '9', 800, 'end'],
      ],
      [
        ['9', 100],
        ['9', 100],
      ],
    ],
  ];
  it.each(cases)('%s', (_, sent, expected) => {
    const { told, receiver } = hear();
    for (const [index, one] of sent.entries()) receiver.receive(eventPacket(one), index * 20);
    expect(told).toEqual(expected);
    expect(receiver.active).toBe(false);
  });

  it('tells every key, and knows what is none', () => {
    const { told, receiver } = hear();
    const keys = '0123456789*#ABCD';
    for (const [index, key] of [...keys].entries())
      for (const one of press(index * 1_600, key)) receiver.receive(eventPacket(one), index);
    expect(told.map(([digit]) => digit).join('')).toBe(keys);
    expect([isDtmf(keys), isDtmf('12e'), isDtmf('a'), isDtmf('')]).toEqual([true, false, false, true]);
    expect(decodeDtmf(Uint8Array.of(16, 0x80, 1, 0))).toBeUndefined();
    expect(decodeDtmf(Uint8Array.of(1, 0x80, 1))).toBeUndefined();
  });

  it('ends a digit 200 ms after its last packet when every end was lost, and does not tell it again', () => {
    const { told, receiver } = hear();
    receiver.receive(eventPacket([1_000, '3', 400]), 0);
    receiver.expire(199);
    expect([told.length, receiver.active]).toEqual([0, true]);
    receiver.expire(200);
    receiver.receive(eventPacket([1_000, '3', 2_000, 'end']), 250);
    receiver.expire(900);
    expect(told).toEqual([['3', 50]]);
  });

  it('another stream with the same timestamp is another digit', () => {
    const { told, receiver } = hear();
    receiver.receive(eventPacket([5, '1', 80, 'end'], 1), 0);
    receiver.receive(eventPacket([5, '1', 80, 'end'], 2), 40);
    expect(told).toHaveLength(2);
  });

  it('tells each digit exactly once whatever packets are lost, as long as one remains', () => {
    const presses = fc.array(
      fc.record({
        key: fc.constantFrom(...'0123456789*#ABCD'),
        kept: fc.uniqueArray(fc.nat({ max: 5 }), { minLength: 1 }),
      }),
      { maxLength: 12 },
    );
    fc.assert(
      fc.property(presses, (list) => {
        const { told, receiver } = hear();
        for (const [index, { key, kept }] of list.entries()) {
          const sent = press(index * 2_000, key).filter((_, place) => kept.includes(place));
          for (const one of sent) receiver.receive(eventPacket(one), index * 250);
        }
        receiver.expire(1e9);
        expect(told.map(([digit]) => digit)).toEqual(list.map(({ key }) => key));
      }),
    );
  });
});
