import { describe, expect, it } from 'vitest';
import { buildResponse, type Locate, serializeMessage } from '../src/index.ts';
import { ack, createBenchPeer, invite, offerSdp, peer, request, valueIn } from './bench-peer.ts';
import { mutated, seeded } from './mutate.ts';

describe('requests outside a call', () => {
  it('OPTIONS is answered 200 with Allow, Accept and Supported', () => {
    const bench = createBenchPeer({ userAgent: 'Pickup/1' });
    bench.receive(request('OPTIONS'));
    const { message } = bench.last();
    expect(message).toMatchObject({ status: 200 });
    expect(valueIn(message, 'allow')).toBe('INVITE, ACK, CANCEL, BYE, OPTIONS, UPDATE, INFO, PRACK');
    expect(valueIn(message, 'accept')).toContain('application/sdp');
    expect(message.headers.some((line) => line.key === 'supported')).toBe(true);
    expect(valueIn(message, 'server')).toBe('Pickup/1');
  });

  it.each([
    ['REGISTER', 405],
    ['MESSAGE', 405],
    ['NOSUCH', 501],
    ['BYE', 481],
  ] as const)('%s → %i, repeated for a retransmission, forgotten after timer J', async (method, status) => {
    const bench = createBenchPeer();
    bench.receive(request(method));
    bench.receive(request(method));
    expect(bench.names()).toEqual([status, status]);
    await bench.clock.advance(32_001);
    expect(bench.core.stats().transactions).toBe(0);
    expect(bench.clock.pending).toBe(0);
  });

  it('an in-dialog request of no dialog is 481, an ACK of none is silence', () => {
    const bench = createBenchPeer();
    bench.receive(invite({ toTag: 'nobody' }));
    bench.receive(ack({ toTag: 'nobody', branch: 'z9hG4bK-x' }));
    expect(bench.names()).toEqual([481]);
  });

  it('RFC 3261 8.2.2.2 the same INVITE by another way is 482', () => {
    const bench = createBenchPeer();
    bench.receive(invite());
    bench.receive(invite({ branch: 'z9hG4bK-other-way' }));
    expect(bench.names()).toEqual([100, 482]);
    expect(bench.invites).toHaveLength(1);
  });

  it('malformed SDP is 400, no SDP at all is a delayed offer, a part of multipart is found', () => {
    const bench = createBenchPeer();
    bench.receive(invite({ body: 'v=0\r\nnonsense\r\n' }));
    expect(bench.names()).toEqual([400]);
    const parts = `--b1\r\nContent-Type: application/isup\r\n\r\nx\r\n--b1\r\nContent-Type: application/sdp\r\n\r\n${offerSdp}\r\n--b1--\r\n`;
    const plain = invite({ callId: 'multi', branch: 'z9hG4bK-multi', body: parts });
    const headers = plain.headers.map((line) =>
      line.key === 'content-type' ? { ...line, value: 'multipart/mixed;boundary=b1' } : line,
    );
    bench.receive({ ...plain, headers });
    expect(bench.invites[0]?.offer?.audio?.port).toBe(40_000);
  });
});

