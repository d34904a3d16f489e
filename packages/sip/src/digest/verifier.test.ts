import { ManualClock } from '@pickup/testkit/clock';
import { expect, test } from 'vitest';
import { serializeCredentials } from './credentials.ts';
import { answerChallenge, createDigestVerifier, type DigestVerifierOptions, hashA1, parseChallenges } from './index.ts';
import { NonceUse } from './nonce-use.ts';
import { digestResponse } from './response.ts';

const PASSWORD = 'open sesame';

function realm(options: Partial<DigestVerifierOptions> = {}) {
  const clock = new ManualClock();
  let count = 0;
  const random = () => `random${++count}`;
  const verifier = createDigestVerifier({ clock, random, realm: 'pickup', ...options });
  const secretOf = (username: string) => (username === 'carrier' ? { password: PASSWORD } : undefined);
  const challenge = (stale = false) => verifier.challenge({ stale }).map(([, value]) => value);
  const answer = (of: { challenges?: string[]; username?: string; password?: string; nonceCount?: number } = {}) =>
    answerChallenge({
      challenges: of.challenges ?? challenge(),
      method: 'INVITE',
      uri: 'sip:+12137771234@h',
      username: of.username ?? 'carrier',
      password: of.password ?? PASSWORD,
      random,
      ...(of.nonceCount !== undefined && { nonceCount: of.nonceCount }),
    })!.credentials;
  const verify = (...authorization: string[]) => verifier.verify({ method: 'INVITE', authorization, secretOf }).verdict;
  return { clock, verifier, challenge, answer, verify, secretOf };
}

test('RFC 8760 both hashes are offered, SHA-256 first, auth only, one per line', () => {
  const { challenge } = realm();
  const parsed = challenge().flatMap(parseChallenges);
  expect(parsed.map(({ algorithm, qop, stale }) => [algorithm.hash, qop, stale])).toEqual([
    ['SHA-256', ['auth'], false],
    ['MD5', ['auth'], false],
  ]);
  expect(challenge(true).flatMap(parseChallenges)[0]?.stale).toBe(true);
});

test('RFC 8760 what is not offered is not taken', () => {
  const { challenge, answer, verify } = realm({ offered: ['MD5'] });
  expect(
    challenge()
      .flatMap(parseChallenges)
      .map(({ algorithm }) => algorithm.hash),
  ).toEqual(['MD5']);
  expect(verify(answer())).toBe('right');
  expect(verify(answer({ challenges: challenge().map((one) => one.replace('MD5', 'SHA-256')) }))).toBe('wrong');
});

test('RFC 7616 auth-int and -sess are not taken, rightly computed or not, as they were not offered', () => {
  const { challenge, answer, verify, verifier, secretOf } = realm();
  const [sha256 = ''] = challenge();
  expect(verify(answer({ challenges: [sha256.replace('algorithm=SHA-256', 'algorithm=SHA-256-sess')] }))).toBe('wrong');
  const { nonce } = parseChallenges(sha256)[0]!;
  const shown = {
    ...{ username: 'carrier', realm: 'pickup', nonce, uri: 'sip:+12137771234@h' },
    algorithm: { hash: 'SHA-256', session: false } as const,
    qop: { name: 'auth-int', count: 1, cnonce: 'c' },
  };
  const response = digestResponse(shown, { method: 'INVITE', secret: { password: PASSWORD } })!;
  const authorization = [serializeCredentials({ ...shown, response })];
  expect(verifier.verify({ method: 'INVITE', authorization, secretOf }).verdict).toBe('wrong');
});

