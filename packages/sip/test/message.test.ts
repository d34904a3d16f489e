/** MESSAGE both ways (RFC 3428): what is taken, what is refused, and how one of ours goes out. */
import { describe, expect, it } from 'vitest';
import {
  buildRequest,
  buildResponse,
  type CoreOptions,
  type HeaderInput,
  type IncomingMessage,
  type SipRequest,
  type Transport,
} from '../src/index.ts';
import { createBenchPeer, invite, peer, request, valueIn } from './bench-peer.ts';

const PLAIN: HeaderInput = [['Content-Type', 'text/plain']];

/** A MESSAGE with that body; `type` null leaves the header out. */
function text(
  body: string | Uint8Array = 'Hello',
  { type = 'text/plain', headers = [], seq = 1, branch }: TextInput = {},
): SipRequest {
  const plain = request('MESSAGE', { seq, headers, ...(branch !== undefined && { branch }) });
  const all = plain.headers.filter(({ key }) => key !== 'contact').map(({ name, value }) => [name, value] as const);
  const built = buildRequest({ method: 'MESSAGE', uri: plain.uri, headers: all, body, contentType: type ?? 'x/y' });
  return type === null ? { ...built, headers: built.headers.filter(({ key }) => key !== 'content-type') } : built;
}

interface TextInput {
  readonly type?: string | null;
  readonly headers?: HeaderInput;
  readonly seq?: number;
  readonly branch?: string;
}

function takingPeer(options: Parameters<typeof createBenchPeer>[0] = {}) {
  const taken: IncomingMessage[] = [];
  const bench = createBenchPeer({ onMessage: (message) => void taken.push(message), ...options });
  return { ...bench, taken };
}

