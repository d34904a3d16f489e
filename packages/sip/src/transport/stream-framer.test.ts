import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type FramingFault, maxBodyBytes, StreamFramer } from './stream-framer.ts';

function createFramer() {
  const messages: string[] = [];
  const faults: FramingFault[] = [];
  let pings = 0;
  const framer = new StreamFramer({
    onMessage: (bytes) => void messages.push(Buffer.from(bytes).toString('latin1')),
    onPing: () => pings++,
    onFault: (_head, fault) => void faults.push(fault),
  });
  const push = (text: string) => framer.push(Buffer.from(text, 'latin1'));
  return { framer, messages, faults, push, pings: () => pings };
}

const message = (body: string, name = 'Content-Length') =>
  `OPTIONS sip:a SIP/2.0\r\n${name}: ${body.length}\r\n\r\n${body}`;

describe('RFC 3261 18.3 framing by Content-Length', () => {
  it('finds the same messages however the stream is cut', () => {
    const whole = [message(''), message('v=0\r\n\r\nx', 'l'), message('y'.repeat(300), 'CONTENT-LENGTH ')];
    const stream = `\r\n${whole.join('\r\n')}`;
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: stream.length }), { maxLength: 40 }), (cuts) => {
        const { push, messages, faults, framer } = createFramer();
        const at = [0, ...cuts.sort((a, b) => a - b), stream.length];
        for (let i = 1; i < at.length; i++) push(stream.slice(at[i - 1], at[i]));
        expect(messages).toEqual(whole);
        expect(faults).toEqual([]);
        expect(framer.isMidMessage).toBe(false);
      }),
    );
  });

  it('a folded Content-Length is read', () => {
    const { push, messages } = createFramer();
    push('OPTIONS sip:a SIP/2.0\r\nContent-Length:\r\n 2\r\n\r\nab');
    expect(messages).toHaveLength(1);
  });

  it.each([
    ['Missing Content-Length', 400, 'OPTIONS sip:a SIP/2.0\r\nTo: x\r\n\r\n'],
    ['Duplicate Content-Length', 400, 'OPTIONS sip:a SIP/2.0\r\nl: 1\r\nContent-Length: 1\r\n\r\n'],
    ['Malformed Content-Length', 400, 'OPTIONS sip:a SIP/2.0\r\nl: -1\r\n\r\n'],
    ['Message Too Large', 513, `OPTIONS sip:a SIP/2.0\r\nl: ${maxBodyBytes + 1}\r\n\r\n`],
    ['Message Too Large', 513, `OPTIONS sip:a SIP/2.0\r\nTo: ${'x'.repeat(40_000)}`],
  ])('%s ends the stream with %i, and nothing behind it is read', (reason, status, text) => {
    const { push, messages, faults } = createFramer();
    for (let at = 0; at < text.length; at += 1_000) push(text.slice(at, at + 1_000));
    push(message(''));
    expect(faults).toEqual([{ status, reason }]);
    expect(messages).toEqual([]);
  });
});

describe('RFC 5626 4.4.1 keep-alives', () => {
  it('each double CRLF between messages is a ping, a single one is nothing', () => {
    const { push, messages, pings } = createFramer();
    push('\r\n\r');
    push('\n\r\n\r\n');
    expect(pings()).toBe(2);
    push(`\r\n${message('')}\r\n`);
    push(message('\r\n\r\n'));
    expect(pings()).toBe(2);
    expect(messages).toHaveLength(2);
  });
});
