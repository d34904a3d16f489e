import fc from 'fast-check';
import Retell from 'retell-sdk';
import { describe, expect, it } from 'vitest';
import { signWebhook, verifyWebhook } from './index.ts';

const key = 'key_0123456789abcdef';
const body = '{"event":"call_inbound","call_inbound":{"from_number":"+14155550100","to_number":"+14155550101"}}';
const nowMs = 1_795_000_000_000;
const header = signWebhook({ body, key, wallMs: nowMs });

describe('signWebhook', () => {
  it('B2 has one stamp and one lower-case digest', () => {
    expect(header).toMatch(/^v=1795000000000,d=[0-9a-f]{64}$/);
  });

  it('B2 is accepted by the unmodified SDK and refused once the body or the key differs', async () => {
    const fresh = signWebhook({ body, key, wallMs: Date.now() });
    expect(await Retell.verify(body, key, fresh)).toBe(true);
    expect(await Retell.verify(`${body} `, key, fresh)).toBe(false);
    expect(await Retell.verify(body, `${key}x`, fresh)).toBe(false);
  });

  it('signs text beyond ASCII alike as string and as bytes', async () => {
    const text = '{"name":"Zoë 😀"}';
    const wallMs = Date.now();
    const signed = signWebhook({ body: Buffer.from(text), key, wallMs });
    expect(signed).toBe(signWebhook({ body: text, key, wallMs }));
    expect(await Retell.verify(text, key, signed)).toBe(true);
  });

  it('cuts a fractional clock to whole milliseconds', () => {
    expect(signWebhook({ body, key, wallMs: nowMs + 0.75 })).toBe(header);
  });
});

describe('verifyWebhook', () => {
  it('accepts what the SDK signs', async () => {
    const signed = await Retell.sign(body, key);
    expect(verifyWebhook({ body, key, header: signed, nowMs: Date.now() })).toBe(true);
  });

  it('accepts upper-case hex', () => {
    const upper = header.replace(/d=.*/, (digest) => `d=${digest.slice(2).toUpperCase()}`);
    expect(verifyWebhook({ body, key, header: upper, nowMs })).toBe(true);
  });

  it.each([
    [300_000, true],
    [300_001, false],
    [-300_000, true],
    [-300_001, false],
  ])('with a stamp %i ms away answers %s', (awayMs, expected) => {
    expect(verifyWebhook({ body, key, header, nowMs: nowMs + awayMs })).toBe(expected);
  });

  it('case 86 refuses a key off by one bit', () => {
    const off = key.slice(0, -1) + String.fromCharCode(key.charCodeAt(key.length - 1) ^ 1);
    expect(verifyWebhook({ body, key: off, header, nowMs })).toBe(false);
  });

  it.each([
    ['nothing', undefined],
    ['null', null],
    ['empty', ''],
    ['two digests', `${header},d=${'0'.repeat(64)}`],
    ['a list', [header]],
    ['a short digest', header.slice(0, -1)],
    ['a digest that is no hex', `v=${nowMs},d=${'g'.repeat(64)}`],
    ['a negative stamp', header.replace('v=', 'v=-')],
    ['a stamp beyond safe integers', header.replace(/v=\d+/, 'v=99999999999999999999')],
    ['a line break at the end', `${header}\n`],
    ['an object', {} as unknown as string],
  ])('refuses %s without throwing', (_name, malformed) => {
    expect(verifyWebhook({ body, key, header: malformed, nowMs })).toBe(false);
  });

  it('refuses a clock or a tolerance that is not a number', () => {
    expect(verifyWebhook({ body, key, header, nowMs: Number.NaN })).toBe(false);
    expect(verifyWebhook({ body, key, header, nowMs, toleranceMs: Number.NaN })).toBe(false);
    expect(verifyWebhook({ body, key, header, nowMs, toleranceMs: -1 })).toBe(false);
  });

  it('round trip: what is signed verifies, and with a changed body does not', () => {
    const signedThings = fc.property(
      fc.string({ unit: 'binary' }),
      fc.string({ minLength: 1 }),
      fc.nat(2 ** 31 - 1),
      (anyBody, anyKey, wallMs) => {
        const signed = signWebhook({ body: anyBody, key: anyKey, wallMs });
        expect(verifyWebhook({ body: anyBody, key: anyKey, header: signed, nowMs: wallMs })).toBe(true);
        expect(verifyWebhook({ body: `${anyBody}x`, key: anyKey, header: signed, nowMs: wallMs })).toBe(false);
      },
    );
    fc.assert(signedThings);
  });

  it('never throws, whatever it is given', () => {
    const anything = fc.property(fc.anything(), fc.anything(), (anyHeader, anyBody) => {
      const input = { body: anyBody as string, key, header: anyHeader as string, nowMs };
      expect(verifyWebhook(input)).toBe(false);
    });
    fc.assert(anything);
  });
});
