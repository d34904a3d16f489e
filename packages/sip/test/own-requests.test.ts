import { describe, expect, it } from 'vitest';
import {
  buildResponse,
  type CoreOptions,
  digestResponse,
  type HeaderInput,
  type ParsedOffer,
  type Place,
  parseCredentials,
  type SipRequest,
} from '../src/index.ts';
import { ack, createBenchPeer, invite, offerSdp, request, valueIn } from './bench-peer.ts';

const refreshedByUs = (allow: string): HeaderInput => [
  ['Supported', 'timer'],
  ['Session-Expires', '1800;refresher=uas'],
  ['Allow', allow],
];

/** An acknowledged call, with what we send in it and ways to answer that. */
function call(options: { readonly headers?: HeaderInput; readonly contact?: string } & Partial<CoreOptions> = {}) {
  const { headers = [], contact, ...core } = options;
  const bench = createBenchPeer(core);
  const plain = invite({ headers });
  const moved = plain.headers.map((line) =>
    line.key === 'contact' && contact !== undefined ? { ...line, value: contact } : line,
  );
  bench.receive({ ...plain, headers: moved });
  const { toTag } = bench.invites[0]!;
  const dialog = bench.invites[0]!.accept({ sdp: offerSdp })!;
  dialog.onOffer(() => offerSdp);
  bench.receive(ack({ toTag, branch: 'z9hG4bK-ack' }));
  const sent = (method: string) =>
    bench.sent.flatMap(({ message, address, atMs }) =>
      message.kind === 'request' && message.method === method ? [{ message, address, atMs }] : [],
    );
  const answer = async (status: number, to: SipRequest, more: HeaderInput = [], body?: string) => {
    bench.receive(buildResponse(to, status, { headers: more, ...(body === undefined ? {} : { body }) }));
    await bench.clock.advance(0);
  };
  return { bench, dialog, toTag, sent, answer };
}

describe('RFC 4028 7.4 a refresh by INVITE, where the peer takes no UPDATE', () => {
  async function refreshed() {
    const it = call({ headers: refreshedByUs('INVITE, ACK, BYE') });
    const answers: (ParsedOffer | undefined)[] = [];
    it.dialog.onAnswer((answer) => answers.push(answer));
    await it.bench.clock.advance(900_000);
    return { ...it, answers, ours: it.sent('INVITE')[0]!.message };
  }

  it('offers what is in force, unchanged, and acknowledges the 200, each time it comes', async () => {
    const { bench, ours, answer, sent, answers } = await refreshed();
    expect(Buffer.from(ours.body).toString()).toBe(offerSdp);
    expect(valueIn(ours, 'session-expires')).toBe('1800;refresher=uac');
    expect(valueIn(ours, 'contact')).toBe('<sip:192.0.2.1:5060>');
    await answer(200, ours, [['Contact', '<sip:caller@192.0.2.77:7070>']], `${offerSdp}a=sendonly\r\n`);
    const [first] = sent('ACK');
    expect(first?.message.uri).toBe('sip:caller@192.0.2.77:7070');
    expect(first?.address).toBe('192.0.2.77');
    expect(valueIn(first!.message, 'cseq')).toBe('1 ACK');
    expect(valueIn(first!.message, 'via')).not.toBe(valueIn(ours, 'via'));
    expect(answers.map((one) => one?.audio?.direction)).toEqual(['sendonly']);
    await answer(200, ours, [], offerSdp);
    expect(sent('ACK')).toHaveLength(2);
    expect(answers).toHaveLength(1);
    await bench.clock.advance(890_000);
    expect(bench.core.stats()).toMatchObject({ dialogs: 1, transactions: 0 });
  });

  it('17.1.1.2 is repeated at doubling intervals until something comes, and 64·T1 of silence end the call', async () => {
    const { bench, sent, dialog } = await refreshed();
    await bench.clock.advance(32_000);
    const start = sent('INVITE')[0]!.atMs;
    expect(sent('INVITE').map(({ atMs }) => atMs - start)).toEqual([0, 500, 1_500, 3_500, 7_500, 15_500, 31_500]);
    expect(dialog.ended).toBe(true);
    expect(sent('BYE')).toHaveLength(1);
  });

  it('17.1.1.3 a refusal is acknowledged on its own branch, each time it comes; 481 ends the call', async () => {
    const { ours, answer, sent, dialog } = await refreshed();
    await answer(100, ours);
    await answer(481, ours);
    await answer(481, ours);
    expect(sent('ACK').map(({ message }) => valueIn(message, 'via'))).toEqual(Array(2).fill(valueIn(ours, 'via')));
    expect(dialog.ended).toBe(true);
  });

  it('14.1 a 491 is tried again within 2 s, with the next CSeq', async () => {
    const { bench, ours, answer, sent, dialog } = await refreshed();
    await answer(491, ours);
    await bench.clock.advance(2_000);
    const again = sent('INVITE').at(-1)!.message;
    expect(valueIn(again, 'cseq')).toBe('2 INVITE');
    await answer(200, again, [], offerSdp);
    expect(dialog.ended).toBe(false);
  });

  it('14.2 a re-INVITE or an offer that crosses it is 491', async () => {
    const { bench, toTag } = await refreshed();
    bench.receive(request('INVITE', { toTag, seq: 2, body: offerSdp }));
    expect(bench.last().message).toMatchObject({ status: 491 });
    bench.receive(request('UPDATE', { toTag, seq: 3, body: offerSdp }));
    expect(bench.last().message).toMatchObject({ status: 491 });
  });
});

