/** Who may call: peers of the gateway and of a number, credentials, strangers, floods (rules A0, A4, A5; cases 60 to 62, 72). */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runBaresip } from '@pickup/testkit/baresip';
import { runSipp } from '@pickup/testkit/sipp';
import { toolPresent } from '@pickup/testkit/tool';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { startGateway } from '../support/gateway.ts';
import { importNumber, openStage, type Stage, type StagedNumber } from '../support/stage.ts';
import { until } from '../support/until.ts';
import { inbounds, onlyOutcome } from './support/records.ts';
import { openSipClient, type Reply, type SipClient } from './support/sip-client.ts';

/** A peer of the gateway's, one that only numbers name, and where strangers come from. */
const PEER = '127.0.0.2';
const OWN = '127.0.0.3';
const STRANGER = '127.0.0.1';
const NOBODY = '+12137770404';
const LOGIN = { sip_inbound_username: 'carrier', sip_inbound_password: 'open sesame!' };
const RIGHT = { username: 'carrier', password: 'open sesame!' };
const ENV: Readonly<Record<string, string>> = {
  PICKUP_SIP_DIGEST: 'SHA-256,MD5',
  PICKUP_SIP_PEERS: `${PEER}/32`,
  PICKUP_SIP_TRUSTED_PEERS: `${OWN}/32`,
};

let stage: Stage;
const clients: SipClient[] = [];
const folders: string[] = [];

beforeAll(async () => {
  stage = await openStage({ gateway: { env: ENV } });
}, 90_000);
afterEach(() => {
  for (const client of clients.splice(0)) client.close();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});
afterAll(() => stage?.close());

async function at(host: string, server: { host: string; port: number } = stage.gateway.sip): Promise<SipClient> {
  const client = await openSipClient({ host, server });
  clients.push(client);
  return client;
}

/** A number whose endpoint declines: who gets as far as 603 may call it. */
const numberWith = (settings: object = {}) => stage.number({ agent: false, settings: { ...settings } });
const code = async (host: string, staged: StagedNumber) => (await (await at(host)).invite({ to: staged.number })).code;
const recorded = async () => (await inbounds(stage.gateway)).length;

/** What of a response differs from call to call, and what must not. */
function likeness({ code, response }: Reply) {
  const own = new Set(['via', 'from', 'to', 'call-id', 'cseq']);
  const headers = response.headers.map(({ name, key, value }) =>
    own.has(key) ? name : `${name}: ${value.replace(/nonce="[^"]+"/, 'nonce')}`,
  );
  return { code, reason: response.reason, headers };
}

describe('as long as no number takes calls from anywhere', () => {
  test('a number without a rule is called by the peers of the gateway only', async () => {
    const plain = await numberWith();
    expect([await code(PEER, plain), await code(STRANGER, plain), await code(OWN, plain)]).toEqual([603, 403, 403]);
    expect(plain.requests()).toHaveLength(1);
  });

  test('case 60 a number with sip_peers is called by those only, at once and until they are cleared', async () => {
    const plain = await numberWith();
    const guarded = await numberWith({ sip_peers: [OWN] });
    expect(await code(OWN, guarded)).toBe(603);
    expect(guarded.requests()).toHaveLength(1);
    expect([await code(PEER, guarded), await code(STRANGER, guarded), await code(OWN, plain)]).toEqual([404, 403, 404]);
    expect([guarded.requests().length, plain.requests().length]).toEqual([1, 0]);
    const path = `/update-phone-number/${guarded.number}`;
    expect((await stage.gateway.rest('PATCH', path, { sip_peers: null })).status).toBe(200);
    expect([await code(PEER, guarded), await code(OWN, guarded)]).toEqual([603, 403]);
  });

  test('A4 a peer that may not call a number hears and leaves what it would for one nobody owns', async () => {
    const guarded = await numberWith({ sip_peers: ['127.0.0.4/32'] });
    const peer = await at(PEER);
    const [barred, unknown] = [await peer.invite({ to: guarded.number }), await peer.invite({ to: NOBODY })];
    expect(likeness(barred)).toEqual(likeness(unknown));
    expect(barred.code).toBe(404);
    const [one, other] = await Promise.all([guarded.number, NOBODY].map((to) => onlyOutcome(stage.gateway, to)));
    const told = (record: typeof one, to: string) => record?.decision.join('\n').replaceAll(to, 'the number');
    expect(told(one, guarded.number)).toBe(told(other, NOBODY));
    expect(one?.outcome).toBe('unknown_number');
  });

  test('A0 case 72 a peer of a number alone may be trusted; others cannot assert who calls', async () => {
    const guarded = await numberWith({ sip_peers: [OWN, PEER] });
    const headers = ['P-Asserted-Identity: <sip:+14155550177@carrier.example>'];
    await (await at(OWN)).invite({ to: guarded.number, headers });
    await (await at(PEER)).invite({ to: guarded.number, headers });
    const from = guarded.requests().map(({ body }) => JSON.parse(body.toString()).call_inbound.from_number);
    expect(from).toEqual(['+14155550177', '+14155550100']);
  });
});

