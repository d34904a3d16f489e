import { signWebhook } from '@pickup/signature';
import { Retell } from 'retell-sdk';
import { describe, expect, test } from 'vitest';
import { verifyRequest } from './verify-request.ts';
import { type VerifySignatureInput, verifySignature } from './verify-signature.ts';

const key = 'key_of_the_endpoint';
const body = '{"event":"call_inbound","call_inbound":{"from_number":"+12137771234","to_number":"+12137771235"}}';
const nowMs = 1_795_000_000_000;
const signature = signWebhook({ body, key, wallMs: nowMs });
const verify = (input: Partial<VerifySignatureInput>) =>
  verifySignature({ signature, body, apiKey: key, nowMs, ...input });

describe('B2 what is signed is accepted', () => {
  test('signed by the gateway, as text and as bytes', async () => {
    expect(await verify({})).toEqual({ ok: true, body, signedAt: nowMs });
    expect(await verify({ body: new TextEncoder().encode(body) })).toMatchObject({ ok: true, body });
    expect(await verify({ body: Buffer.from(body) })).toMatchObject({ ok: true, body });
  });

  test('signed by the official SDK, beyond ASCII too', async () => {
    const text = '{"name":"Zoë 😀"}';
    const signed = await Retell.sign(text, key);
    expect(await verify({ body: text, signature: signed, nowMs: Date.now() })).toMatchObject({ ok: true, body: text });
  });

  test('by any of several keys, and by one with the line break of its file', async () => {
    expect(await verify({ apiKey: ['key_old', key] })).toMatchObject({ ok: true });
    expect(await verify({ apiKey: `${key}\n` })).toMatchObject({ ok: true });
  });

  test('of a body that a parser has read: compact JSON is what was sent', async () => {
    expect(await verify({ body: JSON.parse(body) as object })).toMatchObject({ ok: true, body });
  });

  test('of a Web request, whose body can still be read', async () => {
    const request = new Request('http://endpoint.test', {
      method: 'POST',
      body,
      headers: { 'x-retell-signature': signature },
    });
    expect(await verifyRequest(request, { apiKey: key, nowMs })).toMatchObject({ ok: true, body });
    expect(await request.text()).toBe(body);
    await expect(verifyRequest(request, { apiKey: key })).rejects.toThrow('was read before');
  });
});

describe('the step that failed is named', () => {
  test.each([
    ['no header', undefined],
    ['an empty one', ''],
  ])('missing_signature: %s', async (_, missing) => {
    expect(await verify({ signature: missing })).toMatchObject({ ok: false, step: 'missing_signature' });
  });

  test.each([
    ['two digests', `${signature},d=${'0'.repeat(64)}`],
    ['two headers joined', `${signature}, ${signature}`],
    ['a list', [signature]],
    ['another scheme', 'sha256=abc'],
  ])('malformed_signature: %s', async (_, malformed) => {
    expect(await verify({ signature: malformed })).toMatchObject({ ok: false, step: 'malformed_signature' });
  });

  test.each([
    [nowMs + 300_001, '5 min behind'],
    [nowMs + 3_725_000, '1 h 2 min 5 s behind'],
    [nowMs - 430_000, '7 min 10 s ahead of'],
  ])('stale_timestamp: by how much and in which direction (%i)', async (at, words) => {
    const found = await verify({ nowMs: at });
    expect(found).toMatchObject({ ok: false, step: 'stale_timestamp' });
    expect(found).toMatchObject({ message: expect.stringContaining(words) });
  });

  test('stale_timestamp: the limit itself is accepted, and can be set', async () => {
    expect(await verify({ nowMs: nowMs + 300_000 })).toMatchObject({ ok: true });
    expect(await verify({ nowMs: nowMs + 1001, toleranceMs: 1000 })).toMatchObject({ step: 'stale_timestamp' });
    expect(await verify({ toleranceMs: Number.NaN })).toMatchObject({ step: 'stale_timestamp' });
  });

  test.each([
    ['indented', JSON.stringify(JSON.parse(body), undefined, 2)],
    ["as Python's json.dumps writes it", body.replaceAll('":', '": ').replaceAll(',"', ', "')],
    ['with a line break at its end', `${body}\n`],
  ])('body_changed: %s', async (_, rewritten) => {
    expect(await verify({ body: rewritten })).toMatchObject({ ok: false, step: 'body_changed' });
  });

  test.each([
    ['the one key', key.replace('k', 'K'), 'The one key'],
    ['one of several', ['a', 'b', 'c'], 'None of the 3 keys'],
  ])('wrong_key: %s', async (_, apiKey, words) => {
    const found = await verify({ apiKey });
    expect(found).toMatchObject({ ok: false, step: 'wrong_key', message: expect.stringContaining(words) });
    expect(found).toMatchObject({ fix: expect.stringContaining('pickup keys list') });
  });

  test('wrong_key: another body, or a parsed one that a middleware changed', async () => {
    expect(await verify({ body: body.replace('1234', '1235') })).toMatchObject({ step: 'wrong_key' });
    expect(await verify({ body: { event: 'call_inbound' } })).toMatchObject({
      fix: expect.stringContaining('middleware'),
    });
  });
});

test.each([[undefined], [''], [[]], [['key', ' ']], [null]])(
  'without a key nothing is verified: %j',
  async (apiKey) => {
    await expect(verify({ apiKey: apiKey as never })).rejects.toThrow(/apiKey is (undefined|empty)/);
  },
);
