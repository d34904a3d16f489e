/** The IPv6 forms of RFC 5118, section by section, and those that RFC 3261's grammar has no place for. */
import { describe, expect, it } from 'vitest';
import {
  type Dialog,
  headerList,
  parseMessage,
  parseOffer,
  parseUri,
  parseVia,
  serializeMessage,
} from '../src/index.ts';
import { createBenchPeer, valueIn } from './bench-peer.ts';

const source = { address: '2001:db8::9:1', port: 5060, transport: 'udp' } as const;

interface Given {
  readonly via?: string;
  readonly method?: string;
  readonly to?: string;
  readonly contact?: string;
  readonly more?: readonly string[];
  readonly body?: readonly string[];
}

function message(uri: string, given: Given = {}): Buffer {
  const { via = '[2001:db8::9:1];branch=z9hG4bKas3-111', method = 'OPTIONS', to = '<sip:user@example.com>' } = given;
  const body = (given.body ?? []).map((line) => `${line}\r\n`).join('');
  const lines = [
    `${method} ${uri} SIP/2.0`,
    `Via: SIP/2.0/UDP ${via}`,
    `To: ${to}`,
    'From: <sip:user@example.com>;tag=81x2',
    'Call-ID: SSG9559905523997077@hlau_4100',
    'Max-Forwards: 70',
    `Contact: ${given.contact ?? '"Caller" <sip:caller@[2001:db8::1]>'}`,
    `CSeq: 98176 ${method}`,
    ...(given.more ?? []),
    ...(body === '' ? [] : ['Content-Type: application/sdp']),
    `Content-Length: ${body.length}`,
  ];
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n${body}`);
}

const listener = () => createBenchPeer({ local: { host: '2001:db8::10', port: 5060 } });

function answerTo(bytes: Buffer): number | string | undefined {
  const bench = listener();
  bench.receiveBytes(bytes, source);
  return bench.names()[0];
}

const sdp = (address: string, type = 'IP6') => [
  'v=0',
  `o=assistant 971731711378798081 0 IN ${type} ${address}`,
  's=-',
  `c=IN ${type} ${address}`,
  't=0 0',
  'm=audio 6000 RTP/AVP 0',
];

describe('case 58 the forms of RFC 5118', () => {
  it.each([
    ['4.1 an IPv6 reference', 'sip:[2001:db8::10]', 200],
    ['4.2 an address without brackets', 'sip:2001:db8::10', 400],
    ['4.3 a number inside the brackets is of the address', 'sip:[2001:db8::10:5070]', 200],
    ['4.4 a port behind them', 'sip:[2001:db8::10]:5070', 200],
    ['4.9 an IPv4-mapped address', 'sip:user@[::ffff:192.0.2.10]:19823', 200],
    ['4.10 the three colons of RFC 3261’s grammar', 'sip:user@[2001:db8:::192.0.2.1]', 200],
    ['brackets that never close', 'sip:[2001:db8::10', 400],
    ['nothing in them', 'sip:[]', 400],
    ['a name in them', 'sip:[example.com]', 400],
    ['a zone', 'sip:[fe80::1%eth0]', 400],
    ['an escaped zone', 'sip:[fe80::1%25eth0]', 400],
    ['more than a port behind them', 'sip:[2001:db8::10]5070', 400],
  ])('case 58 %s: %s → %i', (_name, uri, status) => {
    expect(answerTo(message(uri))).toBe(status);
  });

  it('case 58 4.3, 4.4 host and port are told apart by the brackets alone', () => {
    expect(parseUri('sip:[2001:db8::10:5070]')).toMatchObject({ host: '2001:db8::10:5070' });
    expect(parseUri('sip:[2001:db8::10:5070]')).not.toHaveProperty('port');
    expect(parseUri('sip:[2001:db8::10]:5070')).toMatchObject({ host: '2001:db8::10', port: 5070 });
  });

  it.each([
    ['4.5 received with brackets', '[2001:db8::9:1];received=[2001:db8::9:255];branch=z9hG4bKas3-111'],
    ['4.5 received without', '[2001:db8::9:1];received=2001:db8::9:255;branch=z9hG4bKas3'],
    ['a port', '[2001:db8::9:1]:6050;branch=z9hG4bKas3'],
  ])('case 58 %s is taken', (_name, via) => {
    expect(answerTo(message('sip:[2001:db8::10]', { via }))).toBe(200);
  });

  it.each(['2001:db8::9:1;branch=z9hG4bK1', '[2001:db8::9:1;branch=z9hG4bK1', '[fe80::1%eth0];branch=z9hG4bK1'])(
    'case 58 Via %s → 400, to where it came from',
    (via) => {
      const bench = listener();
      bench.receiveBytes(message('sip:[2001:db8::10]', { via }), { ...source, port: 40_000 });
      expect(bench.names()).toEqual([400]);
      expect(bench.last()).toMatchObject({ address: source.address, port: 40_000 });
    },
  );

  it('case 58 4.7 headers of both families; the answer keeps every hop and goes back to the first', () => {
    const more = ['Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKjhja8781hjuaij65144', 'Via: SIP/2.0/TCP [2001:db8::9:255]'];
    const via = '[2001:db8::9:1]:6050;branch=z9hG4bKas3-111';
    const bench = listener();
    bench.receiveBytes(message('sip:user@host.example.net', { via, more }), source);
    expect(headerList(bench.last().message, 'via').map((hop) => parseVia(hop)?.host)).toEqual([
      '2001:db8::9:1',
      '192.0.2.1',
      '2001:db8::9:255',
    ]);
    expect(bench.last()).toMatchObject({ address: '2001:db8::9:1', port: 6050 });
  });

  it('RFC 3261 18.2.1 received is added for another address, not for another spelling of the same', () => {
    const stamped = (host: string, address: string) => {
      const bench = listener();
      const via = `[${host}];branch=z9hG4bK1`;
      bench.receiveBytes(message('sip:[2001:db8::10]', { via }), { ...source, address });
      return valueIn(bench.last().message, 'via');
    };
    expect(stamped('2001:DB8:0:0::9:1', '2001:db8::9:1')).not.toContain('received');
    expect(stamped('2001:db8::7', '2001:db8::9:1')).toContain(';received=2001:db8::9:1');
    expect(stamped('fe80::7', 'fe80::9%eth0')).toMatch(/;received=fe80::9$/);
  });

  it('case 58 4.6 a call with an IPv6 body: Contact and requests of ours have brackets', async () => {
    const bench = listener();
    const body = sdp('2001:db8::20');
    bench.receiveBytes(message('sip:user@[2001:db8::10]', { method: 'INVITE', body }), source);
    expect(bench.invites[0]?.offer?.audio).toMatchObject({ family: 6, address: '2001:db8::20', port: 6000 });
    expect(bench.invites[0]?.local).toEqual({ host: '2001:db8::10', port: 5060 });
    const dialog = bench.invites[0]?.accept({ sdp: 'v=0\r\n' }) as Dialog;
    expect(valueIn(bench.last().message, 'contact')).toBe('<sip:[2001:db8::10]:5060>');
    const to = valueIn(bench.last().message, 'to');
    bench.receiveBytes(
      message('sip:[2001:db8::10]', { method: 'ACK', to, via: '[2001:db8::9:1];branch=z9hG4bK2' }),
      source,
    );
    void dialog.bye();
    await Promise.resolve();
    const { message: bye, address, port } = bench.last();
    expect(bye).toMatchObject({ method: 'BYE', uri: 'sip:caller@[2001:db8::1]' });
    expect(valueIn(bye, 'via')).toMatch(/^SIP\/2\.0\/UDP \[2001:db8::10\]:5060;branch=z9hG4bK/);
    expect([address, port]).toEqual(['2001:db8::1', 5060]);
  });

  it('case 58 4.8 addresses of both families in one body: each stream has its own', () => {
    const [version, origin, name, , time] = sdp('192.0.2.1', 'IP4');
    const media = ['c=IN IP4 192.0.2.1', 'm=video 6024 RTP/AVP 107', 'c=IN IP6 2001:db8::1'];
    const offer = parseOffer([version, origin, name, time, 'm=audio 6000 RTP/AVP 0', ...media].join('\r\n'));
    expect(offer?.audio).toMatchObject({ family: 4, address: '192.0.2.1' });
    expect(offer?.description.media.map((one) => one.connection?.family)).toEqual([4, 6]);
  });

  it('case 58 4.9 an IPv4-mapped address in a body or a Contact is the IPv4 address', async () => {
    expect(parseOffer(sdp('::ffff:192.0.2.2').join('\r\n'))?.audio).toMatchObject({ family: 4, address: '192.0.2.2' });
    const bench = createBenchPeer();
    const given = { method: 'INVITE', body: sdp('::ffff:192.0.2.2'), via: '[::ffff:192.0.2.9]:19823;branch=z9hG4bK1' };
    const contact = '<sip:user@[::ffff:192.0.2.10]:19823>';
    bench.receiveBytes(message('sip:user@example.com', { ...given, contact }));
    const dialog = bench.invites[0]?.accept({ sdp: 'v=0\r\n' }) as Dialog;
    const to = valueIn(bench.last().message, 'to');
    bench.receiveBytes(message('sip:user@example.com', { method: 'ACK', to, via: '192.0.2.9;branch=z9hG4bK2' }));
    void dialog.bye();
    await Promise.resolve();
    expect(bench.last()).toMatchObject({ address: '192.0.2.10', port: 19_823, message: { method: 'BYE' } });
  });

  it.each([
    ['an address in brackets', sdp('[2001:db8::20]')],
    ['IPv4 called IPv6', sdp('192.0.2.1')],
    ['a name called IPv6', sdp('host.example.com')],
    ['a zone', sdp('fe80::1%eth0')],
  ])('a body with %s cannot be read', (_name, body) => {
    expect(parseOffer(body.join('\r\n'))).toBeUndefined();
  });

  it('parse and serialize give the same bytes again', () => {
    const bytes = message('sip:user@[2001:db8::10]:5070', { method: 'INVITE', body: sdp('2001:db8::20') });
    const parsed = parseMessage(bytes);
    if (!parsed.ok) throw new Error(parsed.reason);
    expect(Buffer.from(serializeMessage(parsed.message)).toString()).toBe(bytes.toString());
  });
});
