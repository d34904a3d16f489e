/** The door alone, on a manual clock; callers.test.ts of e2e knocks at it over the wire. */
import { answerChallenge, buildRequest, type HeaderInput, type SipRequest } from '@pickup/sip';
import { ManualClock } from '@pickup/testkit/clock';
import { beforeEach, describe, expect, test } from 'vitest';
import { parseCidr } from '../../../config/index.ts';
import { createLog } from '../../../observe/index.ts';
import { Admission } from './admission.ts';
import { CallerTable } from './caller-table.ts';
import { RefusalLog } from './refusal-log.ts';

const NUMBER = '+12137771234';
const STRANGER = '198.51.100.1';

let clock: ManualClock;
let lines: Record<string, unknown>[];
let admission: Admission;
let table: CallerTable;
let ids = 0;

beforeEach(() => {
  setUp(new CallerTable([]));
});

function setUp(callers: CallerTable): void {
  clock = new ManualClock();
  lines = [];
  table = callers;
  const log = createLog({ write: (line) => void lines.push(JSON.parse(line)), clock });
  admission = new Admission({
    clock,
    newId: () => `id${++ids}`,
    table,
    refusals: new RefusalLog(log, { peers: [], digests: ['SHA-256', 'MD5'] }),
    digests: ['SHA-256', 'MD5'],
    country: 'US',
    openPassword(sealed) {
      if (sealed === 'lost') throw new Error('It was sealed with another key.');
      return sealed;
    },
  });
}

function open(sealed = 'secret'): void {
  const settings = { phone_number: NUMBER, phone_number_type: 'custom' as const, last_modification_timestamp: 1 };
  table.put({ settings: { ...settings, sip_inbound_username: 'carrier' }, sealed_sip_inbound_password: sealed });
}

interface Of {
  readonly to?: string;
  readonly callId?: string;
  readonly branch?: string;
  readonly toTag?: string;
  readonly authorization?: string;
}

function request(method: string, of: Of = {}): SipRequest {
  const { to = NUMBER, callId = `call${++ids}`, branch = `z9hG4bK${++ids}`, toTag, authorization } = of;
  const headers: [string, string][] = [
    ['Via', `SIP/2.0/UDP 198.51.100.1;branch=${branch}`],
    ['To', `<sip:${to}@h>${toTag === undefined ? '' : `;tag=${toTag}`}`],
    ['From', '<sip:a@b>;tag=1'],
    ['Call-ID', callId],
    ['CSeq', `1 ${method}`],
  ];
  if (authorization !== undefined) headers.push(['Authorization', authorization]);
  return buildRequest({ method, uri: `sip:${to}@h`, headers });
}

function challengesOf(verdict: ReturnType<Admission['judge']>): string[] {
  const headers: HeaderInput = typeof verdict === 'object' ? (verdict.headers ?? []) : [];
  return headers.map(([, value]) => value);
}

function answer(of: Of & { readonly uri?: string; readonly password?: string } = {}): string {
  const challenges = challengesOf(admission.judge(STRANGER, request('INVITE')));
  const uri = of.uri ?? `sip:${of.to ?? NUMBER}@h`;
  const login = { username: 'carrier', password: of.password ?? 'secret' };
  return answerChallenge({ challenges, method: 'INVITE', uri, ...login, random: () => 'c' })!.credentials;
}

const statusOf = (verdict: ReturnType<Admission['judge']>) => (typeof verdict === 'object' ? verdict.status : verdict);

test('case 61 a carrier’s shared address is never silenced, however many of its customers flood; its calls show credentials', () => {
  const read = parseCidr('198.51.100.0/30');
  setUp(new CallerTable([], read.ok ? [read.cidr] : []));
  open();
  for (let nth = 0; nth < 100; nth++) {
    expect(statusOf(admission.judge(STRANGER, request('INVITE')))).toBe(401);
    admission.stray(STRANGER);
  }
  expect(statusOf(admission.judge(STRANGER, request('INVITE', { authorization: answer({ password: 'no' }) })))).toBe(
    401,
  );
  expect(admission.judge(STRANGER, request('INVITE', { authorization: answer() }))).toBe('accept');
  expect([admission.heeds(STRANGER), admission.knows(STRANGER), admission.bans]).toEqual([true, false, 0]);
  // Its neighbour is a stranger like any other.
  const verdicts = Array.from({ length: 20 }, () => admission.judge('198.51.100.9', request('INVITE')));
  expect(verdicts.at(-1)).toBe('drop');
});