describe('RFC 3428 7 a MESSAGE that comes', () => {
  it('is answered when whoever takes it says so, without a Contact, and repetitions hear the same', async () => {
    const { receive, taken, sent, last, clock, core } = takingPeer();
    receive(text('Grüße\r\nfrom here', { type: 'text/plain; charset=utf-8' }));
    receive(text('Grüße\r\nfrom here'));
    expect(taken.map(({ text: said }) => said)).toEqual(['Grüße\nfrom here']);
    expect(sent).toEqual([]);
    taken[0]!.answer({ status: 202 });
    taken[0]!.answer({ status: 500 });
    receive(text());
    expect(sent.map(({ message }) => message.kind === 'response' && message.status)).toEqual([202, 202]);
    expect(valueIn(last().message, 'contact')).toBe('');
    expect(valueIn(last().message, 'to')).toMatch(/;tag=/);
    await clock.advance(32_000);
    expect(core.stats().transactions).toBe(0);
  });

  it('comes once more by another way, or on a new branch: handed on again, as only its taker knows it', () => {
    const { receive, taken } = takingPeer();
    receive(text('a'));
    receive(text('a', { branch: 'z9hG4bK-other' }));
    expect(taken).toHaveLength(2);
    expect(taken[1]).toMatchObject({ callId: taken[0]!.callId, cseq: 1, fromTag: 'caller' });
  });

  it.each([
    ['another type', text('<x/>', { type: 'application/im-iscomposing+xml' }), 415, 'accept', 'text/plain'],
    ['a multipart', text('--b--', { type: 'multipart/mixed;boundary=b' }), 415, 'accept', 'text/plain'],
    ['a charset nobody knows', text('x', { type: 'text/plain;charset=klingon' }), 415, 'accept', 'text/plain'],
    ['a packed body', text('x', { headers: [['Content-Encoding', 'gzip']] }), 415, 'accept-encoding', 'identity'],
    ['bytes that are not UTF-8', text(Uint8Array.of(0xff, 0xfe, 0x41)), 400, 'accept', ''],
    ['nothing', text(''), 400, 'accept', ''],
    ['more than anybody types', text('x'.repeat(32 * 1024 + 1)), 413, 'accept', ''],
    [
      'what it requires is not known',
      text('x', { headers: [['Require', 'nothing-known']] }),
      420,
      'unsupported',
      'nothing-known',
    ],
  ])('RFC 3428 7, 8 %s is refused', (_what, message, status, header, value) => {
    const { receive, taken, last } = takingPeer();
    receive(message);
    expect(last().message).toMatchObject({ kind: 'response', status });
    expect(valueIn(last().message, header)).toBe(value);
    expect(taken).toEqual([]);
  });

  it.each([
    ['UTF-8 in quotes', 'text/plain; charset="UTF-8"', Buffer.from('é'), 'é'],
    ['ISO-8859-1', 'Text/Plain;charset=iso-8859-1', Uint8Array.of(0xe9), 'é'],
    ['no type at all', null, Buffer.from('é'), 'é'],
  ])('%s is read', (_what, type, body, said) => {
    const { receive, taken } = takingPeer();
    receive(text(body, { type }));
    expect(taken[0]?.text).toBe(said);
  });

  it('hears 500 where taking it fails, and where nobody says anything for 64·T1', async () => {
    const failing = createBenchPeer({
      onMessage: () => {
        throw new Error('bug');
      },
      onError: () => {},
    });
    failing.receive(text());
    expect(failing.last().message).toMatchObject({ status: 500 });
    const silent = takingPeer();
    silent.receive(text());
    await silent.clock.advance(31_999);
    expect(silent.sent).toEqual([]);
    await silent.clock.advance(1);
    expect(silent.last().message).toMatchObject({ status: 500 });
  });

  it('RFC 3261 16.3 a text whose hops are used up has gone in a circle', () => {
    const { receive, last } = takingPeer();
    const message = text();
    const headers = message.headers.map((line) => (line.key === 'max-forwards' ? { ...line, value: '0' } : line));
    receive({ ...message, headers });
    expect(last().message).toMatchObject({ status: 483 });
  });

  it('within a call, and where nobody takes texts, is 405; OPTIONS says which', () => {
    const { receive, last, invites } = takingPeer();
    receive(invite());
    receive(request('MESSAGE', { toTag: invites[0]!.toTag, seq: 2, headers: PLAIN }));
    expect(last().message).toMatchObject({ status: 405 });
    expect(valueIn(last().message, 'allow')).not.toContain('MESSAGE');
    receive(request('OPTIONS', { callId: 'other' }));
    expect(valueIn(last().message, 'allow')).toContain('MESSAGE');
    expect(valueIn(last().message, 'accept')).toContain('text/plain');
    receive(request('REGISTER', { callId: 'third' }));
    expect(valueIn(last().message, 'allow')).toContain('MESSAGE');
    const deaf = createBenchPeer();
    deaf.receive(text());
    expect(deaf.last().message).toMatchObject({ status: 405 });
    expect(valueIn(deaf.last().message, 'allow')).not.toContain('MESSAGE');
  });
});