describe('RFC 4028 what a refresh is answered', () => {
  async function updated() {
    const it = call({ headers: refreshedByUs('INVITE, UPDATE') });
    await it.bench.clock.advance(900_000);
    return { ...it, ours: it.sent('UPDATE')[0]!.message };
  }

  it('7.3 a 422: again at once, as long as asked for, with Min-SE', async () => {
    const { ours, answer, sent } = await updated();
    await answer(422, ours, [['Min-SE', '3600']]);
    const again = sent('UPDATE').at(-1)!.message;
    expect(valueIn(again, 'session-expires')).toBe('3600;refresher=uac');
    expect(valueIn(again, 'min-se')).toBe('3600');
  });

  it('a 405 or 501 of a peer that takes no UPDATE after all: again by INVITE', async () => {
    const { ours, answer, sent } = await updated();
    await answer(501, ours);
    expect(sent('INVITE')).toHaveLength(1);
  });

  it('a 500 with Retry-After: after that', async () => {
    const { bench, ours, answer, sent } = await updated();
    await answer(500, ours, [['Retry-After', '3']]);
    await bench.clock.advance(2_999);
    expect(sent('UPDATE')).toHaveLength(1);
    await bench.clock.advance(1);
    expect(sent('UPDATE')).toHaveLength(2);
  });

  it('7.2 a 200 that makes the peer refresh, or another interval: followed', async () => {
    const { bench, ours, answer, sent, dialog } = await updated();
    await answer(200, ours, [['Session-Expires', '120;refresher=uas']]);
    await bench.clock.advance(87_999);
    expect(sent('UPDATE')).toHaveLength(1);
    expect(dialog.ended).toBe(false);
    await bench.clock.advance(1);
    expect(dialog.ended).toBe(true);
  });

  it('12.2.1.2 its Contact is where we go from then on, and whoever keeps the memo hears of it', async () => {
    const { ours, answer, dialog, sent, bench } = await updated();
    const moves: unknown[] = [];
    dialog.onMoved((memo) => moves.push(memo['remoteTarget']));
    await answer(200, ours, [['Contact', '<sip:new@192.0.2.50:5070>']]);
    expect(moves).toEqual(['sip:new@192.0.2.50:5070']);
    void dialog.bye();
    await bench.clock.advance(0);
    expect(sent('BYE')[0]?.address).toBe('192.0.2.50');
  });
});

describe('RFC 3261 22.2 a challenge to a request of ours', () => {
  const credentials = () => ({ username: 'trunk', password: 'secret' });
  const challenge = 'Digest realm="pbx", nonce="n1", qop="auth", algorithm=SHA-256';

  it.each([
    [401, 'WWW-Authenticate', 'authorization'],
    [407, 'Proxy-Authenticate', 'proxy-authorization'],
  ] as const)('%i is answered once, with the next CSeq', async (status, asks, answers) => {
    const { dialog, sent, answer, bench } = call({ credentials });
    const bye = dialog.bye();
    await bench.clock.advance(0);
    await answer(status, sent('BYE')[0]!.message, [[asks, challenge]]);
    const again = sent('BYE')[1]!.message;
    expect(valueIn(again, 'cseq')).toBe('2 BYE');
    const given = parseCredentials(valueIn(again, answers))!;
    expect(given).toMatchObject({ username: 'trunk', realm: 'pbx', nonce: 'n1' });
    const { response, ...unsigned } = given;
    expect(response).toBe(digestResponse(unsigned, { method: 'BYE', secret: { password: 'secret' } }));
    await answer(status, again, [[asks, challenge]]);
    await bye;
    expect(sent('BYE')).toHaveLength(2);
  });

  it('without credentials, or with a challenge that nobody can answer, it is final', async () => {
    for (const options of [{}, { credentials }]) {
      const { dialog, sent, answer, bench } = call(options);
      const bye = dialog.bye();
      await bench.clock.advance(0);
      const asked = 'credentials' in options ? 'Negotiate x' : challenge;
      await answer(401, sent('BYE')[0]!.message, [['WWW-Authenticate', asked]]);
      await bye;
      expect(sent('BYE')).toHaveLength(1);
    }
  });
});

