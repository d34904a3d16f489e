/** Twilio's texts: who is believed, what is read, and what is known of a message whose fate is not. */
import {
  startFakeTwilio,
  type TwilioFate,
  type TwilioRoute,
  type TwilioText,
  twilioError,
} from '@pickup/testkit/twilio';
import twilioLibrary from 'twilio';
import { afterEach, describe, expect, test } from 'vitest';
import { startTestApi } from '../../../test/start-test-api.ts';
import { silentLog } from '../../observe/index.ts';
import type { ArrivedText, OnTextStatus, OutgoingPart, TextTaken } from '../text-port.ts';
import { createTwilioEdge, createTwilioWebhooks } from './index.ts';

const OURS = '+12137771234';
const THEIRS = '+14155550100';
const PLAIN = 'https://pickup.example.com';

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close();
});

interface Options {
  readonly previousToken?: string;
  readonly taken?: () => TextTaken;
  readonly fate?: TwilioFate;
  readonly publicUrl?: string;
}

async function bench(options: Options = {}) {
  const { fate, publicUrl = PLAIN, previousToken } = options;
  const twilio = await startFakeTwilio(fate === undefined ? {} : { fate: () => fate });
  const { accountSid, authToken } = twilio.account;
  const arrived: ArrivedText[] = [];
  const told: Parameters<OnTextStatus>[0][] = [];
  const webhooks = await createTwilioWebhooks({
    authTokens: previousToken === undefined ? [authToken] : [authToken, previousToken],
    publicUrl: () => publicUrl,
    takeText: async (text) => {
      arrived.push(text);
      return options.taken?.() ?? { kind: 'stored' };
    },
    onStatus: async (status) => void told.push(status),
    log: silentLog,
  });
  const api = await startTestApi({ twilio: webhooks });
  const edge = await createTwilioEdge({ accountSid, authToken, apiUrl: twilio.url, publicUrl });
  // As a proxy in front would bring them.
  twilio.via = api.url;
  open.push(api, twilio, edge);
  const receive = (text: Partial<TwilioText> = {}, route: Partial<TwilioRoute> = {}) =>
    twilio.receive(
      { from: THEIRS, to: OURS, body: 'Hello', ...text },
      { url: `${publicUrl}/twilio/sms`, via: api.url, ...route },
    );
  return { twilio, api, edge, arrived, told, receive };
}

const part = (over: Partial<OutgoingPart> = {}): OutgoingPart => ({
  part_id: 'part 1/2',
  from_number: OURS,
  to_number: THEIRS,
  body: 'Hi',
  ...over,
});
const never = new AbortController().signal;

