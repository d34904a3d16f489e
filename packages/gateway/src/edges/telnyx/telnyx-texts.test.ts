/** Telnyx's texts: who is believed, what is read, and how failures are told apart. */
import {
  makeTelnyxAccount,
  startFakeTelnyx,
  type TelnyxRoute,
  type TelnyxText,
  telnyxError,
} from '@pickup/testkit/telnyx';
import { afterEach, describe, expect, test } from 'vitest';
import { startTestApi } from '../../../test/start-test-api.ts';
import { silentLog } from '../../observe/index.ts';
import type { ArrivedText, OnTextStatus, OutgoingPart, TextTaken } from '../text-port.ts';
import { createTelnyxEdge, createTelnyxWebhooks } from './index.ts';

const OURS = '+12137771234';
const THEIRS = '+14155550100';

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close();
});

async function bench(options: { readonly taken?: () => TextTaken } = {}) {
  const telnyx = await startFakeTelnyx({ fate: () => ({ steps: [] }) });
  const { apiKey, publicKey } = telnyx.account;
  const arrived: ArrivedText[] = [];
  const told: Parameters<OnTextStatus>[0][] = [];
  const webhooks = await createTelnyxWebhooks({
    publicKey,
    takeText: async (text) => {
      arrived.push(text);
      return options.taken?.() ?? { kind: 'stored' };
    },
    onStatus: async (status) => void told.push(status),
    log: silentLog,
  });
  const api = await startTestApi({ telnyx: webhooks });
  const edge = await createTelnyxEdge({ apiKey, apiUrl: `${telnyx.url}/v2`, publicUrl: api.url });
  open.push(api, telnyx, edge);
  const receive = (text: Partial<TelnyxText> = {}, route: Partial<TelnyxRoute> = {}) =>
    telnyx.receive({ from: THEIRS, to: OURS, text: 'Hello', ...text }, { url: `${api.url}/telnyx/messages`, ...route });
  return { telnyx, api, edge, arrived, told, receive };
}

const part = (over: Partial<OutgoingPart> = {}): OutgoingPart => ({
  part_id: 'part_1',
  from_number: OURS,
  to_number: THEIRS,
  body: 'Hi',
  ...over,
});
const never = new AbortController().signal;

describe('case 77 the signature', () => {
  test.each<[string, Partial<TelnyxRoute>]>([
    ['another key', { account: makeTelnyxAccount() }],
    ['one of six minutes ago', { signedAtMs: Date.now() - 360_000 }],
    ['one of six minutes hence', { signedAtMs: Date.now() + 360_000 }],
    ['another body', { tamper: ({ headers, body }) => ({ headers, body: body.replace('Hello', 'Hallo') }) }],
    ['one more space', { tamper: ({ headers, body }) => ({ headers, body: `${body} ` }) }],
    [
      'another time',
      {
        tamper: ({ headers, body }) => {
          const moved = String(Number(headers['telnyx-timestamp']) + 1);
          return { headers: { ...headers, 'telnyx-timestamp': moved }, body };
        },
      },
    ],
    [
      'none',
      {
        tamper: ({ headers, body }) => {
          const { 'telnyx-signature-ed25519': _gone, ...rest } = headers;
          return { headers: rest, body };
        },
      },
    ],
    [
      'one that is no base64',
      { tamper: ({ headers, body }) => ({ headers: { ...headers, 'telnyx-signature-ed25519': '!!' }, body }) },
    ],
  ])('%s is 403, and nothing is taken', async (_what, route) => {
    const { receive, arrived } = await bench();
    expect((await receive({}, route)).last).toMatchObject({ status: 403 });
    expect(arrived).toEqual([]);
  });

  test('of four minutes ago is believed: clocks differ', async () => {
    const { receive } = await bench();
    expect((await receive({}, { signedAtMs: Date.now() - 240_000 })).delivered).toBe(true);
  });

  test('a gateway without the public key believes nobody, and says what to set; a key that is none is refused', async () => {
    const api = await startTestApi();
    open.push(api);
    const response = await api.request('/telnyx/messages', { method: 'POST', body: '{}' });
    expect(response.status).toBe(403);
    expect(((await response.json()) as { message: string }).message).toContain('PICKUP_TELNYX_PUBLIC_KEY');
    const given = { takeText: async () => ({ kind: 'stored' }) as const, onStatus: async () => {}, log: silentLog };
    await expect(createTelnyxWebhooks({ ...given, publicKey: 'c2hvcnQ=' })).rejects.toThrow(/32 bytes/);
  });
});

