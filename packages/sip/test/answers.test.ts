/** Every answer the server gives on its own account, each where the RFCs have it due. */
import { describe, expect, it } from 'vitest';
import { type HeaderInput, headerValues, type SipRequest, serializeMessage } from '../src/index.ts';
import { ack, createBenchPeer, invite, offerSdp, request, valueIn } from './bench-peer.ts';

type Bench = ReturnType<typeof createBenchPeer>;

const withHeader = (message: SipRequest, key: string, value: string): SipRequest => ({
  ...message,
  headers: message.headers.map((line) => (line.key === key ? { ...line, value } : line)),
});
const text = (message: SipRequest, change: (text: string) => string): Buffer =>
  Buffer.from(change(Buffer.from(serializeMessage(message)).toString('latin1')), 'latin1');

/** A call that was answered and acknowledged; every offer of G.711 is answered. */
function connected(bench: Bench) {
  bench.receive(invite());
  const call = bench.invites[0]!;
  const dialog = call.accept({ sdp: offerSdp })!;
  dialog.onOffer((offer) => (offer.audio?.protocol === 'RTP/AVP' ? offerSdp : undefined));
  dialog.onOfferWanted(() => offerSdp);
  bench.receive(ack({ toTag: call.toTag, branch: 'z9hG4bK-ack' }));
  return { dialog, toTag: call.toTag };
}

const later =
  (method: string, seq: number, headers: HeaderInput = [], body?: string) =>
  (bench: Bench) => {
    const { toTag } = connected(bench);
    bench.receive(request(method, { toTag, seq, headers, ...(body === undefined ? {} : { body }) }));
  };
const first = (message: SipRequest) => (bench: Bench) => void bench.receive(message);

type Case = readonly [status: number, when: string, act: (bench: Bench) => void, header?: string];

const cases: readonly Case[] = [
  [400, 'Max-Forwards is no number', first(withHeader(invite(), 'max-forwards', 'many'))],
  [400, 'the SDP is malformed', first(invite({ body: 'v=0\r\nnonsense\r\n' }))],
  [400, 'a SUBSCRIBE says for what not', first(request('SUBSCRIBE'))],
  [400, 'a REFER says whereto not', later('REFER', 2)],
  [405, 'the method is known and not served', first(request('REGISTER')), 'allow'],
  [405, 'a PUBLISH', first(request('PUBLISH', { headers: [['Event', 'presence']] })), 'allow'],
  [405, 'a MESSAGE', first(request('MESSAGE')), 'allow'],
  [405, 'a REFER outside a call', first(request('REFER', { headers: [['Refer-To', '<sip:x@y>']] })), 'allow'],
  [406, 'no SDP is accepted', first(invite({ headers: [['Accept', 'text/plain']] }))],
  [415, 'the body is of an unknown type', first(withHeader(invite(), 'content-type', 'text/x')), 'accept'],
  [415, 'the body is packed', first(invite({ headers: [['Content-Encoding', 'gzip']] })), 'accept-encoding'],
  [415, 'an INFO is of an unknown type', later('INFO', 2, [], 'x'), 'accept'],
  [416, 'the Request-URI is of an unknown scheme', first(invite({ uri: 'mailto:a@b.example' }))],
  [420, 'an extension is required that nobody knows', first(invite({ headers: [['Require', 'x']] })), 'unsupported'],
  [
    422,
    'the session interval is too short',
    first(
      invite({
        headers: [
          ['Supported', 'timer'],
          ['Session-Expires', '60'],
        ],
      }),
    ),
    'min-se',
  ],
  [469, 'an INFO belongs to a package', later('INFO', 2, [['Info-Package', 'x']]), 'recv-info'],
  [481, 'there is no such call', first(request('BYE', { toTag: 'nobody' }))],
  [481, 'there is nothing to cancel', first(request('CANCEL'))],
  [481, 'there is nothing to acknowledge', later('PRACK', 2, [['RAck', '1 1 INVITE']])],
  [481, 'a NOTIFY has no subscription', first(request('NOTIFY', { headers: [['Event', 'refer']] }))],
  [
    482,
    'the same request came by another way',
    (bench) => {
      bench.receive(invite());
      bench.receive(invite({ branch: 'z9hG4bK-other-way' }));
    },
  ],
  [482, 'a request of ours came back', comesBack],
  [483, 'an INVITE has no hops left', first(withHeader(invite(), 'max-forwards', '0'))],
  [487, 'the caller gave up', cancelled],
  [488, 'a new offer has nothing we speak', later('INVITE', 2, [], offerSdp.replace('RTP/AVP', 'RTP/SAVP'))],
  [489, 'a SUBSCRIBE is for events', first(request('SUBSCRIBE', { headers: [['Event', 'dialog']] }))],
  [489, 'a NOTIFY comes in a call', later('NOTIFY', 2, [['Event', 'x']])],
  [491, 'offers cross', crossing],
  [500, 'the CSeq does not go up', later('OPTIONS', 1)],
  [
    500,
    'a re-INVITE comes before the first is answered',
    (bench) => {
      bench.receive(invite());
      bench.receive(invite({ toTag: bench.invites[0]!.toTag, seq: 2, branch: 'z9hG4bK-2' }));
    },
    'retry-after',
  ],
  [501, 'nobody knows the method', first(request('JUGGLE')), 'allow'],
  [
    505,
    'the version is another one',
    (bench) => bench.receiveBytes(text(invite(), (all) => all.replace(' SIP/2.0\r\n', ' SIP/3.0\r\n'))),
  ],
  [513, 'it has more headers than anybody needs', tooMany],
  [603, 'a caller wants to transfer us', later('REFER', 2, [['Refer-To', '<sip:+15550001@192.0.2.9>']])],
];