describe('case 61b credentials', () => {
  test('a number with credentials is called from anywhere, with the right ones; the webhook hears of no others', async () => {
    const open = await numberWith(LOGIN);
    const client = await at('127.0.1.1');
    const before = await recorded();
    const bare = await client.invite({ to: open.number });
    const challenges = bare.response.headers.filter(({ key }) => key === 'www-authenticate').map(({ value }) => value);
    expect([bare.code, challenges.length]).toEqual([401, 2]);
    expect(challenges[0]).toMatch(/^Digest realm="pickup", nonce="[^"]+", algorithm=SHA-256, qop="auth"$/);
    expect(challenges[1]).toContain('algorithm=MD5');
    const to = open.number;
    expect((await client.login({ to, ...RIGHT, password: 'open sesame?' })).code).toBe(401);
    expect((await client.login({ to, ...RIGHT, username: 'Carrier' })).code).toBe(401);
    expect([open.requests().length, await recorded()]).toEqual([0, before]);
    const right = await client.login({ to, ...RIGHT });
    expect([right.code, open.requests().length]).toEqual([603, 1]);
    expect((await onlyOutcome(stage.gateway, to)).outcome).toBe('declined');
    for (let nth = 0; nth < 4; nth++) await client.invite({ to });
    const mute = stage.gateway.logged('sip_challenge_unanswered');
    expect(mute.map((line) => [line['address'], line['where_only_md5_is_known']])).toEqual([
      ['127.0.1.1', 'PICKUP_SIP_DIGEST=MD5'],
    ]);
    const logged = stage.gateway.logged('sip_credentials_refused');
    expect(logged.map(({ address }) => address)).toEqual(['127.0.1.1']);
    expect(stage.gateway.stderr()).not.toMatch(/open sesame/);
  });

  test('the INVITE that was let in, once more, is the same call', async () => {
    const open = await numberWith(LOGIN);
    const client = await at('127.0.1.2');
    const first = await client.login({ to: open.number, ...RIGHT });
    expect(first.code).toBe(603);
    const heard = client.count();
    first.again();
    // Whatever it was taken for would have been answered by the time this is.
    expect((await client.invite({ to: open.number })).code).toBe(401);
    expect([client.count(), open.requests().length]).toEqual([heard + 1, 1]);
  });

  test('overheard credentials in another call are a replay: 401, stale, no webhook', async () => {
    const open = await numberWith(LOGIN);
    const overheard: string[] = [];
    const client = await at('127.0.1.3');
    const thief = await at('127.0.1.4');
    const { code } = await client.login({ to: open.number, ...RIGHT, tap: (text) => overheard.push(text) });
    expect(code).toBe(603);
    const replayed = await thief.invite({ to: open.number, headers: [`Authorization: ${overheard[0]}`] });
    expect(replayed.code).toBe(401);
    expect(replayed.response.headers.find(({ key }) => key === 'www-authenticate')?.value).toContain('stale=true');
    const sameCall = await client.invite({ to: open.number, headers: [`Authorization: ${overheard[0]}`] });
    expect(sameCall.code).toBe(401);
    expect(open.requests()).toHaveLength(1);
  });

  test('the right credentials of one number open no other', async () => {
    const open = await numberWith(LOGIN);
    const other = await numberWith({ ...LOGIN, sip_inbound_password: 'quite another' });
    const plain = await numberWith();
    const client = await at('127.0.1.5');
    for (const to of [other.number, plain.number, NOBODY]) {
      expect([to, (await client.login({ to, ...RIGHT })).code]).toEqual([to, 401]);
    }
    expect([other.requests().length, plain.requests().length]).toEqual([0, 0]);
    expect((await client.login({ to: open.number, ...RIGHT })).code).toBe(603);
  });

  test('a peer of the gateway shows them as well; with sip_peers they are asked of those only', async () => {
    const open = await numberWith(LOGIN);
    const both = await numberWith({ ...LOGIN, sip_peers: [OWN] });
    const [peer, own, stranger] = [await at(PEER), await at(OWN), await at('127.0.1.6')];
    expect((await peer.invite({ to: open.number })).code).toBe(401);
    expect((await peer.login({ to: open.number, ...RIGHT })).code).toBe(603);
    expect((await own.invite({ to: both.number })).code).toBe(401);
    expect((await own.login({ to: both.number, ...RIGHT })).code).toBe(603);
    expect((await stranger.login({ to: both.number, ...RIGHT })).code).toBe(401);
    expect((await peer.invite({ to: both.number })).code).toBe(404);
    expect(both.requests()).toHaveLength(1);
  });

  test('a call that was let in goes on: ACK and BYE of a stranger are heard', async () => {
    const open = await stage.number({ settings: { ...LOGIN } });
    const client = await at('127.0.1.7');
    const answered = await client.login({ to: open.number, ...RIGHT });
    expect(answered.code).toBe(200);
    expect((await client.bye(answered)).code).toBe(200);
    const { call_id } = await onlyOutcome(stage.gateway, open.number);
    await until('it ended', async () => {
      const call = await stage.gateway.client.call.retrieve(call_id!);
      return call.call_status === 'ended' && call.disconnection_reason === 'user_hangup';
    });
  });
});

