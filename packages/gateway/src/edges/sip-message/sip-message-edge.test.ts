/** Texts over SIP on real sockets, with phones and tools of somebody else's making. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { headerValue } from '@pickup/sip';
import { startTextPhone, type TextPhone } from '@pickup/testkit/baresip';
import { startSipTexter } from '@pickup/testkit/sip-texter';
import { runSipp } from '@pickup/testkit/sipp';
import { toolPresent } from '@pickup/testkit/tool';
import { afterEach, describe, expect, test } from 'vitest';
import { NUMBER, openMessageBench } from '../conformance/message-bench.ts';
import type { TextTaken } from '../text-port.ts';

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close();
});

async function bench(options: Parameters<typeof openMessageBench>[0] = {}) {
  const opened = await openMessageBench(options);
  open.push(opened);
  return opened;
}

async function phone(options: Parameters<typeof startTextPhone>[0]): Promise<TextPhone> {
  const started = await startTextPhone(options);
  open.push(started);
  return started;
}

async function texter(port: number) {
  const started = await startSipTexter({ port });
  open.push(started);
  return started;
}

const reply = (arrived: { readonly reply_route?: object | undefined }, body: string) => ({
  part_id: 'part-1',
  from_number: NUMBER,
  to_number: '+14155550100',
  body,
  reply_route: JSON.parse(JSON.stringify(arrived.reply_route)),
});
const never = new AbortController().signal;

describe.skipIf(!toolPresent('baresip'))('baresip writes, and is answered', { timeout: 30_000 }, () => {
  test.each([
    ['udp', '', 'Hello there'],
    ['tcp', ';transport=tcp', 'Hello there'],
  ])('F2 over %s: stored, then 202; the reply is shown by the phone', async (_way, suffix, said) => {
    const gateway = await bench();
    const alice = await phone({ to: `sip:${NUMBER}@127.0.0.1:${gateway.port}${suffix}` });
    alice.say(said);
    const [arrived] = await gateway.arrived(1);
    expect(arrived).toMatchObject({ edge: 'sip_message', from: '+14155550100', to: NUMBER, text: said });
    const outcome = await gateway.edge.send(reply(arrived!, 'Good morning, the agent here.'), never);
    expect(outcome).toEqual({ kind: 'accepted', provider_message_id: 'part-1', sent: true });
    await alice.until('Good morning, the agent here.');
  });

  test('RFC 3428 8 a long reply to a phone on UDP goes over TCP', async () => {
    const gateway = await bench();
    const alice = await phone({ to: `sip:${NUMBER}@127.0.0.1:${gateway.port}` });
    alice.say('Tell me a story');
    const [arrived] = await gateway.arrived(1);
    const story = `${'Once upon a time there was a line. '.repeat(44)}The end.`;
    expect(await gateway.edge.send(reply(arrived!, story), never)).toMatchObject({ kind: 'accepted', sent: true });
    // Its console shows no line of that length; it has answered 200 to what came over TCP.
    expect(gateway.sentOver()).toEqual(['TCP']);
  });

  test.each([
    ['udp', ''],
    ['tcp', ';transport=tcp'],
  ])(
    'over %s the reply finds the phone after a restart too, when its connection is long gone',
    async (_way, suffix) => {
      const first = await openMessageBench();
      const alice = await phone({ to: `sip:${NUMBER}@127.0.0.1:${first.port}${suffix}` });
      alice.say('Are you there?');
      const [arrived] = await first.arrived(1);
      await first.close();
      const second = await bench({ port: first.port });
      expect(await second.edge.send(reply(arrived!, 'Back again'), never)).toMatchObject({ kind: 'accepted' });
      await alice.until('Back again');
    },
  );

  test('case 61b a number with credentials asks for them', async () => {
    const gateway = await bench({ login: { username: '+14155550100', password: 'three-long-words' }, peers: [] });
    const alice = await phone({
      to: `sip:${NUMBER}@127.0.0.1:${gateway.port}`,
      password: 'three-long-words',
    });
    alice.say('Let me in');
    const [arrived] = await gateway.arrived(1);
    expect(arrived?.text).toBe('Let me in');
    expect(await gateway.edge.send(reply(arrived!, 'Come in'), never)).toMatchObject({ kind: 'accepted' });
    await alice.until('Come in');
    const mallory = await phone({ to: `sip:${NUMBER}@127.0.0.1:${gateway.port}`, password: 'guessed' });
    mallory.say('Let me in too');
    await expect(gateway.arrived(2, 1_000)).rejects.toThrow();
  });
});

describe.skipIf(!toolPresent('sipp'))('SIPp writes', { timeout: 40_000 }, () => {
  const scenario = (status: number, lines: readonly string[], body: string) => `<?xml version="1.0" encoding="UTF-8"?>
<scenario name="text"><send retrans="500"><![CDATA[
MESSAGE sip:[service]@[remote_ip]:[remote_port] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
Max-Forwards: 70
From: <sip:+1415555[call_number]@[local_ip]:[local_port]>;tag=[pid]s[call_number]
To: <sip:[service]@[remote_ip]:[remote_port]>
Call-ID: [call_id]
CSeq: 1 MESSAGE
${lines.join('\n')}
Content-Length: [len]

${body}
]]></send><recv response="${status}"/></scenario>
`;

  async function run(
    gatewayPort: number,
    xml: string,
    options: { calls?: number; rate?: number; args?: string[]; to?: string } = {},
  ) {
    const folder = mkdtempSync(join(tmpdir(), 'sipp-text-'));
    try {
      const file = join(folder, 'text.xml');
      writeFileSync(file, xml);
      const { to = NUMBER, ...rest } = options;
      return await runSipp({ remote: `127.0.0.1:${gatewayPort}`, scenario: file, to, ...rest });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }

  test.each([
    ['udp', []],
    ['tcp', ['-t', 't1']],
  ])('F2 300 texts at 200/s over %s: each is stored once and hears 202', async (_way, args) => {
    const gateway = await bench();
    const xml = scenario(202, ['Content-Type: text/plain'], 'Number [call_number]');
    const { exitCode, successful } = await run(gateway.port, xml, { calls: 300, rate: 200, args: [...args] });
    expect({ exitCode, successful }).toEqual({ exitCode: 0, successful: 300 });
    expect(new Set(gateway.all().map(({ provider_message_id }) => provider_message_id)).size).toBe(300);
    expect(gateway.all()).toHaveLength(300);
  });

  test.each([
    [415, ['Content-Type: application/im-iscomposing+xml'], '<x/>', NUMBER],
    [404, ['Content-Type: text/plain'], 'Anybody there?', '+12135559999'],
    [433, ['Content-Type: text/plain', 'Privacy: id'], 'Who am I?', NUMBER],
  ])('%i as the rules have it', async (status, lines, body, to) => {
    const gateway = await bench({
      taken: (text): TextTaken => ({ kind: text.to === NUMBER ? 'stored' : 'unknown_number' }),
    });
    const { exitCode } = await run(gateway.port, scenario(status, lines, body), { to });
    expect(exitCode).toBe(0);
  });
});

describe('who may write', () => {
  const hello = { from: '+14155550100', to: NUMBER, body: 'Hello' };

  test('A4 a stranger hears 403, then nothing; a counter has them, and nothing is taken', async () => {
    const gateway = await bench({ peers: ['192.0.2.0/24'] });
    const stranger = await texter(gateway.port);
    const answers = [];
    for (let nth = 0; nth < 17; nth++) answers.push((await stranger.send(hello, 300))?.status);
    expect(answers.slice(0, 16)).toEqual(new Array(16).fill(403));
    expect(answers[16]).toBeUndefined();
    expect(gateway.all()).toEqual([]);
    expect(gateway.stats().notAdmitted).toBeGreaterThanOrEqual(15);
  });

  test('A4 once any number takes calls from anywhere, strangers hear 401 whatever they write to', async () => {
    const gateway = await bench({ peers: [], login: { username: 'pbx', password: 'secret' } });
    const stranger = await texter(gateway.port);
    for (const to of [NUMBER, '+12135559999']) {
      const answer = await stranger.send({ ...hello, to });
      expect(answer?.status).toBe(401);
      expect(headerValue(answer!, 'www-authenticate')).toMatch(/^Digest /);
    }
    expect(gateway.all()).toEqual([]);
  });

  test('a peer that may not call the number hears 404, as for a number nobody owns', async () => {
    const gateway = await bench({ numberPeers: ['192.0.2.0/24'] });
    expect((await (await texter(gateway.port)).send(hello))?.status).toBe(404);
    expect(gateway.all()).toEqual([]);
  });

  test('G while nothing can be stored 503 says when to come again; a failure of ours is 500', async () => {
    const gateway = await bench({ taken: () => ({ kind: 'unavailable' }) });
    const answer = await (await texter(gateway.port)).send(hello);
    expect([answer?.status, headerValue(answer!, 'retry-after')]).toEqual([503, '5']);
    const broken = await bench({
      taken: () => {
        throw new Error('bug');
      },
    });
    expect((await (await texter(broken.port)).send(hello))?.status).toBe(500);
  });

  test('E9 its X- headers come along, and the national form of a number is the same number', async () => {
    const gateway = await bench();
    const peer = await texter(gateway.port);
    await peer.send({
      ...hello,
      to: '2137771234',
      from: '4155550100',
      headers: [
        ['X-Shop', 'north'],
        ['Subject', 'no'],
      ],
    });
    expect(gateway.all()).toMatchObject([
      { from: '+14155550100', to: NUMBER, custom_sip_headers: { 'x-shop': 'north' } },
    ]);
  });
});

describe('the way back', () => {
  test('the reply goes to the sending peer, whatever From and Contact say', async () => {
    const gateway = await bench();
    const [peer, elsewhere] = [await texter(gateway.port), await texter(gateway.port)];
    await peer.send({
      from: '+14155550100',
      to: NUMBER,
      body: 'Hello',
      fromAddress: `<sip:+14155550100@127.0.0.1:${elsewhere.port}>`,
      headers: [['Contact', `<sip:victim@127.0.0.1:${elsewhere.port}>`]],
    });
    const [arrived] = gateway.all();
    expect(await gateway.edge.send(reply(arrived!, 'To you alone'), never)).toMatchObject({ kind: 'accepted' });
    expect(peer.received.map(({ body }) => Buffer.from(body).toString())).toEqual(['To you alone']);
    expect(elsewhere.received).toEqual([]);
  });

  test.each([
    [404, true],
    [603, true],
    [480, false],
    [503, false],
  ])('a %i is permanent: %s', async (status, permanent) => {
    const gateway = await bench();
    const peer = await texter(gateway.port);
    await peer.send({ from: '+14155550100', to: NUMBER, body: 'Hello' });
    peer.answerWith(status);
    const outcome = await gateway.edge.send(reply(gateway.all()[0]!, 'Hi'), never);
    expect(outcome).toMatchObject({ kind: 'refused', permanent, code: String(status) });
  });

  test('too long for a peer that takes UDP alone: refused for good, and says what to do', async () => {
    const gateway = await bench();
    const peer = await texter(gateway.port);
    await peer.send({ from: '+14155550100', to: NUMBER, body: 'Hello' });
    const outcome = await gateway.edge.send(reply(gateway.all()[0]!, 'x'.repeat(1_300)), never);
    expect(outcome).toMatchObject({ kind: 'refused', permanent: true, code: 'too_long' });
    expect(peer.received).toEqual([]);
  });

  test('a text from nowhere has no way back', async () => {
    const gateway = await bench();
    const { reply_route: _none, ...part } = reply({ reply_route: {} }, 'Hi');
    expect(await gateway.edge.send(part, never)).toMatchObject({ kind: 'refused', permanent: true, code: 'no_route' });
  });
});