describe('case 60 who may speak', () => {
  it('refuse is a 403 that leaves nothing behind, with one tag for every retransmission', () => {
    const bench = createBenchPeer({ admit: () => 'refuse' });
    bench.receive(invite());
    bench.receive(invite());
    bench.receive(ack());
    expect(bench.names()).toEqual([403, 403]);
    const tags = bench.sent.map(({ message }) => valueIn(message, 'to'));
    expect(tags[0]).toBe(tags[1]);
    expect(bench.core.stats()).toMatchObject({ transactions: 0, dialogs: 0, notAdmitted: 3 });
  });

  it('drop is silence, for malformed requests too', () => {
    const bench = createBenchPeer({ admit: () => 'drop' });
    bench.receive(invite());
    bench.receiveBytes(
      Buffer.from('INVITE sip:a@b SIP/7.0\r\nVia: x\r\nFrom: x\r\nTo: x\r\nCall-ID: x\r\nCSeq: x\r\n\r\n'),
    );
    expect(bench.names()).toEqual([]);
  });

  it('case 61b a refusal of the door has its own code and headers, and leaves nothing behind', () => {
    const challenge = ['WWW-Authenticate', 'Digest realm="r", nonce="n"'] as const;
    const bench = createBenchPeer({ admit: () => ({ status: 401, headers: [challenge] }) });
    bench.receive(invite());
    bench.receive(ack());
    bench.receiveBytes(
      Buffer.from(serializeMessage(invite()).toString('latin1').replace('SIP/2.0\r\n', 'SIP/7.0\r\n')),
    );
    expect(bench.names()).toEqual([401, 401]);
    expect(valueIn(bench.sent[0]!.message, 'www-authenticate')).toBe(challenge[1]);
    expect(bench.core.stats()).toMatchObject({ transactions: 0, dialogs: 0, notAdmitted: 3 });
  });

  it('A3 what the rules refuse of the unproven leaves nothing behind, and is not repeated', async () => {
    const bench = createBenchPeer({ admit: () => 'unproven' });
    bench.receive(invite({ headers: [['Require', 'nothing-known']] }));
    bench.receive(invite({ body: 'no SDP', headers: [['Content-Type', 'application/sdp']] }));
    bench.receive(request('CANCEL'));
    expect(bench.names()).toEqual([420, 400, 481]);
    expect(bench.core.stats()).toMatchObject({ transactions: 0, dialogs: 0, notAdmitted: 0 });
    await bench.clock.advance(40_000);
    expect(bench.names()).toHaveLength(3);
    bench.receive(invite());
    expect(bench.names().slice(3)).toEqual([100]);
    expect(bench.invites).toHaveLength(1);
  });

  it('case 61 who is not heeded hears nothing, whatever is sent', () => {
    const bench = createBenchPeer({ heeds: ({ address }) => address !== peer.address, admit: () => 'accept' });
    bench.receive(request('OPTIONS'));
    bench.receiveBytes(Buffer.from('nonsense\r\n\r\n'));
    expect(bench.names()).toEqual([]);
    bench.receive(request('OPTIONS'), { ...peer, address: '192.0.2.10' });
    expect(bench.names()).toEqual([200]);
    expect(bench.core.stats()).toMatchObject({ received: 3, unheeded: 2, malformed: 0 });
  });

  it('case 61 what cannot be answered is told of: garbage, and responses nobody waits for', () => {
    const strays: string[] = [];
    const bench = createBenchPeer({ onStray: ({ address }) => void strays.push(address) });
    bench.receiveBytes(Buffer.from('nonsense\r\n\r\n'));
    bench.receiveBytes(Buffer.from('\r\n\r\n'));
    bench.receive(request('OPTIONS'));
    bench.receive(buildResponse(request('BYE'), 200, { toTag: 'x' }));
    expect(strays).toEqual([peer.address, peer.address]);
  });
});

describe('where answers go', () => {
  const bytes = (via: string) =>
    Buffer.from(
      serializeMessage(request('OPTIONS'))
        .toString('latin1')
        .replace(/Via: [^\r]*/, `Via: ${via}`),
      'latin1',
    );

  it('RFC 3581 with rport to the source port, and the Via says so', () => {
    const bench = createBenchPeer();
    bench.receiveBytes(bytes('SIP/2.0/UDP 10.0.0.1:5099;branch=z9hG4bK-1;rport'));
    expect(bench.last()).toMatchObject({ address: peer.address, port: 7060 });
    expect(valueIn(bench.last().message, 'via')).toBe(
      'SIP/2.0/UDP 10.0.0.1:5099;branch=z9hG4bK-1;received=192.0.2.9;rport=7060',
    );
  });

  it('RFC 3261 18.2.2 without it to the port of the Via, at the source address', () => {
    const bench = createBenchPeer();
    bench.receiveBytes(bytes('SIP/2.0/UDP host.example.com:5099;branch=z9hG4bK-1;maddr=203.0.113.1'));
    expect(bench.last()).toMatchObject({ address: peer.address, port: 5099 });
    expect(valueIn(bench.last().message, 'via')).toContain('received=192.0.2.9');
    bench.receiveBytes(bytes('SIP/2.0/UDP 192.0.2.9;branch=z9hG4bK-2'));
    expect(bench.last()).toMatchObject({ port: 5060 });
  });
});