describe('cases 60 and 62 strangers', () => {
  test('hear 401 for numbers of every kind and for none, alike and in like time, and leave nothing', async () => {
    const kinds = [
      await numberWith(LOGIN),
      await numberWith({ ...LOGIN, sip_peers: [OWN] }),
      await numberWith({ sip_peers: [OWN] }),
      await numberWith(),
    ];
    const dialled = [...kinds.map(({ number }) => number), NOBODY, '7', 'alice'];
    const before = await recorded();
    const took = new Map<string, number[]>(dialled.map((to) => [to, []]));
    let likenessOfAll: object | undefined;
    for (let round = 0; round < 40; round++) {
      // A source of its own for each round: 16 requests in 2 s would be a flood.
      const client = await openSipClient({ host: `127.0.2.${round + 1}`, server: stage.gateway.sip });
      for (const to of dialled) {
        const reply = await client.invite({ to });
        likenessOfAll ??= likeness(reply);
        expect([to, likeness(reply)]).toEqual([to, likenessOfAll]);
        took.get(to)?.push(reply.tookMs);
      }
      client.close();
    }
    expect(likenessOfAll).toMatchObject({ code: 401 });
    const medians = dialled.map((to) => took.get(to)!.sort((one, other) => one - other)[20]!);
    expect(Math.max(...medians) - Math.min(...medians)).toBeLessThan(3);
    expect(kinds.map((kind) => kind.requests().length)).toEqual([0, 0, 0, 0]);
    expect(await recorded()).toBe(before);
  });

  test('hear 403 for anything but an INVITE or a MESSAGE, which may prove who it is', async () => {
    await numberWith(LOGIN);
    const client = await at('127.0.3.1');
    const methods = ['OPTIONS', 'REGISTER', 'SUBSCRIBE', 'BYE', 'MESSAGE'];
    const codes = [];
    for (const method of methods) codes.push(await client.ask(method));
    expect(codes).toEqual([403, 403, 403, 403, 401]);
  });
});