function cancelled(bench: Bench) {
  bench.receive(invite());
  bench.receive(request('CANCEL', { branch: 'z9hG4bK-invite' }));
}

/** Our BYE, sent back to us with another Via on top. */
function comesBack(bench: Bench) {
  void connected(bench).dialog.bye();
  const { message } = bench.last();
  if (message.kind !== 'request') throw new Error('No BYE');
  const [via] = headerValues(request('BYE'), 'via');
  bench.receive({ ...message, headers: [{ name: 'Via', key: 'via', value: via! }, ...message.headers] });
}

/** An UPDATE with an offer while ours has no answer. */
function crossing(bench: Bench) {
  const { toTag } = connected(bench);
  bench.receive(request('INVITE', { toTag, seq: 2 }));
  bench.receive(request('UPDATE', { toTag, seq: 3, body: offerSdp }));
}

function tooMany(bench: Bench) {
  const headers = Array.from({ length: 1_000 }, (_, at): [string, string] => [`X-${at}`, 'x']);
  bench.receive(request('OPTIONS', { headers }));
}

describe('RFC 3261 8.2, 12.2.2, 14.2 each answer where it is due', () => {
  for (const [status, when, act, header] of cases) {
    it(`${status} where ${when}`, () => {
      const bench = createBenchPeer();
      act(bench);
      const { message } = bench.last();
      expect(message).toMatchObject({ kind: 'response', status });
      if (header !== undefined) expect(message.headers.map((line) => line.key)).toContain(header);
    });
  }

  it.each([404, 480, 486, 488, 500, 503, 603])(
    'G %i where the call is refused so, with what goes with it',
    (status) => {
      const bench = createBenchPeer();
      bench.receive(invite());
      bench.invites[0]!.refuse(status, { headers: [['Retry-After', '5']] });
      expect(bench.last().message).toMatchObject({ status });
      expect(valueIn(bench.last().message, 'retry-after')).toBe('5');
    },
  );

  it('RFC 4475 3.1.2.21 an OPTIONS without hops left is answered as by anybody who has it', () => {
    const bench = createBenchPeer();
    bench.receive(withHeader(request('OPTIONS'), 'max-forwards', '0'));
    expect(bench.last().message).toMatchObject({ status: 200 });
  });

  it('what is refused in a call leaves it standing', async () => {
    const inCalls = /^(a REFER says|an INFO|a new offer|a NOTIFY comes|a caller wants|there is nothing to acknowledge)/;
    const refused = cases.filter(([, when]) => inCalls.test(when));
    expect(refused).toHaveLength(7);
    for (const [, , act] of refused) {
      const bench = createBenchPeer();
      act(bench);
      bench.receive(ack({ toTag: bench.invites[0]!.toTag, seq: 2, branch: 'z9hG4bK-INVITE-2' }));
      await bench.clock.advance(40_000);
      expect(bench.core.stats()).toMatchObject({ dialogs: 1, transactions: 0 });
    }
  });
});