describe('credentials', () => {
  test('case 61b let one call in, whose INVITE may be repeated; its other messages are heard', () => {
    open();
    const invite = { callId: 'c1', branch: 'z9hG4bK-1', authorization: answer() };
    const first = request('INVITE', invite);
    expect(admission.judge(STRANGER, first)).toBe('accept');
    expect(admission.admitted(first)).toEqual({ provenFor: NUMBER });
    const again = request('INVITE', invite);
    expect([admission.judge(STRANGER, again), admission.admitted(again)]).toEqual(['accept', undefined]);
    for (const method of ['ACK', 'BYE', 'INVITE', 'UPDATE']) {
      expect(admission.judge(STRANGER, request(method, { callId: 'c1', toTag: 't' }))).toBe('accept');
    }
    expect(admission.judge(STRANGER, request('CANCEL', { callId: 'c1', branch: 'z9hG4bK-1' }))).toBe('accept');
    expect(statusOf(admission.judge(STRANGER, request('INVITE', { ...invite, branch: 'z9hG4bK-2' })))).toBe(401);
    expect(statusOf(admission.judge(STRANGER, request('BYE', { callId: 'c2', toTag: 't' })))).toBe('refuse');
  });

  test('the URI that was signed must name who is dialled, in any form; one without a user will do', () => {
    open();
    const judge = (uri: string) =>
      statusOf(admission.judge(STRANGER, request('INVITE', { authorization: answer({ uri }) })));
    expect(judge('sip:2137771234@proxy.example:5080')).toBe('accept');
    expect(judge('sip:proxy.example')).toBe('accept');
    expect(judge('sip:+12137779999@h')).toBe(401);
  });

  test('RFC 7616 3.3 five minutes later the same are stale', async () => {
    open();
    const authorization = answer();
    await clock.advance(300_001);
    const verdict = admission.judge(STRANGER, request('INVITE', { authorization }));
    expect(challengesOf(verdict)[0]).toContain('stale=true');
  });

  test('a password that does not open lets nobody in, and the log says so once, as an error', () => {
    open('lost');
    for (let nth = 0; nth < 3; nth++) {
      expect(statusOf(admission.judge(STRANGER, request('INVITE', { authorization: answer() })))).toBe(401);
    }
    const told = lines.filter((line) => Object.values(line).includes('sip_inbound_password_not_opened'));
    expect(told).toMatchObject([{ level: 'error', 'pii.phone_number': NUMBER }]);
  });

  test('once no number takes calls from anywhere, strangers hear 403 again', () => {
    open();
    expect(statusOf(admission.judge(STRANGER, request('INVITE')))).toBe(401);
    table.delete(NUMBER);
    expect(admission.judge(STRANGER, request('INVITE'))).toBe('refuse');
  });
});

test('A3 a call id lets a stranger in without proof, and a peer like any call', () => {
  const dialled = (method: string) => request(method, { to: 'call_0123' });
  expect(['INVITE', 'ACK', 'CANCEL'].map((method) => admission.judge(STRANGER, dialled(method)))).toEqual(
    Array.from({ length: 3 }, () => 'unproven'),
  );
  expect(admission.judge(STRANGER, dialled('OPTIONS'))).toBe('refuse');
  const settings = { phone_number: '+1', phone_number_type: 'custom' as const, last_modification_timestamp: 1 };
  table.put({ settings: { ...settings, sip_peers: [`${STRANGER}/32`] } });
  expect(admission.judge(STRANGER, dialled('INVITE'))).toBe('accept');
});

describe('case 61 a ban', () => {
  const flood = () => {
    for (let nth = 0; nth < 16; nth++) admission.judge(STRANGER, request('OPTIONS'));
  };

  test('is silence, but not for a call that stands', () => {
    const standing = request('INVITE', { callId: 'standing', to: 'call_0123' });
    expect(admission.judge(STRANGER, standing)).toBe('unproven');
    admission.welcome(standing, STRANGER);
    admission.keep('standing');
    flood();
    expect(admission.bans).toBe(1);
    // Its messages have to be read to be told from others; a neighbour without a call is not read at all.
    expect(admission.heeds(STRANGER)).toBe(true);
    expect(admission.judge(STRANGER, request('OPTIONS'))).toBe('drop');
    expect(admission.judge(STRANGER, request('INVITE', { to: 'call_0123' }))).toBe('drop');
    expect(admission.judge(STRANGER, request('BYE', { callId: 'standing', toTag: 't' }))).toBe('accept');
  });

  test('never falls on a peer for what cannot be answered, nor on a stranger who has shown right credentials', () => {
    const settings = { phone_number: '+1', phone_number_type: 'custom' as const, last_modification_timestamp: 1 };
    table.put({ settings: { ...settings, sip_peers: [`${STRANGER}/32`] } });
    for (let nth = 0; nth < 40; nth++) admission.stray(STRANGER);
    table.delete('+1');
    expect([admission.bans, admission.heeds(STRANGER)]).toEqual([0, true]);
    open();
    expect(admission.judge(STRANGER, request('INVITE', { authorization: answer() }))).toBe('accept');
    for (let nth = 0; nth < 40; nth++) admission.judge(STRANGER, request('INVITE'));
    expect([admission.bans, admission.heeds(STRANGER)]).toEqual([0, true]);
  });

  test('falls on who guesses passwords, right credentials before or not', () => {
    open();
    const call = (password?: string) =>
      statusOf(admission.judge(STRANGER, request('INVITE', { authorization: answer(password ? { password } : {}) })));
    expect([call(), call('guess')]).toEqual(['accept', 401]);
    for (let nth = 0; nth < 16; nth++) admission.judge(STRANGER, request('INVITE'));
    expect(admission.bans).toBe(1);
    expect(admission.judge(STRANGER, request('OPTIONS'))).toBe('drop');
  });

  test('ends when the operator names the address, and after 300 s', async () => {
    flood();
    expect(admission.heeds(STRANGER)).toBe(false);
    const settings = { phone_number: '+1', phone_number_type: 'custom' as const, last_modification_timestamp: 1 };
    table.put({ settings: { ...settings, sip_peers: [`${STRANGER}/32`] } });
    expect(admission.heeds(STRANGER)).toBe(true);
    table.delete('+1');
    await clock.advance(300_000);
    expect(admission.heeds(STRANGER)).toBe(true);
  });

  test('counts what cannot be answered; made-up addresses do not flood the log', () => {
    for (let nth = 0; nth < 16; nth++) admission.stray('::ffff:198.51.100.1');
    expect(admission.heeds(STRANGER)).toBe(false);
    for (let nth = 0; nth < 3_000; nth++) admission.judge(`10.0.${nth >> 8}.${nth & 255}`, request('OPTIONS'));
    expect(lines.length).toBeLessThanOrEqual(1_001);
    expect(lines[0]).toMatchObject({ allow_with: `PICKUP_SIP_PEERS=${STRANGER}/32` });
  });
});
