import { describe, expect, it } from 'vitest';
import { mutated, seeded } from '../../test/mutate.ts';
import {
  header,
  headerList,
  parseMessage,
  parseNameAddr,
  parseUri,
  parseVia,
  type SipMessage,
  serializeMessage,
  serializeNameAddr,
  serializeUri,
  serializeVia,
  splitList,
} from './index.ts';

const asPlain = (message: SipMessage) => ({ ...message, body: [...message.body] });

describe('parse and serialize', () => {
  it('case 59 10,000 mutated messages never throw, and what parses survives a round trip unchanged', () => {
    const below = seeded(4_475);
    let sound = 0;
    for (let round = 0; round < 10_000; round++) {
      const bytes = mutated(below);
      const parsed = parseMessage(bytes);
      if (!parsed.ok) continue;
      sound++;
      const again = parseMessage(serializeMessage(parsed.message));
      if (!again.ok) throw new Error(`${again.reason}: ${bytes.toString('latin1')}`);
      expect(asPlain(again.message)).toEqual(asPlain(parsed.message));
    }
    expect(sound).toBeGreaterThan(1_000);
  });

  it('bytes that are not UTF-8 come back as they were', () => {
    const text =
      'OPTIONS sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\nFrom: "\xff\xfe" <sip:a@b>;tag=1\r\n';
    const bytes = Buffer.from(`${text}To: <sip:a@b>\r\nCall-ID: 1\r\nCSeq: 1 OPTIONS\r\n\r\n`, 'latin1');
    const parsed = parseMessage(bytes);
    if (!parsed.ok) throw new Error(parsed.reason);
    expect(serializeMessage(parsed.message).toString('latin1')).toContain('From: "\xff\xfe" <sip:a@b>;tag=1\r\n');
  });

  it('takes linear time in hostile shapes', () => {
    const hostile = [
      `From: ${'"\\'.repeat(15_000)}`,
      `From: ${'<'.repeat(30_000)}`,
      `Via: ${'SIP/2.0/UDP h,'.repeat(2_000)}`,
      `To: <sip:a@b>${';'.repeat(30_000)}`,
      `X: a${'\r\n b'.repeat(7_000)}`,
      `Contact: ${'"'.repeat(30_000)}`,
    ];
    for (const line of hostile) {
      const startedAt = performance.now();
      parseMessage(Buffer.from(`INVITE sip:a@b SIP/2.0\r\n${line}\r\n\r\n`));
      expect(performance.now() - startedAt).toBeLessThan(100);
    }
  });

  it('bounds the head: 513 above 32 KiB or 200 headers, still answerable', () => {
    const base =
      'OPTIONS sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP h\r\nFrom: <sip:a@b>\r\nTo: <sip:a@b>\r\nCall-ID: 1\r\nCSeq: 1 OPTIONS\r\n';
    const long = parseMessage(Buffer.from(`${base}X: ${'x'.repeat(40_000)}\r\n\r\n`));
    const many = parseMessage(Buffer.from(`${base}${'X: y\r\n'.repeat(300)}\r\n`));
    expect([long, many]).toMatchObject([
      { ok: false, status: 513, answerable: true },
      { ok: false, status: 513, answerable: true },
    ]);
  });

  it.each([
    ['HTTP', 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['nothing', '\r\n\r\n'],
    ['one word', 'hello'],
    ['a bare CR in a header', 'OPTIONS sip:a@b SIP/2.0\r\nX: a\rb\r\n\r\n'],
    ['LF line ends', 'OPTIONS sip:a@b SIP/2.0\nX: a\n\n'],
  ])('refuses %s without an answer', (_, text) => {
    expect(parseMessage(Buffer.from(text))).toMatchObject({ ok: false, answerable: false });
  });
});

describe('URIs', () => {
  it.each([
    'sip:alice@example.com',
    'sips:alice:secret@example.com:5061;transport=tls;lr?Subject=x&Priority=urgent',
    'sip:example.com',
    'sip:+1-212-555-1212;ext=5@gw.example.com;user=phone',
    'sip:[2001:db8::10]:5070',
    'sip:user@[2001:db8::10:5070]',
    'tel:+1-201-555-0123;phone-context=example.com',
    'tel:911',
    'urn:service:sos',
  ])('%s survives a round trip', (text) => {
    const uri = parseUri(text);
    expect(uri && serializeUri(uri)).toBe(text);
  });

  it.each([
    'sip:',
    'sip:2001:db8::10',
    'sip:[2001:db8::10',
    'sip:a@b:0',
    'sip:a@b:65536',
    'sip:a b@c',
    'sip:a@b;;lr',
    'tel:+1555x',
    'tel:',
    '<sip:a@b>',
    ':a',
    'nocolon',
  ])('%s is malformed', (text) => {
    expect(parseUri(text)).toBeUndefined();
  });
});

describe('header grammar', () => {
  it.each([
    ['<sip:a@b>;tag=1', { uri: 'sip:a@b', params: [{ name: 'tag', value: '1' }] }],
    ['sip:a@b;tag=1', { uri: 'sip:a@b', params: [{ name: 'tag', value: '1' }] }],
    ['"A \\"B\\" <C>" <sip:a@b;x=y>', { display: 'A "B" <C>', uri: 'sip:a@b;x=y', params: [] }],
    ['Alice B.<sip:a@b>', { display: 'Alice B.', uri: 'sip:a@b', params: [] }],
    ['<tel:+1555;ext=2> ; a = "b;c"', { uri: 'tel:+1555;ext=2', params: [{ name: 'a', value: '"b;c"' }] }],
  ])('reads %s', (text, address) => {
    expect(parseNameAddr(text)).toEqual(address);
    expect(parseNameAddr(serializeNameAddr(parseNameAddr(text)!))).toEqual(address);
  });

  it.each([
    '"A <sip:a@b>',
    '<sip:a@b',
    'sip:a@b?x=y',
    '<sip:a@b>;;',
    '<sip:a@b>x',
    '',
    '<>',
    '"A" sip:a@b',
    '<sip:a@b>;=1',
  ])('refuses %s', (text) => {
    expect(parseNameAddr(text)).toBeUndefined();
  });

  it.each([
    ['SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK1;rport', { transport: 'UDP', host: '192.0.2.1', port: 5060 }],
    ['SIP / 2.0 / TCP  host.example.com ; branch = x', { transport: 'TCP', host: 'host.example.com' }],
    ['SIP/2.0/UDP [2001:db8::9:1]:6050;received=2001:db8::9:255', { host: '2001:db8::9:1', port: 6050 }],
  ])('reads Via %s', (text, via) => {
    const parsed = parseVia(text);
    expect(parsed).toMatchObject(via);
    expect(parseVia(serializeVia(parsed!))).toEqual(parsed);
  });

  it.each(['SIP/2.0 host', 'UDP host', 'SIP/2.0/UDP', 'SIP/2.0/UDP h;;', 'SIP/2.0/UDP h:99999', 'HTTP/2.0/UDP h'])(
    'refuses Via %s',
    (text) => {
      expect(parseVia(text)).toBeUndefined();
    },
  );

  it('splits lists outside quotes and brackets only', () => {
    expect(splitList('"a,b" <sip:c,d>, <sip:e>;x="f,g" , h')).toEqual(['"a,b" <sip:c,d>', '<sip:e>;x="f,g"', 'h']);
    expect(headerList({ headers: [header('v', 'a, b'), header('VIA', 'c')] }, 'Via')).toEqual(['a', 'b', 'c']);
  });
});