describe('RFC 3263 4.3 the next address', () => {
  const places: readonly Place[] = [
    { transport: 'udp', address: '198.51.100.1', port: 5_060 },
    { transport: 'udp', address: '198.51.100.2', port: 5_070 },
  ];
  const named = () => call({ contact: '<sip:caller@pbx.example.com>', locate: () => Promise.resolve(places) });

  it('is tried after a 503, with a branch of its own', async () => {
    const { dialog, sent, answer, bench } = named();
    const bye = dialog.bye();
    await bench.clock.advance(0);
    await answer(503, sent('BYE')[0]!.message);
    const [one, other] = sent('BYE');
    expect([one?.address, other?.address]).toEqual(['198.51.100.1', '198.51.100.2']);
    expect(valueIn(other!.message, 'via')).not.toBe(valueIn(one!.message, 'via'));
    await answer(200, other!.message);
    await bye;
  });

  it('is tried where the first says nothing for 8·T1; who has said something has its whole time', async () => {
    const silent = named();
    void silent.dialog.bye();
    await silent.bench.clock.advance(3_999);
    expect(silent.sent('BYE').map(({ address }) => address)).not.toContain('198.51.100.2');
    await silent.bench.clock.advance(1);
    expect(silent.sent('BYE').at(-1)?.address).toBe('198.51.100.2');
    await silent.bench.clock.advance(40_000);
    expect(silent.bench.core.stats()).toMatchObject({ dialogs: 0, transactions: 0 });
    expect(silent.bench.clock.pending).toBe(0);

    const slow = named();
    void slow.dialog.bye();
    await slow.bench.clock.advance(0);
    await slow.answer(100, slow.sent('BYE')[0]!.message);
    await slow.bench.clock.advance(31_000);
    expect(slow.sent('BYE').map(({ address }) => address)).not.toContain('198.51.100.2');
  });

  it('is not tried after any other answer', async () => {
    const { dialog, sent, answer, bench } = named();
    const bye = dialog.bye();
    await bench.clock.advance(0);
    await answer(500, sent('BYE')[0]!.message);
    await bye;
    expect(sent('BYE')).toHaveLength(1);
  });
});

describe('INFO with a key', () => {
  it.each([
    ['application/dtmf-relay', 'Signal=5\r\nDuration=160\r\n', ['5', 160]],
    ['application/dtmf-relay', 'Signal= #\r\nDuration= 90', ['#', 90]],
    ['Application/DTMF-Relay; charset=utf-8', 'Duration=100\nSignal=10\n', ['*', 100]],
    ['application/dtmf', 'd', ['D', 250]],
    ['application/dtmf', '11', ['#', 250]],
    ['application/dtmf-relay', 'Signal=!\r\nDuration=100', undefined],
  ] as const)('%s %j', (type, body, expected) => {
    const { bench, dialog, toTag } = call();
    const heard: unknown[] = [];
    dialog.onDigit((digit, durationMs) => heard.push([digit, durationMs]));
    const info = request('INFO', { toTag, seq: 2, body });
    const headers = info.headers.map((line) => (line.key === 'content-type' ? { ...line, value: type } : line));
    bench.receive({ ...info, headers });
    bench.receive({ ...info, headers });
    expect(bench.last().message).toMatchObject({ status: 200 });
    expect(heard).toEqual(expected === undefined ? [] : [expected]);
  });

  it.each([
    ['application/dtmf-relay', 'Duration=160'],
    ['application/dtmf-relay', 'Signal=Z'],
    ['application/dtmf', '55'],
  ])('%s %j is 400', (type, body) => {
    const { bench, toTag } = call();
    const info = request('INFO', { toTag, seq: 2, body });
    const headers = info.headers.map((line) => (line.key === 'content-type' ? { ...line, value: type } : line));
    bench.receive({ ...info, headers });
    expect(bench.last().message).toMatchObject({ status: 400 });
  });
});