describe('case 77 the signature', () => {
  test('of Twilio over the public URL is believed, whatever host and port the request came to', async () => {
    const { receive, arrived } = await bench();
    const { delivered, last } = await receive();
    expect(delivered).toBe(true);
    expect(last).toMatchObject({ status: 200, body: expect.stringContaining('<Response/>') });
    expect(last.kind === 'answered' && last.headers['content-type']).toBe('text/xml; charset=utf-8');
    expect(arrived).toMatchObject([{ edge: 'twilio', from: THEIRS, to: OURS, text: 'Hello' }]);
  });

  test.each<[string, Partial<TwilioRoute>]>([
    ['another token', { authToken: 'f'.repeat(32) }],
    ['another URL', { url: 'https://evil.example/twilio/sms' }],
    ['http for https', { url: 'http://pickup.example.com/twilio/sms' }],
    [
      'a query that was not signed',
      { url: `${PLAIN}/twilio/sms`, tamper: (h) => ({ ...h, 'x-twilio-signature': 'AAAA' }) },
    ],
    ['none', { tamper: ({ 'x-twilio-signature': _gone, ...rest }) => rest }],
    ['an empty one', { tamper: (headers) => ({ ...headers, 'x-twilio-signature': '' }) }],
  ])('%s is 403, and nothing is taken', async (_what, route) => {
    const { receive, arrived } = await bench();
    const { last, delivered } = await receive({}, route);
    expect(delivered).toBe(false);
    expect(last).toMatchObject({ status: 403 });
    expect(last.kind === 'answered' && JSON.parse(last.body)).toMatchObject({
      status: 'error',
      code: 'webhook_not_proven',
    });
    expect(arrived).toEqual([]);
  });

  test('covers every field: one more, one less or another value is 403', async () => {
    const { twilio, api, arrived } = await bench();
    const url = `${PLAIN}/twilio/sms`;
    const fields = { MessageSid: 'SM1', From: THEIRS, To: OURS, Body: 'Hello' };
    const signature = twilioLibrary.getExpectedTwilioSignature(twilio.account.authToken, url, fields);
    const post = (sent: Readonly<Record<string, string>>, path = '/twilio/sms') =>
      fetch(`${api.url}${path}`, {
        method: 'POST',
        headers: { 'x-twilio-signature': signature },
        body: new URLSearchParams(sent),
      });
    const { To: _left, ...fewer } = fields;
    for (const sent of [{ ...fields, Body: 'Hello!' }, { ...fields, Extra: '' }, fewer]) {
      expect((await post(sent)).status).toBe(403);
    }
    expect((await post(fields, '/twilio/sms?x=1')).status).toBe(403);
    expect(arrived).toEqual([]);
    expect((await post(fields)).status).toBe(200);
  });

  test('is over the public URL also where a proxy takes a part of its path away', async () => {
    const { twilio, api, arrived } = await bench({ publicUrl: `${PLAIN}/pickup` });
    const fields = { MessageSid: 'SM1', From: THEIRS, To: OURS, Body: 'Hello' };
    const sign = (url: string) => twilioLibrary.getExpectedTwilioSignature(twilio.account.authToken, url, fields);
    const post = async (signature: string) => {
      const headers = { 'x-twilio-signature': signature };
      const { status } = await fetch(`${api.url}/twilio/sms`, {
        method: 'POST',
        headers,
        body: new URLSearchParams(fields),
      });
      return status;
    };
    expect(await post(sign(`${PLAIN}/twilio/sms`))).toBe(403);
    expect(await post(sign(`${PLAIN}/pickup/twilio/sms`))).toBe(200);
    expect(arrived).toHaveLength(1);
  });

  test('covers parameters that come several times, names that reach prototypes, and a signed query', async () => {
    const { receive, arrived } = await bench();
    const fields = { Tag: ['b', 'a', 'a'], __proto__x: 'y', constructor: 'z', ['__proto__']: 'p' };
    const { delivered } = await receive({ fields }, { url: `${PLAIN}/twilio/sms?account=main&x=%27` });
    expect(delivered).toBe(true);
    expect(arrived).toHaveLength(1);
    expect(Object.prototype).not.toHaveProperty('x');
  });

  test('by the other token is believed while the token is being changed', async () => {
    const old = '0'.repeat(32);
    const { receive } = await bench({ previousToken: old });
    expect((await receive({}, { authToken: old })).delivered).toBe(true);
    expect((await receive()).delivered).toBe(true);
    expect((await receive({}, { authToken: '1'.repeat(32) })).last).toMatchObject({ status: 403 });
  });

  test('a gateway without credentials believes nobody, and says what to set', async () => {
    const api = await startTestApi();
    open.push(api);
    const response = await api.request('/twilio/sms', { method: 'POST', body: 'From=%2B1' });
    expect(response.status).toBe(403);
    expect(((await response.json()) as { message: string }).message).toContain('PICKUP_TWILIO_AUTH_TOKEN');
  });

  test('hostile bodies are refused: too long, not a form, no body', async () => {
    const { api } = await bench();
    const post = (body: string | Uint8Array | null, type?: string) =>
      api.request('/twilio/sms', { method: 'POST', body, headers: type === undefined ? {} : { 'content-type': type } });
    expect((await post('x'.repeat(300_000), 'application/x-www-form-urlencoded')).status).toBe(413);
    expect((await post('{"a":', 'application/json')).status).toBe(403);
    expect((await post(Uint8Array.of(0xff, 0x00, 0x25, 0x26, 0x3d), 'text/plain')).status).toBe(403);
    expect((await post(null)).status).toBe(403);
    expect((await post('&'.repeat(100_000), 'application/x-www-form-urlencoded')).status).toBe(403);
  });
});