describe('case 58 the IPv6 forms of RFC 5118', () => {
  const register = (uri: string) => request('REGISTER', { uri });

  it.each([
    ['4.1 a reference in the Request-URI', 'sip:[2001:db8::10]', 405],
    ['4.2 an address without brackets is malformed', 'sip:2001:db8::10', 400],
    ['4.3 what looks like a port inside the brackets', 'sip:[2001:db8::10:5070]', 405],
    ['4.4 a port after the brackets', 'sip:[2001:db8::10]:5070', 405],
    ['4.10 an IPv4-mapped address', 'sip:user@[::ffff:192.0.2.10]', 405],
  ] as const)('case 58 %s', (_, uri, status) => {
    const bench = createBenchPeer();
    bench.receive(register(uri));
    expect(bench.names()).toEqual([status]);
  });

  it.each(['received=[2001:db8::9:255]', 'received=2001:db8::9:255'])('case 58 4.5 a Via with %s', (received) => {
    const bench = createBenchPeer();
    const text = serializeMessage(request('OPTIONS')).toString('latin1');
    const via = `Via: SIP/2.0/UDP [2001:db8::9:1]:6050;${received};branch=z9hG4bKas3-111`;
    bench.receiveBytes(Buffer.from(text.replace(/Via: [^\r]*/, via), 'latin1'));
    expect(bench.names()).toEqual([200]);
    expect(bench.last().port).toBe(6_050);
  });
});

describe('where our BYE goes', () => {
  /** Sets a call up whose Contact is `contact`, and hangs up. */
  async function hangUp(contact: string, locate?: Locate) {
    const bench = createBenchPeer(locate ? { locate } : {});
    const plain = invite();
    const headers = plain.headers.map((line) => (line.key === 'contact' ? { ...line, value: contact } : line));
    bench.receive({ ...plain, headers }, { ...peer, address: '203.0.113.5' });
    const dialog = bench.invites[0]!.accept({ sdp: offerSdp })!;
    bench.receive(ack({ toTag: bench.invites[0]!.toTag, branch: 'z9hG4bK-ack' }));
    void dialog.bye();
    await bench.clock.advance(0);
    return bench.last();
  }

  it('to the address of the Contact', async () => {
    expect(await hangUp('<sip:a@198.51.100.7:5090>')).toMatchObject({ address: '198.51.100.7', port: 5_090 });
  });

  it('to where a host name points', async () => {
    const found = await hangUp('<sip:a@pbx.example.com>', () =>
      Promise.resolve([{ transport: 'udp', address: '198.51.100.8', port: 5_070 }]),
    );
    expect(found).toMatchObject({ address: '198.51.100.8', port: 5_070 });
  });

  it('to the source of the INVITE, where the name is unknown or no sip: URI', async () => {
    expect(await hangUp('<sip:a@pbx.example.com>')).toMatchObject({ address: '203.0.113.5', port: 7_060 });
    expect(await hangUp('<tel:+15551234567>')).toMatchObject({ address: '203.0.113.5', port: 7_060 });
  });

  it('to the source of the INVITE, where a caller behind NAT gave the address it knows', async () => {
    expect(await hangUp('<sip:a@192.0.2.9:7060>')).toMatchObject({ address: '203.0.113.5', port: 7_060 });
  });
});