test('case 61b right credentials pass, by either hash and in any case of the hex', () => {
  const { challenge, answer, verify } = realm();
  expect(verify(answer())).toBe('right');
  expect(verify(answer({ challenges: challenge().slice(1) }))).toBe('right');
  expect(
    verify(answer().replace(/response="[^"]+"/, (text) => text.toUpperCase().replace('RESPONSE', 'response'))),
  ).toBe('right');
});

test('case 61b wrong and missing credentials do not', () => {
  const { answer, verify, verifier, secretOf } = realm();
  expect(verify()).toBe('missing');
  expect(verify('Basic Zm9vOmJhcg==')).toBe('missing');
  expect(verify(answer().replace('realm="pickup"', 'realm="elsewhere"'))).toBe('missing');
  expect(verify(answer({ password: 'open sesam' }))).toBe('wrong');
  expect(verify(answer({ username: 'Carrier' }))).toBe('wrong');
  expect(verify(answer({ username: 'nobody', password: '' }))).toBe('wrong');
  expect(verify(answer().replace(/nc=0000000\d/, 'nc=00000009'))).toBe('wrong');
  expect(verify(answer().replace('qop=auth', 'qop=auth-int'))).toBe('wrong');
  expect(verify(answer().replace(/response="[^"]+"/, 'response=""'))).toBe('wrong');
  expect(verifier.verify({ method: 'BYE', authorization: [answer()], secretOf }).verdict).toBe('wrong');
});

test('case 61b credentials that come again are stale, a higher count of the same nonce is not', () => {
  const { challenge, answer, verify } = realm();
  const challenges = challenge();
  const first = answer({ challenges });
  expect(verify(first)).toBe('right');
  expect(verify(first)).toBe('stale');
  expect(verify(answer({ challenges }))).toBe('stale');
  expect(verify(answer({ challenges, nonceCount: 2 }))).toBe('right');
  expect(verify(answer({ challenges, nonceCount: 0 }))).toBe('stale');
});

test('a nonce is good for five minutes, then right credentials are stale and wrong ones wrong', async () => {
  const { clock, challenge, answer, verify } = realm();
  const challenges = challenge();
  await clock.advance(300_000);
  expect(verify(answer({ challenges }))).toBe('right');
  await clock.advance(1);
  expect(verify(answer({ challenges, nonceCount: 2 }))).toBe('stale');
  expect(verify(answer({ challenges, nonceCount: 3, password: 'x' }))).toBe('wrong');
});

test('a nonce of another process, or one that was tampered with, is stale', () => {
  const { answer, verify, challenge } = realm();
  expect(verify(answer({ challenges: ['Digest realm="pickup", nonce="mine", qop="auth", algorithm=MD5'] }))).toBe(
    'stale',
  );
  const younger = challenge().map((value) => value.replace('nonce="', 'nonce="1'));
  expect(verify(answer({ challenges: younger }))).toBe('stale');
});

test('RFC 2069 credentials without qop are good for one request', () => {
  const { challenge, answer, verify } = realm();
  const challenges = challenge().map((value) => value.replace(', qop="auth"', ''));
  const shown = answer({ challenges });
  expect(shown).not.toContain('qop');
  expect(verify(shown)).toBe('right');
  expect(verify(shown)).toBe('stale');
});

test('H(A1) serves as well as the password', () => {
  const { verifier, answer } = realm();
  const of = { username: 'carrier', realm: 'pickup', password: PASSWORD };
  const ha1 = { 'SHA-256': hashA1('SHA-256', of) };
  const judge = (authorization: string) =>
    verifier.verify({ method: 'INVITE', authorization: [authorization], secretOf: () => ({ ha1 }) }).verdict;
  expect(judge(answer())).toBe('right');
  expect(judge(answer({ challenges: [verifier.challenge()[1]![1]] }))).toBe('wrong');
});

test('the URI that was signed may be asked to fit', () => {
  const { verifier, answer, secretOf } = realm();
  const judge = (authorization: string, fits: (uri: string) => boolean) =>
    verifier.verify({ method: 'INVITE', authorization: [authorization], secretOf, fits }).verdict;
  expect(judge(answer(), (uri) => uri === 'sip:+12137771234@h')).toBe('right');
  expect(judge(answer(), () => false)).toBe('wrong');
});

test('only right credentials are remembered, and no more than told', async () => {
  const { answer, verify, verifier, clock } = realm({ mostNonces: 3 });
  for (let i = 0; i < 50; i++) verify(answer({ password: 'guess' }));
  expect(verifier.remembered).toBe(0);
  for (let i = 0; i < 50; i++) {
    await clock.advance(1);
    expect(verify(answer())).toBe('right');
  }
  expect(verifier.remembered).toBeLessThanOrEqual(3);
});

test('what had to be forgotten does not become new', () => {
  const uses = new NonceUse({ most: 2, lifetimeMs: 1_000 });
  const take = (nonce: string, madeAt: number, count = 1) => uses.take(nonce, { madeAt, count, nowMs: 100 });
  expect([take('a', 1), take('b', 2), take('c', 3)]).toEqual([true, true, true]);
  expect([take('a', 1), take('a', 1, 2), take('late', 1)]).toEqual([false, false, false]);
  expect([take('b', 2, 2), take('d', 4), take('b', 2, 3)]).toEqual([true, true, false]);
});

test('nonces whose time is over make room without a loss', () => {
  const uses = new NonceUse({ most: 4, lifetimeMs: 10 });
  for (let nth = 0; nth < 100; nth++) {
    const nowMs = nth * 100;
    expect(uses.take(`n${nth}`, { madeAt: nowMs, count: 1, nowMs })).toBe(true);
    expect(uses.take(`old${nth}`, { madeAt: nowMs - 5, count: 1, nowMs })).toBe(true);
  }
  expect(uses.size).toBeLessThanOrEqual(4);
});

test('counts may overtake each other by 32, and none is taken twice', () => {
  const uses = new NonceUse({ most: 2, lifetimeMs: 1_000 });
  const take = (count: number) => uses.take('n', { madeAt: 0, count, nowMs: 0 });
  expect([take(3), take(1), take(2), take(1), take(3)]).toEqual([true, true, true, false, false]);
  expect([take(35), take(3), take(4), take(4), take(2)]).toEqual([true, false, true, false, false]);
  expect([take(1_000), take(35), take(968), take(967), take(1_000)]).toEqual([true, false, true, false, false]);
});