describe('RFC 3428 4 a MESSAGE of ours', () => {
  function conversation(options: Partial<CoreOptions> = {}) {
    const bench = takingPeer(options);
    bench.receive(text());
    const { memo, answer } = bench.taken[0]!;
    answer({ status: 202 });
    const ours = () =>
      bench.sent.flatMap(({ message, address, port, atMs }) =>
        message.kind === 'request' ? [{ message, address, port, atMs }] : [],
      );
    return { ...bench, memo, ours };
  }

  it('goes to the peer the text came from, whatever its From says, and ends with its answer', async () => {
    const { core, memo, ours, receive } = conversation();
    const end = core.sendMessage({ memo: JSON.parse(JSON.stringify(memo)), text: 'Hi there', id: 'part-1' });
    const [{ message, address, port }] = ours() as [ReturnType<typeof ours>[number]];
    expect({ address, port, uri: message.uri }).toEqual({
      address: peer.address,
      port: peer.port,
      uri: 'sip:+15557654321@192.0.2.9:7060',
    });
    expect(valueIn(message, 'from')).toBe('<sip:+15551234567@192.0.2.1>;tag=part-1');
    expect(valueIn(message, 'to')).toBe('"Caller" <sip:+15557654321@192.0.2.9>');
    expect(valueIn(message, 'call-id')).toBe('part-1');
    expect(valueIn(message, 'content-type')).toBe('text/plain;charset=UTF-8');
    expect(valueIn(message, 'contact')).toBe('');
    receive(buildResponse(message, 200));
    expect(await end).toEqual({ end: 'answered', status: 200, reason: 'OK' });
  });

  it('RFC 3261 17.1.2 is repeated over UDP, and silence for 64·T1 is silence', async () => {
    const { core, memo, ours, clock } = conversation();
    const end = core.sendMessage({ memo, text: 'Hi', id: 'p' });
    await clock.advance(32_000);
    const start = ours()[0]!.atMs;
    expect(ours().map(({ atMs }) => atMs - start)).toEqual([
      0, 500, 1_500, 3_500, 7_500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500,
    ]);
    expect(await end).toEqual({ end: 'silent' });
  });

  it('RFC 3261 22.2 answers a challenge once, with the next CSeq', async () => {
    const { core, memo, ours, receive, clock } = conversation({
      credentials: () => ({ username: 'us', password: 'secret' }),
    });
    const end = core.sendMessage({ memo, text: 'Hi', id: 'p' });
    const challenge: HeaderInput = [['WWW-Authenticate', 'Digest realm="pbx", nonce="n", algorithm=MD5']];
    receive(buildResponse(ours()[0]!.message, 401, { headers: challenge }));
    await clock.advance(0);
    const again = ours()[1]!.message;
    expect(valueIn(again, 'cseq')).toBe('2 MESSAGE');
    expect(valueIn(again, 'authorization')).toContain('username="us"');
    receive(buildResponse(again, 403));
    expect(await end).toMatchObject({ end: 'answered', status: 403 });
  });

  it('RFC 3428 8 above 1,300 bytes goes over TCP, or not at all', async () => {
    const long = 'x'.repeat(1_300);
    const udp = conversation();
    expect(await udp.core.sendMessage({ memo: udp.memo, text: long, id: 'p' })).toEqual({ end: 'too_long' });
    const both = conversation();
    const carried: { readonly bytes: Uint8Array; readonly to: string }[] = [];
    const tcp = (fails: boolean): Transport => ({
      kind: 'tcp',
      reliable: true,
      local: { host: '192.0.2.1', port: 5060 },
      send(bytes, { address, port }, onFailed) {
        carried.push({ bytes, to: `${address}:${port}` });
        if (fails) queueMicrotask(() => onFailed?.(new Error('refused')));
      },
      close: () => Promise.resolve(),
    });
    both.core.addTransport(tcp(false));
    const sending = both.core.sendMessage({ memo: both.memo, text: long, id: 'p' });
    await both.clock.advance(0);
    expect(carried.map(({ to }) => to)).toEqual(['192.0.2.9:7060']);
    expect(Buffer.from(carried[0]!.bytes).toString()).toMatch(/^MESSAGE .*\r\nVia: SIP\/2.0\/TCP /);
    expect(both.ours()).toEqual([]);
    await both.clock.advance(32_000);
    expect(await sending).toEqual({ end: 'silent' });
    const refused = conversation();
    refused.core.addTransport(tcp(true));
    expect(await refused.core.sendMessage({ memo: refused.memo, text: long, id: 'p' })).toEqual({ end: 'too_long' });
  });

  it('given up, it is not repeated any more', async () => {
    const { core, memo, ours, clock } = conversation();
    const giveUp = new AbortController();
    const end = core.sendMessage({ memo, text: 'Hi', id: 'p', signal: giveUp.signal });
    await clock.advance(600);
    expect(ours()).toHaveLength(2);
    giveUp.abort();
    expect(await end).toEqual({ end: 'silent' });
    await clock.advance(32_000);
    expect(ours()).toHaveLength(2);
    expect(core.stats().transactions).toBe(0);
    expect(await core.sendMessage({ memo, text: 'Hi', id: 'q', signal: giveUp.signal })).toEqual({ end: 'silent' });
    expect(ours()).toHaveLength(2);
  });

  it('has no way where the memo is none, and ends when the server closes', async () => {
    const { core, memo } = conversation();
    expect(await core.sendMessage({ memo: { to: 'nowhere' }, text: 'Hi', id: 'p' })).toEqual({ end: 'no_route' });
    const end = core.sendMessage({ memo, text: 'Hi', id: 'p' });
    core.close();
    expect(await end).toEqual({ end: 'silent' });
  });
});
