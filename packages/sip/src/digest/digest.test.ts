import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseAuthParams } from './auth-params.ts';
import {
  answerChallenge,
  type DigestChallenge,
  digestResponse,
  hashA1,
  parseChallenges,
  parseCredentials,
  serializeChallenge,
  serializeCredentials,
} from './index.ts';

/** RFC 7616 3.9.1. */
const MUFASA = {
  username: 'Mufasa',
  realm: 'http-auth@example.org',
  nonce: '7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v',
  uri: '/dir/index.html',
  qop: { name: 'auth', count: 1, cnonce: 'f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ' },
};
const CIRCLE = { method: 'GET', secret: { password: 'Circle of Life' } };

describe('RFC 7616 3.9.1', () => {
  test.each([
    ['MD5', '8ca523f5e9506fed4657c9700eebdbec'],
    ['SHA-256', '753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1'],
  ] as const)('%s', (hash, response) => {
    const algorithm = { hash, session: false };
    expect(digestResponse({ ...MUFASA, algorithm }, CIRCLE)).toBe(response);
    const ha1 = hashA1(hash, { ...MUFASA, password: 'Circle of Life' });
    expect(digestResponse({ ...MUFASA, algorithm }, { method: 'GET', secret: { ha1: { [hash]: ha1 } } })).toBe(
      response,
    );
  });

  test('the challenges and the answer as printed there are read and answered', () => {
    const rest = `realm="http-auth@example.org", qop="auth, auth-int", nonce="${MUFASA.nonce}", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"`;
    const answer = answerChallenge({
      challenges: [`Digest algorithm=MD5, ${rest}`, `Digest algorithm=SHA-256, ${rest}`],
      method: 'GET',
      uri: '/dir/index.html',
      username: 'Mufasa',
      password: 'Circle of Life',
      random: () => MUFASA.qop.cnonce,
    })!;
    expect(parseCredentials(answer.credentials)).toEqual({
      ...MUFASA,
      algorithm: { hash: 'SHA-256', session: false },
      opaque: 'FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS',
      response: '753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1',
    });
  });
});

test('RFC 2617 3.5 as printed there', () => {
  const shown = parseCredentials(
    `Digest username="Mufasa",
                 realm="testrealm@host.com",
                 nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093",
                 uri="/dir/index.html",
                 qop=auth,
                 nc=00000001,
                 cnonce="0a4f113b",
                 response="6629fae49393a05397450978507c4ef1",
                 opaque="5ccc069c403ebaf9f0171e9517f40e41"`.replaceAll('\n', ''),
  )!;
  expect(digestResponse(shown, { method: 'GET', secret: { password: 'Circle Of Life' } })).toBe(shown.response);
});

test('RFC 2069 without qop (RFC 3261 22.4)', () => {
  // H(H(A1):nonce:H(A2)), computed with another implementation.
  const challenges = ['Digest realm="r", nonce="n"'];
  const ask = { challenges, method: 'INVITE', uri: 'sip:b@h', username: 'u', password: 'p', random: () => 'c' };
  const shown = parseCredentials(answerChallenge(ask)!.credentials)!;
  expect(shown.qop).toBeUndefined();
  expect(shown.response).toBe('f18f0ab52fe1060d2b0baf5da25443fd');
});

describe('answering', () => {
  const ask = (...challenges: string[]) =>
    answerChallenge({ challenges, method: 'BYE', uri: 'sip:b@h', username: 'u"\\', password: 'p', random: () => 'c' });

  test('RFC 8760 2.4 the strongest hash of several lines, or of one line with commas', () => {
    const three = ['MD5', 'SHA-256', 'MD5-sess'].map(
      (name) => `Digest realm="r", nonce="n${name}", algorithm=${name}, qop="auth"`,
    );
    expect(ask(...three)?.challenge.nonce).toBe('nSHA-256');
    expect(ask(three.join(' , '))?.challenge.nonce).toBe('nSHA-256');
  });

  test.each([
    ['another scheme', 'Bearer realm="r"'],
    ['an unknown algorithm', 'Digest realm="r", nonce="n", algorithm=AKAv1-MD5'],
    ['only auth-int', 'Digest realm="r", nonce="n", qop="auth-int"'],
    ['no nonce', 'Digest realm="r"'],
    ['an unbalanced quote', 'Digest realm="r, nonce="n"'],
  ])('%s is not answered', (_what, challenge) => {
    expect(ask(challenge)).toBeUndefined();
  });

  test('quotes and backslashes of a user name survive the way', () => {
    expect(parseCredentials(ask('Digest realm="r", nonce="n", qop="auth"')!.credentials)?.username).toBe('u"\\');
  });

  test('stale is told', () => {
    expect(ask('Digest realm="r", nonce="n", qop="auth", stale=TRUE')?.challenge.stale).toBe(true);
    expect(ask('Digest realm="r", nonce="n", qop="auth", stale=false')?.challenge.stale).toBe(false);
  });
});

describe('reading', () => {
  test.each([
    ['no scheme', 'realm="r"'],
    ['a parameter that comes twice', 'Digest realm="a", realm="b"'],
    ['no comma between', 'Digest realm="a"nonce="b"'],
    ['a value without name', 'Digest ="a"'],
    ['an empty value', 'Digest nonce=, realm="a"'],
    ['too many parameters', `Digest ${Array.from({ length: 41 }, (_, i) => `a${i}=1`).join(',')}`],
  ])('%s is refused', (_what, value) => {
    expect(parseAuthParams(value)).toBeUndefined();
  });

  test.each(['1', '0000000g', '000000001', ''])('the nonce count "%s" is ill-formed', (nc) => {
    const value = `Digest username="u", realm="r", nonce="n", uri="sip:b", response="0", qop=auth, cnonce="c", nc=${nc}`;
    expect(parseCredentials(value)).toBeUndefined();
  });

  test('no input makes it throw', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'Digest ="\\,;ab\t') }), (text) => {
        parseAuthParams(text);
        parseChallenges(`Digest ${text}`);
        parseCredentials(`Digest ${text}`);
      }),
    );
  });

  test('what is written is read again the same', () => {
    const text = fc.string({ minLength: 1, maxLength: 20 });
    const algorithm = fc.record({
      hash: fc.constantFrom('MD5' as const, 'SHA-256' as const, 'SHA-512-256' as const),
      session: fc.boolean(),
    });
    fc.assert(
      fc.property(text, text, text, algorithm, fc.nat(0xffffffff), (one, two, three, algorithm, count) => {
        const challenge: DigestChallenge = {
          realm: one,
          nonce: two,
          opaque: three,
          algorithm,
          qop: ['auth'],
          stale: true,
        };
        expect(parseChallenges(serializeChallenge(challenge))).toEqual([challenge]);
        const credentials = {
          username: one,
          realm: two,
          nonce: three,
          uri: 'sip:x',
          response: 'ab',
          algorithm,
          qop: { name: 'auth', count, cnonce: one },
        };
        expect(parseCredentials(serializeCredentials(credentials))).toEqual(credentials);
      }),
    );
  });
});