describe('what Telnyx brings', () => {
  test('case 80 media come as links with their types; an MMS may have no text', async () => {
    const { receive, arrived } = await bench();
    const media = [{ url: 'https://media.telnyx.example/1', content_type: 'image/jpeg' }];
    await receive({ media, payload: { text: null } });
    expect(arrived).toMatchObject([{ edge: 'telnyx', text: '', media }]);
  });

  test.each<[string, Partial<TelnyxText>]>([
    ['an event of another kind', { eventType: 'message.read' }],
    ['a WhatsApp message', { payload: { type: 'WHATSAPP', to: OURS } }],
    ['a message without sender', { payload: { from: null } }],
    ['a message to nobody', { payload: { to: [] } }],
    ['fields of other types', { payload: { id: 5, from: 'x', to: 'y', media: 'z', text: {} } }],
  ])('%s is acknowledged and left', async (_what, text) => {
    const { receive, arrived, told } = await bench();
    expect(await receive(text)).toMatchObject({ delivered: true });
    expect([arrived, told]).toEqual([[], []]);
  });

  test('what is signed and no JSON object is acknowledged and left', async () => {
    const { receive, arrived, telnyx } = await bench();
    const { signTelnyx } = await import('@pickup/testkit/telnyx');
    for (const body of ['[]', 'null', '{"data":[]}', 'no json', '{"data":{"event_type":5,"payload":7}}']) {
      const tamper = () => ({ headers: signTelnyx(telnyx.account, body, Date.now()), body });
      expect(await receive({}, { tamper }), body).toMatchObject({ delivered: true });
    }
    expect(arrived).toEqual([]);
  });

  test('Telnyx comes three times by itself, then to the failover URL', async () => {
    let calls = 0;
    const { receive, api, arrived } = await bench({
      taken: () => (++calls < 5 ? { kind: 'unavailable' } : { kind: 'stored' }),
    });
    const outcome = await receive({}, { failoverUrl: `${api.url}/telnyx/messages` });
    expect([outcome.delivered, outcome.attempts.length]).toEqual([true, 5]);
    expect(new Set(arrived.map(({ provider_message_id }) => provider_message_id)).size).toBe(1);
  });

  test.each([
    ['message.sent', 'sent', { status: 'sent' }],
    ['message.finalized', 'delivered', { status: 'delivered' }],
    ['message.finalized', 'delivery_unconfirmed', { status: 'sent' }],
    ['message.finalized', 'sending_failed', { status: 'failed', code: '40008' }],
    ['message.finalized', 'delivery_failed', { status: 'failed', code: '40008' }],
  ])('%s with %s is told on, with the part', async (eventType, status, expected) => {
    const { receive, told, api } = await bench();
    const errors = status.endsWith('failed') ? [{ code: '40008', title: 'Undeliverable' }] : [];
    const payload = { id: 'msg-1', direction: 'outbound', to: [{ phone_number: THEIRS, status }], errors };
    await receive({ eventType, payload }, { url: `${api.url}/telnyx/messages?part=part_1` });
    expect(told).toEqual([{ edge: 'telnyx', provider_message_id: 'msg-1', part_id: 'part_1', ...expected }]);
  });
});

describe('what is sent through Telnyx', () => {
  test.each([
    [400, '40300', true],
    [422, '10004', true],
    [404, '10005', true],
    [401, '10009', false],
    [403, '10010', false],
    [429, '10011', false],
  ])('HTTP %i with error %s is permanent: %s', async (status, code, permanent) => {
    const { edge, telnyx } = await bench();
    telnyx.failWith(() => telnyxError(status, code, 'Title', 'As Telnyx puts it.'));
    const outcome = await edge.send(part(), never);
    expect(outcome).toMatchObject({ kind: 'refused', permanent, code });
    expect(outcome.kind === 'refused' && outcome.message).toContain('As Telnyx puts it.');
    // The library would try again by itself, and a text would go out twice.
    expect(telnyx.requests).toHaveLength(1);
  });

  test('a lost answer, a 5xx and a broken connection: nobody knows', async () => {
    const { edge, telnyx } = await bench();
    for (const fault of ['reset_after', 'reset', telnyxError(502, '10016', 'Bad gateway')] as const) {
      telnyx.failWith(() => fault);
      await expect(edge.send(part(), never)).rejects.toThrow();
    }
    expect(telnyx.sent).toHaveLength(1);
    expect(telnyx.requests).toHaveLength(3);
    expect(edge.findSent).toBeUndefined();
  });

  test('nobody there: certainly not taken, so it may simply be sent again', async () => {
    const { edge, telnyx } = await bench();
    await telnyx.close();
    expect(await edge.send(part(), never)).toMatchObject({ kind: 'refused', permanent: false, code: 'unreachable' });
  });

  test('media go along, and the webhook names the part; without a public URL none is asked for', async () => {
    const { edge, telnyx, api } = await bench();
    const media = [{ url: 'https://a.example/1.png' }];
    await edge.send(part({ media }), never);
    expect(telnyx.sent[0]).toMatchObject({
      mediaUrls: ['https://a.example/1.png'],
      webhookUrl: `${api.url}/telnyx/messages?part=part_1`,
    });
    const { apiKey } = telnyx.account;
    const alone = await createTelnyxEdge({ apiKey, apiUrl: `${telnyx.url}/v2`, publicUrl: undefined });
    expect(await alone.send(part(), never)).toMatchObject({ kind: 'accepted', sent: true });
    expect(telnyx.sent[1]).not.toHaveProperty('webhookUrl');
  });
});