describe('over a reliable transport', () => {
  it('a refusal is sent once and its absent ACK still counted; a BYE is sent once', async () => {
    const bench = createBenchPeer({ reliable: true });
    bench.receive(invite());
    bench.invites[0]!.refuse(603);
    bench.receive(invite({ callId: 'call-2', branch: 'z9hG4bK-2' }));
    const dialog = bench.invites[1]!.accept({ sdp: offerSdp })!;
    bench.receive(ack({ callId: 'call-2', branch: 'z9hG4bK-ack', toTag: bench.invites[1]!.toTag }));
    void dialog.bye();
    await bench.clock.advance(40_000);
    expect([bench.timesOf(603), bench.timesOf('BYE')]).toEqual([[0], [0]]);
    expect(bench.core.stats()).toMatchObject({ unacknowledged: 1, transactions: 0, dialogs: 0 });
  });
});

describe('closing', () => {
  it('a BYE that waits for its ACK, or for its answer, resolves', async () => {
    const bench = createBenchPeer();
    bench.receive(invite());
    bench.receive(invite({ callId: 'call-2', branch: 'z9hG4bK-2' }));
    const [first, second] = bench.invites;
    const waits = first!.accept({ sdp: offerSdp })!.bye();
    const dialog = second!.accept({ sdp: offerSdp })!;
    bench.receive(ack({ callId: 'call-2', branch: 'z9hG4bK-ack', toTag: second!.toTag }));
    const sent = dialog.bye();
    await bench.clock.advance(0);
    expect(bench.timesOf('BYE')).toEqual([0]);
    bench.core.close();
    await Promise.all([waits, sent]);
    await bench.clock.advance(40_000);
    expect(bench.timesOf('BYE')).toEqual([0]);
    expect(bench.clock.pending).toBe(0);
  });
});

describe('the callbacks', () => {
  it('what onInvite throws ends that call with 500 and is reported', () => {
    const errors: unknown[] = [];
    const bench = createBenchPeer({
      onInvite: () => {
        throw new Error('a bug');
      },
      onError: (error) => errors.push(error),
    });
    bench.receive(invite());
    expect(bench.names()).toEqual([100, 500]);
    expect(errors).toHaveLength(1);
  });

  it('the trace has every message, in both directions', () => {
    const lines: string[] = [];
    const bench = createBenchPeer({ onTrace: (line) => lines.push(`${line.direction} ${line.summary}`) });
    bench.receive(invite());
    bench.invites[0]!.refuse(603);
    expect(lines).toEqual([
      'in INVITE sip:+15551234567@192.0.2.1',
      'out 100 Trying (INVITE)',
      'out 603 Decline (INVITE)',
    ]);
  });

  it('a header value cannot add a header', () => {
    const bench = createBenchPeer();
    bench.receive(invite());
    bench.invites[0]!.refuse(603, { reason: 'No\r\nX-A: 1', headers: [['X-B', 'b\r\nX-C: 1']] });
    expect(valueIn(bench.last().message, 'x-b')).toBe('b  X-C: 1');
    expect(bench.last().message.headers.map((line) => line.key)).not.toContain('x-c');
  });
});

describe('case 59 the server under mutated messages', () => {
  it('case 59 10,000 of them never throw, and everything they left is gone after the timers', async () => {
    const bench = createBenchPeer();
    const below = seeded(3_261);
    for (let round = 0; round < 10_000; round++) bench.receiveBytes(mutated(below));
    for (const call of bench.invites) call.refuse(486);
    expect(bench.core.stats().malformed).toBeGreaterThan(1_000);
    await bench.clock.advance(64_000);
    expect(bench.core.stats()).toMatchObject({ transactions: 0, dialogs: 0 });
    expect(bench.clock.pending).toBe(0);
  });
});