describe('case 61 floods', () => {
  test.each([
    ['127.0.4.1', 'OPTIONS'],
    ['127.0.4.2', 'REGISTER'],
  ])('from %s: 16 %s in 2 s are answered, then nothing is; peers are still served', async (host, method) => {
    const plain = await numberWith();
    const flooder = await at(host);
    const codes = await Promise.all(Array.from({ length: 30 }, () => flooder.ask(method)));
    expect(codes.filter((one) => one === 403)).toHaveLength(16);
    expect(codes.filter((one) => one === 0)).toHaveLength(14);
    const heard = flooder.count();
    const { number } = plain;
    const silenced = Promise.race([
      flooder.invite({ to: number }).then(() => 'answered'),
      new Promise((resolve) => setTimeout(resolve, 400, 'silence')),
    ]);
    expect(await silenced).toBe('silence');
    expect(flooder.count()).toBe(heard);
    expect(await code(PEER, plain)).toBe(603);
    expect(await (await at('127.0.4.9')).ask('OPTIONS')).toBe(403);
    const told = stage.gateway.logged('sip_flood_banned').filter(({ address }) => address === host);
    expect(told).toHaveLength(1);
    expect(told[0]).toMatchObject({ seconds: 300, allow_with: `PICKUP_SIP_PEERS=${PEER}/32,${host}/32` });
  });

  test('what cannot be read, and responses to nothing, count as well', async () => {
    const flooder = await at('127.0.4.3');
    for (let nth = 0; nth < 8; nth++) {
      flooder.send('not SIP at all\r\n\r\n');
      flooder.send(
        `SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 127.0.4.3;branch=z9hG4bK${nth}\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:a@b>;tag=2\r\nCall-ID: ${nth}\r\nCSeq: 1 BYE\r\nContent-Length: 0\r\n\r\n`,
      );
    }
    await until('the ban', () =>
      stage.gateway.logged('sip_flood_banned').some(({ address }) => address === '127.0.4.3'),
    );
    expect(await flooder.ask('OPTIONS')).toBe(0);
  });

  test('known peers are exempt, those of a number too', async () => {
    await numberWith({ sip_peers: ['127.0.4.4'] });
    for (const host of [PEER, '127.0.4.4']) {
      const peer = await at(host);
      const codes = await Promise.all(Array.from({ length: 40 }, () => peer.ask('OPTIONS', 3_000)));
      expect(new Set(codes)).toEqual(new Set([200]));
    }
  });

  test('who has shown right credentials may call at any rate', async () => {
    const open = await numberWith(LOGIN);
    const client = await at('127.0.4.5');
    for (let nth = 0; nth < 12; nth++) expect((await client.login({ to: open.number, ...RIGHT })).code).toBe(603);
  });
});

describe('case 61b real phones that know MD5 only', () => {
  let md5: Stage;
  beforeAll(async () => {
    md5 = await openStage({ gateway: { env: { ...ENV, PICKUP_SIP_DIGEST: undefined } } });
  }, 90_000);
  afterAll(() => md5?.close());

  test.skipIf(!toolPresent('sipp'))('SIPp answers the challenge by MD5', async () => {
    const open = await md5.number({ settings: { ...LOGIN } });
    const { host, port } = md5.gateway.sip;
    const run = (password: string) =>
      runSipp({
        scenario: { kind: 'authenticated', user: 'carrier', password },
        remote: `${host}:${port}`,
        to: open.number,
        calls: password === 'open' ? 1 : 3,
        rate: 2,
        timeoutMs: 5_000,
      });
    await md5.gateway.rest('PATCH', `/update-phone-number/${open.number}`, { sip_inbound_password: 'opensesame12' });
    const right = await run('opensesame12');
    expect([right.successful, right.failed, right.errors]).toEqual([3, 0, '']);
    expect(open.requests()).toHaveLength(3);
    const wrong = await run('open');
    expect(wrong.successful).toBe(0);
    expect(md5.gateway.logged('sip_credentials_refused')).toHaveLength(1);
    expect(open.requests()).toHaveLength(3);
  });

  test.skipIf(!toolPresent('baresip'))('baresip answers the challenge', async () => {
    const username = '+14155550123';
    const open = await md5.number({
      settings: { sip_inbound_username: username, sip_inbound_password: 'opensesame12' },
    });
    const { host, port } = md5.gateway.sip;
    const record = mkdtempSync(join(tmpdir(), 'pickup-callers-'));
    folders.push(record);
    const dial = `sip:${open.number}@${host}:${port}`;
    const call = { dial, from: username, record, forMs: 8_000, hangUpAfterMs: 300 };
    const right = await runBaresip({ ...call, password: 'opensesame12' });
    expect([right.established, open.requests().length]).toEqual([true, 1]);
    const wrong = await runBaresip({ ...call, password: 'guess', forMs: 3_000 });
    expect([wrong.established, open.requests().length]).toEqual([false, 1]);
  });
});

test('who may call holds after a restart', async () => {
  const home = mkdtempSync(join(tmpdir(), 'pickup-callers-'));
  folders.push(home);
  const before = await startGateway({ home, env: ENV });
  await importNumber(before, '+12137775001', { sip_peers: [OWN] });
  await importNumber(before, '+12137775002', LOGIN);
  await before.kill9();
  const after = await startGateway({ home, env: ENV });
  try {
    const [own, peer, stranger] = await Promise.all([OWN, PEER, STRANGER].map((host) => at(host, after.sip)));
    expect((await own!.invite({ to: '+12137775001' })).code).toBe(603);
    expect((await peer!.invite({ to: '+12137775001' })).code).toBe(404);
    expect((await stranger!.invite({ to: '+12137775001' })).code).toBe(401);
    expect((await stranger!.login({ to: '+12137775002', ...RIGHT })).code).toBe(603);
  } finally {
    await after.kill9();
  }
}, 90_000);