describe('what Twilio brings', () => {
  test('case 80 media come as links with their types', async () => {
    const { receive, arrived } = await bench();
    const media = [
      { url: 'https://api.twilio.com/media/1', contentType: 'image/png' },
      { url: 'https://api.twilio.com/media/2', contentType: 'text/vcard' },
    ];
    await receive({ body: '', media });
    expect(arrived).toMatchObject([
      { text: '', media: media.map(({ url, contentType }) => ({ url, content_type: contentType })) },
    ]);
  });

  test('what says to have a billion media has those it has', async () => {
    const { receive, arrived } = await bench();
    await receive({ fields: { NumMedia: '1000000000', MediaUrl0: 'https://a.example/1' } });
    expect(arrived[0]?.media).toEqual([{ url: 'https://a.example/1' }]);
  });

  test('a signed form that is no message is taken note of, and not sent again', async () => {
    const { receive, arrived } = await bench();
    expect(await receive({ fields: { MessageSid: '', SmsMessageSid: '' } })).toMatchObject({ delivered: true });
    expect(arrived).toEqual([]);
  });

  test('by its own rules Twilio does not come again after a 503; by the ones set on bought numbers it does', async () => {
    let calls = 0;
    const { receive } = await bench({
      taken: () => (++calls < 4 ? { kind: 'unavailable' } : { kind: 'stored' }),
    });
    expect((await receive()).attempts).toHaveLength(1);
    const asSet = await receive({}, { url: `${PLAIN}/twilio/sms#ct=2000&rt=4000&rc=5&rp=all` });
    expect([asSet.delivered, asSet.attempts.length]).toEqual([true, 3]);
  });

  test.each<[string, TwilioFate['steps'], readonly object[]]>([
    ['queued, sending, sent', ['sending', 'sent'], [{ status: 'sent' }]],
    ['failed', [{ status: 'failed', errorCode: 30006 }], [{ status: 'failed', code: '30006' }]],
    [
      'sent, then undelivered',
      ['sent', { status: 'undelivered', errorCode: 30003 }],
      [{ status: 'sent' }, { status: 'failed', code: '30003' }],
    ],
  ])('its status callbacks are told on with the part: %s', async (_what, steps, expected) => {
    const { edge, twilio, told } = await bench({ fate: { steps } });
    const outcome = await edge.send(part(), never);
    expect(outcome).toMatchObject({ kind: 'accepted', sent: false });
    await twilio.settled();
    expect(told).toMatchObject(expected);
    for (const status of told) expect(status).toMatchObject({ edge: 'twilio', part_id: 'part 1/2' });
  });
});

describe('what is sent through Twilio', () => {
  test.each([
    [400, 21610, true],
    [400, 21211, true],
    [404, 20404, true],
    [401, 20003, false],
    [429, 20429, false],
    [400, 21611, false],
  ])('HTTP %i with error %i is permanent: %s', async (status, code, permanent) => {
    const { edge, twilio } = await bench();
    twilio.failWith(() => twilioError(status, code, 'As Twilio puts it.'));
    const outcome = await edge.send(part(), never);
    expect(outcome).toEqual({ kind: 'refused', permanent, code: String(code), message: 'As Twilio puts it.' });
    expect(twilio.requests).toHaveLength(1);
  });

  test('an answer that was lost: nobody knows, until the list of messages is asked', async () => {
    const { edge, twilio } = await bench();
    const sinceMs = Date.now();
    twilio.failWith((_request, nth) => (nth === 1 ? 'reset_after' : undefined));
    await expect(edge.send(part(), never)).rejects.toThrow();
    const found = await edge.findSent!(part(), sinceMs, never);
    expect(found?.provider_message_id).toBe(twilio.sent[0]?.sid);
  });

  test('a 5xx and a broken connection: nobody knows, and it was not taken', async () => {
    const { edge, twilio } = await bench();
    const sinceMs = Date.now();
    for (const fault of [twilioError(500, 20500, 'Internal'), 'reset'] as const) {
      twilio.failWith(() => fault);
      await expect(edge.send(part(), never)).rejects.toThrow();
    }
    await expect(edge.findSent!(part(), sinceMs, never)).rejects.toThrow();
    twilio.failWith(undefined);
    expect(await edge.findSent!(part(), sinceMs, never)).toBeUndefined();
  });

  test('nobody there: certainly not taken, so it may simply be sent again', async () => {
    const { edge, twilio } = await bench();
    await twilio.close();
    expect(await edge.send(part(), never)).toMatchObject({ kind: 'refused', permanent: false, code: 'unreachable' });
  });

  test('of many messages of the pair the newest since then with that text is the one', async () => {
    const { edge, twilio } = await bench({ fate: { steps: [] } });
    for (let nth = 0; nth < 120; nth++) await edge.send(part({ body: `Text ${nth}` }), never);
    const sinceMs = Date.now();
    await edge.send(part({ body: 'Same' }), never);
    await edge.send(part({ body: 'Same' }), never);
    const same = twilio.sent.filter(({ body }) => body === 'Same');
    const found = await edge.findSent!(part({ body: 'Same' }), sinceMs, never);
    expect(found).toEqual({ provider_message_id: same[1]!.sid, status: 'accepted' });
  });

  test('media go along; without a public URL no callback is asked for, and what is accepted counts as sent', async () => {
    const { twilio } = await bench();
    const { accountSid, authToken } = twilio.account;
    const edge = await createTwilioEdge({ accountSid, authToken, apiUrl: twilio.url, publicUrl: undefined });
    const media = [{ url: 'https://a.example/1.png' }, { url: 'https://a.example/2.png' }];
    expect(await edge.send(part({ media }), never)).toMatchObject({ kind: 'accepted', sent: true });
    expect(twilio.sent[0]).toMatchObject({ mediaUrls: media.map(({ url }) => url) });
    expect(twilio.sent[0]).not.toHaveProperty('statusCallback');
  });
});
